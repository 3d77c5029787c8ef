"""The details page: its texts, and how it handles the token."""

from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QWidget

from desktop.oauth.grants.app_grant import AppGrant
from desktop.services.model.exchanges import ExchangedToken
from desktop.services.model.states import Revocation
from desktop.services.session.token_recipients import TokenRecipient
from desktop.services.system.processes import Program
from desktop.services.token.details import ScopeStatus, flattened
from desktop.ui.pages.details_view import DetailsView
from desktop.ui.pages.server_query import ServerAnswer
from desktop.ui.views import sign_out_button
from desktop.ui.wording import page_texts
from tests.sample_states import APP_GRANT, MADE_UP_TOKEN, NOW, STATES, WHO_AM_I, signed_in
from tests.ui.harness import Screen, settle
from tests.ui.window.test_secrets import everything_in


@pytest.fixture(autouse=True)
def in_warsaw(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be in a zone of which the name and the offset are known."""
    monkeypatch.setattr(
        page_texts, "format_exact_time", lambda at: f"{at:%H:%M:%S} UTC on {at.day} {at:%B}"
    )


@pytest.fixture
def details(screen: Screen) -> DetailsView:
    return screen.show_details()


def shown(screen: Screen) -> list[QPlainTextEdit]:
    """Where the token is on screen."""
    return screen.window.findChildren(QPlainTextEdit)


def holders(screen: Screen) -> list[str]:
    return [text for text in everything_in(screen.window) if MADE_UP_TOKEN in text]


def after(words: list[str], name: str) -> str:
    return words[words.index(name) + 1]


# What it says


def test_times_are_told_to_the_second(screen: Screen, details: DetailsView) -> None:
    assert details.isVisible()
    assert after(screen.visible_texts, "Issued") == "02:57:12 UTC on 23 November"
    assert after(screen.visible_texts, "Expires") == "03:07:12 UTC on 23 November"
    assert after(screen.visible_texts, "Renews") == "03:06:06 UTC on 23 November"


@pytest.mark.parametrize(
    ("name", "renews"),
    [("signed_in_idle", "When you copy the token"), ("expired", "Not automatically")],
)
def test_a_token_without_automatic_renewal_says_what_renews_it(
    screen: Screen, name: str, renews: str
) -> None:
    screen.show_details(STATES[name])
    assert after(screen.visible_texts, "Renews") == renews


def test_a_token_that_never_expires_says_so(screen: Screen) -> None:
    screen.show_details(STATES["signed_in_for_ever"])
    assert after(screen.visible_texts, "Expires") == "Never"


def test_client_and_server_are_named(screen: Screen, details: DetailsView) -> None:
    assert details.isVisible()
    assert after(screen.visible_texts, "Token type") == "Bearer"
    assert after(screen.visible_texts, "Client ID") == "client-00000000-0000-4000-8000-000000000000"
    assert after(screen.visible_texts, "Issuer") == "IROH Auth"
    assert after(screen.visible_texts, "Token endpoint") == (
        "https://visibility.amp.cisco.com/iroh/oauth2/token"
    )


def test_scopes_that_differ_have_a_sign_and_a_word(screen: Screen) -> None:
    screen.show_details(signed_in(scope=("a", "extra"), requested_scope=("a", "admin")))
    words = screen.visible_texts
    assert after(words, "a") == "✓ a"
    assert after(words, "admin") == "✕ not granted"
    assert after(words, "+ not requested") == "✓ extra"
    assert screen.label("✕ not granted").property("role") == "difference"
    assert screen.label("✓ a").property("role") == ""


def test_of_very_many_scopes_those_that_differ_come_first(screen: Screen) -> None:
    many = tuple(f"scope-{number}" for number in range(1000))
    screen.show_details(signed_in(scope=many, requested_scope=(*many, "admin")))
    words = screen.visible_texts
    assert after(words, "admin") == "✕ not granted"
    assert sum(word.startswith("✓") for word in words) == 99
    assert words[words.index("✓ scope-98") + 1] == (
        "901 more. Select Copy details for the full list."
    )


def test_without_requested_scopes_none_differs(screen: Screen) -> None:
    screen.show_details(signed_in(scope=("a",), requested_scope=()))
    assert after(screen.visible_texts, "server's default") == "✓ a"
    assert "+ not requested" not in screen.visible_texts
    assert screen.label("✓ a").property("role") == ""


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        (ScopeStatus("a", requested=None, granted=True), "a: granted by the server's default"),
        (ScopeStatus("a", requested=True, granted=True), "a: requested and granted"),
        (ScopeStatus("a", requested=True, granted=False), "a: requested, not granted"),
        (ScopeStatus("a", requested=False, granted=True), "a: granted, not requested"),
    ],
)
def test_a_screen_reader_is_told_the_row(scope: ScopeStatus, told: str) -> None:
    assert page_texts.spoken_scope(scope) == told


def test_claims_are_marked_as_not_verified(screen: Screen, details: DetailsView) -> None:
    assert details.isVisible()
    words = screen.visible_texts
    assert after(words, "Claims") == "Read from the token, not verified."
    assert after(words, "iss") == "IROH Auth NAM"
    assert after(words, "exp") == "03:10:00 UTC on 23 November (1795403400)"
    name = "https://schemas.cisco.com/iroh/identity/claims/org/name"
    assert after(words, name) == "Northwind SOC"


def test_a_clock_that_is_wrong_says_whose_times_the_claims_have(screen: Screen) -> None:
    screen.show_details(STATES["clock_wrong"])
    assert after(screen.visible_texts, "Claims") == (
        "Read from the token, not verified. Times are by the server's clock."
    )


def test_an_opaque_token_shows_that_it_has_no_readable_claims(screen: Screen) -> None:
    screen.pages.claims = {}
    screen.show_details()
    assert page_texts.NO_CLAIMS in screen.visible_texts


def test_a_value_has_its_name_for_who_listens(screen: Screen, details: DetailsView) -> None:
    assert details.isVisible()
    assert screen.label("IROH Auth NAM").accessibleName() == "iss: IROH Auth NAM"


def given(minutes: int, name: str = "deploy.py") -> TokenRecipient:
    program = Program(name, f"/srv/{name}", 7)
    return TokenRecipient(NOW - timedelta(minutes=minutes), program, "northwind")


def test_the_programs_that_got_the_token_are_listed(screen: Screen, details: DetailsView) -> None:
    assert "No program has used this token since XDR Login started." in " ".join(
        screen.visible_texts
    )
    screen.pages.given = (given(1, "report.sh"), given(2))
    details.show_recipients()
    settle()
    words = [word for word in screen.visible_texts if "/srv/" in word]
    assert words == ["report.sh\n/srv/report.sh", "deploy.py\n/srv/deploy.py"]
    assert MADE_UP_TOKEN not in " ".join(screen.visible_texts)


def test_a_program_that_got_another_token_is_listed_with_its_name(
    screen: Screen, details: DetailsView
) -> None:
    screen.pages.given = (replace(given(1), exchange="secure-endpoint"),)
    details.show_recipients()
    settle()
    (word,) = [word for word in screen.visible_texts if "/srv/" in word]
    assert word == "deploy.py\n/srv/deploy.py\nToken: secure-endpoint"


def test_tokens_of_other_services_are_listed_while_there_are_any(screen: Screen) -> None:
    state = signed_in()
    screen.show_details(state)
    assert "Tokens of other services" not in screen.visible_texts
    held = (
        ExchangedToken("secure-endpoint", NOW + timedelta(seconds=300)),
        ExchangedToken("orders", None),
    )
    screen.show_details(replace(state, exchanged=held))
    words = screen.visible_texts
    assert after(words, "secure-endpoint") == "Expires 03:05:00 UTC on 23 November"
    assert after(words, "orders") == "Expires with your sign-in"


def test_of_many_programs_the_latest_are_shown(screen: Screen, details: DetailsView) -> None:
    screen.pages.given = tuple(given(minutes) for minutes in range(50))
    details.show_recipients()
    settle()
    assert len([word for word in screen.visible_texts if "/srv/" in word]) == 12
    assert "These are the latest. “xdr-login status --json” lists more." in screen.visible_texts


def test_a_renewal_changes_what_is_shown(screen: Screen, details: DetailsView) -> None:
    later = replace(signed_in(renewable=True), issued_at=NOW + timedelta(minutes=5))
    screen.show(later)
    assert screen.window.page is details
    assert after(screen.visible_texts, "Issued") == "03:05:00 UTC on 23 November"


def test_a_redraw_recreates_nothing(screen: Screen, details: DetailsView) -> None:
    assert details.isVisible()
    state = STATES["signed_in"]
    parts = screen.window.findChildren(QWidget)
    screen.show(state, NOW + timedelta(seconds=1))
    assert screen.window.findChildren(QWidget) == parts


def test_copying_is_acknowledged(screen: Screen, details: DetailsView) -> None:
    assert details.isVisible()
    screen.button("Copy details").click()
    assert screen.actions.calls == ["copy_details"]
    assert screen.has_button("Copied")


# The account


def test_the_server_is_queried_only_on_demand(screen: Screen, details: DetailsView) -> None:
    assert screen.pages.calls == []
    screen.button("Load").click()
    screen.button("Loading…").click()
    assert screen.pages.calls == ["query_userinfo"]
    details.show_userinfo(ServerAnswer(flattened(WHO_AM_I)))
    assert after(screen.visible_texts, "user › user-name") == "Dana Rivers"
    assert after(screen.visible_texts, "org › name") == "Northwind SOC"
    assert screen.has_button("Load")


def test_a_failed_query_shows_its_reason(screen: Screen, details: DetailsView) -> None:
    details.show_userinfo(ServerAnswer(trouble="Can't reach the server.", facts="trace t-1"))
    assert "Can't reach the server." in screen.visible_texts
    assert "trace t-1" in screen.visible_texts
    details.show_userinfo(ServerAnswer((("user", "Dana"),)))
    assert "Can't reach the server." not in screen.visible_texts


# The token


@pytest.fixture
def revealed(screen: Screen, details: DetailsView) -> Screen:
    """Show the token."""
    assert details.isVisible()
    screen.button("Show token").click()
    settle()
    assert [each.toPlainText() for each in shown(screen)] == [MADE_UP_TOKEN]
    return screen


def test_no_widget_holds_the_token_before_it_is_shown(screen: Screen, details: DetailsView) -> None:
    assert details.isVisible()
    assert shown(screen) == []
    assert holders(screen) == []
    assert "reveal_token" not in screen.pages.calls


def test_a_token_that_is_shown_can_be_selected(revealed: Screen) -> None:
    (text,) = shown(revealed)
    assert text.isReadOnly()
    flags = text.textInteractionFlags()
    assert flags & Qt.TextInteractionFlag.TextSelectableByKeyboard
    assert flags & Qt.TextInteractionFlag.TextSelectableByMouse
    assert text.accessibleName() == "Access token, shown"


def test_a_token_that_is_shown_is_in_sight(revealed: Screen) -> None:
    (text,) = shown(revealed)
    assert isinstance(revealed.window.page, DetailsView)
    revealed.window.page.reveal.scroll_to_token()
    assert text.visibleRegion().boundingRect() == text.rect()


def hide_by_pressing(screen: Screen) -> None:
    screen.button("Hide token").click()


def hide_by_waiting(screen: Screen) -> None:
    assert isinstance(screen.window.page, DetailsView)
    assert screen.window.page.reveal._timer.interval() == 20_000
    assert screen.window.page.reveal._timer.isActive()
    screen.window.page.reveal._timer.timeout.emit()


def hide_by_leaving(screen: Screen) -> None:
    screen.window.close_page()


def hide_by_another_window(screen: Screen) -> None:
    QApplication.sendEvent(screen.window, QEvent(QEvent.Type.WindowDeactivate))


def hide_by_closing(screen: Screen) -> None:
    screen.window.hide()


def hide_by_minimizing(screen: Screen) -> None:
    screen.window.showMinimized()


def hide_by_signing_out(screen: Screen) -> None:
    screen.show(STATES["signed_out"])


def hide_by_another_page(screen: Screen) -> None:
    screen.show_settings()


def hide_by_renewal(screen: Screen) -> None:
    screen.show(replace(signed_in(renewable=True), issued_at=NOW))


@pytest.mark.parametrize(
    "hide",
    [
        hide_by_pressing,
        hide_by_waiting,
        hide_by_leaving,
        hide_by_another_window,
        hide_by_closing,
        hide_by_minimizing,
        hide_by_signing_out,
        hide_by_another_page,
        hide_by_renewal,
    ],
)
def test_a_token_that_is_hidden_is_gone(revealed: Screen, hide: object) -> None:
    assert callable(hide)
    hide(revealed)
    settle()
    assert shown(revealed) == []
    assert holders(revealed) == []


def test_the_button_shows_it_again(revealed: Screen) -> None:
    hide_by_waiting(revealed)
    settle()
    revealed.button("Show token").click()
    assert len(shown(revealed)) == 1


def test_the_keyboard_is_not_lost_with_the_token(revealed: Screen) -> None:
    shown(revealed)[0].setFocus()
    hide_by_waiting(revealed)
    assert revealed.focused == "Show token"


def test_copying_the_shown_token_uses_the_copy_button(revealed: Screen) -> None:
    (text,) = shown(revealed)
    text.setFocus()
    text.selectAll()
    QTest.keyClick(text, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert revealed.actions.calls == ["copy_token"]
    assert QGuiApplication.clipboard().text() == ""
    assert text.contextMenuPolicy() is Qt.ContextMenuPolicy.PreventContextMenu


def test_tab_leaves_the_token(revealed: Screen) -> None:
    (text,) = shown(revealed)
    text.setFocus()
    QTest.keyClick(text, Qt.Key.Key_Tab)
    assert not text.hasFocus()


def test_a_selection_of_the_token_is_not_exported(revealed: Screen) -> None:
    (text,) = shown(revealed)
    text.selectAll()
    assert text.textCursor().hasSelection()
    # What Qt gives to drags, and to the selection that the middle button of X11 pastes.
    assert text.createMimeDataFromSelection().formats() == []


def test_an_invalid_token_is_reported(screen: Screen, details: DetailsView) -> None:
    assert details.isVisible()
    screen.pages.token = None
    screen.button("Show token").click()
    assert "There's no valid token to show. Renew it or sign in again." in screen.visible_texts
    assert shown(screen) == []


def test_a_token_that_is_confirmed_each_time_can_only_be_copied(
    screen: Screen, details: DetailsView
) -> None:
    assert details.isVisible()
    screen.pages.confirmed_each_time = True
    screen.button("Show token").click()
    assert shown(screen) == []
    assert "reveal_token" not in screen.pages.calls
    said = "This profile asks you to confirm that it's you each time. Copy the token instead."
    assert said in screen.visible_texts


# What was granted


@pytest.fixture
def granting(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Details at a server that keeps grants."""
    monkeypatch.setattr(sign_out_button, "_TOO_SOON", 0)
    screen.actions.offered = Revocation.GRANT_REVOKED
    screen.show_details()
    return screen


def test_grants_are_queried_only_on_demand(granting: Screen) -> None:
    page = granting.window.page
    assert isinstance(page, DetailsView)
    assert "Since" not in granting.visible_texts
    page._grant._query_button.click()
    assert granting.pages.calls == ["query_app_grant"]
    page.show_app_grant(ServerAnswer(page_texts.grant_rows(APP_GRANT)))
    assert after(granting.visible_texts, "Granted scopes") == ", ".join(APP_GRANT.scope)
    assert after(granting.visible_texts, "Since") == "01:30:00 UTC on 11 November"


def test_revoking_asks_first(granting: Screen) -> None:
    granting.button("Revoke").click()
    assert granting.actions.calls == []
    granting.button("Revoke everywhere?").click()
    assert granting.actions.calls == ["sign_out"]


def test_escape_withdraws_the_question_and_then_leaves(granting: Screen) -> None:
    granting.button("Revoke").click()
    QTest.keyClick(granting.window, Qt.Key.Key_Escape)
    assert granting.has_button("Revoke")
    assert granting.window.page is not None
    QTest.keyClick(granting.window, Qt.Key.Key_Escape)
    assert granting.window.page is None


def test_revoking_is_disabled_while_signing_out(granting: Screen) -> None:
    granting.show(replace(signed_in(renewable=True), signing_out=True))
    assert not granting.button("Revoke").isEnabled()


@pytest.mark.parametrize("offered", [None, Revocation.REVOKED, Revocation.NOT_OFFERED])
def test_without_grants_the_card_is_hidden(screen: Screen, offered: Revocation | None) -> None:
    screen.actions.offered = offered
    screen.show_details()
    assert not screen.has_button("Revoke")
    assert page_texts.GRANTED not in screen.visible_texts


@pytest.mark.parametrize(
    ("grant", "rows"),
    [
        (AppGrant(granted=False, scope=(), since=None), (("Granted scopes", "Nothing"),)),
        (
            AppGrant(granted=True, scope=(), since=None),
            (
                ("Granted scopes", "Not reported by the server"),
                ("Since", "Not reported by the server"),
            ),
        ),
    ],
)
def test_missing_grant_information_is_stated(
    grant: AppGrant, rows: tuple[tuple[str, str], ...]
) -> None:
    assert page_texts.grant_rows(grant) == rows
