"""What the window says of a state at an instant."""

from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtGui import QTextLayout
from pytestqt.qtbot import QtBot

from desktop.oauth import errors
from desktop.services.model.states import AwaitingApproval, SignedIn, SignedOut, State
from desktop.services.wording.spoken import spoken_mark
from desktop.ui.kit.fact_rows import FactRows
from desktop.ui.kit.widgets import Label, label
from desktop.ui.kit.word_breaks import breakable, unbroken, with_whole_name
from desktop.ui.wording import window_texts
from tests.sample_states import NOW, STATES, signed_in, waiting
from tests.ui.harness import BREAK

DAY = 86400.0
QUOTA_LOW = (
    "Paused: over half of your organization's hourly requests are used. Renews when you copy the "
    "token."
)
TROUBLE = errors.Throttled("login.example", status=429)


def lasting(lifetime: float, *, left: float) -> SignedIn:
    """A token of `lifetime` seconds, `left` of which are to come."""
    issued_at = NOW - timedelta(seconds=lifetime - left)
    return SignedIn(
        scope=(),
        requested_scope=(),
        token_type="Bearer",
        issued_at=issued_at,
        expires_at=issued_at + timedelta(seconds=lifetime),
        user="",
        organization="",
    )


@pytest.mark.parametrize(
    ("left", "time", "words", "color"),
    [
        (600, "10:00", "until it expires", "good"),
        (432, "7:12", "until it expires", "good"),
        (431.2, "7:12", "until it expires", "good"),
        (120, "2:00", "until it expires", "good"),
        (119.9, "2:00", "until it expires", "ending"),
        (0.2, "0:01", "until it expires", "ending"),
        (0, "0:00", "expired", "bad"),
        (-5, "0:00", "expired", "bad"),
        (None, "∞", "doesn't expire", "good"),
    ],
)
def test_the_ring_counts(left: float | None, time: str, words: str, color: str) -> None:
    found = window_texts.ring(signed_in(left=left), NOW)
    assert (found[0], found[1], found[3]) == (time, words, color)


@pytest.mark.parametrize(
    ("lifetime", "time"),
    [(3600, "1:00:00"), (2 * DAY - 1, "47:59:59"), (2 * DAY, "2 days"), (365.5 * DAY, "365 days")],
)
def test_a_long_life_is_told_in_days(lifetime: float, time: str) -> None:
    assert window_texts.ring(lasting(lifetime, left=lifetime), NOW)[0] == time


def test_the_share_is_what_is_left_of_the_lifetime() -> None:
    assert window_texts.ring(signed_in(left=150), NOW)[2] == 0.25
    assert window_texts.ring(signed_in(left=0), NOW)[2] == 0
    assert window_texts.ring(signed_in(left=None), NOW)[2] == 1


def test_a_token_that_was_issued_expired_is_expired() -> None:
    assert window_texts.ring(lasting(0, left=0), NOW) == ("0:00", "expired", 0.0, "bad")


def test_a_clock_that_was_set_back_fills_the_ring_and_no_more() -> None:
    assert window_texts.ring(lasting(600, left=4000), NOW)[2] == 1
    assert window_texts.ring(lasting(0, left=60), NOW)[2] == 1


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (signed_in(renewable=True), "Renews automatically"),
        (
            replace(signed_in(renewable=True), renews_at=None),
            "Paused. Renews when you copy the token.",
        ),
        (
            replace(signed_in(left=0, renewable=True), is_quota_low=True),
            QUOTA_LOW,
        ),
        (replace(signed_in(renewable=True), renewing=True), "Renewing…"),
        (
            replace(signed_in(left=0, renewable=True), renewing=True, trouble=TROUBLE),
            "Renewing…",
        ),
        (signed_in(left=0, renewable=True), "Paused to save requests. Copy to get a fresh token."),
        (signed_in(), "No refresh token issued. Sign in again when your token expires."),
        (signed_in(left=0), "Expired. Sign in again."),
        (signed_in(left=None), ""),
        (signed_in(left=None, renewable=False), ""),
        (replace(signed_in(), signing_out=True), "Signing out…"),
        (
            replace(
                signed_in(renewable=True), trouble=TROUBLE, next_at=NOW + timedelta(seconds=20)
            ),
            "Couldn't renew. Too many requests. Retrying in 20\N{NO-BREAK SPACE}s.",
        ),
        (
            replace(signed_in(renewable=True), trouble=TROUBLE, next_at=NOW + timedelta(minutes=5)),
            "Couldn't renew. Too many requests. Retrying in 5:00.",
        ),
        (
            replace(signed_in(renewable=True), trouble=TROUBLE, next_at=NOW),
            "Couldn't renew. Too many requests. Retrying now.",
        ),
        (
            replace(signed_in(renewable=True), trouble=TROUBLE),
            "Couldn't renew. Too many requests.",
        ),
    ],
)
def test_what_becomes_of_the_token_is_told_in_a_line(state: SignedIn, words: str) -> None:
    assert window_texts.renewal_status(state, NOW) == words


def test_a_renewal_that_fails_says_what_to_do_and_how_long_there_is_time() -> None:
    error = errors.HostNotFound("login.example")
    state = replace(signed_in(renewable=True), trouble=error)
    until = (NOW + timedelta(seconds=432)).astimezone()
    assert window_texts.not_renewed(state, NOW) == (
        "No address was found for login.example. Check your network or VPN, and the "
        f"address in your profile. Your token stays valid until {until:%H:%M}."
    )
    lapsed = replace(signed_in(left=0, renewable=True), trouble=error)
    assert window_texts.not_renewed(lapsed, NOW).endswith("the address in your profile.")
    assert window_texts.not_renewed(signed_in(), NOW) == ""


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (184.0, "Your clock is 3 minutes fast. "),
        (-7200.0, "Your clock is 2 hours slow. "),
        (-60.0, ""),
        (61.0, "Your clock is 61 seconds fast. "),
        (29.0, ""),
        (-29.0, ""),
    ],
)
def test_a_clock_that_is_wrong_is_told(offset: float, words: str) -> None:
    told = window_texts.clock_warning(replace(signed_in(), clock_offset=offset))
    assert told.startswith(words)
    assert bool(told) == bool(words)


def test_facts_are_those_that_support_asks_for() -> None:
    error = errors.ServerFault("login.example", status=503, trace_id="t-1")
    assert window_texts.facts(error) == "status 503 · trace t-1"
    assert window_texts.facts(None) == ""


@pytest.mark.parametrize(
    ("state", "before", "after", "words"),
    [
        (signed_in(), 301.0, 300.0, "5 minutes left"),
        (signed_in(), 1.0, 0.0, "Your token has expired. Sign in again."),
        (signed_in(), 0.0, 0.0, ""),
        (signed_in(renewable=True), 301.0, 300.0, ""),
        (signed_in(renewable=True), 1.0, 0.0, ""),
        (replace(signed_in(renewable=True), trouble=TROUBLE), 301.0, 300.0, "5 minutes left"),
        (
            replace(signed_in(renewable=True), trouble=TROUBLE),
            1.0,
            0.0,
            "Your token has expired. Copy it to get a fresh one.",
        ),
        (waiting(), 301.0, 300.0, "5 minutes left"),
    ],
)
def test_only_a_countdown_to_an_end_is_spoken(
    state: State, before: float, after: float, words: str
) -> None:
    assert window_texts.spoken_count(state, before, after) == words


@pytest.mark.parametrize(
    ("left", "words", "share"),
    [
        (600, "Code expires in 10:00", 1.0),
        (581, "Code expires in 9:41", 581 / 600),
        (0, "Code expires in 0:00", 0.0),
        (-9, "Code expires in 0:00", 0.0),
    ],
)
def test_the_life_of_the_code_is_counted(left: float, words: str, share: float) -> None:
    told, found = window_texts.code_lifetime(waiting(left=left), NOW)
    assert told == words
    assert found == pytest.approx(share)


@pytest.mark.parametrize(
    ("trouble", "later", "text"),
    [
        (None, 0, ""),
        (None, 3, ""),
        (TROUBLE, 0, "Checking again in 3\N{NO-BREAK SPACE}s."),
        (TROUBLE, 1.5, "Checking again in 2\N{NO-BREAK SPACE}s."),
        (TROUBLE, 2.9, "Checking again in 1\N{NO-BREAK SPACE}s."),
        (TROUBLE, 3, "Checking for your approval…"),
        (TROUBLE, -87, "Checking again in 1:30."),
    ],
)
def test_the_next_check_is_shown_only_after_one_that_failed(
    trouble: Exception | None, later: float, text: str
) -> None:
    state = replace(waiting(), trouble=trouble)
    assert window_texts.polling_status(state, NOW + timedelta(seconds=later)) == text


def test_an_approval_is_told_instead() -> None:
    told = window_texts.polling_status(waiting(approved=True), NOW)
    assert told == "Approved. Saving the token in your keyring."


def test_trouble_says_that_the_code_stays_valid() -> None:
    trouble = errors.Throttled("login.example", status=429)
    told = window_texts.trouble(replace(waiting(), trouble=trouble))
    assert told == "Too many requests. Your code is still valid. Retrying automatically."


def test_an_approval_that_the_server_has_not_seen_is_told() -> None:
    state = STATES["came_back"]
    assert isinstance(state, AwaitingApproval)
    assert window_texts.approval(state)[0] == "Approved in your browser"
    assert window_texts.trouble(state).startswith("Can't reach the server. Retrying until")
    assert (
        window_texts.polling_status(state, state.next_at - timedelta(seconds=3))
        == "Retrying in 3\xa0s."
    )
    assert window_texts.polling_status(state, state.next_at) == "Retrying now."
    assert window_texts.announcement(state, NOW).startswith("Approved in your browser. Can't")
    assert window_texts.approval(replace(state, approved=True))[0] != "Approved in your browser"


@pytest.mark.parametrize(("high", "words"), [(0, "6 scopes"), (1, "6 scopes, 1 sensitive")])
def test_scopes_are_summed_up(high: int, words: str) -> None:
    assert window_texts.scope_summary(6, high) == words


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (None, 300.0, ""),
        (301.0, 300.0, "5 minutes left"),
        (300.0, 299.0, ""),
        (60.5, 59.5, "1 minute left"),
        (31.0, 29.9, "30 seconds left"),
        (400.0, 20.0, "30 seconds left"),
        (20.0, 400.0, ""),
        (1.0, 0.0, ""),
        (5.0, None, ""),
    ],
)
def test_a_countdown_speaks_when_it_passes_a_mark(
    before: float | None, after: float | None, words: str
) -> None:
    assert spoken_mark(before, after) == words


@pytest.mark.parametrize(
    "text",
    [
        "login.northwind.example",
        "trace 2e790e2c-e7fe-42ed-9d53-3f4a6c1f0b11",
        "many short words are left as they are, however long the sentence is that they make",
        "サインインの要求はまだ承認されていません。ブラウザーでコードを確認してから承認してください。",
    ],
)
def test_what_fits_is_left_as_it_is(text: str) -> None:
    assert breakable(text) == text


def test_a_long_host_may_be_broken_after_its_dots_and_within_long_labels() -> None:
    host = f"visibility.amp.cisco.com.{'a' * 30}.evil.example"
    pieces = breakable(host).split(BREAK)
    assert "".join(pieces) == host
    assert pieces[-3:] == ["evil.", "example"] or pieces[-2:] == ["evil.", "example"]
    assert max(map(len, pieces)) <= 13


def test_versions_and_our_own_name_are_kept_whole() -> None:
    system = "Linux-6.18.44-fc-v669-x86_64-with-glibc2.36"
    folder = "/home/dana.northwind/.local/share/xdr-login/log"
    assert {"6.18.44-", "glibc2.36"} <= set(breakable(system).split(BREAK))
    assert "xdr-login/" in breakable(folder).split(BREAK)
    assert unbroken(with_whole_name(breakable(folder))) == folder


@pytest.mark.parametrize("part", ["1.1.", "1.1.1.1a", "1.1a", "xdr-login", "xdr-login-"])
def test_no_row_of_versions_or_names_is_without_breaks(part: str) -> None:
    assert max(map(len, breakable(part * 40).split(BREAK))) <= 36


def test_a_line_never_ends_within_our_own_name(qtbot: QtBot) -> None:
    text = label("Edit ~/.config/xdr-login/profiles.toml")
    qtbot.addWidget(text)
    layout = QTextLayout(text.text(), text.font())
    width = text.fontMetrics().horizontalAdvance("Edit ~/.config/xdr-log")
    lines = []
    layout.beginLayout()
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        lines.append(unbroken(text.text()[line.textStart() :][: line.textLength()]))
    layout.endLayout()
    assert len(lines) > 1
    assert not any(each.endswith("xdr-") for each in lines)
    assert text.accessibleName() == "Edit ~/.config/xdr-login/profiles.toml"


def test_a_path_that_is_copied_with_the_mouse_has_no_marks(qtbot: QtBot) -> None:
    rows = FactRows("", stacked=True, selectable=True)
    qtbot.addWidget(rows)
    rows.show_rows((("File", "~/.config/xdr-login/a.toml"),))
    assert "~/.config/xdr-login/a.toml" in [each.text() for each in rows.findChildren(Label)]


def test_a_break_never_ends_a_word() -> None:
    assert not breakable("a" * 48 + " " + "b-" * 30).endswith(BREAK)
    assert f"{BREAK} " not in breakable("a" * 48 + " " + "b" * 48)


def test_a_long_address_is_shortened_on_the_button_that_continues() -> None:
    state = SignedOut(user=f"{'d' * 60}@northwind.example")
    text = window_texts.sign_in(state, lambda shown: len(shown) <= 36)
    assert text == f"Continue as {'d' * 23}…"
