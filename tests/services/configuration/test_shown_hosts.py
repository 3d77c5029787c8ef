"""A host with letters that look like others is never shown, saved or compared as if it had them."""

from dataclasses import replace
from pathlib import Path

import pytest

from desktop.services.configuration.policy_reader import parse_policy
from desktop.services.configuration.policy_sources import RawPolicy
from desktop.services.configuration.profile_draft import (
    Draft,
    draft_of,
    members_of,
    profile_of,
    with_ascii_hosts,
)
from desktop.services.configuration.profile_file import save_profile
from desktop.services.configuration.profile_reader import load_presets, load_profiles
from desktop.services.model.profile import MEMBERS

PRESETS = load_presets()
LOOKALIKE, SHOWN = "https://l\u043egin.example/x", "https://xn--lgin-55d.example/x"
ADDRESSES = [name for name, each in MEMBERS.items() if each.is_address]


@pytest.mark.parametrize("member", ADDRESSES)
def test_an_address_in_the_file_is_read_as_the_network_sees_it(member: str, tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    other = 'issuer = "https://a.example"\n' if member != "issuer" else ""
    file.write_text(f'[profiles.x]\nclient_id = "c"\n{other}{member} = "{LOOKALIKE}"\n', "utf-8")
    profile = load_profiles(file).good["x"]
    assert getattr(profile, member) == SHOWN
    assert "\u043e" not in f"{profile} {profile.provider_label}"


@pytest.mark.parametrize("preset", ["", "gitlab", "xdr-custom"])
def test_what_the_form_saves_and_what_is_read_are_the_same(preset: str, tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    draft = Draft(client_id="c", name="X", preset=preset, issuer=f" {LOOKALIKE} ")
    save_profile(file, "x", members_of(draft, PRESETS))
    read = load_profiles(file).good["x"]
    assert read == profile_of("x", draft, PRESETS)
    assert read.issuer == SHOWN
    assert draft_of(read, PRESETS).issuer == SHOWN
    assert "\u043e" not in file.read_text("utf-8")


def test_a_proxy_is_read_as_the_network_sees_it(tmp_path: Path) -> None:
    proxy, shown = "http://pr\u043exy.example:3128", "http://xn--prxy-65d.example:3128"
    file = tmp_path / "profiles.toml"
    draft = Draft(client_id="c", name="X", issuer="https://a.example", proxy=proxy)
    assert profile_of("x", draft, PRESETS).proxy == shown
    file.write_text(
        f'[profiles.x]\nclient_id = "c"\nissuer = "https://a.example"\nproxy = "{proxy}"\n', "utf-8"
    )
    assert load_profiles(file).good["x"].proxy == shown
    assert parse_policy(RawPolicy("policy", {"proxy": proxy})).proxy == shown


def test_only_the_hosts_of_a_draft_are_rewritten() -> None:
    draft = Draft(client_id="\u043ene", name="S\u043eC", issuer=LOOKALIKE)
    assert with_ascii_hosts(draft) == replace(draft, issuer=SHOWN)
