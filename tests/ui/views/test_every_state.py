"""Each state of the samples: what the user reads, and that all of it can be read.

Qt's warnings fail every test here, as they do everywhere.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QFont, QTextDocumentFragment
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea, QWidget

from desktop.services.configuration.profile_reader import Profiles
from desktop.services.model.policy import NO_POLICY
from desktop.services.model.states import State
from desktop.services.profile_editor.editor import Snapshot
from desktop.ui.kit.fitted_label import FittedLabel
from desktop.ui.kit.theme import DARK, LIGHT, SPACE, Theme
from desktop.ui.kit.widgets import QUIET_PADDING, Card
from desktop.ui.profiles.profiles_view import ProfilesView
from tests.profile_shots import NO_ACTIONS
from tests.sample_states import NOW, PROFILE, STATES, signed_in, waiting
from tests.ui.harness import FONTS, Screen, misfits, settle

ROOT = Path(__file__).parents[3]
SCHEMES = {"light": LIGHT, "dark": DARK}

OTHER_HOST = (
    "This link goes to login.northwind.example, which isn't the server in your profile. "
    "Continue only if your administrator told you to."
)
DECLINED = (
    "Someone selected Deny on the approval page for code WDJB-MJHT.",
    "If that wasn't you, tell your administrator.",
)

# What must be on screen, besides the name of the profile and where it is.
QUOTA_LOW = (
    "Paused: over half of your organization's hourly requests are used. Renews when you copy the "
    "token."
)
WORDS = {
    "locked": [
        "XDR Login is locked",
        "Programs can't get your tokens until you unlock.",
        "Unlock",
    ],
    "locked_unattended": [
        "XDR Login is locked",
        "This profile is unattended: programs can still get its token.",
        "Unlock",
    ],
    "signed_out": [
        "Sign in to Northwind SOC",
        "Client ID client-00000000-0000-4000-8000-000000000000",
        "Sign in",
        "Profiles",
    ],
    "just_signed_out": [
        "You're signed out. This server can't revoke tokens. Copies work until {in 4 minutes}.",
        "Continue as dana@northwind.example",
    ],
    "revoked": [
        "You're signed out. The token was removed and revoked.",
        "Continue as dana@northwind.example",
    ],
    "grant_revoked": [
        "You're signed out on all computers.",
    ],
    "not_revoked": [
        (
            "Signed out here, but the server didn't confirm. The server has a problem. Copies "
            "work until {in 4 minutes}."
        ),
        "status 503\ntrace 2e790e2c-e7fe-42ed-9d53-3f4a6c1f0b11",
        "Revoke again",
        "Continue as dana@northwind.example",
    ],
    "telling_again": [
        "Signed out here. Revoking the token on the server…",
        "Revoking…",
    ],
    "opening": ["One moment", "Opening your keyring…", "Cancel"],
    "requesting": ["One moment", "Contacting the server…", "Cancel"],
    "waiting": [
        "Approve this sign-in in your browser",
        "Check that the page shows this code, then approve.",
        "Open browser",
        "Copy code",
        "Copy link",
        "QR code",
        "visibility.amp.cisco.com · matches your profile",
        "Waiting for approval",
        "Code expires in 9:41",
        "New code",
        "Cancel",
        "Never approve a code that someone sent you.",
    ],
    "waiting_other_host": [
        OTHER_HOST,
    ],
    "waiting_trouble": [
        "Can't reach the server. Your code is still valid. Retrying automatically.",
        "Code expires in 1:35",
    ],
    "waiting_long_code": ["Open browser"],
    "approved": ["Approved", "Approved. Saving the token in your keyring."],
    "in_browser": [
        "Continue in your browser",
        "Finish signing in there. This window updates automatically.",
        "Open browser",
        "Copy link",
        "visibility.amp.cisco.com · matches your profile",
        "Waiting for approval",
        "9:41 left",
        "Use a browser on this computer.",
        "Cancel",
        "Only approve a sign-in that you started.",
    ],
    "came_back": [
        "Approved in your browser",
        "You'll be signed in when the server is back.",
        "Waiting for the server",
        "Can't reach the server. Retrying until your approval expires.",
        "Retrying in 3\xa0s.",
        "Cancel",
    ],
    "approved_in_browser": ["Approved", "Approved. Saving the token in your keyring."],
    "signed_in": [
        "Renews automatically",
        "Copy token",
        "Copy as…  ▾",
        "Renew now",
        "6 scopes, 1 sensitive",
        "dana@northwind.example",
        "Details",
        "Sign out",
    ],
    "signed_in_idle": ["Paused. Renews when you copy the token.", "Copy token"],
    "quota_low": [
        QUOTA_LOW,
        "Copy token",
    ],
    "signed_in_once": [
        "No refresh token issued. Sign in again when your token expires.",
        "Copy token",
        "Renew now",
    ],
    "renewing": ["Renewing…", "Copy token", "Renew now"],
    "not_renewed": [
        "Couldn't renew. The server has a problem. Retrying in 20\N{NO-BREAK SPACE}s.",
        (
            "visibility.amp.cisco.com can't handle requests right now. Try again in a few minutes. "
            "Your token stays valid until {in 59 seconds}."
        ),
        "status 503\ntrace 2e790e2c-e7fe-42ed-9d53-3f4a6c1f0b11",
        "Copy token",
        "Renew now",
    ],
    "renewal_refused": [
        "Couldn't renew. The server refuses to renew.",
        (
            "The server refused twice, without giving a reason that XDR Login recognizes. "
            "Sign in again. Your token stays valid until {in 59 seconds}."
        ),
        "Copy token",
        "Sign in again",
        "Renew now",
    ],
    "refused_and_expired": [
        (
            "The server refused twice, without giving a reason that XDR Login recognizes. "
            "Sign in again."
        ),
        "Sign in again",
    ],
    "clock_wrong": [
        (
            "Your clock is 3 minutes fast. Turn on automatic time in your system settings, or "
            "programs may reject valid tokens."
        ),
    ],
    "lapsed": [
        "Paused to save requests. Copy to get a fresh token.",
        "Copy token",
        "Renew now",
    ],
    "leaving": ["Signing out…"],
    "signed_out_by_server": [
        "The server has signed you out",
        "Your sign-in was revoked or went unused for too long.",
        "The server says: “the grant was revoked”. Sign in again.",
        "▸  Technical details",
        "Sign in again",
    ],
    "signed_in_ending": ["Copy token"],
    "signed_in_not_saved": [
        (
            "The keyring is locked. Your token isn't saved, so you'll have to sign in again "
            "after you quit. Unlock your keyring, then save the token again."
        ),
        "Save again",
        "Copy token",
    ],
    "signed_in_fewer_scopes": ["2 scopes", "Requested but not granted: admin"],
    "signed_in_for_ever": ["2 scopes"],
    "expired": ["Expired. Sign in again.", "Sign in again", "Details", "Sign out"],
    "declined": [
        "Sign-in denied",
        *DECLINED,
        "Sign in again",
        "▸  Technical details",
    ],
    "code_expired": [
        "The code has expired",
        "The sign-in wasn't approved in time.",
        "Get a new code and approve that one.",
        "Get a new code",
    ],
    "unreachable": ["Can't reach the server", "Try again", "▸  Technical details"],
    "unknown_client": [
        "Client ID not recognized",
        "Try again",
        "Edit profile",
        "Check connection",
    ],
    "keyring_locked": ["The keyring is locked", "Try again", "Continue without saving"],
    "keyring_missing": [
        "No keyring found",
        "Continue without saving",
        "Try again",
    ],
    "no_profile": [
        "Set up your first profile",
        "Set up a profile",
        "Open profiles folder",
        "Try again",
    ],
    "unexpected": ["Something went wrong in XDR Login", "Try again", "▸  Technical details"],
}

# What a server or a user may make longer than anybody drew it.
LONG: dict[str, State] = {
    "host": waiting(host=f"visibility.amp.cisco.com.{'a' * 63}.evil.example", host_is_known=False),
    "code": waiting(user_code="ABCDEFGHIJKLMNOPQRSTUVWXYZ-ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    "scopes": signed_in(
        scope=(
            "https://www.googleapis.com/auth/userinfo.profile",
            "private-intel/incident-response-summary:write",
            "x" * 300,
        ),
        requested_scope=("y" * 300,),
    ),
    "account": replace(
        signed_in(),
        user="a.rather.long.name@soc.department.northwind.example",
        organization="Northwind Security Operations Center",
    ),
    "account without spaces": replace(signed_in(), user="N" * 90, organization="M" * 90),
}
LONG_PROFILE = replace(
    PROFILE, name="N" * 70, region="Asia Pacific, Japan, and China", client_id="c" * 90
)


class Local(dict[str, str]):
    """Times in the zone of whoever runs this: "{in 4 minutes}"."""

    def __missing__(self, key: str) -> str:
        _, count, unit = key.split()
        return f"{(NOW + timedelta(**{unit: int(count)})).astimezone():%H:%M}"


TIMES = Local()


def test_every_state_has_its_words_here() -> None:
    assert WORDS.keys() == STATES.keys()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", STATES)
def test_a_state_says_what_it_must(screen: Screen, name: str, scheme: str) -> None:
    screen.theme.apply_tokens(SCHEMES[scheme])
    screen.show(STATES[name])
    told = [text.format_map(TIMES) for text in WORDS[name]]
    missing = [text for text in told if text not in screen.visible_texts]
    assert not missing, screen.visible_texts
    assert {"Northwind SOC", "Cisco XDR · North America"} <= set(screen.visible_texts)


@pytest.mark.parametrize("name", STATES)
def test_a_state_is_drawn_in_both_schemes(screen: Screen, name: str) -> None:
    screen.show(STATES[name])
    light = screen.window.grab().toImage()
    screen.theme.apply_tokens(DARK)
    dark = screen.window.grab().toImage()
    assert light.pixelColor(2, 2).name() == LIGHT["background"]
    assert dark.pixelColor(2, 2).name() == DARK["background"]


@pytest.mark.parametrize("family", FONTS)
@pytest.mark.parametrize("width", [360, 440, 700])
def test_no_text_is_cut_and_nothing_is_out_of_sight(
    qapp: QApplication, theme: Theme, width: int, family: str
) -> None:
    assert not problems(qapp, theme, QFont(family, 10), width=width)


@pytest.mark.parametrize(("size", "width"), [(12, 440), (15, 560)])
def test_users_may_choose_larger_type(
    qapp: QApplication, theme: Theme, size: int, width: int
) -> None:
    assert not problems(qapp, theme, QFont("Inter", size), width=width)


@pytest.mark.parametrize("name", LONG)
def test_what_is_longer_than_drawn_is_broken_rather_than_cut(
    open_screen: Callable[..., Screen], name: str
) -> None:
    screen = open_screen(width=360)
    screen.show(LONG[name])
    assert not misfits(screen.window)


def test_of_very_many_scopes_the_sensitive_ones_are_shown_and_the_others_are_counted(
    open_screen: Callable[..., Screen],
) -> None:
    many = tuple(f"enrich/part-{number}:read" for number in range(1000))
    asked = tuple(f"admin-{number}" for number in range(30))
    screen = open_screen(width=360)
    screen.show(signed_in(scope=(*many, "response"), requested_scope=(*many, *asked)))
    screen.button("1001 scopes, 1 sensitive").click()
    settle()
    words = screen.visible_texts
    assert "response" in words
    assert sum(word.startswith("enrich/") for word in words) == 59
    assert "941 more in Details" in words
    assert "1001 scopes, 1 sensitive" in words
    assert f"Requested but not granted: {', '.join(asked[:20])} and 10 more" in words
    assert not misfits(screen.window)


@pytest.fixture(params=FONTS)
def family(request: pytest.FixtureRequest, qapp: QApplication, theme: Theme) -> Iterator[str]:
    """Draw with this font, and with the usual one afterwards."""
    usual = qapp.font()
    qapp.setFont(QFont(request.param, 10))
    theme.apply_tokens(theme.tokens)
    yield request.param
    qapp.setFont(usual)


@pytest.mark.usefixtures("family")
@pytest.mark.parametrize("state", ["signed_out", "signed_in"])
@pytest.mark.parametrize("letters", [12, 36, 40, 70])
def test_a_long_profile_is_broken_rather_than_cut(
    open_screen: Callable[..., Screen], letters: int, state: str
) -> None:
    screen = open_screen(width=360, profile=replace(LONG_PROFILE, name="N" * letters))
    screen.window.add_profile_switcher()
    screen.show(STATES[state])
    assert not misfits(screen.window)


@pytest.mark.usefixtures("family")
@pytest.mark.parametrize("letters", [36, 70])
def test_a_long_profile_is_whole_in_the_list_of_all(
    open_screen: Callable[..., Screen], letters: int
) -> None:
    screen = open_screen(width=360)
    screen.show(STATES["signed_in"])
    good = {"long": replace(LONG_PROFILE, name="N" * letters)}
    known = Snapshot(Profiles(Path("profiles.toml"), good, {}), {})
    screen.window.show_page(ProfilesView(NO_ACTIONS, known, NO_POLICY))
    settle()
    assert not misfits(screen.window)
    assert "N" * letters in screen.visible_texts


def test_a_name_that_is_elided_is_told_whole(open_screen: Callable[..., Screen]) -> None:
    name = "Northwind <Security> Operations Center, \N{SATELLITE ANTENNA} production"
    screen = open_screen(width=360, profile=replace(PROFILE, name=name))
    screen.show(STATES["signed_in"])
    shown = screen.window.findChildren(FittedLabel)[0]
    assert re.fullmatch("Northwind <Security> .+…", shown.text())
    assert name.startswith(shown.text()[:-1])
    assert shown.accessibleName() == name
    assert QTextDocumentFragment.fromHtml(shown.toolTip()).toPlainText() == name
    screen.window.set_profile(PROFILE)
    settle()
    assert (shown.text(), shown.accessibleName(), shown.toolTip()) == (PROFILE.name, "", "")


def test_nothing_is_cut_at_twice_the_scale() -> None:
    environment = os.environ | {"QT_SCALE_FACTOR": "2"}  # and the offscreen platform of all tests
    done = subprocess.run(
        [sys.executable, "-m", "tests.ui.views.test_every_state"],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(done.stdout) == {"ratio": 2.0, "problems": []}


def problems(application: QApplication, theme: Theme, font: QFont, *, width: int) -> list[str]:
    """Everything that does not fit, in any state, with this font."""
    usual = application.font()
    application.setFont(font)
    theme.apply_tokens(theme.tokens)
    try:
        found = []
        for name, state in STATES.items():
            screen = Screen(theme, width=width)
            screen.show(state)
            found += [f"{name}: {each}" for each in misfits(screen.window)]
            if name == "waiting":
                screen.show_qr()
                found += [f"qr: {each}" for each in misfits(screen.window)]
            screen.close()
        return found
    finally:
        application.setFont(usual)


if __name__ == "__main__":
    from desktop.ui.app.app import make_application

    application = make_application()
    found = problems(application, Theme(application), QFont("Inter", 10), width=360)
    sys.stdout.write(json.dumps({"ratio": application.devicePixelRatio(), "problems": found}))


def edges(widget: QWidget, window: QWidget) -> tuple[int, int]:
    """The left and right edge of `widget`, in `window`."""
    left = widget.mapTo(window, QPoint(0, 0)).x()
    return left, left + widget.width()


def test_a_page_that_scrolls_is_in_line_with_what_does_not(screen: Screen) -> None:
    page = screen.show_settings()
    column = (SPACE, screen.window.width() - SPACE)
    (scroll,) = screen.window.findChildren(QScrollArea)
    assert scroll.verticalScrollBar().isVisible()
    cards = [each for each in page.findChildren(Card) if each.property("card") == "true"]
    assert {edges(card, screen.window) for card in cards} == {column}
    left, _ = edges(screen.button("Back"), screen.window)
    assert left + QUIET_PADDING == SPACE


def test_the_footer_begins_and_ends_with_the_column(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    left, _ = edges(screen.button("Details"), screen.window)
    _, right = edges(screen.button("Sign out"), screen.window)
    assert (left, right - QUIET_PADDING) == (SPACE, screen.window.width() - SPACE)


def test_a_line_never_ends_within_the_code(screen: Screen) -> None:
    screen.show(STATES["declined"])
    kept = "WDJB\N{NON-BREAKING HYPHEN}MJHT"
    (shown,) = [each for each in screen.window.findChildren(QLabel) if kept in each.text()]
    assert "WDJB-MJHT" in shown.accessibleName()
    assert "WDJB-MJHT" in screen.window.view.accessibleName()
