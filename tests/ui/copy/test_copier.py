"""Copying a token: it waits for a fresh one, says what came of it, and is one task."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtGui import QClipboard, QGuiApplication

from desktop.oauth import errors
from desktop.services.model import errors as session_errors
from desktop.services.model.copy_formats import CopyFormat
from desktop.services.model.policy import Policy
from desktop.services.secrets import keystore
from desktop.ui.copy.clipboard import Clipboard
from desktop.ui.copy.copier import Copier
from desktop.ui.kit.copy_progress import Copied, Copying, NotCopied
from tests.sample_states import HOST, PROFILE
from tests.services.audit.recorded import RecordedEvents
from tests.services.harness import FakePresence
from tests.ui.harness import TOKEN, FakeSession, ProgressListener

WHOAMI = "https://api.example/me"


def clipboard() -> str:
    return QGuiApplication.clipboard().text()


@pytest.fixture
def copier() -> Copier:
    return Copier(Clipboard())


@pytest.fixture
def told(copier: Copier) -> ProgressListener:
    return ProgressListener(copier)


async def test_a_copy_is_told_when_it_is_on_the_clipboard(
    copier: Copier, told: ProgressListener
) -> None:
    copier.copy(FakeSession().as_session(), CopyFormat.TOKEN)
    assert told == [Copying(CopyFormat.TOKEN)]
    await told.wait_for(2)
    assert told[1] == Copied(CopyFormat.TOKEN, 30)
    assert clipboard() == TOKEN


async def test_the_commands_ask_who_one_is(copier: Copier, told: ProgressListener) -> None:
    profile = replace(PROFILE, userinfo_endpoint=WHOAMI)
    copier.copy(FakeSession(profile).as_session(), CopyFormat.CURL)
    await told.wait_for(2)
    assert clipboard() == f"curl -H 'Authorization: Bearer {TOKEN}' '{WHOAMI}'"


async def test_the_commands_call_the_service_that_was_chosen(
    copier: Copier, told: ProgressListener
) -> None:
    services = {"api": "https://api.example", "reports": "https://reports.example/v1/"}
    profile = replace(PROFILE, userinfo_endpoint=WHOAMI, services=services)
    for chosen, url in {
        "reports": "https://reports.example/v1",
        "api": WHOAMI,
        "gone": WHOAMI,
        "": WHOAMI,
    }.items():
        copier.api_service = chosen
        told.clear()
        copier.copy(FakeSession(profile).as_session(), CopyFormat.CURL)
        await told.wait_for(2)
        assert clipboard() == f"curl -H 'Authorization: Bearer {TOKEN}' '{url}'"


async def test_a_token_that_a_shell_could_run_is_put_into_no_command(
    copier: Copier, told: ProgressListener
) -> None:
    copier.copy(FakeSession(token="'&calc&'").as_session(), CopyFormat.CURL)
    await told.wait_for(2)
    assert told[1] == NotCopied(
        "Can't copy as a command. The token contains characters that a shell could execute. "
        "Copy the token itself instead.",
        "Can't copy as a command",
    )
    assert clipboard() == ""


async def test_the_time_that_is_told_is_that_of_the_setting(
    copier: Copier, told: ProgressListener
) -> None:
    copier.clipboard.clear_after = 90
    copier.copy(FakeSession().as_session(), CopyFormat.TOKEN)
    await told.wait_for(2)
    assert told[1] == Copied(CopyFormat.TOKEN, 90)


async def test_a_renewal_is_waited_for(copier: Copier, told: ProgressListener) -> None:
    session = FakeSession()
    session.renewed.clear()
    copier.copy(session.as_session(), CopyFormat.TOKEN)
    await asyncio.sleep(0)
    assert clipboard() == ""
    session.token = "the-new-token"
    session.renewed.set()
    await told.wait_for(2)
    assert clipboard() == "the-new-token"


async def test_another_copy_takes_the_place_of_one_that_waits(
    copier: Copier, told: ProgressListener
) -> None:
    waits = FakeSession()
    waits.renewed.clear()
    copier.copy(waits.as_session(), CopyFormat.TOKEN)
    copier.copy(FakeSession(token="another").as_session(), CopyFormat.HEADER)
    waits.renewed.set()
    await told.wait_for(3)
    await copier._wait_for_cancelled()
    assert told == [
        Copying(CopyFormat.TOKEN),
        Copying(CopyFormat.HEADER),
        Copied(CopyFormat.HEADER, 30),
    ]
    assert clipboard() == "Authorization: Bearer another"


async def test_who_gives_up_is_told_nothing_more(copier: Copier, told: ProgressListener) -> None:
    session = FakeSession()
    session.renewed.clear()
    copier.copy(session.as_session(), CopyFormat.TOKEN)
    await asyncio.sleep(0)
    copier.cancel()
    session.renewed.set()
    await copier._wait_for_cancelled()
    assert told == [Copying(CopyFormat.TOKEN), NotCopied("")]
    assert clipboard() == ""


async def test_giving_up_where_nothing_is_under_way_does_nothing(
    copier: Copier, told: ProgressListener
) -> None:
    copier.cancel()
    copier.copy(FakeSession().as_session(), CopyFormat.TOKEN)
    await told.wait_for(2)
    copier.cancel()
    assert len(told) == 2
    assert clipboard() == TOKEN


async def test_without_a_session_there_is_nothing_to_copy(
    copier: Copier, told: ProgressListener
) -> None:
    copier.copy(None, CopyFormat.TOKEN)
    assert told == [
        NotCopied(
            "You're not signed in. Sign in, then try again.",
            "You're not signed in",
        )
    ]


UNREACHABLE = (
    f"Can't reach the server. There's no connection to {HOST}. Check your network, VPN or proxy."
)
LOCKED = (
    "The keyring is locked. Unlock your keyring, then try again. Or continue without saving: "
    "you'll have to sign in again after you quit."
)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.TransportFailure(HOST), UNREACHABLE),
        (keystore.KeyringLocked(), LOCKED),
        (session_errors.SessionError(), "Something went wrong. Try again."),
    ],
)
async def test_an_expected_error_is_told_in_its_words(
    copier: Copier, told: ProgressListener, error: Exception, words: str
) -> None:
    copier.copy(FakeSession(token=error).as_session(), CopyFormat.TOKEN)
    await told.wait_for(2)
    assert told[1] == NotCopied(words, words.partition(".")[0])
    assert clipboard() == ""


async def test_an_error_that_nobody_expected_goes_to_the_loop_and_is_told(
    copier: Copier, told: ProgressListener
) -> None:
    reports: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, report: reports.append(report))
    error = RuntimeError("a bug")
    copier.copy(FakeSession(token=error).as_session(), CopyFormat.TOKEN)
    await told.wait_for(2)
    assert isinstance(told[1], NotCopied)
    assert told[1].text.startswith("Something went wrong in XDR Login. ")
    assert [report["exception"] for report in reports] == [error]


async def test_a_copy_that_did_not_happen_is_not_claimed(
    copier: Copier, told: ProgressListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QClipboard, "setMimeData", lambda *_: None)
    copier.copy(FakeSession().as_session(), CopyFormat.TOKEN)
    await told.wait_for(2)
    assert told[1] == NotCopied(
        "The clipboard didn't accept the token. Another program may be using the clipboard. Try "
        "again.",
        "The clipboard didn't accept the token",
    )


async def test_at_the_end_nothing_waits_and_nothing_stays(
    copier: Copier, told: ProgressListener
) -> None:
    copier.copy(FakeSession().as_session(), CopyFormat.TOKEN)
    await told.wait_for(2)
    waits = FakeSession()
    waits.renewed.clear()
    copier.copy(waits.as_session(), CopyFormat.TOKEN)
    await copier.close()
    assert told[2:] == [Copying(CopyFormat.TOKEN), NotCopied("")]
    assert len(asyncio.all_tasks()) == 1  # this test
    assert clipboard() == ""


@pytest.mark.parametrize("format_", CopyFormat)
async def test_no_word_of_progress_holds_the_token(
    copier: Copier, told: ProgressListener, format_: CopyFormat
) -> None:
    copier.copy(FakeSession().as_session(), format_)
    await told.wait_for(2)
    assert TOKEN in clipboard()
    assert TOKEN not in repr(told)


async def test_each_copy_can_need_a_proof(copier: Copier, told: ProgressListener) -> None:
    log, presence = RecordedEvents(), FakePresence()
    copier.presence = presence
    session = FakeSession(replace(PROFILE, presence="always"), log=log).as_session()
    copier.copy(session, CopyFormat.TOKEN)
    await told.wait_for(2)
    assert clipboard() == TOKEN
    assert log.last("event.action", "xdr_login.presence") == ["token-copied", "proved"]
    copier.clipboard.clear_secret()
    presence.error = session_errors.PresenceDeclined()
    copier.copy(session, CopyFormat.TOKEN)
    await told.wait_for(4)
    assert isinstance(told[3], NotCopied)
    assert told[3].title == "You canceled the password prompt"
    assert clipboard() == ""
    assert log.actions == ["token-copied", "token-refused"]


@pytest.mark.parametrize("mode", ["never", "ask"])
async def test_a_copy_needs_none_otherwise(
    copier: Copier, told: ProgressListener, mode: str
) -> None:
    presence = copier.presence = FakePresence()
    copier.copy(FakeSession(replace(PROFILE, presence=mode)).as_session(), CopyFormat.TOKEN)
    await told.wait_for(2)
    assert clipboard() == TOKEN
    assert presence.asked == []


async def test_a_copy_is_in_the_audit_log_only_if_it_happened(
    copier: Copier, told: ProgressListener
) -> None:
    log = RecordedEvents()
    copier.copy(FakeSession(log=log).as_session(), CopyFormat.CURL)
    await told.wait_for(2)
    assert log.last("event.action", "xdr_login.format") == ["token-copied", "curl"]
    failing = FakeSession(token=keystore.KeyringLocked(), log=log)
    copier.copy(failing.as_session(), CopyFormat.CURL)
    await told.wait_for(4)
    policy = Policy(source="policy.toml", forbidden_formats=frozenset({"CURL"}))
    copier.copy(FakeSession(replace(PROFILE, policy=policy), log=log).as_session(), CopyFormat.CURL)
    await told.wait_for(6)
    assert log.actions == ["token-copied", "policy-refused"]
    assert TOKEN not in str(log.events)
