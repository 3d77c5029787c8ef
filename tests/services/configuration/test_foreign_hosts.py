"""Which servers a profile involves besides that of its provider."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desktop.services.configuration.foreign_hosts import foreign_hosts
from desktop.services.configuration.profile_reader import load_presets, load_profiles
from desktop.services.model.profile import MEMBERS, Profile

PRESETS = load_presets()
HOME = Profile(id="x", name="X", client_id="c", issuer="https://login.example/realms/soc")
ADDRESSES = [name for name, each in MEMBERS.items() if each.is_address and name != "issuer"]


@pytest.mark.parametrize("member", ADDRESSES)
def test_an_endpoint_elsewhere_is_named(member: str) -> None:
    change: dict[str, Any] = {member: "https://evil.example/x"}
    profile = replace(HOME, **change)
    assert foreign_hosts(profile, PRESETS) == {"evil.example": (member,)}


@pytest.mark.parametrize(
    ("change", "hosts"),
    [
        ({"token_endpoint": "https://login.example/token"}, []),
        ({"token_endpoint": "https://LOGIN.example.:443/token"}, []),
        ({"verification_hosts": ("login.example",)}, []),
        ({"verification_hosts": ("www.example", "evil.example")}, ["www.example", "evil.example"]),
        ({"token_endpoint": "https://login.example:8443/token"}, ["login.example:8443"]),
        ({"token_endpoint": "https://api.login.example/token"}, ["api.login.example"]),
        ({"token_endpoint": "http://127.0.0.2:80/token"}, ["127.0.0.2"]),
        ({"token_endpoint": "https://[2001:db8::1]:8443/t"}, ["[2001:db8::1]:8443"]),
        ({"token_endpoint": "https://l\u043egin.example/t"}, ["xn--lgin-55d.example"]),
        ({"proxy": "http://proxy.example:3128"}, []),
        ({"proxy": "http://proxy.example:3128", "ca_file": "/ca.pem"}, ["proxy.example:3128"]),
        ({"extra_parameters": {"audience": "https://api.example"}}, []),
        ({"services": {"api": "https://login.example/api"}}, []),
        (
            {"services": {"api": "https://api.example", "b": "https://b.example"}},
            ["api.example", "b.example"],
        ),
    ],
)
def test_what_is_not_on_the_server_of_the_issuer_is_named(
    change: dict[str, Any], hosts: list[str]
) -> None:
    assert list(foreign_hosts(replace(HOME, **change), PRESETS)) == hosts


def test_without_an_issuer_the_token_endpoint_is_the_server() -> None:
    endpoints: dict[str, Any] = {
        "issuer": "",
        "token_endpoint": "https://login.example/token",
        "device_authorization_endpoint": "https://evil.example/device",
        "userinfo_endpoint": "https://evil.example/me",
    }
    assert foreign_hosts(replace(HOME, **endpoints), PRESETS) == {
        "evil.example": ("device_authorization_endpoint", "userinfo_endpoint")
    }


@pytest.mark.parametrize("preset", PRESETS)
def test_what_a_preset_needs_elsewhere_is_known(preset: str, tmp_path: Path) -> None:
    example = PRESETS[preset].get("issuer_example", "")
    file = tmp_path / "profiles.toml"
    own = f'issuer = "{example}"\n' if example else ""
    file.write_text(f'[profiles.x]\nclient_id = "c"\npreset = "{preset}"\n{own}')
    profile = load_profiles(file).good["x"]
    assert foreign_hosts(profile, PRESETS) == {}
    services = {**profile.services, "conure": "https://evil.example"}
    assert foreign_hosts(replace(profile, services=services), PRESETS) == {
        "evil.example": ("services",)
    }
    for member in ("token_endpoint", "userinfo_endpoint"):
        change: dict[str, Any] = {member: "https://evil.example/x"}
        changed = replace(profile, **change)
        assert foreign_hosts(changed, PRESETS) == {"evil.example": (member,)}


@pytest.mark.parametrize("preset", ["google", "github", "xdr-nam"])
def test_another_issuer_under_the_name_of_a_provider_is_named(preset: str, tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text(f'[profiles.x]\nclient_id = "c"\npreset = "{preset}"\n')
    profile = replace(load_profiles(file).good["x"], issuer="https://evil.example")
    assert "issuer" in foreign_hosts(profile, PRESETS)["evil.example"]


# Another organization on the same host


TENANT = "00000000-0000-0000-0000-000000000001"
OTHER = "00000000-0000-0000-0000-00000000beef"
ENTRA = "https://login.microsoftonline.com"


@pytest.mark.parametrize("member", ADDRESSES)
@pytest.mark.parametrize("preset", ["", "keycloak", "okta"])
def test_an_endpoint_of_another_realm_is_named_whatever_the_preset(
    member: str, preset: str
) -> None:
    change: dict[str, Any] = {member: "https://login.example/realms/evil/protocol/x"}
    profile = replace(HOME, preset=preset, **change)
    assert foreign_hosts(profile, PRESETS) == {"login.example/realms/evil": (member,)}


@pytest.mark.parametrize(
    ("issuer", "endpoint", "shown"),
    [
        (f"{ENTRA}/{TENANT}/v2.0", f"{ENTRA}/{OTHER}/oauth2/v2.0/token", OTHER),
        (f"{ENTRA}/{TENANT}/v2.0", f"{ENTRA}/{TENANT}/../{OTHER}/oauth2/v2.0/token", OTHER),
        (f"{ENTRA}/{TENANT}/v2.0", f"{ENTRA}/%30{OTHER[1:]}/oauth2/v2.0/token", OTHER),
        ("https://a.example/auth/realms/a", "https://a.example/auth/realms/b/x", "realms/b"),
        ("https://a.example/am/realms/root/realms/a", "https://a.example/am/realms/root", "root"),
        ("", "https://a.example/realms/b/protocol/openid-connect/auth/device", "realms/b"),
    ],
)
def test_another_organization_on_the_same_host_is_named(
    issuer: str, endpoint: str, shown: str
) -> None:
    token_endpoint = "" if issuer else "https://a.example/realms/a/protocol/openid-connect/token"
    profile = replace(
        HOME, issuer=issuer, token_endpoint=token_endpoint, device_authorization_endpoint=endpoint
    )
    [(host, members)] = foreign_hosts(profile, PRESETS).items()
    assert host.endswith(f"/{shown}")
    assert members == ("device_authorization_endpoint",)


@pytest.mark.parametrize(
    ("issuer", "endpoint"),
    [
        (f"{ENTRA}/{TENANT}/v2.0", f"{ENTRA}/{TENANT}/oauth2/v2.0/token"),
        (f"{ENTRA}/{OTHER}/v2.0", f"{ENTRA}/{OTHER.upper()}/oauth2/v2.0/devicecode"),
        ("https://a.okta.com/oauth2/default", "https://a.okta.com/oauth2/default/v1/token"),
        ("https://a.okta.com", "https://a.okta.com/oauth2/v1/device/authorize"),
        ("https://a.auth0.com", "https://a.auth0.com/oauth/token"),
        ("https://a.example/realms/a", "https://a.example/realms/a/protocol/openid-connect/token"),
        ("https://a.example/am/realms/root/realms/a", "https://a.example/am/oauth2/access_token"),
        ("https://a.example/application/o/soc/", "https://a.example/application/o/token/"),
        ("https://a.example/oauth2/token", "https://a.example/oauth2/device_authorize"),
        (
            f"https://a.b2clogin.com/{TENANT}/v2.0",
            "https://a.b2clogin.com/a.onmicrosoft.com/b2c_1_x/oauth2/v2.0/token",
        ),
        ("https://gitlab.example/git", "https://gitlab.example/git/oauth/authorize_device"),
    ],
)
def test_the_usual_endpoints_of_a_provider_are_not_named(issuer: str, endpoint: str) -> None:
    profile = replace(HOME, issuer=issuer, token_endpoint=endpoint)
    assert foreign_hosts(profile, PRESETS) == {}
