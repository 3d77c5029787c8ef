"""Reading a policy; an invalid one forbids everything."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.services.configuration import policy_reader as policy_reading
from desktop.services.configuration.policy_reader import load_policy, parse_policy
from desktop.services.configuration.policy_sources import RawPolicy, UnusablePolicyError
from desktop.services.model.copy_formats import CopyFormat
from desktop.services.model.members import Kind, Member
from desktop.services.model.policy import NO_POLICY, POLICY, Policy
from desktop.services.model.profile import MEMBERS, BrokenPolicy
from desktop.services.model.settings import Settings
from desktop.services.wording.messages import Remedy, advice_for

SOURCE = "/etc/xdg/xdr-login/policy.toml"
PROFILES = {"northwind": {"client_id": "client-1", "preset": "xdr-eu"}}
AS_TEXT = '[profiles.northwind]\nclient_id = "client-1"\npreset = "xdr-eu"'


def read(members: dict[str, Any], *, registry: bool = False) -> Policy:
    return parse_policy(RawPolicy(SOURCE, members, numbers_are_switches=registry))


def complaint(members: dict[str, Any], *, registry: bool = False) -> str:
    with pytest.raises(UnusablePolicyError) as raised:
        read(members, registry=registry)
    assert raised.value.source == SOURCE
    return raised.value.reason


def test_an_empty_policy_decides_nothing() -> None:
    assert read({}) == Policy(source=SOURCE)


def test_a_policy_can_set_everything() -> None:
    members = {
        "own_profiles": False,
        "device_grant": False,
        "complete_link": False,
        "dpop": "required",
        "presence": "ask",
        "unattended_profiles": False,
        "services": ["platform", "conure"],
        "own_services": False,
        "proxy": "http://proxy.example:3128",
        "ca_file": "/etc/ssl/northwind.pem",
        "formats": {"curl": False, "json": True},
        "settings": {"clipboard_seconds": 15, "keep_fresh": False},
        "profiles": PROFILES,
    }
    assert read(members) == Policy(
        source=SOURCE,
        profiles=PROFILES,
        own_profiles=False,
        forbidden_formats=frozenset({"CURL"}),
        device_grant=False,
        complete_link=False,
        dpop="required",
        presence="ask",
        unattended_profiles=False,
        services=("platform", "conure"),
        own_services=False,
        settings={"clipboard_seconds": 15, "keep_fresh": False},
        proxy="http://proxy.example:3128",
        ca_file="/etc/ssl/northwind.pem",
    )
    assert members.keys() == {each.name for each in POLICY.values()}


@pytest.mark.parametrize("value", [AS_TEXT, AS_TEXT.splitlines()])
def test_profiles_of_a_policy_can_be_toml_text(value: object) -> None:
    assert read({"profiles": value}).profiles == PROFILES


@pytest.mark.parametrize("value", ["platform conure", ["platform", "conure"]])
def test_the_services_of_a_policy_are_a_list_or_a_text_as_in_the_registry(value: object) -> None:
    assert read({"services": value}, registry=True).services == ("platform", "conure")


def test_switches_are_numbers_in_the_registry() -> None:
    members = {"device_grant": 0, "complete_link": 1, "formats": {"curl": 0}}
    policy = read(members, registry=True)
    assert not policy.device_grant
    assert policy.complete_link
    assert policy.forbidden_formats == {"CURL"}
    assert read({"settings": {"clipboard_seconds": 15}}, registry=True).settings == {
        "clipboard_seconds": 15
    }


@pytest.mark.parametrize("value", [2, -1, "0", True, None])
def test_other_numbers_in_the_registry_are_rejected(value: object) -> None:
    assert complaint({"device_grant": value}, registry=True) == (
        "`device_grant` must be true or false"
    )


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"device_grant": "false"}, "`device_grant` must be true or false"),
        ({"device_grant": 0}, "`device_grant` must be true or false"),
        ({"formats": []}, "`formats` must be a table"),
        ({"formats": {"curl": 0}}, "`formats.curl` must be true or false"),
        (
            {"settings": {"clipboard_seconds": 3}},
            "`settings.clipboard_seconds` must be a number from 5 to 300",
        ),
        (
            {"settings": {"clipboard_seconds": 15.0}},
            "`settings.clipboard_seconds` must be a number from 5 to 300",
        ),
        (
            {"settings": {"theme": "pink"}},
            "`settings.theme` must be one of system, light, dark",
        ),
        ({"proxy": 3128}, "`proxy` must be a string"),
        (
            {"proxy": "proxy.example"},
            (
                "`proxy` must be system, none, or like http://proxy.example:3128 (only http "
                "and https are supported, not SOCKS)"
            ),
        ),
        (
            {"profiles": 1},
            "`profiles` must be a table of profiles, or the text of a profiles.toml",
        ),
        (
            {"profiles": 'client_id = "client-1"'},
            "`profiles` must be a table of profiles, or the text of a profiles.toml",
        ),
        ({"own_profile": False}, "unknown key `own_profile` (did you mean `own_profiles`?)"),
        (
            {"formats": {"powershel": False}},
            "unknown key `formats.powershel` (did you mean `formats.powershell`?)",
        ),
        (
            {"own_profiles": False},
            "`own_profiles` is false, but `profiles` has none to use instead",
        ),
    ],
)
def test_what_makes_no_sense_is_told(members: dict[str, Any], why: str) -> None:
    assert complaint(members) == why


def test_profiles_that_are_not_valid_toml_are_reported() -> None:
    assert complaint({"profiles": "[profiles"}).startswith("error in `profiles`: ")


def test_what_a_later_version_may_know_does_no_harm(expect_log: Any) -> None:  # noqa: ANN401
    expect_log("unknown key: watermark")
    assert read({"watermark": True, "device_grant": False}).device_grant is False


def test_without_a_policy_nothing_is_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_reading, "find_policy", lambda: None)
    assert load_policy() is NO_POLICY


def test_a_policy_is_loaded_from_where_it_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    found = RawPolicy(SOURCE, {"device_grant": False})
    monkeypatch.setattr(policy_reading, "find_policy", lambda: found)
    assert load_policy() == Policy(source=SOURCE, device_grant=False)


def test_a_broken_policy_is_a_value_that_says_why(
    monkeypatch: pytest.MonkeyPatch,
    expect_log: Any,  # noqa: ANN401
) -> None:
    expect_log("invalid policy")
    monkeypatch.setattr(policy_reading, "find_policy", lambda: RawPolicy(SOURCE, {"formats": 1}))
    assert load_policy() == Policy(source=SOURCE, load_error="`formats` must be a table")


def test_a_broken_policy_is_told_with_who_can_help() -> None:
    advice = advice_for(BrokenPolicy(Path(SOURCE), "`formats` must be a table"))
    assert advice.title == "This computer's policy is invalid"
    assert advice.text == (
        f"There's a problem with {Path(SOURCE)}: `formats` must be a table. No one can sign in on "
        "this computer until the policy is corrected. Tell your administrator, then try again."
    )
    assert advice.remedies == (Remedy.TRY_AGAIN,)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from([each.name for each in POLICY.values()]) | st.text()


@given(members=st.dictionaries(NAMES, VALUES, max_size=5), registry=st.booleans())
def test_whatever_is_written_gives_a_policy_or_a_complaint(
    members: dict[str, Any],
    registry: bool,  # noqa: FBT001 - hypothesis passes it so
) -> None:
    policy_reading._log.disabled = True  # of members that are not known
    try:
        policy = read(members, registry=registry)
    except UnusablePolicyError:
        return
    finally:
        policy_reading._log.disabled = False
    assert policy.device_grant is members.get("device_grant", True) or registry


# The schema, and what else knows the same


def test_the_schema_knows_every_setting_that_can_be_locked() -> None:
    # What the system does at login, and which profile was used last, are nobody's decision.
    free = {"start_at_login", "profile", "recent_profiles", "api_service"}
    assert POLICY["settings"].members.keys() == {each.name for each in fields(Settings)} - free


def test_every_copy_format_can_be_forbidden() -> None:
    formats = {each.name.lower(): False for each in CopyFormat}
    assert read({"formats": formats}).forbidden_formats == {each.name for each in CopyFormat}


@pytest.mark.parametrize("member", MEMBERS.values(), ids=lambda each: each.name)
def test_profiles_are_read_by_the_kinds_of_the_schema(member: Member) -> None:
    from desktop.services.configuration.profile_reader import read_profiles

    wrong: object = 1 if member.kind is not Kind.NUMBER else "x"
    table = {"client_id": "client-1", "issuer": "https://login.example", member.name: wrong}
    found = read_profiles(Path("profiles.toml"), {"profiles": {"x": table}})
    assert "x" in found.broken
    for choice in member.choices:
        usable = {
            "client_id": "client-1",
            "issuer": "https://login.example",
            member.name: choice,
        }
        assert "x" in read_profiles(Path("profiles.toml"), {"profiles": {"x": usable}}).good
