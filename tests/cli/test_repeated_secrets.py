"""A server that repeats secrets in every answer: no command prints them, and no log has them."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import NoReturn
from urllib.parse import quote

import httpx
import pytest
from click.testing import CliRunner

from desktop.cli.api import authorized_call
from desktop.cli.profiles import profile_context
from desktop.cli.program import program
from desktop.cli.scripts import token_source
from desktop.cli.sign_in import grants, login, logout, whoami
from desktop.ipc.client import NotRunning
from desktop.oauth.model.token_set import Account, TokenSet
from desktop.services.configuration.load import load_configuration
from desktop.services.model.access_token import AccessToken
from desktop.services.model.profile import Profile, client_secret_key, tokens_binding, tokens_key
from desktop.services.network import real_environment
from desktop.services.network.environment import Environment
from desktop.services.secrets import indexed_keystore, keyring_vault
from desktop.services.secrets.secret_encoding import SavedTokens, encode_tokens
from desktop.services.system.paths import log_folder
from desktop.services.system.worker import Worker
from tests.cli.demo_harness import PROFILE_ID, write_profile
from tests.services.harness import FakeKeyring, HurriedClock, saved_client_secret
from tests.services.secrets.vaults import PlainModel

ISSUER = "https://login.example"
ACCESS, REFRESH, CLIENT = "ya29.Hq3Zt8Nc5Wv1Lp6", "0.AXYAp7Kq2Lm9/Rt4+Wz8=", 'k8Q~4Vb7/xT2&Lw"9z'
DEVICE = "GMMhmHCXhWEzkobqIHGG"
SPELLINGS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "percent": lambda text: quote(text, safe=""),
    "base64": lambda text: base64.b64encode(f"x:{text}".encode()).decode(),
    "cut": lambda text: text[:10],
}
METADATA = {
    "issuer": "IROH Auth",
    "device_authorization_endpoint": f"{ISSUER}/device",
    "token_endpoint": f"{ISSUER}/token",
    "userinfo_endpoint": f"{ISSUER}/userinfo",
    "revocation_endpoint": f"{ISSUER}/revoke",
}


async def streamed(body: str) -> AsyncIterator[bytes]:
    yield body.encode()


class Repeater:
    """A server that repeats all secrets that it knows, in answers with `status`."""

    def __init__(self) -> None:
        self.keyring = FakeKeyring()
        self.status = 400
        self.device_answer: dict[str, object] | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        raw, percent, encoded, cut = (
            "Invalid " + ", ".join(map(write, (ACCESS, REFRESH, CLIENT, DEVICE)))
            for write in SPELLINGS.values()
        )
        if request.url.path.startswith("/.well-known/"):
            return httpx.Response(200, json=METADATA)
        if request.url.path == "/device" and self.device_answer:
            return httpx.Response(200, json=self.device_answer)
        members = {
            "error": raw,
            "error_description": percent,
            "error_uri": encoded,
            "trace_id": cut,
            "message": raw,
            "sub": "dana",
            raw: percent,
            "scopes": ["read", raw, percent, encoded, cut],
        }
        if 200 <= self.status < 300:
            del members["error"]
        headers = {"location": f"https://{cut}/", "x-words": raw, "content-type": percent}
        return httpx.Response(
            self.status,
            content=streamed(json.dumps(members)),
            headers=headers,
            extensions={"reason_phrase": raw.encode()},
        )


@pytest.fixture
def repeater(monkeypatch: pytest.MonkeyPatch) -> Repeater:
    """A server, and a profile with a client secret and tokens from it."""
    write_profile(ISSUER)
    profile, repeating = load_configuration().find(PROFILE_ID), Repeater()
    keyring = repeating.keyring
    now = datetime.now(UTC)
    tokens = TokenSet(
        access_token=ACCESS,
        refresh_token=REFRESH,
        token_type="Bearer",
        scope=("read",),
        requested_scope=("read",),
        issued_at=now,
        expires_at=now + timedelta(hours=1),
        account=Account(),
    )
    saved = encode_tokens(SavedTokens(tokens, {}), issued_for=tokens_binding(profile))
    keyring.entries[tokens_key(profile)] = saved
    keyring.entries[client_secret_key(profile)] = saved_client_secret(CLIENT, profile)

    async def open_http(_profile: Profile, /, **_given: object) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(repeating))

    def environment(_worker: Worker, **_given: object) -> Environment:
        lock = asyncio.Lock()
        return Environment(keyring, open_http, TodaysClock(), lambda _key: lock)

    for module in (authorized_call, profile_context, grants, login, logout, whoami):
        monkeypatch.setattr(module, "real_environment", environment)
    monkeypatch.setattr(real_environment, "real_environment", environment)
    given = AccessToken(ACCESS, "Bearer", tokens.expires_at, ("read",))
    for module in (authorized_call, grants, whoami):
        monkeypatch.setattr(module, "fetch_token", lambda *_, **__: given)
    monkeypatch.setattr(keyring_vault, "open_vault", PlainModel)
    return repeating


class TodaysClock(HurriedClock):
    """A clock that begins now."""

    def utc(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.elapsed)


def printed(*arguments: str) -> str:
    """Everything that the command prints and logs; it must print something."""
    found = CliRunner().invoke(program, arguments, standalone_mode=False)
    assert found.exception is None or isinstance(found.exception, SystemExit)
    logs = "".join(each.read_text("utf-8") for each in log_folder().glob("*.log"))
    assert found.output
    return found.output + logs


def assert_no_secrets(text: str, *more: str) -> None:
    for secret in (ACCESS, REFRESH, CLIENT, *more):
        for spelling in SPELLINGS.values():
            assert spelling(secret) not in text
        assert secret[:8].lower() not in text.lower()


@pytest.mark.parametrize(
    "arguments",
    [
        ("whoami",),
        ("whoami", "--json"),
        ("grants", "status", "--json"),
        ("csrf-token", "--json"),
        ("profiles", "check", PROFILE_ID),
        ("login", "--again"),
        ("login", "--again", "--json"),
        ("--verbose", "login", "--again"),
    ],
    ids=" ".join,
)
def test_no_command_prints_what_a_server_repeats(
    repeater: Repeater, arguments: tuple[str, ...]
) -> None:
    for status in (200, 302, 400, 401, 500):
        repeater.status = status
        assert_no_secrets(printed(*arguments))


def test_while_a_code_waits_no_command_prints_what_a_server_repeats(repeater: Repeater) -> None:
    repeater.device_answer = {
        "device_code": DEVICE,
        "user_code": "WDJB-MJHT",
        "verification_uri": f"{ISSUER}/activate",
        "verification_uri_complete": f"{ISSUER}/activate?device_code={DEVICE}",
        "expires_in": 60,
    }
    for status in (400, 500):
        repeater.status = status
        for form in ((), ("--json",), ("--qr",)):
            text = printed("login", "--again", *form)
            assert "WDJB-MJHT" in text
            assert_no_secrets(text, DEVICE)


def test_an_expired_token_is_renewed_without_repeated_secrets(
    repeater: Repeater, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_source, "_request_token", refuse)
    monkeypatch.setattr(indexed_keystore, "system_keystore", lambda: repeater.keyring)
    key = tokens_key(load_configuration().find(PROFILE_ID))
    saved = json.loads(repeater.keyring.entries[key])
    saved |= {"issued_at": saved["issued_at"] - 7200, "expires_at": saved["expires_at"] - 7200}
    for status in (400, 401, 500):
        repeater.keyring.entries[key] = json.dumps(saved)
        repeater.status = status
        assert_no_secrets(printed("token"))


def refuse(**_given: object) -> NoReturn:
    raise NotRunning


def test_a_call_explains_an_error_without_repeated_secrets(repeater: Repeater) -> None:
    for status in (302, 400, 401, 403, 500):
        repeater.status = status
        found = CliRunner().invoke(program, ["api", "GET", "/x", "-i"], standalone_mode=False)
        assert found.stderr
        assert_no_secrets(found.stderr)
        head, _, body = found.stdout.partition("\n\n")
        assert_no_secrets(head)
        assert json.loads(body)["message"].startswith(f"Invalid {ACCESS}"), "a pipe gets all of it"


@pytest.mark.usefixtures("terminal")
def test_a_terminal_shows_a_response_without_repeated_secrets(repeater: Repeater) -> None:
    repeater.status = 200
    text = printed("api", "GET", "/x", "-i")
    assert '"sub": "dana"' in text
    assert_no_secrets(text)


def test_a_token_against_forged_requests_is_no_secret_of_ours(
    repeater: Repeater, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=streamed(json.dumps({"csrf_token": REFRESH})))

    monkeypatch.setattr(Repeater, "__call__", lambda _self, request: answer(request))
    for form in ((), ("--json",)):
        assert_no_secrets(printed("csrf-token", *form))
    assert repeater.status == 400
