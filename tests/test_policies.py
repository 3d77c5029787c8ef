"""Policy templates and schemas match the configuration schema and the docs."""

import json
import plistlib
import re
import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft7Validator
from policies.generated_files import ROOT, render

from desktop.services.configuration.load import load_allowed_profiles
from desktop.services.configuration.policy_reader import parse_policy
from desktop.services.configuration.policy_sources import MACOS_FILE, WINDOWS_KEY, RawPolicy
from desktop.services.configuration.profile_reader import read_profiles
from desktop.services.model.members import Kind, Member
from desktop.services.model.policy import POLICY
from desktop.services.model.profile import MEMBERS, Profile

ADMX = ROOT / "packaging/policies/windows/XDRLogin.admx"
ADML = ROOT / "packaging/policies/windows/en-US/XDRLogin.adml"
MOBILECONFIG = ROOT / "packaging/policies/macos/XDRLogin.mobileconfig"
GUIDE = (ROOT / "docs/administrators.md").read_text("utf-8")
SCHEMAS = ROOT / "resources/schemas"
SPACE = "{http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions}"


@pytest.mark.parametrize("name", render())
def test_every_generated_file_is_up_to_date(name: str) -> None:
    assert (ROOT / name).read_bytes().replace(b"\r\n", b"\n") == render()[name], (
        "run: python3 dev.py policies"
    )


# Windows


def leaves() -> dict[str, Member]:
    """Return all members with a value in the registry, by their path below the key."""
    found: dict[str, Member] = {}
    for member in POLICY.values():
        if member.kind is Kind.MEMBERS:
            found |= {rf"\{member.name}\{each.name}": each for each in member.members.values()}
        else:
            found[rf"\{member.name}"] = member
    return found


def policies() -> list[ET.Element]:
    return ET.parse(ADMX).getroot().findall(f"{SPACE}policies/{SPACE}policy")  # noqa: S314 - ours


def values_of(policy: ET.Element) -> list[str]:
    key = policy.attrib["key"].removeprefix(WINDOWS_KEY)
    named = [policy, *policy.findall(f"{SPACE}elements/*")]
    return [rf"{key}\{each.attrib['valueName']}" for each in named if "valueName" in each.attrib]


def test_the_template_has_every_member_once_where_the_app_reads_it() -> None:
    written = [value for policy in policies() for value in values_of(policy)]
    assert sorted(written) == sorted(leaves())
    assert all(policy.attrib["class"] == "Machine" for policy in policies())


def test_every_reference_of_the_template_has_a_target() -> None:
    admx, adml = ADMX.read_text("utf-8"), ET.parse(ADML).getroot()  # noqa: S314 - ours
    strings = {each.attrib["id"] for each in adml.iter(f"{SPACE}string")}
    assert set(re.findall(r"\$\(string\.(\w+)\)", admx)) == strings
    presentations = {each.attrib["id"]: each for each in adml.iter(f"{SPACE}presentation")}
    assert set(re.findall(r"\$\(presentation\.(\w+)\)", admx)) == presentations.keys()
    root = ET.parse(ADMX).getroot()  # noqa: S314 - ours
    categories = {each.attrib["name"] for each in root.iter(f"{SPACE}category")}
    assert {each.attrib["ref"] for each in root.iter(f"{SPACE}parentCategory")} <= categories
    for policy in policies():
        elements = {each.attrib["id"] for each in policy.findall(f"{SPACE}elements/*")}
        if elements:
            shown = presentations[policy.attrib["name"]]
            assert {each.attrib["refId"] for each in shown} == elements


def test_the_elements_of_a_policy_have_the_required_order() -> None:
    order = ["parentCategory", "supportedOn", "enabledValue", "disabledValue", "elements"]
    for policy in policies():
        names = [each.tag.removeprefix(SPACE) for each in policy]
        assert names == [each for each in order if each in names]
    top = [each.tag.removeprefix(SPACE) for each in ET.parse(ADMX).getroot()]  # noqa: S314 - ours
    assert top == ["policyNamespaces", "resources", "supportedOn", "categories", "policies"]


def test_every_policy_has_texts() -> None:
    for text in ET.parse(ADML).getroot().iter(f"{SPACE}string"):  # noqa: S314 - ours
        assert text.text
        assert text.text.strip()


def test_the_app_reads_what_the_template_writes() -> None:
    members: dict[str, Any] = {"formats": {}, "settings": {}}
    for policy in policies():
        for value in values_of(policy):
            *table, name = value.strip("\\").split("\\")
            (members[table[0]] if table else members)[name] = _lowest_value(policy)
    members["profiles"] = ["[profiles.x]", 'client_id = "a"', 'preset = "xdr-eu"']
    members["settings"]["browser"] = ""
    members["services"] = "platform conure"
    members["proxy"], members["ca_file"] = "http://proxy.example:3128", r"C:\northwind.pem"
    found = parse_policy(RawPolicy("HKLM", members, numbers_are_switches=True))
    assert not found.device_grant
    assert found.services == ("platform", "conure")
    assert found.settings["clipboard_seconds"] == 5
    assert len(found.forbidden_formats) == len(members["formats"])


def _lowest_value(policy: ET.Element) -> object:
    text = policy.find(f"{SPACE}elements/{SPACE}enum/{SPACE}item/{SPACE}value/{SPACE}string")
    if text is not None:
        return text.text
    decimal = policy.find(f"{SPACE}elements/{SPACE}decimal")
    return 0 if decimal is None else int(decimal.attrib["minValue"])


# macOS


def test_the_configuration_profile_is_a_policy_with_defaults() -> None:
    profile = plistlib.loads(MOBILECONFIG.read_bytes())
    (content,) = profile["PayloadContent"]
    assert content["PayloadType"] == MACOS_FILE.stem
    assert profile["PayloadScope"] == "System"
    members = {name: value for name, value in content.items() if not name.startswith("Payload")}
    assert members.keys() == {each.name for each in POLICY.values()}
    policy = parse_policy(RawPolicy("", members))
    assert policy.own_profiles
    assert policy.device_grant
    assert not policy.forbidden_formats
    assert not read_profiles(Path(), {"profiles": policy.profiles}).broken
    assert profile["PayloadUUID"] != content["PayloadUUID"]


# Editors


def validator(name: str) -> Draft7Validator:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_bytes())
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def examples(text: str) -> list[str]:
    """Return the TOML blocks of a page."""
    return re.findall(r"^ *```toml\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)


def test_the_examples_of_profiles_match_the_schema() -> None:
    found = examples((ROOT / "docs/profiles.md").read_text("utf-8"))
    assert found
    for text in found:
        assert not [each.message for each in validator("profiles").iter_errors(tomllib.loads(text))]


def test_the_example_file_matches_the_schema() -> None:
    text = (ROOT / "resources/profiles.example.toml").read_text("utf-8")
    uncommented = re.sub(r"^# (?=\[|\w+ = )", "", text, flags=re.MULTILINE)
    document = tomllib.loads(uncommented)
    assert document["profiles"]
    assert not list(validator("profiles").iter_errors(document))


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"client_id": "a"},
        {"client_id": "a", "preset": "xdr-moon"},
        {"client_id": "a", "preset": "xdr-eu", "clientid": "b"},
        {"client_id": "a", "preset": "xdr-eu", "color": "#12"},
        {"client_id": "a", "preset": "xdr-eu", "settings": {"start_hidden": True}},
        {"client_id": "a", "preset": "xdr-eu", "scope": [1]},
        {"client_id": "a", "preset": "xdr-eu", "services": ["https://api.example"]},
        {"client_id": "a", "preset": "xdr-eu", "services": {"Api": "https://api.example"}},
    ],
)
def test_the_schema_rejects_what_the_app_rejects(members: dict[str, object]) -> None:
    document = {"profiles": {"x": members}}
    assert list(validator("profiles").iter_errors(document))
    assert read_profiles(Path("profiles.toml"), document).broken


def test_the_examples_for_administrators_match_the_schema_and_are_read() -> None:
    found = examples(GUIDE)
    assert found
    for text in found:
        document = tomllib.loads(text)
        assert not [each.message for each in validator("policy").iter_errors(document)]
        policy = parse_policy(RawPolicy("policy.toml", document))
        assert not read_profiles(Path(), {"profiles": policy.profiles}).broken


def recommended_policies() -> list[str]:
    return examples(GUIDE.partition("## Recommended policies\n")[2].partition("\n## ")[0])


def profile_under(text: str, tmp_path: Path) -> Profile:
    """Load the profile of a recommended policy as the app does, where people have others too."""
    own = tmp_path / "profiles.toml"
    own.write_text('[profiles.own]\nclient_id = "a"\npreset = "xdr-eu"\nunattended = true\n')
    policy = parse_policy(RawPolicy("policy.toml", tomllib.loads(text)))
    found = load_allowed_profiles(own, policy)
    assert not found.broken
    assert not any(each.unattended for id_, each in found.good.items() if id_ == "own")
    return found.find(None)


def test_every_recommended_policy_records_events_and_has_profiles_that_work(
    tmp_path: Path,
) -> None:
    found = [profile_under(each, tmp_path) for each in recommended_policies()]
    assert [(each.grant, each.presence, each.unattended) for each in found] == [
        ("device", "ask", False),
        ("device", "never", False),
        ("client-credentials", "never", True),
        ("code", "never", False),
    ]
    for each in found:
        policy = each.policy
        assert policy.settings["audit"] == "system"
        assert policy.device_grant is (each.grant == "device")
        assert policy.complete_link is (each.grant != "device")


def test_where_nobody_can_be_asked_the_recommended_policies_do_not_ask(tmp_path: Path) -> None:
    desktop, remote, server, _ = (profile_under(each, tmp_path) for each in recommended_policies())
    assert desktop.policy.settings["ask_for_tokens"] is True
    for each in (remote, server):
        assert each.policy.settings["ask_for_tokens"] is False
        assert not each.demands_presence


@pytest.mark.parametrize("member", POLICY.values(), ids=lambda each: each.name)
def test_the_guide_for_administrators_explains_every_member(member: Member) -> None:
    assert f"| `{member.name}` |" in GUIDE
    for each in member.members.values() if member.name in {"formats", "settings"} else ():
        assert f"`{each.name}`" in GUIDE


def test_every_member_has_a_description() -> None:
    assert all(each.description.endswith(".") for each in (*MEMBERS.values(), *POLICY.values()))
