"""Whose profile counts, and what an administrator puts into every one."""

from pathlib import Path
from typing import Any

import pytest

from desktop.services.configuration import load as configuration
from desktop.services.configuration.load import load_allowed_profiles, load_configuration
from desktop.services.model.policy import NO_POLICY, Policy
from desktop.services.model.profile import BrokenPolicy, BrokenProfile, Profile
from desktop.services.system.paths import profiles_file

SOURCE = "policy.toml"
FIXED = {"shared": {"client_id": "client-fixed", "preset": "xdr-eu"}}
OWN = """
[profiles.mine]
client_id = "client-mine"
preset = "xdr-nam"
proxy = "none"
ca_file = "/etc/own.pem"
settings = { clipboard_seconds = 300, keep_fresh = true }

[profiles.shared]
client_id = "client-of-somebody-else"
issuer = "https://login.attacker.example"

[profiles.broken]
client_id = 1
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    file = tmp_path / "profiles.toml"
    file.write_text(OWN)
    return file


def mine(own: Path, policy: Policy) -> Profile:
    return load_allowed_profiles(own, policy).good["mine"]


def test_without_a_policy_everything_is_the_persons(own: Path) -> None:
    found = load_allowed_profiles(own, NO_POLICY)
    assert list(found.good) == ["mine", "shared"]
    assert list(found.broken) == ["broken"]
    assert not found.good["shared"].managed


def test_profiles_of_the_administrator_come_first_and_are_not_replaced(own: Path) -> None:
    policy = Policy(source=SOURCE, profiles=FIXED)
    found = load_allowed_profiles(own, policy)
    assert list(found.good) == ["shared", "mine"]
    assert found.good["shared"].client_id == "client-fixed"
    assert found.good["shared"].managed
    assert not found.good["mine"].managed
    assert found.policy is policy
    assert found.file == own


def test_a_broken_profile_of_the_administrator_is_not_replaced_either(own: Path) -> None:
    found = load_allowed_profiles(own, Policy(source=SOURCE, profiles={"shared": {"client_id": 1}}))
    assert "shared" not in found.good
    with pytest.raises(BrokenProfile, match=SOURCE):
        found.find("shared")


def test_where_own_profiles_are_forbidden_there_are_none(own: Path) -> None:
    policy = Policy(source=SOURCE, profiles=FIXED, own_profiles=False)
    found = load_allowed_profiles(own, policy)
    assert list(found.good) == ["shared"]
    assert not found.broken


def test_a_slip_in_the_own_file_does_not_take_what_everybody_has(
    own: Path,
    expect_log: Any,  # noqa: ANN401
) -> None:
    own.write_text("[profiles")
    with pytest.raises(BrokenProfile):
        load_allowed_profiles(own, NO_POLICY)
    expect_log("own profiles cannot be read")
    found = load_allowed_profiles(own, Policy(source=SOURCE, profiles=FIXED))
    assert list(found.good) == ["shared"]
    assert list(found.broken) == [f"all in {own.name}"]


def test_a_broken_policy_lets_nobody_in(own: Path) -> None:
    with pytest.raises(BrokenPolicy, match="no sense"):
        load_allowed_profiles(own, Policy(source=SOURCE, load_error="no sense"))


def test_proxy_and_authorities_of_the_administrator_hold_for_all(own: Path) -> None:
    policy = Policy(source=SOURCE, proxy="http://proxy.example:3128", ca_file="/etc/ca.pem")
    profile = mine(own, policy)
    assert profile.proxy == "http://proxy.example:3128"
    assert profile.ca_file == "/etc/ca.pem"
    untouched = mine(own, Policy(source=SOURCE))
    assert (untouched.proxy, untouched.ca_file) == ("none", "/etc/own.pem")


def test_a_profile_does_not_undo_a_setting_that_is_locked(own: Path) -> None:
    policy = Policy(source=SOURCE, settings={"clipboard_seconds": 15})
    assert mine(own, policy).settings == {"keep_fresh": True}


def test_no_profile_is_without_what_holds_for_it(own: Path) -> None:
    policy = Policy(source=SOURCE, profiles=FIXED, device_grant=False)
    found = load_allowed_profiles(own, policy)
    assert all(each.policy is policy for each in found.good.values())


def test_a_profile_cannot_bring_a_policy_of_its_own(own: Path) -> None:
    own.write_text(f"{OWN}\n[profiles.x]\nclient_id = 'a'\npreset = 'xdr-eu'\npolicy = 1\n")
    assert load_allowed_profiles(own, NO_POLICY).good["x"].policy is NO_POLICY


def test_the_policy_of_the_computer_is_asked_with_every_load(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiles_file().parent.mkdir(parents=True)
    profiles_file().write_bytes(own.read_bytes())
    policy = Policy(source=SOURCE, complete_link=False)
    monkeypatch.setattr(configuration, "load_policy", lambda: policy)
    assert load_configuration().good["mine"].policy is policy
