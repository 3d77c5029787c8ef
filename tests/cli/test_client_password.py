"""Storing a client's password."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from desktop.cli.client_password import store, store_for_proxy

from desktop.cli import client_password
from desktop.services import paths
from desktop.services.computer import system_keystore
from desktop.services.keystore import KeyringLocked
from tests.rigs.secret_service import SecretStore
from tests.services.world import Keyring

KEY = "northwind (client password)"


@pytest.fixture(autouse=True)
def profiles() -> Path:
    file = paths.profiles_file()
    file.parent.mkdir(parents=True)
    file.write_text(
        '[profiles.northwind]\nname = "Northwind SOC"\nclient_id = "client-1"\npreset = "xdr-eu"\n'
        '[profiles.other]\nclient_id = "client-2"\npreset = "xdr-eu"\n'
    )
    return file


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> Keyring:
    made = Keyring()
    monkeypatch.setattr(client_password, "system_keystore", lambda **_: made)
    return made


def kept(keyring: Keyring) -> dict[str, str]:
    return {key: json.loads(value)["password"] for key, value in keyring.kept.items()}


def piped(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\nmore\n"])
def test_a_piped_password_is_stored_as_it_is(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], end: str
) -> None:
    piped(monkeypatch, f" pass word {end}")
    assert store(None) == 0
    assert kept(keyring) == {KEY: " pass word "}
    assert capsys.readouterr() == ("Saved in the keyring.\n", "")


def test_a_typed_password_is_asked_for_without_showing_it(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prompts: list[str] = []

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        return "swordfish"

    monkeypatch.setattr(sys, "stdin", type("Terminal", (), {"isatty": lambda _: True})())
    monkeypatch.setattr("getpass.getpass", ask)
    assert store("northwind") == 0
    assert prompts == ["Password of client-1 (Northwind SOC): "]
    assert kept(keyring) == {KEY: "swordfish"}
    assert "swordfish" not in "".join(capsys.readouterr())


def test_each_profile_has_its_own(keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    piped(monkeypatch, "swordfish")
    assert store("other") == 0
    assert list(keyring.kept) == ["other (client password)"]


def test_an_empty_password_removes_it(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    piped(monkeypatch, "swordfish")
    store(None)
    piped(monkeypatch, "\n")
    assert store(None) == 0
    assert keyring.kept == {}
    assert capsys.readouterr().out.endswith("Removed from the keyring.\n")


@pytest.mark.parametrize("ending", [KeyboardInterrupt, EOFError])
def test_leaving_changes_nothing(
    keyring: Keyring,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ending: type[BaseException],
) -> None:
    def leave(_prompt: str) -> str:
        raise ending

    monkeypatch.setattr(sys, "stdin", type("Terminal", (), {"isatty": lambda _: True})())
    monkeypatch.setattr("getpass.getpass", leave)
    assert store(None) == 130
    assert keyring.done == []
    assert capsys.readouterr().err == "\nCancelled.\n"


def test_a_locked_keyring_is_told(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keyring.errors["save"] = KeyringLocked()
    piped(monkeypatch, "swordfish")
    assert store(None) == 1
    said = capsys.readouterr()
    assert said.err.startswith("The keyring is locked. Unlock it, then try again.")
    assert "swordfish" not in said.err
    assert said.out == ""


def test_an_unknown_profile_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert store("southwind") == 1
    assert "No profile is called “southwind”, only “northwind”, “other”." in capsys.readouterr().err


def test_the_password_of_a_proxy_is_kept_apart(
    profiles: Path, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = profiles.read_text()
    profiles.write_text(f'{text}proxy = "http://proxy.example:3128"\nproxy_user = "dana"\n')
    piped(monkeypatch, "swordfish")
    assert store_for_proxy("other") == 0
    assert kept(keyring) == {"other (proxy password)": "swordfish"}
    value = json.loads(keyring.kept["other (proxy password)"])
    assert value["issued_for"] == "proxy http://proxy.example:3128 dana"


def test_a_proxy_without_a_user_has_no_password(
    keyring: Keyring, capsys: pytest.CaptureFixture[str]
) -> None:
    assert store_for_proxy("northwind") == 1
    assert "“proxy_user”" in capsys.readouterr().err
    assert keyring.done == []


# The whole command, with a real keyring


def command(environment: dict[str, str], typed: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "desktop", "--set-client-password"],
        env={**environment, "PYTHONUTF8": "1"},
        input=typed,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )


async def test_the_command_puts_the_password_into_the_real_store(
    real_keyring: SecretStore,
) -> None:
    done = command(real_keyring.environment, "pässwörd 1\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Saved in the keyring.\n", "")
    value = await system_keystore().load(KEY)
    assert value is not None
    assert json.loads(value)["password"] == "pässwörd 1"
    done = command(real_keyring.environment, "\n")
    assert (done.returncode, done.stdout) == (0, "Removed from the keyring.\n")
    assert real_keyring.entries() == {}


def test_the_command_without_a_keyring_fails() -> None:
    done = command(dict(os.environ), "swordfish\n")
    assert done.returncode == 1
    assert done.stderr.startswith("No keyring to save the token in. ")
    assert done.stdout == ""
