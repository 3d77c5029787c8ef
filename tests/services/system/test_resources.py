"""Files that come with the app."""

from pathlib import Path

import pytest

from desktop.services.system.resources import resource


def test_resources_are_found_next_to_the_package_and_inside_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert resource("presets.toml").is_file()
    module = tmp_path / "desktop" / "services" / "system" / "resources.py"
    monkeypatch.setattr("desktop.services.system.resources.__file__", str(module))
    assert resource("x") == tmp_path / "resources" / "x"
    inside = tmp_path / "desktop" / "resources" / "x"
    inside.parent.mkdir(parents=True)
    inside.touch()
    assert resource("x") == inside
