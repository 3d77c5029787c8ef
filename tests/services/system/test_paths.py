"""The folders of the app."""

from pathlib import Path

import pytest

from desktop.services.system import paths


def test_the_folders_belong_to_the_user(own_folders: Path) -> None:
    assert own_folders in paths.profiles_file().parents
    assert own_folders in paths.log_folder().parents
    assert paths.profiles_file().parent.name == "xdr-login"


def test_the_demo_is_found_without_loading_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert paths.demo_is_installed()
    monkeypatch.setattr(
        paths, "find_spec", lambda name: None if name == "cryptography" else object()
    )
    assert not paths.demo_is_installed()
