from dataclasses import replace
from pathlib import Path

import pytest

from desktop.services.configuration.client_model import read_client_model
from desktop.services.configuration.profile_draft import (
    Draft,
    draft_of,
    faults_of,
    members_of,
    profile_of,
    with_client_model,
)
from desktop.services.configuration.profile_file import save_profile
from desktop.services.configuration.profile_reader import load_presets, load_profiles

PRESETS = load_presets()
DRAFT = Draft(preset="xdr-eu", client_id="client-1", name="Contoso")
OWN = Draft(client_id="client-1", name="Contoso", issuer="https://login.example")


@pytest.mark.parametrize(
    "draft",
    [
        DRAFT,
        OWN,
        replace(DRAFT, scope="enrich:read inspect:read", letter="C", color="teal"),
        replace(DRAFT, grant="code", redirect_uri="http://127.0.0.1:8400/callback"),
        replace(OWN, expected_issuer="IROH Auth"),
        replace(DRAFT, preset="okta", issuer="https://northwind.okta.com/oauth2/default"),
        replace(DRAFT, preset="xdr-custom", issuer="https://visibility.example"),
        replace(DRAFT, preset="gitlab"),
        replace(DRAFT, preset="gitlab", issuer="https://git.example"),
        replace(OWN, extra_parameters="audience=https://api.example\nprompt=login"),
        replace(DRAFT, services="intel=https://intel.example\nreports=https://r.example/api"),
        replace(OWN, services="api=https://api.example"),
        replace(DRAFT, proxy="http://proxy.example:3128", proxy_user="analyst"),
        replace(DRAFT, keep_fresh="true", in_use_minutes="60", clipboard_seconds="10"),
        replace(DRAFT, keep_fresh="false"),
    ],
)
def test_what_is_saved_is_what_is_read_and_shown_again(draft: Draft, tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    assert faults_of(draft, PRESETS) == {}
    save_profile(file, "contoso", members_of(draft, PRESETS))
    read = load_profiles(file).find("contoso")
    assert draft_of(read, PRESETS) == draft
    assert read == profile_of("contoso", draft, PRESETS)


def test_what_a_preset_says_of_an_address_goes_with_it(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    draft = replace(DRAFT, preset="xdr-custom", issuer="https://one.example")
    save_profile(file, "a", members_of(draft, PRESETS))
    before = load_profiles(file).find("a")
    draft = replace(draft, issuer="https://two.example")
    save_profile(file, "a", members_of(draft, PRESETS))
    after = load_profiles(file).find("a")
    assert after.userinfo_endpoint == "https://two.example/iroh/profile/whoami"
    assert after == profile_of("a", draft, PRESETS, kept=before)


def test_a_file_says_only_what_differs_from_the_preset() -> None:
    said = {name: value for name, value in members_of(DRAFT, PRESETS).items() if value is not None}
    assert said == {"preset": "xdr-eu", "client_id": "client-1", "name": "Contoso"}


def test_a_member_that_was_emptied_goes_and_one_that_no_form_shows_stays(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text(
        '[profiles.a] # mine\npreset = "xdr-eu"\nclient_id = "c"\nname = "A"\nletter = "Q"\n'
        "settings = {clipboard_seconds = 60, keep_fresh = true}\n"
        'verification_hosts = ["sso.example"]\n'
    )
    before = load_profiles(file).find("a")
    draft = replace(draft_of(before, PRESETS), letter="", keep_fresh="")
    save_profile(file, "a", members_of(draft, PRESETS))
    after = load_profiles(file).find("a")
    assert (after.letter, after.settings) == ("", {"clipboard_seconds": 60})
    assert after.verification_hosts == ("sso.example",)
    assert after == profile_of("a", draft, PRESETS, kept=before)
    assert "# mine" in file.read_text()


def test_a_setting_that_is_locked_stays_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text(
        '[profiles.a]\npreset = "xdr-eu"\nclient_id = "c"\n'
        "settings = {clipboard_seconds = 60, keep_fresh = true}\n"
    )
    draft = replace(DRAFT, in_use_minutes="5")
    save_profile(file, "a", members_of(draft, PRESETS), locked={"clipboard_seconds"})
    settings = load_profiles(file).find("a").settings
    assert settings == {"clipboard_seconds": 60, "in_use_minutes": 5}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"client_id": " "}, "client_id"),
        ({"name": ""}, "name"),
        ({"name": "Con\u202etoso"}, "name"),
        ({"preset": ""}, "issuer"),
        ({"preset": "okta"}, "issuer"),
        ({"letter": "ABC"}, "letter"),
        ({"proxy": "proxy.example"}, "proxy"),
        ({"proxy": "http://me:secret@proxy.example:3128"}, "proxy"),
        ({"grant": "code", "redirect_uri": "https://elsewhere.example/"}, "redirect_uri"),
        ({"grant": "client-credentials", "client_authentication": "none"}, "client_authentication"),
        ({"extra_parameters": "no equals sign"}, "extra_parameters"),
        ({"extra_parameters": "client_secret=x"}, "extra_parameters"),
        ({"extra_parameters": "client_assertion=x"}, "extra_parameters"),
        ({"extra_parameters": "state=x"}, "extra_parameters"),
        ({"services": "https://api.example"}, "services"),
        ({"services": "api"}, "services"),
        ({"services": "api="}, "services"),
        ({"services": "api=http://api.example"}, "services"),
        ({"in_use_minutes": "0"}, "in_use_minutes"),
        ({"clipboard_seconds": "soon"}, "clipboard_seconds"),
        ({"client_id": '"client-1"'}, "client_id"),
        ({"ca_file": "//elsewhere/ca.pem"}, "ca_file"),
    ],
)
def test_a_fault_is_told_at_its_field(change: dict[str, str], field: str) -> None:
    found = faults_of(replace(DRAFT, **change), PRESETS)
    assert list(found) == [field]
    assert "`" not in found[field], "names of the file are not those of the form"


def test_a_parameter_of_the_protocol_is_named_at_its_field() -> None:
    found = faults_of(replace(OWN, extra_parameters="audience=a\nscope=x"), PRESETS)
    assert "“scope”" in found["extra_parameters"]
    assert "secrets" not in found["extra_parameters"]


def test_a_password_in_an_address_is_told_as_what_it_is() -> None:
    found = faults_of(replace(OWN, issuer=" https://dana:SECRET@login.example"), PRESETS)
    assert found == {"issuer": "Leave out the user name and password."}


def test_of_the_ways_that_a_client_allows_the_safest_is_proposed() -> None:
    model = read_client_model(
        '{"id": "client-9", "name": "SOC", "grants": ["device-grant", "auth-code"],'
        ' "scopes": ["enrich:read"], "password": "hunter2"}'
    )
    assert model is not None
    filled = with_client_model(replace(DRAFT, name=""), model)
    assert (filled.client_id, filled.name, filled.grant) == ("client-9", "SOC", "code")
    assert filled.scope == "enrich:read"
    assert "hunter2" not in repr(filled)


def test_a_name_that_was_typed_is_not_taken_away_by_a_model() -> None:
    model = read_client_model('{"id": "client-9", "name": "SOC", "client-type": "public"}')
    assert model is not None
    filled = with_client_model(DRAFT, model)
    assert (filled.name, filled.client_authentication) == ("Contoso", "none")


def test_what_a_preset_knows_of_the_client_is_not_replaced_by_the_first_of_a_choice() -> None:
    draft = replace(DRAFT, preset="google", client_authentication="auto")
    assert members_of(draft, PRESETS)["client_authentication"] is None
    profile = profile_of("a", draft, PRESETS)
    assert profile.client_authentication == PRESETS["google"]["client_authentication"]
    chosen = replace(draft, client_authentication="client_secret_basic")
    assert members_of(chosen, PRESETS)["client_authentication"] == "client_secret_basic"


def test_the_issuer_of_a_preset_is_asked_for_without_endpoints_that_no_field_shows() -> None:
    found = faults_of(replace(DRAFT, preset="okta", issuer=""), PRESETS)
    assert found["issuer"] == "Enter the issuer, an address that starts with https://."
