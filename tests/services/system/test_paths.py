"""The folders of the app."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from desktop.services.system import paths


def test_the_folders_belong_to_the_user(own_folders: Path) -> None:
    assert own_folders in paths.profiles_file().parents
    assert own_folders in paths.log_folder().parents
    assert paths.profiles_file().parent.name == "xdr-login"


FOLDERS = (
    paths.profiles_file,
    paths.log_folder,
    paths.keystore_index_folder,
    paths.kept_metadata_folder,
    paths.fallback_runtime_folder,
)

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="other systems have their own")


@linux_only
def test_linux_does_not_wait_for_platformdirs_to_load() -> None:
    code = "from desktop.services.system.paths import *; log_folder(); configuration_folder()"
    code += "; import sys; sys.exit('platformdirs' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@linux_only
def test_relative_folders_are_ignored(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, "relative")
    for folder in (*(each() for each in FOLDERS), paths.data_folder()):
        assert own_folders / "home" in folder.parents


@linux_only
@pytest.mark.parametrize("home", [None, "", "relative", "~"])
def test_without_a_usable_home_that_of_the_account_is_used(
    home: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_home(monkeypatch, home)
    monkeypatch.setattr("pwd.getpwuid", lambda _: SimpleNamespace(pw_dir="/home/dana"))
    assert all(Path("/home/dana") in each().parents for each in FOLDERS)


@linux_only
@pytest.mark.parametrize("folder", [None, "", "relative"])
def test_without_any_home_it_is_an_expected_error(
    folder: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(_user: int) -> SimpleNamespace:
        if folder is None:
            raise KeyError
        return SimpleNamespace(pw_dir=folder)

    forget_home(monkeypatch, None)
    monkeypatch.setattr("pwd.getpwuid", find)
    for each in FOLDERS:
        with pytest.raises(paths.NoHomeFolder):
            each()


def forget_home(monkeypatch: pytest.MonkeyPatch, home: str | None) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "HOME"):
        monkeypatch.delenv(name)
    if home is not None:
        monkeypatch.setenv("HOME", home)


@pytest.mark.parametrize("name", ["there", "not/yet/there"])
def test_a_folder_is_writable_if_it_can_be_made(name: str, own_folders: Path) -> None:
    (own_folders / "there").mkdir()
    (own_folders / "file").touch()
    assert paths.is_writable(own_folders / name)
    assert not paths.is_writable(own_folders / "file" / name)


def test_the_demo_is_found_without_loading_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert paths.demo_is_installed()
    monkeypatch.setattr(
        paths, "find_spec", lambda name: None if name == "cryptography" else object()
    )
    assert not paths.demo_is_installed()
