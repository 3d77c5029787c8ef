"""The rigs work as the tests that use them require."""

import base64
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import keyring
import pytest
from keyring.errors import KeyringError, KeyringLocked, NoKeyringError

from tests.rigs import oidc_provider as provider_rig
from tests.rigs.browser import BrowserOpener, Person
from tests.rigs.chroot import ALONE
from tests.rigs.display import Display
from tests.rigs.oidc_provider import Client, OidcProvider, Settings, approve, deny
from tests.rigs.other_python import COPY, ROOT, SIGN_INS
from tests.rigs.process import Program, run_program, wait_until
from tests.rigs.secret_service import Bus, SecretStore, use_keyring_of

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"

Fields = dict[str, Any]

WINDOW = """
import sys
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QPushButton

app = QApplication(sys.argv)
button = QPushButton("Open")
button.setWindowTitle("a window of the rigs")
button.clicked.connect(lambda: QDesktopServices.openUrl(QUrl(sys.argv[1])))
button.show()
app.exec()
"""


def show_window(display: Display, address: str) -> AbstractContextManager[Program]:
    return run_program([sys.executable, "-c", WINDOW, address], display.environment)


def test_a_window_is_managed_and_can_be_captured(display: Display, tmp_path: Path) -> None:
    with show_window(display, "about:blank"):
        window = display.wait_for_window("a window of the rigs")
        extents = display.run("xprop", "-id", window, "_NET_FRAME_EXTENTS")
        picture = display.screenshot(tmp_path / "screen.png")
    assert "=" in extents
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_an_address_opened_by_a_button_can_be_controlled_in_chromium(
    display: Display, browser_opener: BrowserOpener, oidc_provider: OidcProvider
) -> None:
    address = f"{oidc_provider.issuer}/device?user_code=nothing&x=1"
    with show_window(display, address):
        window = display.wait_for_window("a window of the rigs")
        display.run("xdotool", "windowactivate", "--sync", window, "key", "space")
        person = browser_opener.attach()
        heading = person.do(lambda page: page.get_by_role("heading").inner_text()).result()
    assert browser_opener.addresses() == [address]
    assert heading == "Sign-in"


def test_the_keyring_saves_reads_and_deletes_a_secret(real_keyring: SecretStore) -> None:
    keyring.set_password("rig", "analyst", "swordfish")
    assert keyring.get_password("rig", "analyst") == "swordfish"
    assert list(real_keyring.entries().values()) == ["swordfish"]
    keyring.delete_password("rig", "analyst")
    assert keyring.get_password("rig", "analyst") is None


def test_a_locked_keyring_reports_it(real_keyring: SecretStore) -> None:
    keyring.set_password("rig", "analyst", "swordfish")
    real_keyring.lock()
    with pytest.raises(KeyringLocked):
        keyring.get_password("rig", "analyst")


def test_a_bus_without_a_secret_service_has_no_keyring(bare_bus: Bus) -> None:
    with use_keyring_of(bare_bus), pytest.raises(KeyringError):
        keyring.get_password("rig", "analyst")


def test_without_a_rig_there_is_no_keyring() -> None:
    with pytest.raises(NoKeyringError):
        keyring.set_password("rig", "analyst", "swordfish")


def test_the_provider_has_metadata(oidc_provider: OidcProvider) -> None:
    described = httpx.get(f"{oidc_provider.issuer}/.well-known/openid-configuration").json()
    assert described["issuer"] == oidc_provider.issuer
    assert described["device_authorization_endpoint"] == f"{oidc_provider.issuer}/device/auth"
    assert described["revocation_endpoint"] == f"{oidc_provider.issuer}/token/revocation"


@pytest.mark.parametrize("name", ["public", "basic", "post"])
def test_an_approval_in_the_browser_yields_tokens(
    oidc_provider: OidcProvider, person: Person, name: str
) -> None:
    client: Client = getattr(oidc_provider, name)
    device = begin(oidc_provider, client)
    assert ask(oidc_provider, client, device)["error"] == "authorization_pending"
    person.do(lambda page: page.goto(device["verification_uri_complete"])).result()
    person.do(approve).result()
    tokens = ask(oidc_provider, client, device)
    assert {"access_token", "refresh_token", "id_token"} <= tokens.keys()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert httpx.get(f"{oidc_provider.issuer}/me", headers=bearer).json()["name"] == "Ana analyst"


def test_a_refresh_token_is_rotated(oidc_provider: OidcProvider, person: Person) -> None:
    client = oidc_provider.public
    device = begin(oidc_provider, client)
    person.do(lambda page: page.goto(device["verification_uri_complete"])).result()
    person.do(approve).result()
    first = ask(oidc_provider, client, device)["refresh_token"]
    refresh = {"grant_type": "refresh_token", "refresh_token": first}
    assert post(oidc_provider, client, "token", refresh)["refresh_token"] != first
    assert post(oidc_provider, client, "token", refresh)["error"] == "invalid_grant"


def test_aborting_denies_access(oidc_provider: OidcProvider, person: Person) -> None:
    device = begin(oidc_provider, oidc_provider.public)
    person.do(lambda page: page.goto(device["verification_uri_complete"])).result()
    person.do(deny).result()
    assert ask(oidc_provider, oidc_provider.public, device)["error"] == "access_denied"


def test_settings_change_the_answers_of_the_provider(
    start_oidc_provider: Callable[[Settings], OidcProvider],
) -> None:
    provider = start_oidc_provider(Settings(device_code_ttl=1, interval=1))
    device = begin(provider, provider.public)
    assert (device["expires_in"], device["interval"]) == (1, 1)
    time.sleep(1.1)  # real time, because the provider has its own clock
    assert ask(provider, provider.public, device)["error"] == "expired_token"


def begin(provider: OidcProvider, client: Client) -> Fields:
    return post(provider, client, "device/auth", {"scope": "openid profile offline_access"})


def ask(provider: OidcProvider, client: Client, device: Fields) -> Fields:
    body = {"grant_type": DEVICE_CODE, "device_code": device["device_code"]}
    return post(provider, client, "token", body)


def post(provider: OidcProvider, client: Client, path: str, body: Fields) -> Fields:
    headers = {}
    if client.authentication == "client_secret_basic":
        headers["Authorization"] = basic_authorization(client)
    elif client.secret:
        body = body | {"client_secret": client.secret}
    answer = httpx.post(
        f"{provider.issuer}/{path}", data=body | {"client_id": client.id}, headers=headers
    )
    result: Fields = answer.json()
    return result


def basic_authorization(client: Client) -> str:
    from urllib.parse import quote_plus

    pair = f"{quote_plus(client.id)}:{quote_plus(client.secret or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


IN_A_CHROOT = """
import sys
from pathlib import Path
from tests.rigs.chroot import Chroot, run_alone

run_alone(Chroot(Path("/")).entering("sh", "-c", "sleep 600 & echo ready; sleep 600", sys.argv[1]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="chroots exist only on Linux")
def test_an_interrupted_command_in_a_chroot_leaves_nothing_behind() -> None:
    if subprocess.run([*ALONE, "true"], check=False, capture_output=True).returncode:
        pytest.skip("mounting requires root")
    before = Path("/proc/mounts").read_text()
    mark = f"chroot-test-{os.getpid()}"
    command = [sys.executable, "-c", IN_A_CHROOT, mark]
    with run_program(command, os.environ) as program:
        wait_until(lambda: "ready" in program.read_output(), "the command", program)
        program.process.send_signal(signal.SIGINT)
        wait_until(program.has_ended, "the end of the command")
        assert processes_with(mark) == []
    assert Path("/proc/mounts").read_text() == before


def processes_with(mark: str) -> list[str]:
    """Return the processes with this in their arguments."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found += [each.parent.name] if mark.encode() in each.read_bytes() else []
    return found


def test_two_simultaneous_requests_install_the_provider_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, may_end = threading.Semaphore(0), threading.Event()

    def install(_folder: Path) -> None:
        began.release()
        may_end.wait()

    monkeypatch.setattr(provider_rig, "CACHE", tmp_path)
    monkeypatch.setattr(provider_rig, "_npm_install", install)
    askers = [threading.Thread(target=provider_rig.install, daemon=True) for _ in "ab"]
    for asker in askers:
        asker.start()
    began.acquire()
    assert not began.acquire(timeout=0.3)  # the other waits
    may_end.set()
    for asker in askers:
        asker.join()
    assert not began.acquire(blocking=False)
    assert len(list(tmp_path.glob("*/installed"))) == 1


@pytest.mark.parametrize("name", SIGN_INS)
def test_the_sign_ins_for_another_python_exist(name: str) -> None:
    path, _, test = name.partition("::")
    assert f"def {test}(" in (ROOT / path).read_text("utf-8")


# What `tar -c` does when it cannot read a file: it leaves it out and ends with 2.
TAR = 'case "$1" in -c*) {tar} "$@"; exit 2;; esac; exec {tar} "$@"'


@pytest.mark.skipif(sys.platform != "linux", reason="chroots exist only on Linux")
@pytest.mark.parametrize(("tar", "code"), [('exec {tar} "$@"', 0), (TAR, 2)])
def test_an_incomplete_copy_for_another_python_is_an_error(
    tar: str, code: int, tmp_path: Path
) -> None:
    for name, line in (("mount", "exit 0"), ("tar", tar.format(tar=shutil.which("tar")))):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{line}\n")
        program.chmod(0o755)
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "dev.py").touch()
    for folder in ("srv", "tmp"):
        (tmp_path / folder).mkdir()
    path = os.pathsep.join((str(tmp_path / "bin"), os.environ["PATH"]))
    command = ["sh", "-c", COPY, str(tmp_path)]
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(command, cwd=tmp_path / "tree", env=environment, check=False)
    assert done.returncode == code
    assert (tmp_path / "srv" / "dev.py").exists() == (code == 0)


def test_a_program_gets_a_hangup_even_if_the_tests_run_under_nohup() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with run_program(["sleep", "30"], os.environ) as program:
            wait_until(lambda: command_of(program) == "sleep", "the program", program)
            program.process.send_signal(signal.SIGHUP)
            wait_until(program.has_ended, "its end")
            assert program.process.returncode == -signal.SIGHUP
    finally:
        signal.signal(signal.SIGHUP, before)


def command_of(program: Program) -> str:
    return Path(f"/proc/{program.process.pid}/comm").read_text().strip()
