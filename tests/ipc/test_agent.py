"""What the running program answers to others of this person's, over the real socket."""

import asyncio
import json
import sys
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from desktop.ipc import agent as agent_module
from desktop.ipc import client
from desktop.ipc.address import socket_path
from desktop.ipc.agent import Agent
from desktop.ipc.client import NoAnswer
from desktop.ipc.messages import Members, RefusedByAgent
from desktop.ipc.server import Server, claim_instance
from desktop.oauth.errors import CertificateRejected
from desktop.services.model.policy import Policy
from desktop.services.model.profile import Profile, UnknownProfile, tokens_binding, tokens_key
from desktop.services.network.environment import Environment
from desktop.services.secrets.keystore import KeyringLocked
from desktop.services.session.session import Session
from desktop.services.session.sessions import Sessions
from desktop.services.session.token_permission import (
    PermissionAnswer,
    PermissionRequest,
    TokenPermission,
)
from desktop.services.system.processes import UNKNOWN_PROGRAM
from tests.services.harness import ACCESS_TOKEN, PROFILE, SECRETS, TOKENS, SessionHarness, settle

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has named pipes")

OTHER = replace(PROFILE, id="southwind", name="Southwind SOC", client_id="client-2")


@dataclass
class Desk:
    """The running program: a world turned by hand, an agent, and a person who is asked."""

    world: SessionHarness
    sessions: Sessions
    agent: Agent
    ready: asyncio.Event
    asks: bool = False
    answer: PermissionAnswer = PermissionAnswer.ONCE
    asked: list[PermissionRequest] = field(default_factory=list)
    file: dict[str, Profile] = field(default_factory=dict)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    was_asked: asyncio.Event = field(default_factory=asyncio.Event)
    taken_back: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, command: str, **members: object) -> Members:
        """What another program does, which blocks."""
        return await asyncio.to_thread(lambda: client.send_command(command, patience=20, **members))

    async def refusal(self, command: str, **members: object) -> RefusedByAgent:
        with pytest.raises(RefusedByAgent) as caught:
            await self.ask(command, **members)
        assert not any(secret in str(caught.value) for secret in SECRETS)
        return caught.value

    async def sign_in(self, id_: str = PROFILE.id) -> Session:
        session = await self.sessions.open_session(id_)
        assert session is not None
        self.world.server.answers = [TOKENS]
        session.sign_in()
        await self.world.clock.advance(6)
        return session


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    world = SessionHarness()

    def make(profile: Profile, observer: object) -> Session:
        around = Environment(
            world.keyring, world._open_http, world.clock, world._lock, lambda: world.chance
        )
        return Session(profile, around, observer=observer)  # type: ignore[arg-type]

    async def ask(question: PermissionRequest) -> PermissionAnswer:
        made.asked.append(question)
        made.was_asked.set()
        try:
            await made.gate.wait()
        except asyncio.CancelledError:
            made.taken_back.set()
            raise
        return made.answer

    async def reload(name: str) -> Profile:
        await sessions.update_profiles(made.file)
        if name not in made.file:
            raise UnknownProfile(Path("profiles.toml"), name, made.file)
        return made.file[name]

    async def go_by_the_file() -> None:
        await sessions.update_profiles(made.file)

    sessions = Sessions(make, lambda _standing: None)
    await sessions.update_profiles({PROFILE.id: PROFILE, OTHER.id: OTHER})
    ready = asyncio.Event()
    ready.set()
    agent = Agent(
        sessions,
        reload=reload,
        go_by_the_file=go_by_the_file,
        consent=TokenPermission(ask, world.clock),
        asks=lambda: made.asks,
        leave=Session.sign_out,
        ready=ready,
    )
    made = Desk(world, sessions, agent, ready)
    made.file = {PROFILE.id: PROFILE, OTHER.id: OTHER}
    made.gate.set()
    claimed = claim_instance()
    server = Server(agent.handlers)
    await server.listen(claimed)
    yield made
    await server.close()
    claimed.release()
    await sessions.close()
    await world.close()
    assert not world.crashes


# Tokens


@pytest.mark.parametrize("profile", [None, "", PROFILE.id, PROFILE.name])
async def test_a_program_gets_the_token(desk: Desk, profile: str | None) -> None:
    await desk.sign_in()
    answer = await desk.ask("token", profile=profile, min_validity=60)
    assert answer == {
        "version": 1,
        "ok": True,
        "access_token": ACCESS_TOKEN,
        "token_type": "Bearer",
        "expires_at": "2026-11-23T03:10:05+00:00",
        "scope": "read",
        "profile": PROFILE.id,
    }


async def test_it_comes_in_a_shape(desk: Desk) -> None:
    await desk.sign_in()
    answer = await desk.ask("token", format="header")
    assert answer["text"] == f"Authorization: Bearer {ACCESS_TOKEN}"
    assert "access_token" not in answer


async def test_each_profile_has_its_own(desk: Desk) -> None:
    await desk.sign_in(OTHER.id)
    assert (await desk.ask("token", profile="Southwind SOC"))["profile"] == OTHER.id
    refusal = await desk.refusal("token")
    assert refusal.code == "sign_in_needed"


async def test_a_token_that_must_live_longer_is_renewed(desk: Desk) -> None:
    await desk.sign_in()
    await desk.world.clock.advance(400)
    answer = await desk.ask("token", min_validity=250)
    assert answer["access_token"] == f"{ACCESS_TOKEN}-1"


async def test_a_number_that_no_float_holds_is_more_than_any_token_has(desk: Desk) -> None:
    await desk.sign_in()
    answer = await desk.ask("token", min_validity=10**400)
    assert answer["access_token"] == ACCESS_TOKEN  # in the first half of its life
    assert not desk.world.crashes


async def test_what_an_administrator_forbids_is_refused(desk: Desk) -> None:
    policy = Policy(source="/etc/policy", forbidden_formats=frozenset({"CURL"}))
    await desk.sessions.update_profiles({PROFILE.id: replace(PROFILE, policy=policy)})
    await desk.sign_in()
    refusal = await desk.refusal("token", format="curl")
    assert (refusal.code, refusal.title) == ("forbidden", "This copy format is turned off")
    assert (await desk.ask("token", format="raw"))["text"] == ACCESS_TOKEN
    assert [each.profile for each in desk.agent.recipients.all()] == [PROFILE.id]


async def test_who_is_not_signed_in_is_told_why(desk: Desk) -> None:
    assert (await desk.refusal("token")).code == "sign_in_needed"
    desk.world.keyring.errors["load"] = KeyringLocked()
    session = await desk.sessions.open_session(PROFILE.id)
    assert session is not None
    session.reload()
    await settle()
    assert (await desk.refusal("token")).code == "keyring"


async def test_a_profile_that_was_written_since_is_found(desk: Desk) -> None:
    desk.file["new"] = replace(PROFILE, id="new")
    assert (await desk.refusal("token", profile="new")).code == "sign_in_needed"
    refusal = await desk.refusal("token", profile="nowhere")
    assert (refusal.code, refusal.title) == ("failure", "Profile not found")


async def test_a_token_is_for_the_server_that_who_asks_has_read_of(desk: Desk) -> None:
    await desk.sign_in()
    asked = {"profile": PROFILE.id, "issued_for": tokens_binding(PROFILE)}
    assert (await desk.ask("token", **asked))["access_token"] == ACCESS_TOKEN
    elsewhere = replace(PROFILE, issuer="https://elsewhere.example")
    asked["issued_for"] = tokens_binding(elsewhere)
    assert (await desk.refusal("token", **asked)).code == "sign_in_needed"
    desk.file = {PROFILE.id: elsewhere}
    assert (await desk.refusal("token", **asked)).code == "sign_in_needed"
    known = [each.profile for each in desk.sessions.statuses]
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
async def test_what_makes_no_sense_is_not_answered(desk: Desk, members: dict[str, object]) -> None:
    await desk.sign_in()
    with pytest.raises(NoAnswer):
        await desk.ask("token", **members)


async def test_nothing_is_answered_before_it_is_known_what_one_begins_with(desk: Desk) -> None:
    desk.ready.clear()
    asking = asyncio.create_task(desk.refusal("token"))
    await asyncio.sleep(0.05)
    assert not asking.done()
    desk.ready.set()
    assert (await asking).code == "sign_in_needed"


# Asking the person


async def test_who_wants_it_is_asked_first(desk: Desk) -> None:
    desk.asks = True
    await desk.sign_in()
    await desk.ask("token")
    assert [each.profile_name for each in desk.asked] == [PROFILE.name]
    assert desk.asked[0].program.path


async def test_nobody_waits_for_a_look_that_takes_for_ever(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = threading.Event()
    monkeypatch.setattr(agent_module, "_PROCESS_LOOKUP_TIMEOUT", 0.05)
    monkeypatch.setattr(agent_module, "_look_up_program", lambda _: never.wait())
    await desk.sign_in()
    for _ in range(2):
        assert (await desk.ask("token"))["access_token"] == ACCESS_TOKEN
    assert {each.program for each in desk.agent.recipients.all()} == {UNKNOWN_PROGRAM}
    never.set()


async def test_a_no_is_a_no_without_a_trace(desk: Desk) -> None:
    desk.asks, desk.answer = True, PermissionAnswer.REFUSE
    await desk.sign_in()
    refusal = await desk.refusal("token")
    assert (refusal.code, refusal.title) == ("declined", "You denied access to the token")
    assert desk.agent.recipients.all() == ()


async def test_nobody_is_asked_about_a_token_that_is_not_there(desk: Desk) -> None:
    desk.asks = True
    await desk.refusal("token")
    assert desk.asked == []


async def test_it_tells_while_it_asks(desk: Desk) -> None:
    desk.asks = True
    desk.gate.clear()
    await desk.sign_in()
    assert not (await desk.ask("questions"))["asking"]
    waiting = asyncio.ensure_future(desk.ask("token"))
    await desk.was_asked.wait()
    assert (await desk.ask("questions"))["asking"]
    desk.gate.set()
    await waiting
    assert not (await desk.ask("questions"))["asking"]


async def test_the_question_goes_with_the_program(desk: Desk) -> None:
    desk.asks = True
    desk.gate.clear()
    await desk.sign_in()
    reader, writer = await asyncio.open_unix_connection(socket_path())
    writer.write(b'{"version": 1, "command": "token"}\n')
    await desk.was_asked.wait()
    writer.close()
    await writer.wait_closed()
    await desk.taken_back.wait()
    assert await reader.read() == b""
    assert desk.agent.recipients.all() == ()


# The others


async def test_status_tells_all_but_secrets(desk: Desk) -> None:
    await desk.sign_in()
    await desk.ask("token")
    answer = await desk.ask("status")
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
    assert set(hand_outs[0]) == {"at", "program", "path", "pid", "profile"}
    assert not any(secret in json.dumps(answer) for secret in SECRETS)


async def test_signing_out_returns_when_it_is_done(desk: Desk) -> None:
    await desk.sign_in()
    until = f"{datetime(2026, 11, 23, 3, 10, tzinfo=UTC).astimezone():%H:%M}"
    assert (await desk.ask("sign_out"))["signed_out"] == [
        {
            "id": PROFILE.id,
            "revocation": "not_offered",
            "valid_until": "2026-11-23T03:10:05+00:00",
            "text": "You're signed out. This server can't revoke tokens. "
            f"Copies work until {until}.",
            "failed": None,
        }
    ]
    assert tokens_key(PROFILE) not in desk.world.keyring.entries
    assert (await desk.ask("sign_out"))["signed_out"] == []


async def test_all_sign_out_at_once(desk: Desk) -> None:
    await desk.sign_in()
    await desk.sign_in(OTHER.id)
    answer = await desk.ask("sign_out", profile=None, all=True)
    left = answer["signed_out"]
    assert isinstance(left, list)
    assert [each["id"] for each in left] == [PROFILE.id, OTHER.id]
    assert not desk.world.keyring.entries


async def test_a_keyring_that_holds_on_is_told(desk: Desk) -> None:
    await desk.sign_in()
    desk.world.keyring.errors["delete"] = KeyringLocked()
    assert (await desk.refusal("sign_out")).title == "The token is still in the keyring"
    del desk.world.keyring.errors["delete"]
    left = (await desk.ask("sign_out"))["signed_out"]
    assert isinstance(left, list)
    assert [each["id"] for each in left] == [PROFILE.id]


async def test_what_another_program_has_saved_is_read(desk: Desk) -> None:
    session = await desk.sign_in()
    key = tokens_key(PROFILE)
    desk.world.keyring.entries[key] = desk.world.keyring.entries[key].replace(ACCESS_TOKEN, "newer")
    assert (await desk.ask("saved", profile=PROFILE.id))["profile"] == PROFILE.id
    await settle()
    assert session.access_token() == "newer"


async def test_it_goes_by_a_file_that_another_program_has_changed(desk: Desk) -> None:
    desk.file = {OTHER.id: OTHER}
    assert (await desk.ask("profiles_changed"))["ok"] is True
    profiles = (await desk.ask("status"))["profiles"]
    assert isinstance(profiles, list)
    assert [each["id"] for each in profiles] == [OTHER.id]


async def test_a_refusal_names_options_and_no_field_of_the_form(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        raise CertificateRejected("login.example")

    monkeypatch.setattr(desk.agent, "_reload_profiles", fail)
    refusal = await desk.refusal("profiles_changed")
    assert "“xdr-login profiles edit NAME --ca-file FILE”" in refusal.text
    assert "More options" not in refusal.text
