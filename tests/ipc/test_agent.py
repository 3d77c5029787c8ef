"""What the running app answers to other programs, over the real socket."""

import asyncio
import json
import os
import sys
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import httpx
import jwt
import psutil
import pytest

from desktop.ipc import agent as agent_module
from desktop.ipc import client
from desktop.ipc.address import socket_path
from desktop.ipc.agent import Agent
from desktop.ipc.client import NoAnswer
from desktop.ipc.messages import Members, RefusedByAgent
from desktop.ipc.server import Server, claim_instance
from desktop.oauth.errors import CertificateRejected
from desktop.services.model.access_token import digest_of
from desktop.services.model.errors import (
    NoAuthenticationAgent,
    PresenceFailed,
    PresenceNotProven,
)
from desktop.services.model.policy import Policy
from desktop.services.model.profile import Profile, UnknownProfile, tokens_binding, tokens_key
from desktop.services.network.environment import Environment
from desktop.services.secrets.keystore import KeyringLocked
from desktop.services.session.lock.app_lock import LockReason
from desktop.services.session.lock.presence import Purpose
from desktop.services.session.session import Session
from desktop.services.session.sessions import Sessions
from desktop.services.session.token_permission import (
    PermissionAnswer,
    PermissionRequest,
    TokenPermission,
)
from desktop.services.system import processes
from desktop.services.system.processes import UNKNOWN_PROGRAM, Program
from desktop.services.system.terminal.terminal_session import TerminalSession
from tests.oauth.harness import unsigned_jwt
from tests.services.audit.recorded import RecordedEvents
from tests.services.harness import (
    ACCESS_TOKEN,
    PROFILE,
    SECRETS,
    START,
    TOKENS,
    AtOnce,
    FakePresence,
    SessionHarness,
    settle,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has named pipes")

OTHER = replace(PROFILE, id="southwind", name="Southwind SOC", client_id="client-2")


@dataclass
class RunningApp:
    """The running app in a fake environment: its agent, and a user who answers questions."""

    harness: SessionHarness
    sessions: Sessions
    agent: Agent
    ready: asyncio.Event
    needs_permission: bool = False
    presence: FakePresence = field(default_factory=FakePresence)
    answer: PermissionAnswer = PermissionAnswer.ONCE
    asked: list[PermissionRequest] = field(default_factory=list)
    file: dict[str, Profile] = field(default_factory=dict)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    question_shown: asyncio.Event = field(default_factory=asyncio.Event)
    withdrawn: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, command: str, **members: object) -> Members:
        """Send a command as another program would, which blocks."""
        return await asyncio.to_thread(lambda: client.send_command(command, timeout=20, **members))

    async def refusal(self, command: str, **members: object) -> RefusedByAgent:
        with pytest.raises(RefusedByAgent) as caught:
            await self.ask(command, **members)
        assert not any(secret in str(caught.value) for secret in SECRETS)
        return caught.value

    async def sign_in(self, id_: str = PROFILE.id, **members: object) -> Session:
        session = await self.sessions.open_session(id_)
        assert session is not None
        self.harness.server.answers = [TOKENS | members]
        session.sign_in()
        await self.harness.clock.advance(6)
        return session


@pytest.fixture
async def app() -> AsyncIterator[RunningApp]:
    harness = SessionHarness(audit=RecordedEvents())

    def make(profile: Profile, observer: object) -> Session:
        around = Environment(
            harness.keyring,
            harness._open_http,
            harness.clock,
            harness._lock,
            lambda: harness.jitter,
            audit=harness.audit,
            worker=AtOnce(),
        )
        return Session(profile, around, observer=observer)  # type: ignore[arg-type]

    async def ask(question: PermissionRequest) -> PermissionAnswer:
        made.asked.append(question)
        made.question_shown.set()
        try:
            await made.gate.wait()
        except asyncio.CancelledError:
            made.withdrawn.set()
            raise
        return made.answer

    async def reload(name: str) -> Profile:
        await sessions.update_profiles(made.file)
        if name not in made.file:
            raise UnknownProfile(Path("profiles.toml"), name, made.file)
        return made.file[name]

    async def reload_profiles() -> None:
        await sessions.update_profiles(made.file)

    sessions, presence = Sessions(make, lambda _standing: None), FakePresence()
    await sessions.update_profiles({PROFILE.id: PROFILE, OTHER.id: OTHER})
    ready = asyncio.Event()
    ready.set()
    agent = Agent(
        sessions,
        reload_profile=reload,
        reload_profiles=reload_profiles,
        permission=TokenPermission(ask, harness.clock, presence=presence),
        needs_permission=lambda: made.needs_permission,
        start_sign_out=Session.sign_out,
        ready=ready,
    )
    made = RunningApp(harness, sessions, agent, ready, presence=presence)
    made.file = {PROFILE.id: PROFILE, OTHER.id: OTHER}
    made.gate.set()
    claimed = claim_instance()
    server = Server(agent.handlers)
    await server.listen(claimed)
    yield made
    await server.close()
    claimed.release()
    await sessions.close()
    await harness.close()
    assert not harness.crashes


# Tokens


@pytest.mark.parametrize("profile", [None, "", PROFILE.id, PROFILE.name])
async def test_a_program_gets_the_token(app: RunningApp, profile: str | None) -> None:
    await app.sign_in()
    answer = await app.ask("token", profile=profile, min_validity=60)
    assert answer == {
        "version": 1,
        "ok": True,
        "access_token": ACCESS_TOKEN,
        "token_type": "Bearer",
        "expires_at": "2026-11-23T03:10:05+00:00",
        "scope": "read",
        "profile": PROFILE.id,
    }


async def test_a_token_can_be_formatted(app: RunningApp) -> None:
    await app.sign_in()
    answer = await app.ask("token", format="header")
    assert answer["text"] == f"Authorization: Bearer {ACCESS_TOKEN}"
    assert "access_token" not in answer


async def test_each_profile_has_its_own_token(app: RunningApp) -> None:
    await app.sign_in(OTHER.id)
    assert (await app.ask("token", profile="Southwind SOC"))["profile"] == OTHER.id
    refusal = await app.refusal("token")
    assert refusal.code == "sign_in_needed"


async def test_who_gets_a_token_is_in_the_audit_log(app: RunningApp) -> None:
    await app.sign_in(scope="read write")
    await app.ask("token", format="header")
    events = recorded(app)
    assert events.actions[2:] == ["token-handed-out"]
    names = ("xdr_login.profile", "xdr_login.scopes", "xdr_login.consent", "process.executable")
    profile, scopes, consent, executable = events.last(*names)
    assert (profile, scopes, consent) == (PROFILE.id, ["read", "write"], "not_required")
    assert executable == psutil.Process().exe()
    assert events.last("process.parent.pid") == [os.getppid()]
    app.needs_permission = True
    await app.ask("token")
    assert events.last("xdr_login.consent") == ["granted"]


async def test_who_gets_no_token_is_in_the_audit_log(app: RunningApp) -> None:
    await app.refusal("token", profile=OTHER.id)
    events = recorded(app)
    names = ("event.action", "error.code", "xdr_login.profile", "process.pid")
    assert events.last(*names) == ["token-refused", "sign_in_needed", OTHER.id, os.getpid()]
    await app.sign_in()
    app.needs_permission, app.answer = True, PermissionAnswer.DENY
    await app.refusal("token")
    assert events.last(*names[:2]) == ["token-refused", "declined"]
    policy = Policy(source="/etc/policy", forbidden_formats=frozenset({"CURL"}))
    await app.sessions.update_profiles({PROFILE.id: replace(PROFILE, policy=policy)})
    await app.sign_in()
    app.needs_permission = False
    await app.refusal("token", format="curl")
    assert events.last(*names[:2]) == ["policy-refused", "forbidden"]


def recorded(app: RunningApp) -> RecordedEvents:
    assert isinstance(app.harness.audit, RecordedEvents)
    return app.harness.audit


async def test_a_token_that_must_live_longer_is_renewed(app: RunningApp) -> None:
    await app.sign_in()
    await app.harness.clock.advance(400)
    answer = await app.ask("token", min_validity=250)
    assert answer["access_token"] == f"{ACCESS_TOKEN}-1"


async def test_a_token_that_an_api_refused_is_renewed(app: RunningApp) -> None:
    await app.sign_in()
    await app.harness.clock.advance(100)
    answer = await app.ask("token", refused=digest_of(ACCESS_TOKEN))
    assert answer["access_token"] == f"{ACCESS_TOKEN}-1"


@pytest.mark.parametrize("refused", [7, None, "x" * 201])
async def test_a_malformed_digest_is_an_error(app: RunningApp, refused: object) -> None:
    await app.sign_in()
    with pytest.raises(NoAnswer, match="refused must be the SHA-256 of a token"):
        await app.ask("token", refused=refused)


async def test_a_huge_validity_is_limited(app: RunningApp) -> None:
    await app.sign_in()
    answer = await app.ask("token", min_validity=10**400)
    assert answer["access_token"] == ACCESS_TOKEN  # in the first half of its life
    assert not app.harness.crashes


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://conure.eu.security.cisco.com/v2", ["conure", "Europe"]),
        ("https://conure.us.security.cisco.com", None),
        ("https://api.github.com", None),
        ("http://conure.eu.security.cisco.com", None),
        ("https://[", None),
        ("", None),
    ],
)
async def test_the_host_of_a_service_in_another_region_is_known(
    app: RunningApp, address: str, found: list[str] | None
) -> None:
    await app.sessions.update_profiles({PROFILE.id: replace(PROFILE, preset="xdr-nam")})
    answer = await app.ask("services", profile=PROFILE.id, foreign=address)
    assert answer["elsewhere"] == found


async def test_the_services_need_no_token_and_no_permission(app: RunningApp) -> None:
    app.needs_permission = True
    services = {"intel": "https://intel.example/ctia", "umlaut": "https://bücher.example"}
    await app.sessions.update_profiles({PROFILE.id: replace(PROFILE, services=services)})
    for name in (None, PROFILE.name):
        answer = await app.ask("services", profile=name)
        assert "elsewhere" not in answer
        assert (answer["profile"], answer["services"]) == (
            PROFILE.id,
            {
                "intel": "https://intel.example/ctia",
                "umlaut": "https://xn--bcher-kva.example",
                "server": "https://login.example",
            },
        )
        assert answer["issued_for"] == tokens_binding(PROFILE)
    assert app.asked == []
    refusal = await app.refusal("services", profile="nobody")
    assert refusal.code == "failure"


async def test_a_forbidden_format_is_refused(app: RunningApp) -> None:
    policy = Policy(source="/etc/policy", forbidden_formats=frozenset({"CURL"}))
    await app.sessions.update_profiles({PROFILE.id: replace(PROFILE, policy=policy)})
    await app.sign_in()
    refusal = await app.refusal("token", format="curl")
    assert (refusal.code, refusal.title) == ("forbidden", "This copy format is turned off")
    assert (await app.ask("token", format="raw"))["text"] == ACCESS_TOKEN
    assert [each.profile for each in app.agent.recipients.all()] == [PROFILE.id]


async def test_without_a_token_the_reason_is_given(app: RunningApp) -> None:
    assert (await app.refusal("token")).code == "sign_in_needed"
    app.harness.keyring.errors["load"] = KeyringLocked()
    session = await app.sessions.open_session(PROFILE.id)
    assert session is not None
    session.reload()
    await settle()
    assert (await app.refusal("token")).code == "keyring"


async def test_a_new_profile_in_the_file_is_found(app: RunningApp) -> None:
    app.file["new"] = replace(PROFILE, id="new")
    assert (await app.refusal("token", profile="new")).code == "sign_in_needed"
    refusal = await app.refusal("token", profile="nowhere")
    assert (refusal.code, refusal.title) == ("failure", "Profile not found")


@pytest.mark.parametrize("name", [PROFILE.name, PROFILE.name.replace("o", "\u043e")])
async def test_a_name_of_several_profiles_gives_no_token_of_either(
    app: RunningApp, name: str
) -> None:
    await app.sign_in()
    app.file = {PROFILE.id: PROFILE, OTHER.id: replace(OTHER, name=name)}
    await app.ask("profiles_changed")
    # The profiles are read again, which refuses it with words.
    assert (await app.refusal("token", profile=PROFILE.name)).title == "Profile not found"
    assert (await app.ask("token", profile=PROFILE.id))["access_token"] == ACCESS_TOKEN


async def test_a_token_is_given_only_for_the_expected_server(app: RunningApp) -> None:
    await app.sign_in()
    asked = {"profile": PROFILE.id, "issued_for": tokens_binding(PROFILE)}
    assert (await app.ask("token", **asked))["access_token"] == ACCESS_TOKEN
    elsewhere = replace(PROFILE, issuer="https://elsewhere.example")
    asked["issued_for"] = tokens_binding(elsewhere)
    assert (await app.refusal("token", **asked)).code == "sign_in_needed"
    app.file = {PROFILE.id: elsewhere}
    assert (await app.refusal("token", **asked)).code == "sign_in_needed"
    known = [each.profile for each in app.sessions.statuses]
    assert known == [elsewhere]  # it has gone by the file


@pytest.mark.parametrize(
    "members",
    [
        {"profile": 7},
        {"profile": "x" * 1000},
        {"min_validity": "60"},
        {"min_validity": True},
        {"format": "html"},
        {"format": ["raw"]},
    ],
)
async def test_invalid_members_are_rejected(app: RunningApp, members: dict[str, object]) -> None:
    await app.sign_in()
    with pytest.raises(NoAnswer):
        await app.ask("token", **members)


async def test_nothing_is_answered_before_the_app_is_ready(app: RunningApp) -> None:
    app.ready.clear()
    asking = asyncio.create_task(app.refusal("token"))
    await asyncio.sleep(0.05)
    assert not asking.done()
    app.ready.set()
    assert (await asking).code == "sign_in_needed"


# Permission


async def test_the_user_is_asked_first_if_set(app: RunningApp) -> None:
    app.needs_permission = True
    await app.sign_in()
    await app.ask("token")
    assert [each.profile_name for each in app.asked] == [PROFILE.name]
    assert app.asked[0].program.path


@pytest.mark.parametrize("mode", ["ask", "always"])
async def test_a_profile_can_demand_that_whoever_allows_it_is_there(
    app: RunningApp, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    git = Program("git", "/usr/bin/git", 7, "", "of-git")
    monkeypatch.setattr(agent_module, "_look_up_program", lambda _: git)
    app.file = {PROFILE.id: replace(PROFILE, presence=mode)}
    await app.sessions.update_profiles(app.file)
    await app.sign_in()
    app.answer = PermissionAnswer.FOR_AN_HOUR
    app.gate.set()
    assert (await app.ask("token"))["access_token"] == ACCESS_TOKEN
    assert app.presence.asked == [Purpose.USE_TOKEN]
    named = ("xdr_login.consent", "xdr_login.presence")
    assert recorded(app).last(*named) == ["granted", "proved"]
    await app.ask("token")
    again, times = ("proved_earlier", 1) if mode == "ask" else ("proved", 2)
    assert recorded(app).last(*named) == ["granted", again]
    assert len(app.presence.asked) == len(app.asked) == times


@pytest.mark.parametrize(
    ("error", "code"),
    [(PresenceFailed(), "declined"), (NoAuthenticationAgent(), "forbidden")],
)
async def test_without_a_proof_a_program_gets_no_token(
    app: RunningApp, error: PresenceNotProven, code: str
) -> None:
    app.file = {PROFILE.id: replace(PROFILE, presence="ask")}
    await app.sessions.update_profiles(app.file)
    await app.sign_in()
    app.gate.set()
    app.presence.error = error
    assert (await app.refusal("token")).code == code
    named = ("event.action", "error.code", "error.type")
    assert recorded(app).last(*named) == ["token-refused", code, type(error).__name__]


async def test_a_hanging_process_lookup_is_not_awaited(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = threading.Event()
    monkeypatch.setattr(agent_module, "_PROCESS_LOOKUP_TIMEOUT", 0.05)
    monkeypatch.setattr(agent_module, "_look_up_program", lambda _: never.wait())
    await app.sign_in()
    for _ in range(2):
        assert (await app.ask("token"))["access_token"] == ACCESS_TOKEN
    assert {each.program for each in app.agent.recipients.all()} == {UNKNOWN_PROGRAM}
    never.set()


async def test_the_question_knows_the_terminal_which_is_looked_up_only_for_it(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[Program] = []
    session = TerminalSession("100:1.5", "GNOME Terminal")

    def find(program: Program) -> Program:
        looked_up.append(program)
        return replace(program, terminal=session)

    monkeypatch.setattr(processes, "with_terminal", find)
    await app.sign_in()
    await app.ask("token")
    assert not looked_up
    app.needs_permission, app.answer = True, PermissionAnswer.FOR_TERMINAL
    await app.ask("token")
    await app.ask("token")
    assert [each.asking_pid for each in looked_up] == [os.getpid()] * 2
    assert [each.program.terminal for each in app.asked] == [session]


async def test_a_terminal_that_cannot_be_looked_up_in_time_is_not_awaited(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = threading.Event()
    app.needs_permission = True
    await app.sign_in()
    await app.ask("token")  # the lookup of programs is loaded
    monkeypatch.setattr(agent_module, "_PROCESS_LOOKUP_TIMEOUT", 0.2)
    monkeypatch.setattr(processes, "with_terminal", lambda _: never.wait())
    await app.ask("token")
    assert app.asked[-1].program.terminal is None
    assert len(app.asked) == 2
    never.set()


async def test_a_denied_program_gets_no_token(app: RunningApp) -> None:
    app.needs_permission, app.answer = True, PermissionAnswer.DENY
    await app.sign_in()
    refusal = await app.refusal("token")
    assert (refusal.code, refusal.title) == ("declined", "You denied access to the token")
    assert app.agent.recipients.all() == ()


async def test_no_question_is_asked_without_a_token(app: RunningApp) -> None:
    app.needs_permission = True
    await app.refusal("token")
    assert app.asked == []


async def test_an_open_question_is_reported(app: RunningApp) -> None:
    app.needs_permission = True
    app.gate.clear()
    await app.sign_in()
    assert not (await app.ask("questions"))["asking"]
    waiting = asyncio.ensure_future(app.ask("token"))
    await app.question_shown.wait()
    assert (await app.ask("questions"))["asking"]
    app.gate.set()
    await waiting
    assert not (await app.ask("questions"))["asking"]


async def test_the_question_ends_when_the_program_hangs_up(app: RunningApp) -> None:
    app.needs_permission = True
    app.gate.clear()
    await app.sign_in()
    reader, writer = await asyncio.open_unix_connection(socket_path())
    writer.write(b'{"version": 1, "command": "token"}\n')
    await app.question_shown.wait()
    writer.close()
    await writer.wait_closed()
    await app.withdrawn.wait()
    assert await reader.read() == b""
    assert app.agent.recipients.all() == ()


async def test_a_program_gets_the_id_token_by_a_command_of_its_own(app: RunningApp) -> None:
    token = unsigned_jwt({"exp": int((START + timedelta(seconds=300)).timestamp())})
    await app.sign_in(id_token=token)
    answer = await app.ask("id_token")
    assert answer["id_token"] == token
    assert "access_token" not in answer
    assert answer["expires_at"] == "2026-11-23T03:05:00+00:00"
    assert (await app.ask("id_token", format="raw"))["text"] == token
    assert (await app.ask("token"))["access_token"] == ACCESS_TOKEN
    assert len(app.agent.recipients.all()) == 3
    assert token not in json.dumps(await app.ask("status"))


async def test_without_an_id_token_a_program_learns_how_to_get_one(app: RunningApp) -> None:
    await app.sign_in()
    refusal = await app.refusal("id_token")
    assert (refusal.code, refusal.title) == ("failure", "No ID token")
    assert "xdr-login login --again" in refusal.text


async def test_for_the_id_token_permission_is_asked_too(app: RunningApp) -> None:
    await app.sign_in()
    app.needs_permission = True
    app.answer = PermissionAnswer.DENY
    assert (await app.refusal("id_token")).code == "declined"


# Tokens of other services

SECOND = "second-SECRET"
EXCHANGING = replace(
    PROFILE, exchanges={"orders": {"kind": "bearer", "url": "https://api.example/v3/access_tokens"}}
)


async def sign_in_to_exchange(app: RunningApp) -> Session:
    app.file = {PROFILE.id: EXCHANGING, OTHER.id: OTHER}
    await app.sessions.update_profiles(app.file)
    app.harness.server.others["/v3/access_tokens"] = {
        "access_token": SECOND,
        "token_type": "bearer",
        "expires_in": 300,
    }
    return await app.sign_in()


async def test_a_program_gets_the_token_of_an_exchange(app: RunningApp) -> None:
    await sign_in_to_exchange(app)
    answer = await app.ask("exchanged_token", **{"for": "orders"}, min_validity=60)
    assert answer == {
        "version": 1,
        "ok": True,
        "access_token": SECOND,
        "token_type": "Bearer",
        "expires_at": "2026-11-23T03:05:06+00:00",
        "scope": "",
        "profile": PROFILE.id,
    }
    text = (await app.ask("exchanged_token", **{"for": "orders"}, format="header"))["text"]
    assert text == f"Authorization: Bearer {SECOND}"
    assert (await app.ask("token"))["access_token"] == ACCESS_TOKEN
    assert app.harness.server.count_requests("/v3/access_tokens") == 1


async def test_many_programs_at_once_cause_one_exchange(app: RunningApp) -> None:
    await sign_in_to_exchange(app)
    gate = app.harness.server.hold_requests("/v3/access_tokens")
    asking = [
        asyncio.ensure_future(app.ask("exchanged_token", **{"for": "orders"})) for _ in range(8)
    ]
    await app.harness.server.reached.wait()
    gate.set()
    assert {each["access_token"] for each in await asyncio.gather(*asking)} == {SECOND}
    assert app.harness.server.count_requests("/v3/access_tokens") == 1


async def test_status_lists_it_without_the_token_and_who_got_it(app: RunningApp) -> None:
    await sign_in_to_exchange(app)
    await app.ask("token")
    await app.ask("exchanged_token", **{"for": "orders"})
    answer = await app.ask("status")
    profiles, hand_outs = answer["profiles"], answer["hand_outs"]
    assert isinstance(profiles, list)
    assert isinstance(hand_outs, list)
    held = {"name": "orders", "expires_at": "2026-11-23T03:05:06+00:00"}
    assert [each["exchanged"] for each in profiles] == [[held], []]
    assert [each["for"] for each in hand_outs] == ["orders", None]
    assert SECOND not in json.dumps(answer)


async def test_permission_is_asked_for_each_token(app: RunningApp) -> None:
    await sign_in_to_exchange(app)
    app.needs_permission = True
    await app.ask("token")
    await app.ask("exchanged_token", **{"for": "orders"})
    assert [each.exchange for each in app.asked] == ["", "orders"]


async def test_without_permission_nothing_is_exchanged(app: RunningApp) -> None:
    await sign_in_to_exchange(app)
    app.needs_permission = True
    app.answer = PermissionAnswer.DENY
    assert (await app.refusal("exchanged_token", **{"for": "orders"})).code == "declined"
    assert app.harness.server.count_requests("/v3/access_tokens") == 0


async def test_an_unknown_exchange_is_answered_before_anybody_is_asked(app: RunningApp) -> None:
    await sign_in_to_exchange(app)
    app.needs_permission = True
    refusal = await app.refusal("exchanged_token", **{"for": "order"})
    assert (refusal.code, refusal.title) == ("usage", "Exchange not found")
    assert "Did you mean “orders”?" in refusal.text
    assert app.asked == []


async def test_an_exchange_that_is_new_in_the_file_is_found_and_signs_nobody_out(
    app: RunningApp,
) -> None:
    session = await sign_in_to_exchange(app)
    await app.ask("exchanged_token", **{"for": "orders"})
    exchanges = {**EXCHANGING.exchanges, "stock": EXCHANGING.exchanges["orders"]}
    app.file[PROFILE.id] = replace(EXCHANGING, exchanges=exchanges)
    app.harness.keyring.entries.clear()
    answer = await app.ask("exchanged_token", **{"for": "stock"})
    assert answer["access_token"] == SECOND
    assert app.sessions.find(PROFILE.id) is session


async def test_an_exchange_that_was_removed_is_forgotten(app: RunningApp) -> None:
    session = await sign_in_to_exchange(app)
    await app.ask("exchanged_token", **{"for": "orders"})
    app.file[PROFILE.id] = PROFILE
    await app.ask("profiles_changed")
    assert session.exchanged.held() == ()
    assert (await app.refusal("exchanged_token", **{"for": "orders"})).code == "usage"


async def test_a_policy_narrows_the_exchanges(app: RunningApp) -> None:
    await sign_in_to_exchange(app)
    policy = Policy(source="/etc/policy", services=("server",))
    app.file[PROFILE.id] = replace(EXCHANGING, policy=policy)
    await app.sessions.update_profiles(app.file)
    await app.sign_in()
    refusal = await app.refusal("exchanged_token", **{"for": "orders"})
    assert (refusal.code, refusal.title) == ("forbidden", "This exchange is turned off")
    assert "/etc/policy" in refusal.text


@pytest.mark.parametrize("name", [None, "", 7, "x" * 201])
async def test_a_name_that_is_none_is_rejected(app: RunningApp, name: object) -> None:
    with pytest.raises(NoAnswer, match="invalid name of an exchange"):
        await app.ask("exchanged_token", **{"for": name})


async def test_without_a_sign_in_there_is_nothing_to_exchange(app: RunningApp) -> None:
    await sign_in_to_exchange(app)
    session = app.sessions.find(PROFILE.id)
    assert session is not None
    session.sign_out()
    await settle()
    assert (await app.refusal("exchanged_token", **{"for": "orders"})).code == "sign_in_needed"


# Other commands


async def test_status_contains_no_secrets(app: RunningApp) -> None:
    await app.sign_in()
    await app.ask("token")
    answer = await app.ask("status")
    profiles, hand_outs = answer["profiles"], answer["hand_outs"]
    assert isinstance(profiles, list)
    assert isinstance(hand_outs, list)
    assert [(each["id"], each["state"]) for each in profiles] == [
        ("northwind", "signed_in"),
        ("southwind", "signed_out"),
    ]
    assert profiles[0]["expires_at"] == "2026-11-23T03:10:05+00:00"
    assert profiles[0]["renewable"] is True
    assert [each["profile"] for each in hand_outs] == ["northwind"]
    assert set(hand_outs[0]) == {"at", "program", "path", "pid", "profile", "for"}
    assert not any(secret in json.dumps(answer) for secret in SECRETS)


async def test_a_token_that_the_server_refuses_to_renew_is_not_renewable(app: RunningApp) -> None:
    await app.sign_in()
    await app.harness.clock.advance(700)
    app.harness.server.rotation.troubles = [httpx.Response(400), httpx.Response(400)]
    asking = asyncio.ensure_future(app.ask("token"))
    for _ in range(20):
        await asyncio.sleep(0.01)
        await app.harness.clock.advance(1)
        if asking.done():
            break
    with pytest.raises(RefusedByAgent) as caught:
        await asking
    assert caught.value.code == "sign_in_needed"
    assert caught.value.title == "The server refuses to renew"
    profiles = (await app.ask("status"))["profiles"]
    assert isinstance(profiles, list)
    assert profiles[0]["renewable"] is False


async def test_signing_out_returns_when_it_is_done(app: RunningApp) -> None:
    await app.sign_in()
    until = f"{datetime(2026, 11, 23, 3, 10, tzinfo=UTC).astimezone():%H:%M}"
    assert (await app.ask("sign_out"))["signed_out"] == [
        {
            "id": PROFILE.id,
            "revocation": "not_offered",
            "valid_until": "2026-11-23T03:10:05+00:00",
            "open_ended": True,
            "text": "You're signed out. This server can't revoke tokens. "
            f"Copies work until {until} or longer.",
            "failed": None,
        }
    ]
    assert tokens_key(PROFILE) not in app.harness.keyring.entries
    assert (await app.ask("sign_out"))["signed_out"] == []


async def test_all_profiles_can_sign_out_at_once(app: RunningApp) -> None:
    await app.sign_in()
    await app.sign_in(OTHER.id)
    answer = await app.ask("sign_out", profile=None, all=True)
    left = answer["signed_out"]
    assert isinstance(left, list)
    assert [each["id"] for each in left] == [PROFILE.id, OTHER.id]
    assert not app.harness.keyring.entries


async def test_a_keyring_error_while_signing_out_is_reported(app: RunningApp) -> None:
    await app.sign_in()
    app.harness.keyring.errors["delete"] = KeyringLocked()
    assert (await app.refusal("sign_out")).title == "Sign-out failed"
    del app.harness.keyring.errors["delete"]
    left = (await app.ask("sign_out"))["signed_out"]
    assert isinstance(left, list)
    assert [each["id"] for each in left] == [PROFILE.id]


async def test_saved_makes_the_session_reload(app: RunningApp) -> None:
    session = await app.sign_in()
    key = tokens_key(PROFILE)
    app.harness.keyring.entries[key] = app.harness.keyring.entries[key].replace(
        ACCESS_TOKEN, "newer"
    )
    assert (await app.ask("saved", profile=PROFILE.id))["profile"] == PROFILE.id
    await settle()
    assert session.access_token() == "newer"


async def test_a_changed_profiles_file_is_reloaded(app: RunningApp) -> None:
    app.file = {OTHER.id: OTHER}
    assert (await app.ask("profiles_changed"))["ok"] is True
    profiles = (await app.ask("status"))["profiles"]
    assert isinstance(profiles, list)
    assert [each["id"] for each in profiles] == [OTHER.id]


async def test_a_refusal_names_options_instead_of_form_fields(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        raise CertificateRejected("login.example")

    monkeypatch.setattr(app.agent, "_reload_profiles", fail)
    refusal = await app.refusal("profiles_changed")
    assert "“xdr-login profiles edit NAME --ca-file FILE”" in refusal.text
    assert "More options" not in refusal.text


# Bound tokens


BOUND = {"dpop_signing_alg_values_supported": ["ES256"]}
API = "https://login.example/api?page=2"


@pytest.fixture
async def bound(app: RunningApp) -> RunningApp:
    """Sign in with a bound token."""
    app.harness.server.metadata = dict(BOUND)
    await app.sign_in(token_type="DPoP")
    return app


async def test_a_program_gets_the_headers_of_one_request_but_never_the_key(
    bound: RunningApp,
) -> None:
    answer = await bound.ask("proof", profile=PROFILE.id, method="get", url=API, nonce="n1")
    assert answer["authorization"] == f"DPoP {ACCESS_TOKEN}"
    claims = jwt.decode(str(answer["dpop"]), options={"verify_signature": False})
    assert (claims["htm"], claims["nonce"]) == ("GET", "n1")
    assert claims["htu"] == "https://login.example/api"
    key = json.loads(bound.harness.keyring.entries[tokens_key(PROFILE)])["key"]
    others = [await bound.ask("token"), await bound.ask("status")]
    assert key not in json.dumps([answer, *others])
    (first,) = bound.agent.recipients.for_profile(PROFILE.id)[-1:]
    assert first.program.pid == os.getpid()


@pytest.mark.parametrize(
    "members",
    [
        {"method": "GET"},
        {"url": API},
        {"method": "G T", "url": API},
        {"method": "GET", "url": API, "nonce": ""},
        {"method": "GET", "url": API, "nonce": "a b"},
        {"method": "GET", "url": API, "nonce": 1},
        {"method": 1, "url": API},
    ],
)
async def test_an_invalid_request_gets_no_proof(
    bound: RunningApp, members: dict[str, object]
) -> None:
    with pytest.raises(NoAnswer, match="invalid request"):
        await bound.ask("proof", **members)


@pytest.mark.parametrize("url", ["https://evil.example/", "https://login.example:444/"])
async def test_another_server_gets_no_proof(bound: RunningApp, url: str) -> None:
    refusal = await bound.refusal("proof", method="GET", url=url)
    assert (refusal.code, refusal.title) == ("forbidden", "This address is on another server")
    names = ("event.action", "error.type", "process.pid")
    assert recorded(bound).last(*names) == ["token-refused", "ForeignServer", os.getpid()]


async def test_another_service_of_the_profile_gets_proofs(bound: RunningApp) -> None:
    changed = replace(PROFILE, services={"reports": "https://reports.example/api"})
    bound.file[PROFILE.id] = changed
    await bound.ask("profiles_changed")
    await bound.sign_in(token_type="DPoP")
    answer = await bound.ask("proof", method="GET", url="https://reports.example/api/x")
    assert answer["authorization"] == f"DPoP {ACCESS_TOKEN}"


async def test_a_bearer_token_has_no_proof(app: RunningApp) -> None:
    await app.sign_in()
    refusal = await app.refusal("proof", method="GET", url=API)
    assert refusal.title == "The token is not bound to this computer"


@pytest.mark.parametrize("format_", ["raw", "header", "env", "curl"])
async def test_a_bound_token_is_not_given_out_as_what_it_is_not(
    bound: RunningApp, format_: str
) -> None:
    refusal = await bound.refusal("token", format=format_)
    assert refusal.title == "The token is bound to this computer"
    assert not bound.agent.recipients.all()


async def test_a_program_that_may_have_the_token_is_not_asked_about_each_proof(
    bound: RunningApp,
) -> None:
    bound.needs_permission = True
    await bound.ask("token")
    for _ in range(3):
        await bound.ask("proof", method="GET", url=API)
    assert len(bound.asked) == 1
    assert len(bound.agent.recipients.all()) == 1


async def test_after_a_lock_a_program_is_asked_about_again(bound: RunningApp) -> None:
    bound.needs_permission = True
    await bound.ask("token")
    await bound.ask("lock")
    assert (await bound.refusal("proof", method="GET", url=API)).code == "locked"
    bound.sessions.lock.unlock()
    await settle()
    await bound.ask("proof", method="GET", url=API)
    assert len(bound.asked) == 2


async def test_without_permission_there_is_no_proof(bound: RunningApp) -> None:
    bound.needs_permission, bound.answer = True, PermissionAnswer.DENY
    refusal = await bound.refusal("proof", method="GET", url=API)
    assert refusal.code == "declined"


# The lock


async def test_a_locked_app_gives_no_token(app: RunningApp) -> None:
    await app.sign_in()
    await app.ask("lock")
    for command in ("token", "id_token"):
        refusal = await app.refusal(command)
        assert (refusal.code, refusal.title) == ("locked", "XDR Login is locked")
        assert refusal.text == "Unlock the XDR Login window, then try again."
    assert app.agent.recipients.all() == ()
    app.sessions.lock.unlock()
    assert (await app.ask("token"))["access_token"] == ACCESS_TOKEN


async def test_no_command_unlocks(app: RunningApp) -> None:
    await app.ask("lock")
    with pytest.raises(NoAnswer):
        await app.ask("unlock")
    assert app.sessions.lock.is_locked


async def test_a_locked_app_gives_the_token_of_an_unattended_profile(app: RunningApp) -> None:
    app.file = {PROFILE.id: replace(PROFILE, unattended=True)}
    await app.ask("profiles_changed")
    await app.sign_in()
    await app.ask("lock")
    assert (await app.ask("token"))["access_token"] == ACCESS_TOKEN


async def test_a_lock_withdraws_an_open_question(app: RunningApp) -> None:
    app.needs_permission = True
    app.gate.clear()
    await app.sign_in()
    waiting = asyncio.ensure_future(app.refusal("token"))
    await app.question_shown.wait()
    await app.ask("lock")
    assert (await waiting).code == "locked"
    assert app.withdrawn.is_set()


async def test_a_locked_app_asks_nothing_about_an_unattended_profile(app: RunningApp) -> None:
    app.file = {PROFILE.id: replace(PROFILE, unattended=True)}
    await app.ask("profiles_changed")
    app.needs_permission = True
    await app.sign_in()
    await app.ask("lock")
    assert (await app.refusal("token")).code == "locked"
    assert not app.asked
    app.sessions.lock.unlock()
    assert (await app.ask("token"))["access_token"] == ACCESS_TOKEN


async def test_a_lock_withdraws_a_question_about_an_unattended_profile(app: RunningApp) -> None:
    app.file = {PROFILE.id: replace(PROFILE, unattended=True)}
    await app.ask("profiles_changed")
    app.needs_permission = True
    app.gate.clear()
    await app.sign_in()
    waiting = asyncio.ensure_future(app.refusal("token"))
    await app.question_shown.wait()
    await app.ask("lock")
    assert (await waiting).code == "locked"
    assert app.withdrawn.is_set()


@pytest.mark.parametrize("answer", [PermissionAnswer.FOR_AN_HOUR, PermissionAnswer.FOR_TERMINAL])
@pytest.mark.parametrize("unattended", [False, True])
async def test_an_answer_of_the_moment_of_a_lock_gives_nothing(
    app: RunningApp, answer: PermissionAnswer, *, unattended: bool
) -> None:
    app.file = {PROFILE.id: replace(PROFILE, unattended=unattended)}
    await app.ask("profiles_changed")
    app.needs_permission, app.answer = True, answer
    app.gate.clear()
    await app.sign_in()
    waiting = asyncio.ensure_future(app.refusal("token"))
    await app.question_shown.wait()
    app.gate.set()  # pressed, but the question has not ended yet
    app.sessions.lock.lock(LockReason.SCREEN)
    assert (await waiting).code == "locked"
    app.sessions.lock.unlock()
    await app.ask("token")
    assert len(app.asked) == 2


async def test_a_lock_ends_what_was_allowed(app: RunningApp) -> None:
    app.needs_permission, app.answer = True, PermissionAnswer.FOR_AN_HOUR
    await app.sign_in()
    question = PermissionRequest(Program("make", identity="of-make"), PROFILE.id, PROFILE.name)
    await app.agent._permission.obtain(question)
    await app.agent._permission.obtain(question)
    assert len(app.asked) == 1
    await app.ask("lock")
    app.sessions.lock.unlock()
    await app.agent._permission.obtain(question)
    assert len(app.asked) == 2


async def test_a_lock_while_a_program_waits_for_a_renewal_gives_it_nothing(app: RunningApp) -> None:
    await app.sign_in()
    gate = app.harness.server.hold_requests("/token")
    await app.harness.clock.advance(400)
    waiting = asyncio.ensure_future(app.refusal("token", min_validity=250))
    await app.harness.server.reached.wait()
    await app.ask("lock")
    assert (await waiting).code == "locked"
    gate.set()
    await settle()
    app.sessions.lock.unlock()
    assert (await app.ask("token"))["access_token"] == f"{ACCESS_TOKEN}-1"


async def test_the_status_of_a_locked_app_says_only_that(app: RunningApp) -> None:
    app.file[OTHER.id] = replace(OTHER, unattended=True)
    await app.ask("profiles_changed")
    await app.sign_in()
    await app.sign_in(OTHER.id)
    assert (await app.ask("status"))["locked"] is False
    await app.ask("lock")
    status = await app.ask("status")
    assert status["locked"] is True
    locked, unattended = cast("list[dict[str, object]]", status["profiles"])
    assert (locked["state"], locked["scope"], locked["expires_at"]) == ("locked", "", None)
    assert unattended["state"] == "signed_in"


async def test_a_locked_app_signs_out(app: RunningApp) -> None:
    await app.sign_in()
    await app.ask("lock")
    answer = await app.ask("sign_out")
    assert [each["id"] for each in cast("list[dict[str, object]]", answer["signed_out"])] == [
        PROFILE.id
    ]
    assert not app.harness.keyring.entries
