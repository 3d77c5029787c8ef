"""`xdr-login credential`: what kubectl, git and curl themselves make of it."""

import asyncio
import base64
import io
import json
import os
import re
import shlex
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from desktop.__main__ import main
from desktop.cli.scripts import credential
from desktop.cli.scripts import token_source as access_module
from desktop.oauth.clock import SystemClock
from desktop.oauth.model.token_set import Account, TokenSet
from desktop.services.configuration.profile_reader import load_profiles
from desktop.services.model.access_token import AccessToken
from desktop.services.model.copy_formats import CopyFormat
from desktop.services.model.errors import FormatForbidden
from desktop.services.model.policy import Policy
from desktop.services.model.profile import Profile
from desktop.services.secrets.indexed_keystore import system_keystore
from desktop.services.secrets.shared_lock import shared_lock
from desktop.services.secrets.token_store import TokenStore
from desktop.services.system.paths import locks_folder
from tests.cli.commands import COMMAND, CommandHarness, environment
from tests.rigs.authority import Authority
from tests.rigs.secret_service import SecretStore, use_keyring_of

TOKEN = "token-SECRET.of_the~tests"
ID_TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJkYW5hIn0.c2lnbmF0dXJl"
PAGE = (Path(__file__).parents[3] / "docs" / "command-line.md").read_text("utf-8")


@dataclass
class Recorder:
    """An https server that wants a credential, and what it was sent."""

    url: str
    seen: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        return self.url.removeprefix("https://")


@pytest.fixture
def https(authority: Authority) -> Iterator[Recorder]:
    """A server over TLS on this computer."""
    recorder = Recorder("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given = self.headers.get("Authorization")
            if given is None:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="x"')
            else:
                recorder.seen.append(given)
                self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.pair)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    recorder.url = f"https://127.0.0.1:{server.server_port}"
    yield recorder
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class SignedIn:
    """A home where a token for `https` is in the keyring."""

    home: Path
    store: SecretStore

    @property
    def base(self) -> dict[str, str]:
        # git and kubectl call the command by its name.
        path = f"{self.home / 'bin'}:{os.environ['PATH']}"
        return {**environment(self.store.environment), "PATH": path, "GIT_TERMINAL_PROMPT": "0"}

    def run(self, *command: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=self.base,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


@pytest.fixture
def signed_in(secret_service: SecretStore, own_folders: Path, https: Recorder) -> SignedIn:
    file = own_folders / "config" / "xdr-login" / "profiles.toml"
    file.parent.mkdir()
    file.write_text(f'[profiles.soc]\nissuer = "{https.url}"\nclient_id = "c"\n')
    now = datetime.now(UTC)
    tokens = TokenSet(
        access_token=TOKEN,
        refresh_token=None,
        token_type="Bearer",
        scope=("read",),
        requested_scope=("read",),
        issued_at=now,
        expires_at=now + timedelta(hours=1),
        account=Account("", ""),
        id_token=ID_TOKEN,
        id_expires_at=now + timedelta(minutes=30),
    )
    with use_keyring_of(secret_service):
        lock = partial(shared_lock, locks_folder(), clock=SystemClock())
        store = TokenStore(load_profiles(file).find("soc"), system_keystore(), lock)
        asyncio.run(store.save(tokens, {}))
    assert store.save_error is None
    command = own_folders / "bin" / "xdr-login"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {" ".join(COMMAND)} "$@"\n')
    command.chmod(0o755)
    return SignedIn(own_folders, secret_service)


def git(signed_in: SignedIn, *arguments: str, typed: str = "") -> list[str]:
    """What git answers, with this program as its only helper."""
    helper = ("-c", "credential.helper=", "-c", "credential.helper=!xdr-login credential git")
    insecure = ("-c", "http.sslVerify=false")
    return signed_in.run("git", *helper, *insecure, *arguments, typed=typed).stdout.splitlines()


def test_git_gets_the_token_for_the_host_of_the_profile(
    signed_in: SignedIn, https: Recorder
) -> None:
    told = git(signed_in, "credential", "fill", typed=f"protocol=https\nhost={https.host}\n\n")
    assert f"password={TOKEN}" in told
    assert "username=oauth2" in told


def test_git_signs_in_with_it(signed_in: SignedIn, https: Recorder) -> None:
    git(signed_in, "ls-remote", f"{https.url}/team/rules.git")
    user = base64.b64decode(https.seen[0].removeprefix("Basic ")).decode()
    assert user == f"oauth2:{TOKEN}"


@pytest.mark.parametrize(
    "asked",
    [
        "protocol=https\nhost=evil.example\n",
        "protocol=http\nhost={host}\n",
        "protocol=https\nhost={host}.evil.example\n",
        "protocol=https\nhost=127.0.0.1\n",  # another port
        "protocol=https\n",
        "",
        "nonsense",
        "protocol=https\nhost=evil.example/{host}\n",
        "protocol=https\nhost=evil.example#@{host}\n",
        "url=https://{host}@evil.example/\n",
        "protocol=https\nhost={host}/@evil.example\n",
        # What git makes of https://x%0Dhost=...@evil.example, and of other ends of a line.
        "protocol=https\nhost=evil.example\nusername=x\rhost={host}\n",
        "protocol=https\nhost=evil.example\nusername=x\vhost={host}\n",
        "protocol=https\nhost=evil.example\npath=x\x85host={host}\n",
        "protocol=https\nhost=evil.example\npath=x\u2028host={host}\n",
    ],
)
def test_other_hosts_get_nothing(signed_in: SignedIn, https: Recorder, asked: str) -> None:
    done = signed_in.run(
        "xdr-login", "credential", "git", "get", typed=asked.format(host=https.host)
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_input_that_is_too_long_gives_no_token(signed_in: SignedIn, https: Recorder) -> None:
    head, tail = "protocol=https\npath=", f"\nhost={https.host}"
    asked = f"{head}{'x' * (64 * 1024 - len(head) - len(tail))}{tail}.evil.example\n\n"
    done = signed_in.run("xdr-login", "credential", "git", "get", typed=asked)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_git_store_and_erase_do_nothing(signed_in: SignedIn, https: Recorder) -> None:
    asked = f"protocol=https\nhost={https.host}\nusername=oauth2\npassword={TOKEN}\n\n"
    for operation in ("store", "erase"):
        done = signed_in.run("xdr-login", "credential", "git", operation, typed=asked)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(signed_in.store.entries()) == 1


def test_git_may_name_the_user_and_the_address(signed_in: SignedIn, https: Recorder) -> None:
    asked = f"url={https.url}/x.git\nusername=dana\n\n"
    done = signed_in.run("xdr-login", "credential", "git", "get", typed=asked)
    assert done.stdout.splitlines()[:2] == ["username=dana", f"password={TOKEN}"]
    assert done.stdout.splitlines()[2].startswith("password_expiry_utc=")


@pytest.mark.parametrize(
    "given",
    [
        b'protocol=https\nhost={host}\nwwwauth[]=Basic realm="a\tb"\nwwwauth[]=\xff\n\n',
        b"capability[]=authtype\ncapability[]=\nnew=\0\x85\nprotocol=https\nhost={host}\n",
        b"protocol=https\nhost=evil.example\nhost={host}\nno separator\n\n",
        b"protocol=https\nhost={host}",
        b"protocol=https\r\nhost={host}\r\n\r\n",
        b"host=evil.example\nurl=https://{host}\n\nhost=evil.example\n",
        b"url=https://dana:x@{host}?a#b\n",
    ],
)
def test_what_git_adds_does_not_hide_the_host(given: bytes) -> None:
    found = credential._parse_attributes(given.replace(b"{host}", b"git.example"))
    assert (found["protocol"], found["host"]) == ("https", "git.example")
    assert found.get("username", "dana") == "dana"


@pytest.mark.parametrize(
    ("given", "host"),
    [
        (b"url=https://evil.example#@git.example/\n", "evil.example"),
        (b"url=https://evil.example?@git.example/\n", "evil.example"),
        (b"url=https://git.example/\nhost=evil.example\n", "evil.example"),
        (b"url=https://evil.example%0Dhost=git.example/\n", None),
        (b"protocol=https\nhost=git.example\nhost=\n", ""),
        (b"protocol=https\nhost=git.example\nusername=da\0na\n", None),
        (b"protocol=https\r\nhost=git.example\nusername=x\r\n", None),
        (b"protocol=https\nhost=git.example\xff\n", None),
    ],
)
def test_another_host_is_never_taken_for_that_of_the_profile(
    given: bytes, host: str | None
) -> None:
    assert credential._parse_attributes(given).get("host") == host


@pytest.mark.usefixtures("own_folders")
@pytest.mark.parametrize("operation", ["capability", "approve", "get", "store"])
def test_an_unknown_operation_of_git_is_silent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], operation: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"host=x\n")))
    assert main(["credential", "git", operation]) == 0
    assert capsys.readouterr() == ("", "")


def test_kubectl_gets_an_exec_credential(signed_in: SignedIn) -> None:
    done = signed_in.run("xdr-login", "credential", "kubectl")
    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert found["apiVersion"] == "client.authentication.k8s.io/v1"
    assert found["kind"] == "ExecCredential"
    assert found["status"]["token"] == TOKEN
    left = datetime.fromisoformat(found["status"]["expirationTimestamp"]) - datetime.now(UTC)
    assert timedelta(minutes=58) < left <= timedelta(hours=1)
    assert set(found) == {"apiVersion", "kind", "status"}


def test_kubectl_gets_the_id_token_until_that_expires(signed_in: SignedIn) -> None:
    done = signed_in.run("xdr-login", "credential", "kubectl", "--id-token")
    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert found["status"]["token"] == ID_TOKEN
    left = datetime.fromisoformat(found["status"]["expirationTimestamp"]) - datetime.now(UTC)
    assert timedelta(minutes=28) < left <= timedelta(minutes=30)
    assert TOKEN not in done.stdout
    printed = signed_in.run("xdr-login", "token", "--id-token")
    assert (printed.returncode, printed.stdout) == (0, f"{ID_TOKEN}\n")


@pytest.mark.parametrize(
    ("info", "version"),
    [
        ('{"apiVersion": "client.authentication.k8s.io/v1beta1"}', "v1beta1"),
        ('{"apiVersion": "client.authentication.k8s.io/v9"}', "v1"),
        ("nonsense", "v1"),
        ("[]", "v1"),
        ("[" * 100_000, "v1"),
    ],
)
def test_kubectl_is_answered_in_the_version_that_it_names(
    monkeypatch: pytest.MonkeyPatch, info: str, version: str
) -> None:
    from desktop.cli.scripts.credential import _requested_api_version

    monkeypatch.setenv("KUBERNETES_EXEC_INFO", info)
    assert _requested_api_version() == f"client.authentication.k8s.io/{version}"


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="there is no kubectl here")
def test_kubectl_itself_sends_the_token(signed_in: SignedIn, https: Recorder) -> None:
    config = signed_in.home / "kubeconfig"
    config.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "x",
                "clusters": [
                    {
                        "name": "x",
                        "cluster": {"server": https.url, "insecure-skip-tls-verify": True},
                    }
                ],
                "contexts": [{"name": "x", "context": {"cluster": "x", "user": "me"}}],
            }
        )
    )
    (line,) = re.findall(r"^kubectl (config (?:.*\\\n)*.*)", PAGE, re.MULTILINE)
    done = signed_in.run(
        "kubectl", f"--kubeconfig={config}", *shlex.split(line.replace("\\\n", ""))
    )
    assert done.returncode == 0, done.stderr
    signed_in.run("kubectl", f"--kubeconfig={config}", "get", "--raw", "/version")
    assert https.seen[:1] == [f"Bearer {TOKEN}"]


def test_curl_reads_its_line(signed_in: SignedIn, https: Recorder) -> None:
    line = signed_in.run("xdr-login", "token", "--format", "curl")
    assert (line.returncode, line.stderr) == (0, "")
    signed_in.run("curl", "--silent", "--insecure", "--config", "-", https.url, typed=line.stdout)
    assert https.seen == [f"Bearer {TOKEN}"]


def test_httpie_reads_the_value_of_the_header(signed_in: SignedIn) -> None:
    assert signed_in.run("xdr-login", "credential", "httpie").stdout == f"Bearer {TOKEN}\n"


@pytest.mark.parametrize("token", ['a"b', "a\\b", "a\nb", "a b", "ä"])
def test_a_token_that_would_end_the_line_is_not_printed(token: str) -> None:
    from desktop.cli.scripts.credential import _require_plain
    from desktop.services.model.errors import UnsafeForShell

    with pytest.raises(UnsafeForShell):
        _require_plain(token)


def test_without_a_sign_in_every_helper_exits_with_3(home: CommandHarness) -> None:
    home.add_profile("soc")
    for name in ("kubectl", "httpie"):
        done = home.run("credential", name)
        assert (done.returncode, done.stdout) == (3, "")


@pytest.mark.parametrize("shape", list(CopyFormat))
def test_forbidden_formats_give_no_token(
    monkeypatch: pytest.MonkeyPatch, shape: CopyFormat
) -> None:
    held = AccessToken("token", "Bearer", None, ())
    monkeypatch.setattr(access_module, "fetch_token", lambda _profile, **_: held)
    policy = Policy(source="policy.toml", forbidden_formats=frozenset({shape.name}))
    profile = Profile(id="soc", name="SOC", client_id="c", policy=policy)
    with pytest.raises(FormatForbidden):
        access_module.fetch_token_in_format(profile, shape)
    other = next(each for each in CopyFormat if each is not shape)
    assert access_module.fetch_token_in_format(profile, other) is held
