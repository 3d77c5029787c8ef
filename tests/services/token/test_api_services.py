"""Which addresses may get the token of a profile."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desktop.oauth.errors import UnsafeAddress
from desktop.services.configuration.profile_reader import load_presets, read_profiles
from desktop.services.model.copy_formats import EXAMPLE_API_URL
from desktop.services.model.policy import Policy
from desktop.services.model.profile import Profile, with_policy
from desktop.services.token.api_services import (
    ApiService,
    ForeignAddress,
    ServiceError,
    UnknownService,
    command_url,
    find_service,
    locate,
    server_origin,
    service_addresses,
    service_for,
    services_of,
)

HOME = "https://login.example"
PRESETS = load_presets()


def made(preset: str, **given: object) -> Profile:
    table = {"preset": preset, "client_id": "c", "name": "SOC", **given}
    return read_profiles(Path("profiles.toml"), {"profiles": {"soc": table}}).find("soc")


NAM = made("xdr-nam")
PLAIN = Profile(id="p", name="P", client_id="c", issuer=HOME)


def names(profile: Profile) -> list[str]:
    return [each.name for each in services_of(profile)]


@pytest.mark.parametrize(
    ("profile", "home"),
    [
        ({"issuer": "https://login.example/realms/northwind"}, HOME),
        ({"issuer": "https://login.example:8443"}, "https://login.example:8443"),
        ({"token_endpoint": "https://login.example/oauth/token"}, HOME),
        ({"issuer": "http://127.0.0.1:8000"}, "http://127.0.0.1:8000"),
    ],
)
def test_the_origin_is_that_of_the_issuer(profile: dict[str, Any], home: str) -> None:
    assert server_origin(Profile(id="p", name="P", client_id="c", **profile)) == home


@pytest.mark.parametrize("issuer", ["", "http://login.example", "https://user@login.example"])
def test_an_unsafe_origin_is_rejected(issuer: str) -> None:
    with pytest.raises(UnsafeAddress):
        server_origin(replace(PLAIN, issuer=issuer))


# Which services there are


def test_the_default_is_first_and_the_issuer_is_not_listed_twice() -> None:
    assert names(NAM) == ["platform", "private-intel", "intel", "conure", "automate"]


def test_without_a_service_on_its_server_the_issuer_is_one() -> None:
    assert services_of(PLAIN) == (ApiService("server", HOME),)
    assert services_of(made("github")) == (
        ApiService("api", "https://api.github.com"),
        ApiService("server", "https://github.com"),
    )


def test_a_base_address_ends_without_a_slash() -> None:
    profile = replace(PLAIN, services={"api": "https://api.example/v1/"})
    assert find_service(profile, "api").address == "https://api.example/v1"
    assert find_service(profile, "api").origin == "https://api.example"


def test_a_policy_allows_only_the_services_that_it_names() -> None:
    governed = with_policy(NAM, Policy(services=("conure", "platform")))
    assert names(governed) == ["platform", "conure"]
    assert names(with_policy(PLAIN, Policy(services=("conure",)))) == []
    assert names(with_policy(PLAIN, Policy(services=("server",)))) == ["server"]


def test_a_policy_can_allow_only_the_services_of_the_preset() -> None:
    own = made("xdr-nam", services={"conure": "https://evil.example", "x": "https://x.example"})
    assert find_service(own, "conure").address == "https://evil.example"
    locked = with_policy(own, Policy(own_services=False))
    assert locked.services == NAM.services
    managed = with_policy(own, Policy(own_services=False, profiles={"soc": {}}))
    assert managed.services == own.services, "the administrator's own profiles stay as they are"


def test_a_policy_that_names_a_service_of_the_preset_allows_no_other_address_for_it() -> None:
    own = made("xdr-nam", services={"conure": "https://evil.example", "x": "https://x.example"})
    governed = with_policy(own, Policy(services=("conure", "x")))
    assert service_addresses(governed) == {
        "conure": "https://conure.us.security.cisco.com",
        "x": "https://x.example",
    }


# By name


def test_a_misspelled_service_gets_a_suggestion_and_the_list() -> None:
    with pytest.raises(UnknownService) as caught:
        find_service(NAM, "Conur")
    assert str(caught.value) == (
        "“SOC” has no API service “Conur”. Did you mean “conure”? "
        "Available services: platform, private-intel, intel, conure, automate."
    )


def test_a_service_that_the_policy_does_not_allow_is_not_unknown() -> None:
    governed = with_policy(NAM, Policy(services=("platform",)))
    with pytest.raises(UnknownService) as caught:
        find_service(governed, "conure")
    assert str(caught.value) == (
        "Your organization does not allow the API service “conure”. Available services: platform."
    )


# As it is typed


@pytest.mark.parametrize(
    ("written", "base", "path"),
    [
        ("/iroh/x?y=z", "https://visibility.amp.cisco.com", "/iroh/x?y=z"),
        (
            "conure:/v2/incident/search",
            "https://conure.us.security.cisco.com",
            "/v2/incident/search",
        ),
        ("platform:/profile/whoami", "https://visibility.amp.cisco.com/iroh", "/profile/whoami"),
        (
            "https://intel.amp.cisco.com/ctia/x?a=b:c",
            "https://intel.amp.cisco.com",
            "/ctia/x?a=b:c",
        ),
        ("HTTPS://intel.amp.cisco.com", "https://intel.amp.cisco.com", "/"),
        ("https://intel.amp.cisco.com?a", "https://intel.amp.cisco.com", "/?a"),
    ],
)
def test_a_path_a_service_or_an_address_names_a_place(written: str, base: str, path: str) -> None:
    found = locate(NAM, written)
    assert (found.base, found.path) == (base, path)
    assert found.service == service_for(NAM, base)


@pytest.mark.parametrize("written", ["", "x", "x/y:/z", "?:/", "conure", "iroh/x"])
def test_what_is_neither_gets_an_example(written: str) -> None:
    with pytest.raises(ServiceError) as caught:
        locate(NAM, written)
    assert str(caught.value) == (
        f"Not a path: “{written}”. Use a path of the server such as /iroh/profile/whoami, of an "
        "API service such as platform:/path, or a full address."
    )


@pytest.mark.parametrize("written", ["conure:", "conure:v2/incident"])
def test_a_service_without_a_path_is_shown_how_to_write_it(written: str) -> None:
    with pytest.raises(ServiceError) as caught:
        locate(NAM, written)
    assert str(caught.value) == (
        f"Not a path: “{written}”. Start the path with a slash, such as conure:/path."
    )


def test_a_path_of_a_server_that_the_policy_forbids_is_refused() -> None:
    with pytest.raises(ForeignAddress, match="does not allow API calls to visibility"):
        locate(with_policy(NAM, Policy(services=("conure",))), "/iroh/x")


# What a copied command calls


def test_a_copied_command_calls_only_what_the_policy_allows() -> None:
    profile = replace(NAM, userinfo_endpoint="https://visibility.amp.cisco.com/iroh/me")
    assert command_url(profile, None, "platform") == profile.userinfo_endpoint
    assert command_url(profile, None, "intel") == "https://intel.amp.cisco.com/ctia"
    governed = with_policy(profile, Policy(services=("conure", "intel")))
    assert command_url(governed, None, "platform") == "https://intel.amp.cisco.com/ctia"
    assert command_url(governed, None, "conure") == "https://conure.us.security.cisco.com"
    nothing = with_policy(profile, Policy(services=("none",)))
    assert command_url(nothing, None, "platform") == EXAMPLE_API_URL


# By address


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://conure.us.security.cisco.com/v2/incident/search", "conure"),
        ("https://conure.us.security.cisco.com", "conure"),
        ("https://CONURE.us.security.cisco.com:443/v2", "conure"),
        ("https://visibility.amp.cisco.com/elsewhere?a=b", "platform"),
    ],
)
def test_an_address_on_the_server_of_a_service_belongs_to_it(address: str, name: str) -> None:
    assert service_for(NAM, address).name == name


def test_of_several_services_on_a_server_the_closest_one_counts() -> None:
    profile = replace(
        PLAIN,
        services={
            "api": "https://a.example",
            "v1": "https://a.example/v1",
            "v2": "https://a.example/v2/",
        },
    )
    found = [
        service_for(profile, f"https://a.example{path}").name
        for path in ("", "/v1", "/v1/x", "/v10", "/v2/x")
    ]
    assert found == ["api", "v1", "v1", "api", "v2"]


LOOKALIKES = [
    "https://conure.us.security.cisco.com@evil.example/",
    "https://user@conure.us.security.cisco.com/",
    "https://conure.us.security.cisco.com./",
    "https://conure.us.security.cisco.com.evil.example/",
    "https://evilconure.us.security.cisco.com/",
    "https://evil.conure.us.security.cisco.com/",
    "https://conure.us.security.cisco.com:8443/",
    "https://conure.us.security.cisco.com:/",
    "https://conure.us.security.cisco.com:0443/",
    "https://conure.us.security.cisco.com\\@evil.example/",
    "https:\\\\conure.us.security.cisco.com/",
    "https://c\u043enure.us.security.cisco.com/",
    "https://\uff43onure.us.security.cisco.com/",
    "https://conure\u3002us.security.cisco.com/",
    "https://conure%2eus.security.cisco.com/",
    "https://conure.us.security.cisco.com%2f@evil.example/",
    "https://conure.us.security.cisco.com/\u202e",
    "https://conure.us.security.cisco.com /",
    "https://conure.us.security.cisco.com/#@evil.example",
    "http://conure.us.security.cisco.com/",
    "//conure.us.security.cisco.com/",
    "https:/conure.us.security.cisco.com/",
    "https:///conure.us.security.cisco.com/",
    "ftp://conure.us.security.cisco.com/",
    "https://[::1]/",
    "https://2130706433/",
    "https://",
    "",
]


@pytest.mark.parametrize("address", LOOKALIKES)
def test_what_only_looks_like_a_service_gets_no_token(address: str) -> None:
    with pytest.raises(ForeignAddress):
        service_for(NAM, address)


@pytest.mark.parametrize(
    ("address", "region", "service"),
    [
        ("https://conure.eu.security.cisco.com/v2", "Europe", "conure"),
        (
            "https://visibility.apjc.amp.cisco.com/iroh",
            "Asia Pacific, Japan, and China",
            "platform",
        ),
    ],
)
def test_the_host_of_another_region_is_named_as_such(
    address: str, region: str, service: str
) -> None:
    with pytest.raises(ForeignAddress) as caught:
        service_for(NAM, address)
    assert str(caught.value) == (
        f"{address.split('/')[2]} is the host of “{service}” in {region}. "
        f"This profile is for North America. Use {service}:/path instead."
    )


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://api.example:8443/v1?x=y", "https://api.example:8443"),
        ("https://API.example:443/v1", "https://api.example"),
        ("https://api.github.com/user", "https://api.github.com"),
    ],
)
def test_a_foreign_host_is_named_with_how_to_add_it(address: str, shown: str) -> None:
    with pytest.raises(ForeignAddress) as caught:
        service_for(NAM, address)
    host = shown.removeprefix("https://").partition(":")[0]
    assert str(caught.value) == (
        f"{host} is not an API service of “SOC”, so it doesn't get the token. If you trust it, add "
        f"it: xdr-login profiles edit soc --service NAME={shown}"
    )


def test_the_host_of_a_service_that_the_policy_forbids_is_not_foreign() -> None:
    governed = with_policy(NAM, Policy(services=("platform",)))
    with pytest.raises(ForeignAddress) as caught:
        service_for(governed, "https://conure.us.security.cisco.com/")
    assert str(caught.value) == (
        "Your organization does not allow API calls to conure.us.security.cisco.com. "
        "Available services: platform."
    )


@pytest.mark.parametrize("preset", PRESETS)
def test_each_service_of_a_preset_is_found_by_its_name_and_its_address(preset: str) -> None:
    example = PRESETS[preset].get("issuer_example")
    profile = made(preset, **({"issuer": example} if example else {}))
    for each in services_of(profile):
        assert find_service(profile, each.name) == each
        assert service_for(profile, f"{each.address}/x") == each
