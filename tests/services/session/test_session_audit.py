"""What a session records: each step once, by the process that did it, and no secret."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from desktop.oauth.errors import CertificateRejected
from desktop.services.model.access_token import AccessToken
from desktop.services.model.copy_formats import CopyFormat
from desktop.services.model.errors import FormatForbidden, NoToken, PresenceFailed
from desktop.services.model.policy import Policy
from desktop.services.model.profile import client_secret_key
from desktop.services.model.states import SignedIn, SignedOut
from desktop.services.secrets.keystore import KeyringLocked
from desktop.services.session.audit.session_audit import NOT_ASKED, Consent
from desktop.services.system.processes import Program
from tests.services.audit.recorded import RecordedEvents
from tests.services.harness import (
    ACCESS_TOKEN,
    DEVICE_CODE,
    HOST,
    PASSWORD,
    PROFILE,
    START,
    TOKENS,
    SessionHarness,
    saved_client_secret,
    settle,
)

CODE_HASH = hashlib.sha256(DEVICE_CODE.encode()).hexdigest()
GIT = Program("git", "/usr/bin/git", 4711, identity="i", parent="/usr/bin/bash", parent_pid=4710)
SCRIPT = replace(GIT, name="deploy.py", path="/opt/deploy.py", interpreter="/usr/bin/python3")
TOKEN = AccessToken(ACCESS_TOKEN, "bearer", START, ("read",))


@pytest.fixture
def log() -> RecordedEvents:
    return RecordedEvents()


@pytest.fixture
async def harness(log: RecordedEvents) -> AsyncIterator[SessionHarness]:
    made = SessionHarness(audit=log)
    yield made
    await made.close()


async def test_a_sign_in_is_recorded_from_its_start_to_the_approval(
    harness: SessionHarness, log: RecordedEvents
) -> None:
    await harness.start_sign_in()
    assert log.actions == ["sign-in-started"]
    names = ("transaction.id", "url.domain", "xdr_login.scopes", "event.outcome")
    assert log.last(*names) == [CODE_HASH, HOST, ["read", "write"], "unknown"]
    await harness.clock.advance(12)
    assert log.actions == ["sign-in-started"], "polling is not an event"
    harness.server.answers = [TOKENS]
    await harness.clock.advance(6)
    assert log.actions == ["sign-in-started", "sign-in-approved"]
    assert log.last(*names) == [CODE_HASH, HOST, ["read"], "success"]
    names = ("xdr_login.profile", "xdr_login.client_id", "xdr_login.grant", "user.name")
    assert log.last(*names) == ["northwind", "client-1", "device", "ada"]


@pytest.mark.parametrize(
    ("answer", "action", "code", "error"),
    [
        ({"error": "access_denied"}, "sign-in-declined", "declined", "AccessDenied"),
        ({"error": "expired_token"}, "sign-in-expired", "sign_in_needed", "ExpiredToken"),
        ({"error": "invalid_scope"}, "sign-in-failed", "server", "InvalidScope"),
    ],
)
async def test_a_sign_in_that_fails_is_recorded_with_its_reason(
    harness: SessionHarness,
    log: RecordedEvents,
    answer: dict[str, str],
    action: str,
    code: str,
    error: str,
) -> None:
    harness.server.answers = [answer]
    harness.session.sign_in()
    await harness.clock.advance(30)
    assert log.actions == ["sign-in-started", action]
    names = ("transaction.id", "error.code", "error.type", "event.outcome")
    assert log.last(*names) == [CODE_HASH, code, error, "failure"]


async def test_a_sign_in_that_gets_no_code_is_recorded_too(
    harness: SessionHarness, log: RecordedEvents
) -> None:
    harness.server.device_answer = CertificateRejected(HOST)
    await harness.start_sign_in()
    await harness.clock.advance(60)
    assert log.actions == ["sign-in-failed"]
    assert log.last("transaction.id", "error.type") == [None, "CertificateRejected"]


async def test_a_grant_that_is_forbidden_is_recorded_as_refused_by_policy(
    log: RecordedEvents,
) -> None:
    policy = Policy(source="policy.toml", device_grant=False)
    harness = SessionHarness(replace(PROFILE, policy=policy), audit=log)
    await harness.start_sign_in()
    assert log.actions == ["policy-refused"]
    assert log.last("error.code", "error.type") == ["forbidden", "GrantForbidden"]
    await harness.close()


async def test_an_approval_page_on_another_host_is_recorded(
    harness: SessionHarness, log: RecordedEvents
) -> None:
    harness.server.device_answer = {
        "device_code": DEVICE_CODE,
        "user_code": "ABCD",
        "verification_uri": "https://phish.example/activate",
        "expires_in": 600,
    }
    await harness.start_sign_in()
    assert log.actions == ["sign-in-started", "unexpected-verification-host"]
    assert log.last("url.domain", "transaction.id") == ["phish.example", CODE_HASH]


async def test_a_sign_in_that_is_canceled_is_never_recorded_as_approved(
    harness: SessionHarness, log: RecordedEvents
) -> None:
    await harness.sign_in()
    await harness.start_sign_in()
    harness.session.cancel()
    await settle()
    harness.expect(SignedIn)
    assert log.actions == ["sign-in-started", "sign-in-approved", "sign-in-started"]


async def test_what_another_process_does_is_recorded_there_alone(
    harness: SessionHarness, log: RecordedEvents
) -> None:
    await harness.sign_in()
    other_log = RecordedEvents()
    other = SessionHarness(beside=harness, audit=other_log)
    other.session.open()
    await settle()
    harness.session.renew()
    await harness.clock.advance(2)
    assert log.actions[2:] == ["token-renewed"]
    other.session.renew()
    await other.clock.advance(2)
    assert other.session.access_token() == harness.session.access_token() != ACCESS_TOKEN
    harness.session.sign_out()
    await settle()
    other.session.reload()
    await settle()
    other.expect(SignedOut)
    assert other_log.actions == []
    await other.close()


async def test_saved_tokens_are_no_sign_in(harness: SessionHarness, log: RecordedEvents) -> None:
    await harness.sign_in()
    harness.new_session().open()
    await settle()
    harness.expect(SignedIn)
    assert log.actions == ["sign-in-started", "sign-in-approved"]


async def test_a_client_that_signs_in_as_itself_is_recorded_once(log: RecordedEvents) -> None:
    profile = replace(
        PROFILE, grant="client-credentials", client_authentication="client_secret_basic"
    )
    harness = SessionHarness(profile, audit=log)
    await harness.keyring.save(client_secret_key(profile), saved_client_secret(PASSWORD, profile))
    harness.server.answers = [TOKENS]
    harness.session.sign_in()
    await harness.clock.advance(2)
    assert log.actions == ["sign-in-started", "sign-in-approved"]
    gate = harness.server.hold_requests("/token")
    await harness.start_sign_in()
    harness.session.cancel()
    await settle()
    gate.set()
    harness.expect(SignedIn)
    assert log.actions[2:] == ["sign-in-started"]
    await harness.close()


async def test_a_refresh_token_that_is_refused_is_recorded(
    harness: SessionHarness, log: RecordedEvents
) -> None:
    await harness.sign_in()
    harness.server.rotation.revoked = True
    harness.session.renew()
    await harness.clock.advance(2)
    assert log.actions[2:] == ["renewal-refused"]
    assert log.last("error.type", "event.outcome") == ["SignedOutByServer", "failure"]


async def test_a_renewal_that_the_network_prevents_is_no_event(
    harness: SessionHarness, log: RecordedEvents
) -> None:
    await harness.sign_in()
    harness.server.offline = True
    harness.session.renew()
    await harness.clock.advance(2)
    assert log.actions == ["sign-in-started", "sign-in-approved"]


async def test_signing_out_is_recorded_with_what_the_server_did(
    harness: SessionHarness, log: RecordedEvents
) -> None:
    harness.server.metadata = {"revocation_endpoint": f"https://{HOST}/revoke"}
    await harness.sign_in()
    harness.session.sign_out()
    await harness.clock.advance(2)
    assert log.actions[2:] == ["signed-out"]
    names = ("xdr_login.revocation", "event.outcome")
    assert log.last(*names) == ["failed", "failure"], "it answers 404"
    harness.server.others = {"/revoke": {}}
    harness.session.revoke_again()
    await harness.clock.advance(2)
    assert log.actions[2:] == ["signed-out"] * 2, "trying again is no event, its result is"
    assert log.last(*names) == ["revoked", "success"]


async def test_a_keyring_that_keeps_the_token_is_a_failed_sign_out(
    harness: SessionHarness, log: RecordedEvents
) -> None:
    await harness.sign_in()
    harness.keyring.errors["delete"] = KeyringLocked()
    harness.session.sign_out()
    await settle()
    assert log.actions[2:] == ["signed-out"]
    assert log.last("event.outcome", "error.type") == ["failure", "SignOutFailed"]


async def test_a_program_that_gets_the_token_is_named_with_its_parent(
    harness: SessionHarness, log: RecordedEvents
) -> None:
    harness.session.audit.note_handed_out(TOKEN, GIT, consent=NOT_ASKED)
    names = ("process.name", "process.executable", "process.pid", "xdr_login.script")
    assert log.last(*names) == ["git", "/usr/bin/git", 4711, None]
    parent = ("process.parent.executable", "process.parent.pid", "xdr_login.consent")
    assert log.last(*parent) == ["/usr/bin/bash", 4710, "not_required"]
    assert log.last("xdr_login.token", "xdr_login.scopes") == ["access_token", ["read"]]
    harness.session.audit.note_handed_out(TOKEN, SCRIPT, consent=Consent(asked=True))
    files = ("process.executable", "xdr_login.script", "xdr_login.consent")
    assert log.last(*files) == ["/usr/bin/python3", "/opt/deploy.py", "granted"]


async def test_refusals_tell_a_policy_from_the_rest(
    harness: SessionHarness, log: RecordedEvents
) -> None:
    audit = harness.session.audit
    audit.note_not_handed_out(NoToken(), GIT)
    audit.note_not_handed_out(FormatForbidden("policy.toml"), GIT)
    audit.note_not_copied(FormatForbidden("policy.toml"))
    audit.note_not_copied(NoToken())
    assert log.actions == ["token-refused", "policy-refused", "policy-refused"]


async def test_an_expected_error_while_a_token_is_handed_out_is_recorded(
    harness: SessionHarness, log: RecordedEvents
) -> None:
    with pytest.raises(NoToken), harness.session.audit.refusals_recorded(GIT):
        raise NoToken
    assert log.last("event.action", "process.name") == ["token-refused", "git"]
    with pytest.raises(ZeroDivisionError), harness.session.audit.refusals_recorded(GIT):
        raise ZeroDivisionError
    with harness.session.audit.refusals_recorded(GIT):
        harness.session.audit.note_handed_out(TOKEN, GIT, consent=NOT_ASKED, exchange="graph")
    assert log.actions == ["token-refused", "token-handed-out"]
    assert log.last("xdr_login.exchange") == ["graph"]
    harness.session.audit.note_proof(GIT, consent=Consent(asked=True))
    assert log.last("event.action", "xdr_login.token") == ["token-handed-out", "proof"]


async def test_copying_and_showing_are_recorded(
    harness: SessionHarness, log: RecordedEvents
) -> None:
    harness.session.audit.note_copied(CopyFormat.CURL)
    assert log.last("event.action", "xdr_login.format") == ["token-copied", "curl"]
    harness.session.audit.note_shown()
    assert log.last("event.action") == ["token-shown"]


async def test_a_proof_of_presence_is_recorded(
    harness: SessionHarness, log: RecordedEvents
) -> None:
    audit = harness.session.audit
    audit.note_handed_out(TOKEN, GIT, consent=Consent(asked=True, presence="proved"))
    assert log.last("xdr_login.consent", "xdr_login.presence") == ["granted", "proved"]
    audit.note_copied(CopyFormat.TOKEN, presence="proved")
    assert log.last("event.action", "xdr_login.presence") == ["token-copied", "proved"]
    audit.note_not_copied(PresenceFailed())
    named = ("event.action", "error.code", "error.type")
    assert log.last(*named) == ["token-refused", "declined", "PresenceFailed"]


async def test_nothing_is_recorded_under_a_policy_that_turns_it_off(log: RecordedEvents) -> None:
    policy = Policy(settings={"audit": "off"})
    harness = SessionHarness(replace(PROFILE, policy=policy), audit=log)
    await harness.sign_in()
    assert log.actions == []
    await harness.close()
