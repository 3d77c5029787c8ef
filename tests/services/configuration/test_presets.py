"""The presets: one test for each provider, with the profile that a user would write for it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.oauth.addresses import checked_address
from desktop.oauth.metadata import Issuer, discover
from desktop.services.configuration.profile_draft import draft_of, members_of
from desktop.services.configuration.profile_reader import load_presets, load_profile
from desktop.services.configuration.profile_rules import find_faults
from desktop.services.model.profile import (
    MEMBERS,
    BrokenProfile,
    Profile,
    is_provider_link,
    is_same_server,
)
from tests.oauth.harness import ClientHarness, json_reply

NOT_OF_A_PROFILE = {"issuer_example", "hint", "tenant_addresses"}
PRESETS = load_presets()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "profiles.toml"


def made(file: Path, preset: str, issuer: str = "", *, more: str = "") -> Profile:
    """The profile of somebody who gives the preset, a client, and the address where asked."""
    given = f'issuer = "{issuer}"\n{more}' if issuer else more
    file.write_text(f'[profiles.x]\npreset = "{preset}"\nclient_id = "c"\n{given}', "utf-8")
    return load_profile(file=file)


# All of them


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_and_a_client_make_a_profile_without_faults(file: Path, name: str) -> None:
    example = str(PRESETS[name].get("issuer_example", ""))
    profile = made(file, name, example)
    assert list(find_faults(profile)) == []
    for address in addresses(profile):
        assert checked_address(address) == address
    assert profile.provider
    assert profile.issuer == (example or str(PRESETS[name].get("issuer", "")))
    members = members_of(draft_of(profile, PRESETS), PRESETS)
    given = {member for member, value in members.items() if value is not None}
    assert given == {"name", "client_id", "preset"} | ({"issuer"} if example else set())


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_has_members_of_a_profile_and_what_a_form_says(name: str) -> None:
    assert PRESETS[name].keys() <= MEMBERS.keys() | NOT_OF_A_PROFILE
    assert "client_id" not in PRESETS[name]


@pytest.mark.parametrize(
    "name",
    [name for name, each in PRESETS.items() if "issuer_example" in each and "issuer" not in each],
)
def test_a_preset_that_needs_an_address_asks_for_it(file: Path, name: str) -> None:
    with pytest.raises(BrokenProfile) as caught:
        made(file, name)
    example = PRESETS[name]["issuer_example"]
    assert caught.value.detail == (f"profile `x`: `issuer` is missing, such as {example} (line 2)")


def addresses(profile: Profile) -> Iterator[str]:
    names = [name for name in MEMBERS if name.endswith("endpoint") or name == "issuer"]
    return filter(None, (getattr(profile, name) for name in sorted(names)))


# Each provider


def test_xdr_has_a_region_each_and_takes_tokens_nowhere_else(file: Path) -> None:
    regions = [made(file, name) for name in ("xdr-nam", "xdr-eu", "xdr-apjc")]
    assert len({each.issuer for each in regions}) == 3
    for profile in regions:
        assert profile.expected_issuer == "IROH Auth"
        assert all(is_same_server(address, profile.issuer) for address in addresses(profile))


XDR_SERVICES = {
    "xdr-nam": {
        "platform": "https://visibility.amp.cisco.com/iroh",
        "private-intel": "https://private.intel.amp.cisco.com/ctia",
        "intel": "https://intel.amp.cisco.com/ctia",
        "conure": "https://conure.us.security.cisco.com",
        "automate": "https://automate.us.security.cisco.com/api",
    },
    "xdr-eu": {
        "platform": "https://visibility.eu.amp.cisco.com/iroh",
        "private-intel": "https://private.intel.eu.amp.cisco.com/ctia",
        "intel": "https://intel.eu.amp.cisco.com/ctia",
        "conure": "https://conure.eu.security.cisco.com",
        "automate": "https://automate.eu.security.cisco.com/api",
    },
    "xdr-apjc": {
        "platform": "https://visibility.apjc.amp.cisco.com/iroh",
        "private-intel": "https://private.intel.apjc.amp.cisco.com/ctia",
        "intel": "https://intel.apjc.amp.cisco.com/ctia",
        "conure": "https://conure.apjc.security.cisco.com",
        "automate": "https://automate.apjc.security.cisco.com/api",
    },
}


@pytest.mark.parametrize(
    ("preset", "issuer", "services"),
    [
        *((preset, "", services) for preset, services in XDR_SERVICES.items()),
        ("xdr-custom", "https://x.example/", {"platform": "https://x.example/iroh"}),
        ("github", "", {"api": "https://api.github.com"}),
        ("gitlab", "", {"api": "https://gitlab.com/api/v4"}),
        ("gitlab", "https://git.example/at/", {"api": "https://git.example/at/api/v4"}),
        ("okta", "https://a.okta.com/oauth2/default", {"api": "https://a.okta.com/api/v1"}),
        ("entra", "https://login.example/v2.0", {"graph": "https://graph.microsoft.com"}),
    ],
)
def test_a_preset_names_the_api_services_of_its_provider(
    file: Path, preset: str, issuer: str, services: dict[str, str]
) -> None:
    profile = made(file, preset, issuer)
    assert list(profile.services.items()) == list(services.items()), "the default comes first"
    assert profile.preset_services == services


@pytest.mark.parametrize(
    ("preset", "member"),
    [("xdr-nam", "issuer"), ("google", "issuer"), ("github", "token_endpoint")],
)
def test_a_token_of_another_server_is_not_for_the_services_of_the_preset(
    file: Path, preset: str, member: str
) -> None:
    own = f'{member} = "https://login.example/x"\nservices = {{ a = "https://a.example" }}'
    if preset == "xdr-nam":
        own += '\nuserinfo_endpoint = ""\napp_grant_endpoint = ""\nexpected_issuer = ""'
    assert made(file, preset, more=own).services == {"a": "https://a.example"}


def test_a_profile_adds_services_to_those_of_its_preset_and_replaces_them_by_name(
    file: Path,
) -> None:
    more = (
        'services = { intel = "https://intel.example", reports = " https://r\u00e9.example/api " }'
    )
    services = made(file, "xdr-eu", more=more).services
    assert services == XDR_SERVICES["xdr-eu"] | {
        "intel": "https://intel.example",
        "reports": "https://xn--r-bga.example/api",
    }


@pytest.mark.parametrize("issuer", ["https://xdr.example:8443", "https://xdr.example:8443/"])
def test_xdr_on_a_host_of_its_own_is_asked_there_and_nowhere_else(file: Path, issuer: str) -> None:
    profile = made(file, "xdr-custom", issuer)
    assert profile.userinfo_endpoint == "https://xdr.example:8443/iroh/profile/whoami"
    assert profile.app_grant_endpoint == "https://xdr.example:8443/iroh/oauth2/app-grant"
    assert (profile.expected_issuer, profile.scope_guide) == ("IROH Auth", "xdr")


def test_github_has_no_metadata_so_the_preset_names_every_endpoint(file: Path) -> None:
    profile = made(file, "github")
    assert profile.issuer == ""
    assert is_provider_link("https://github.com/login/device", profile)
    for grant in ("device", "code"):
        assert list(find_faults(replace(profile, grant=grant))) == []


def test_google_wants_a_password_of_every_client_and_approves_on_another_host(file: Path) -> None:
    profile = made(file, "google")
    assert profile.client_authentication == "client_secret_post"
    assert is_provider_link("https://www.google.com/device", profile)
    assert not is_provider_link("https://sites.google.com/device", profile)


@pytest.mark.parametrize(
    "link", ["https://microsoft.com/devicelogin", "https://login.microsoft.com/device"]
)
def test_entra_approves_on_hosts_of_microsoft(file: Path, link: str) -> None:
    profile = made(file, "entra", str(PRESETS["entra"]["issuer_example"]))
    assert is_provider_link(link, profile)
    assert not is_provider_link("https://microsoft.com.evil.example/devicelogin", profile)
    assert "offline_access" in profile.scope
    assert profile.extra_parameters["prompt"] != "consent", "users may not be allowed to consent"


def test_okta_gives_a_refresh_token_only_with_offline_access_so_it_is_asked_for(
    file: Path,
) -> None:
    assert "offline_access" in made(file, "okta", "https://a.okta.com/oauth2/default").scope
    assert "Refresh Token" in str(PRESETS["okta"]["hint"]), "the app needs the grant as well"


async def test_auth0_gets_the_audience_of_the_api(file: Path) -> None:
    audience = 'extra_parameters = { audience = "https://api.example" }'
    profile = made(file, "auth0", "https://a.auth0.com", more=audience)
    assert profile.extra_parameters == {"audience": "https://api.example"}
    assert "`audience`" in str(PRESETS["auth0"]["hint"])
    address = "https://a.auth0.com/"  # its metadata has the slash, whatever was typed
    document = {
        "issuer": address,
        "device_authorization_endpoint": f"{address}oauth/device/code",
        "token_endpoint": f"{address}oauth/token",
    }
    bench = ClientHarness(json_reply(document))
    found = await discover(bench.connection, Issuer(profile.issuer))
    assert found.token_endpoint == document["token_endpoint"]


async def test_keycloak_has_its_metadata_below_the_realm(file: Path) -> None:
    issuer = "https://login.example/realms/soc"
    profile = made(file, "keycloak", issuer)
    document = {
        "issuer": issuer,
        "device_authorization_endpoint": f"{issuer}/protocol/openid-connect/auth/device",
        "token_endpoint": f"{issuer}/protocol/openid-connect/token",
        "code_challenge_methods_supported": ["plain", "S256"],
    }
    found = await discover(ClientHarness(json_reply(document)).connection, Issuer(profile.issuer))
    assert "S256" in found.code_challenge_methods_supported, "which sends PKCE"
    assert is_provider_link(f"{issuer}/device", profile)


@pytest.mark.parametrize("issuer", ["", "https://git.example", "https://git.example/"])
def test_gitlab_has_the_device_endpoint_that_its_metadata_leaves_out(
    file: Path, issuer: str
) -> None:
    profile = made(file, "gitlab", issuer)
    home = issuer.rstrip("/") or "https://gitlab.com"
    assert profile.device_authorization_endpoint == f"{home}/oauth/authorize_device"
    assert profile.token_endpoint == "", "which the metadata has"


def test_dex_refuses_a_request_without_openid_so_it_is_asked_for(file: Path) -> None:
    profile = made(file, "dex", "https://dex.example/dex")
    assert {"openid", "offline_access"} <= set(profile.scope)
    assert is_provider_link("https://dex.example/dex/device", profile)


# A preset in a file


def test_a_profile_overrides_what_its_preset_asks_for(file: Path) -> None:
    profile = made(file, "google", more='scope = ["email"]\nverification_hosts = []')
    assert (profile.scope, profile.verification_hosts) == (("email",), ())


def test_what_stands_for_the_issuer_means_nothing_outside_a_preset(file: Path) -> None:
    file.write_text(
        '[profiles.x]\nclient_id = "c"\nissuer = "https://a.example"\nname = "{issuer}"\n', "utf-8"
    )
    assert load_profile(file=file).name == "{issuer}"
