"""docs/profiles.md says all that can be written, and what it shows works."""

import re
from pathlib import Path

import pytest

from desktop.services.configuration.profile_reader import load_presets, load_profiles
from desktop.services.model.profile import MEMBERS

TEXT = (Path(__file__).parents[3] / "docs" / "profiles.md").read_text("utf-8")
CHOICES = {choice for each in MEMBERS.values() for choice in each.choices if choice}
EXAMPLES = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_can_be_pasted(tmp_path: Path, example: str) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text(example, "utf-8")
    found = load_profiles(file)
    assert found.good
    assert not found.broken


@pytest.mark.parametrize("name", sorted({*load_presets(), *CHOICES}))
def test_what_can_be_written_is_explained(name: str) -> None:
    assert re.search(rf"`(grant = \")?{re.escape(name)}(\"?)`", TEXT)
