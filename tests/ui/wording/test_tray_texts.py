"""What the tray says and shows, as the user reads it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from desktop.oauth import errors
from desktop.services.model import profile
from desktop.services.model.states import (
    AwaitingApproval,
    Failed,
    Locked,
    Requesting,
    SignedOut,
    State,
)
from desktop.services.secrets import keystore
from desktop.services.system.translation import without_isolates
from desktop.ui.wording import tray_texts
from desktop.ui.wording.tray_texts import ARC_STEPS, IconShape, MenuItem, Notification
from desktop.ui.wording.update_timing import is_renewal_failing, seconds_to_redraw_tray
from tests.pseudo_language import real_language
from tests.sample_states import HOST, NOW, STATES, in_browser, signed_in, waiting

TROUBLE = errors.TransportFailure(HOST)
RENEWABLE = replace(signed_in(), renewable=True)
RENEWING = replace(RENEWABLE, renewing=True)
SPENT = replace(signed_in(left=0), renewable=True)
STUCK = replace(SPENT, trouble=TROUBLE)
LEAVING = replace(signed_in(), signing_out=True)


def lines(state: State) -> dict[str, str]:
    """The menu: every line, and whether it can be chosen."""
    menu = tray_texts.menu_labels(state, NOW)
    return {words.text: "can be chosen" if words.enabled else "cannot" for words in menu.values()}


@pytest.mark.parametrize(
    ("state", "look"),
    [
        (SignedOut(), (IconShape.SIGNED_OUT, 0)),
        (Requesting(), (IconShape.WAITING, 0)),
        (waiting(left=600), (IconShape.WAITING, ARC_STEPS)),
        (waiting(left=1), (IconShape.WAITING, 1)),
        (signed_in(left=600), (IconShape.SIGNED_IN, ARC_STEPS)),
        (signed_in(left=300), (IconShape.SIGNED_IN, ARC_STEPS // 2)),
        (signed_in(left=900), (IconShape.SIGNED_IN, ARC_STEPS)),  # the clock was set back
        (signed_in(left=None), (IconShape.SIGNED_IN, ARC_STEPS)),
        (signed_in(left=0), (IconShape.TROUBLE, 0)),
        (SPENT, (IconShape.SIGNED_IN, 0)),
        (STUCK, (IconShape.TROUBLE, 0)),
        (replace(RENEWABLE, trouble=TROUBLE), (IconShape.SIGNED_IN, 18)),
        (STATES["declined"], (IconShape.TROUBLE, 0)),
    ],
)
def test_the_icon_shows_how_it_stands_and_what_is_left(
    state: State, look: tuple[IconShape, int]
) -> None:
    assert tray_texts.icon_shape(state, NOW) == look


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (SignedOut(), "Signed out"),
        (Requesting(), "Starting"),
        (waiting(), "Waiting for approval"),
        (waiting(approved=True), "Approved"),
        (signed_in(left=507), "Signed in, 8 min left"),
        (signed_in(left=None), "Signed in, doesn't expire"),
        (signed_in(left=0), "Expired"),
        (RENEWING, "Renewing"),
        (LEAVING, "Signing out"),
        (SPENT, "Idle, renews when copied"),
        (STUCK, "Expired, couldn't renew"),
        (STATES["declined"], "Sign-in denied"),
    ],
)
def test_the_tooltip_says_profile_and_state(state: State, words: str) -> None:
    assert tray_texts.tooltip("Northwind SOC", state, NOW) == f"Northwind SOC\n{words}"


@pytest.mark.parametrize(
    ("state", "row"),
    [
        (STATES["signed_out"], ("Signed out", "neutral")),
        (STATES["opening"], ("Starting", "neutral")),
        (STATES["waiting"], ("Waiting for approval", "busy")),
        (signed_in(left=507), ("8 min left", "good")),
        (signed_in(left=None), ("Signed in, doesn't expire", "good")),
        (signed_in(left=0), ("Expired", "bad")),
        (RENEWING, ("Renewing", "good")),
        (replace(signed_in(left=0, renewable=True), renewing=True), ("Renewing", "neutral")),
        (LEAVING, ("Signing out", "good")),
        (SPENT, ("Renews on use", "neutral")),
        (STUCK, ("Expired, couldn't renew", "bad")),
        (STATES["declined"], ("Sign-in denied", "bad")),
    ],
)
def test_a_row_says_how_the_profile_is_doing(state: State, row: tuple[str, str]) -> None:
    assert tray_texts.row_state(state, NOW) == row


def test_a_name_is_no_markup_in_a_tooltip() -> None:
    name = "R&D <img src='http://evil.example/x.png'>"
    shown = tray_texts.tooltip(name, Requesting(), NOW)
    assert shown == "R&D img src='http://evil.example/x.png'\nStarting"


def test_a_tooltip_fits_what_windows_shows_of_it() -> None:
    longest = max(len(tray_texts.tooltip("N" * 200, state, NOW)) for state in STATES.values())
    assert longest <= 127


def test_before_there_is_a_profile_the_tooltip_names_the_program() -> None:
    assert tray_texts.tooltip("", Requesting(), NOW) == "XDR Login\nStarting"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "Under 1 min left"),
        (59.9, "Under 1 min left"),
        (60, "1 min left"),
        (507, "8 min left"),
        (3599, "59 min left"),
        (3601, "1 h left"),
        (11_520, "3 h 12 min left"),
        (172_799, "47 h 59 min left"),
        (172_800, "2 days left"),
        (259_199, "2 days left"),
    ],
)
def test_what_is_left_is_said_no_finer_than_a_minute(seconds: float, words: str) -> None:
    assert tray_texts.time_left(seconds) == words


@pytest.mark.parametrize("left", [30, 507, 7200, 11_520, 172_800])
@pytest.mark.parametrize("code", ["de", "es", "fr", "pt_BR"])
def test_what_is_left_starts_a_row_with_a_capital_or_a_number(code: str, left: float) -> None:
    state = signed_in(left=left)
    with real_language(code):
        row, summary = tray_texts.row_state(state, NOW)[0], tray_texts.summary(state, NOW)
    first = without_isolates(row)[0]
    assert first.isupper() or first.isdigit(), row
    assert without_isolates(summary).casefold().endswith(without_isolates(row).casefold())


def test_what_is_left_agrees_with_its_number() -> None:
    with real_language("ar"):
        shown = [without_isolates(tray_texts.time_left(60 * each)) for each in (1, 2, 5, 59)]
    assert shown == ["بقيت دقيقة واحدة", "بقيت دقيقتان", "بقيت 5 دقائق", "بقيت 59 دقيقة"]


# The menu


def test_signed_in_the_token_can_be_copied_and_dropped() -> None:
    assert lines(signed_in()) == {
        "Signed in, 7 min left": "cannot",
        "Copy token": "can be chosen",
        "Copy as": "can be chosen",
        "Sign out": "can be chosen",
        "Open XDR Login": "can be chosen",
        "Settings…": "can be chosen",
        "Lock now": "can be chosen",
        "Quit": "can be chosen",
    }


def test_while_a_browser_is_waited_for_there_is_no_code_to_copy() -> None:
    assert list(lines(in_browser())) == [
        "Waiting for approval",
        "Open browser",
        "Copy token (not approved yet)",
        "Copy as",
        "Cancel",
        "Open XDR Login",
        "Settings…",
        "Lock now",
        "Quit",
    ]


def test_an_approval_that_the_server_has_not_seen_needs_no_browser() -> None:
    assert list(lines(STATES["came_back"]))[:4] == [
        "Waiting for the server",
        "Copy token (waiting for the server)",
        "Copy as",
        "Cancel",
    ]


def test_while_a_code_waits_the_menu_helps_to_approve_it() -> None:
    assert list(lines(waiting())) == [
        "Waiting for approval",
        "Open browser",
        "Copy code",
        "Copy token (not approved yet)",
        "Copy as",
        "Cancel",
        "Open XDR Login",
        "Settings…",
        "Lock now",
        "Quit",
    ]


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (SignedOut(), "not signed in"),
        (Requesting(), "starting"),
        (waiting(), "not approved yet"),
        (signed_in(left=0), "expired"),
        (STATES["refused_and_expired"], "expired"),
        (LEAVING, "signing out"),
        (STATES["declined"], "not signed in"),
    ],
)
def test_where_there_is_no_token_the_menu_says_why(state: State, reason: str) -> None:
    shown = lines(state)
    assert shown[f"Copy token ({reason})"] == "cannot"
    assert shown["Copy as"] == "cannot"


@pytest.mark.parametrize("name", ["renewal_refused", "refused_and_expired"])
def test_a_refused_renewal_offers_to_sign_in(name: str) -> None:
    shown = lines(STATES[name])
    assert shown["Sign in"] == "can be chosen"
    assert "Renew now" not in shown


@pytest.mark.parametrize("state", [signed_in(), RENEWABLE, RENEWING, SPENT, STUCK])
def test_what_can_be_had_by_renewing_can_be_copied(state: State) -> None:
    assert lines(state)["Copy token"] == "can be chosen"


@pytest.mark.parametrize(
    ("state", "deeds"),
    [
        (SignedOut(), {MenuItem.SIGN_IN}),
        (Requesting(), {MenuItem.CANCEL}),
        (waiting(approved=True), set()),
        (signed_in(), {MenuItem.SIGN_OUT}),
        (signed_in(left=0), {MenuItem.SIGN_IN, MenuItem.SIGN_OUT}),
        (RENEWABLE, {MenuItem.RENEW, MenuItem.SIGN_OUT}),
        (SPENT, {MenuItem.RENEW, MenuItem.SIGN_OUT}),
        (LEAVING, set()),
        (STATES["declined"], {MenuItem.SIGN_IN}),
        (Failed(errors.CodeExpired(), still_saved=True), {MenuItem.SIGN_OUT}),
    ],
)
def test_the_menu_has_what_makes_sense(state: State, deeds: set[MenuItem]) -> None:
    possible = {MenuItem.RENEW, MenuItem.CANCEL, MenuItem.SIGN_IN, MenuItem.SIGN_OUT}
    assert set(tray_texts.menu_labels(state, NOW)) & possible == deeds


def test_a_renewal_under_way_is_not_started_twice() -> None:
    assert lines(RENEWING)["Renewing…"] == "cannot"


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_window_settings_and_the_end_are_always_there(state: State) -> None:
    ends = ["Open XDR Login", "Settings…", "Lock now", "Quit"]
    if isinstance(state, Locked):
        ends = ["Open XDR Login", "Unlock", "Quit"]
    assert list(lines(state))[-len(ends) :] == ends


@pytest.mark.parametrize("state", [Locked(), Locked(unattended=True)])
def test_a_locked_menu_offers_no_token(state: Locked) -> None:
    assert lines(state) == {
        "Locked": "cannot",
        "Open XDR Login": "can be chosen",
        "Unlock": "can be chosen",
        "Quit": "can be chosen",
    }
    assert tray_texts.tooltip("Northwind", state, NOW) == "Northwind\nLocked"
    assert tray_texts.icon_shape(state, NOW) == (IconShape.LOCKED, 0)


# What is told


def test_a_sign_in_that_is_finished_is_told() -> None:
    told = tray_texts.notification(waiting(approved=True), signed_in())
    assert told == Notification("Signed in", "Your token is ready. Copy it from the tray.")


@pytest.mark.parametrize("before", [waiting(), signed_in(), Requesting()])
def test_what_ended_badly_is_told_in_the_words_of_the_window(before: State) -> None:
    told = tray_texts.notification(before, STATES["declined"])
    assert told == Notification("Sign-in denied", "Open XDR Login to see what to do.")


@pytest.mark.parametrize(
    ("before", "state"),
    [
        (Requesting(), signed_in()),  # what was stored
        (signed_in(), RENEWING),
        (RENEWING, RENEWABLE),
        (STATES["declined"], STATES["declined"]),
        (signed_in(), SignedOut()),
        (Requesting(), waiting()),
    ],
)
def test_what_needs_nobody_is_not_told(before: State, state: State) -> None:
    assert tray_texts.notification(before, state) is None


def test_that_a_token_runs_out_and_cannot_be_renewed_is_told() -> None:
    told = tray_texts.renewal_failed(replace(STUCK, next_at=NOW), NOW)
    assert told is not None
    assert told.title == "Couldn't renew your token"
    assert told.text == (
        "Can't reach the server. Retrying automatically. Open XDR Login for details."
    )


def test_what_is_not_tried_again_is_not_promised() -> None:
    told = tray_texts.renewal_failed(STUCK, NOW)
    assert told is not None
    assert told.text == "Can't reach the server. Open XDR Login to see what to do."


@pytest.mark.parametrize(
    ("state", "goes_on"),
    [
        (STUCK, True),
        (replace(STUCK, trouble=None, renewing=True), True),  # it is tried again
        (signed_in(), False),
        (SignedOut(), False),
    ],
)
def test_trouble_goes_on_until_a_renewal_works(state: State, *, goes_on: bool) -> None:
    assert is_renewal_failing(state) is goes_on


EVIL = "<a href='https://evil.example'>dana</a>"


@pytest.mark.parametrize(
    "error",
    [
        errors.TransportFailure(EVIL, detail=EVIL),
        keystore.KeyringFault(EVIL),
        profile.UnknownProfile(Path(EVIL), EVIL),
    ],
)
def test_no_word_of_a_server_is_in_what_a_desktop_may_take_for_markup(error: Exception) -> None:
    failed = tray_texts.notification(waiting(), Failed(error))
    stuck = tray_texts.renewal_failed(replace(STUCK, trouble=error), NOW)
    assert failed
    assert stuck
    assert "evil" not in f"{failed} {stuck}"


def test_a_failed_renewal_is_not_told_while_the_token_lives() -> None:
    assert tray_texts.renewal_failed(replace(RENEWABLE, trouble=TROUBLE), NOW) is None


@pytest.mark.parametrize("state", [SPENT, SignedOut(), signed_in(left=None)])
def test_without_trouble_nothing_is_told(state: State) -> None:
    assert tray_texts.renewal_failed(state, NOW) is None


# Time


@pytest.mark.parametrize(
    ("state", "seconds"),
    [
        (signed_in(left=432), 12.5),
        (signed_in(left=60), 0.5),
        (signed_in(left=20), 20.5),
        (waiting(left=581), 41.5),
        (replace(signed_in(), expires_at=NOW + timedelta(days=5, seconds=90)), 90.5),
        (signed_in(left=0), None),
        (signed_in(left=None), None),
        (SignedOut(), None),
        (STATES["declined"], None),
    ],
)
def test_the_next_change_is_where_a_minute_ends(state: State, seconds: float | None) -> None:
    assert seconds_to_redraw_tray(state, NOW) == seconds


def test_the_words_have_changed_after_the_next_change() -> None:
    state, at = signed_in(left=200), NOW
    shown = []
    while (wait := seconds_to_redraw_tray(state, at)) is not None:
        shown.append(tray_texts.summary(state, at))
        at += timedelta(seconds=wait)
    shown.append(tray_texts.summary(state, at))
    assert shown == [
        "Signed in, 3 min left",
        "Signed in, 2 min left",
        "Signed in, 1 min left",
        "Signed in, under 1 min left",
        "Expired",
    ]


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_nothing_of_it_is_a_code_or_a_name(state: State) -> None:
    told = tray_texts.notification(Requesting(), state)
    said = [
        tray_texts.tooltip("Northwind", state, NOW),
        *lines(state),
        *((told.title, told.text) if told else ()),
    ]
    secret = "WDJB-MJHT" if not isinstance(state, AwaitingApproval) else state.user_code or "http"
    assert not [each for each in said if secret in each or "dana" in each]


def test_signing_out_says_where_it_signs_out() -> None:
    for everywhere, words in ((False, "Sign out"), (True, "Sign out everywhere…")):
        lines = tray_texts.menu_labels(STATES["signed_in"], NOW, everywhere=everywhere)
        assert lines[tray_texts.MenuItem.SIGN_OUT].text == words
    assert tray_texts.MenuItem.SIGN_OUT not in tray_texts.menu_labels(
        STATES["waiting"], NOW, everywhere=True
    )
