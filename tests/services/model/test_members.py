"""The table of members drives everything that deals with them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from desktop.services.configuration.profile_draft import draft_of, members_of
from desktop.services.model.members import Kind, Member
from desktop.services.model.profile import EDITABLE, MEMBERS, Profile
from desktop.services.model.settings import SETTINGS

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
# Adds a member to the table, and finds it wherever people meet the members of a profile.
NEW_MEMBER = """
import importlib.util, sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, "packaging")
spec = importlib.util.find_spec("desktop.services.model.profile")
before = "    policy: Policy = NO_POLICY"
line = (
    "    max_age: int = member('Seconds.', default=0, allowed=range(3600), title='Oldest',"
    "        option=Option('SECONDS', 'Ask again.'))"
)
source = Path(spec.origin).read_text("utf-8")
assert source.count(before) == 1
profile = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
exec(compile(source.replace(before, f"{line}\\n{before}"), spec.origin, "exec"), vars(profile))

from PySide6.QtWidgets import QApplication

from desktop.cli.profiles.draft_commands import add
from desktop.cli.profiles.profile_options import apply_options
from desktop.cli.profiles.profiles import _members
from desktop.services.configuration.profile_draft import (
    Draft, draft_of, faults_of, members_of, profile_of
)
from desktop.services.configuration.profile_file import export_profiles, save_profile
from desktop.services.configuration.profile_reader import load_profiles
from desktop.services.wording.field_names import field_name, option_name
from desktop.ui.kit.theme import Theme
from desktop.ui.profiles.form_fields import FOLDED, FormFields
from policies.json_schema import policy_schema, profiles_schema

application = QApplication([])
file = Path(sys.argv[1])
given = {each.name: () if each.multiple else None for each in add.params if each.name != "name"}
draft = Draft(name="x", client_id="c", issuer="https://a.example")
draft = apply_options(draft, {**given, "max_age": "60"})
fields = FormFields({}, profile.NO_POLICY, Theme(application), changed=lambda: None)
fields.fill(draft)
assert fields.draft() == draft, "no field was built"
assert fields.field("max_age").control.value() == "60"
assert fields.draft() == draft and "max_age" in FOLDED
save_profile(file, "x", members_of(draft, {}))
read = load_profiles(file).find("x")
assert read.max_age == 60 and read == profile_of("x", draft, {}) and draft_of(read, {}) == draft
assert "max_age" in export_profiles(file, ["x"]) and _members(read)["max_age"] == 60
assert "from 0 to 3599" in faults_of(replace(draft, max_age="3600"), {})["max_age"]
assert (field_name("max_age"), option_name("max_age")) == ("Oldest", "--max-age")
assert b"max_age" in profiles_schema() and b"max_age" in policy_schema()
"""


def test_one_line_in_the_table_adds_a_member_everywhere(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", NEW_MEMBER, str(tmp_path / "profiles.toml")],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("member", EDITABLE.values(), ids=lambda each: each.name)
def test_what_can_be_edited_has_a_help_and_a_value_to_enter(member: Member) -> None:
    option = member.option
    assert option is not None
    assert option.help.endswith(".")
    assert option.metavar or member.choices, "nothing says what to enter"


def test_a_draft_without_changes_sets_only_what_is_required() -> None:
    members = members_of(draft_of(Profile("x", "X", "c"), {}), {})
    assert {name for name, value in members.items() if value is not None} == {"name", "client_id"}
    assert members.keys() <= MEMBERS.keys()


@pytest.mark.parametrize(
    "setting", [each for each in SETTINGS.values() if each.title], ids=lambda each: each.name
)
def test_the_docs_describe_every_setting_as_it_is(setting: Member) -> None:
    text = (DOCS / "settings.md").read_text("utf-8")
    row = re.search(rf"^\| `{setting.name}` \| `(.*?)` \| (.*) \|$", text, re.MULTILINE)
    assert row, "it has no row"
    assert row[1] == json.dumps(setting.default)
    assert f"**{setting.title}**" in row[2]
    if setting.kind is Kind.NUMBER:
        assert f"{setting.allowed[0]} to {setting.allowed[-1]}" in row[2]
    assert all(f"`{each}`" in row[2] for each in setting.choices)


@pytest.mark.parametrize("name", MEMBERS)
def test_the_docs_have_a_row_for_every_key_of_a_profile(name: str) -> None:
    text = (DOCS / "profiles.md").read_text("utf-8")
    assert re.search(rf"^\| (`\w+`, )*`{name}`(, `\w+`)* \| \S", text, re.MULTILINE)
