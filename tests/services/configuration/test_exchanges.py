"""Exchanges in presets and profiles: read, checked, kept, and shown before they are imported."""

from dataclasses import replace
from pathlib import Path

import pytest

from desktop.services.configuration.foreign_hosts import foreign_hosts
from desktop.services.configuration.profile_draft import draft_of, members_of, profile_of
from desktop.services.configuration.profile_file import (
    export_profiles,
    import_profiles,
    save_profile,
)
from desktop.services.configuration.profile_reader import load_presets, load_profile
from desktop.services.model.errors import ExchangeForbidden, UnknownExchange
from desktop.services.model.exchanges import Exchange, exchanges_of, find_exchange
from desktop.services.model.policy import Policy
from desktop.services.model.profile import BrokenProfile, Profile, client_binding, with_policy
from desktop.services.wording.error_codes import error_code
from desktop.services.wording.messages import Surface, advice_for

HEAD = '[profiles.northwind]\nclient_id = "client-1"\n'
OWN = f"""{HEAD}issuer = "https://login.example"

[profiles.northwind.exchanges.orders]
url = " https://LÖGIN.example/exchange "
audience = "orders"
resource = "https://orders.example"
scope = ["read", "write"]
requested_token_type = "urn:ietf:params:oauth:token-type:jwt"

[profiles.northwind.exchanges.stock]
scope = "read write"
"""


def read(tmp_path: Path, text: str) -> Profile:
    file = tmp_path / "profiles.toml"
    file.write_text(text, "utf-8")
    return load_profile(file=file)


@pytest.mark.parametrize(
    ("preset", "host"),
    [
        ("xdr-nam", "api.amp.cisco.com"),
        ("xdr-eu", "api.eu.amp.cisco.com"),
        ("xdr-apjc", "api.apjc.amp.cisco.com"),
    ],
)
def test_a_preset_of_cisco_names_secure_endpoint_in_its_region(
    tmp_path: Path, preset: str, host: str
) -> None:
    profile = read(tmp_path, f'{HEAD}preset = "{preset}"\n')
    url = f"https://{host}/v3/access_tokens"
    assert exchanges_of(profile) == {
        "secure-endpoint": Exchange("secure-endpoint", "bearer", url),
    }
    assert not foreign_hosts(profile, load_presets())


def test_a_profile_names_its_own(tmp_path: Path) -> None:
    assert exchanges_of(read(tmp_path, OWN)) == {
        "orders": Exchange(
            "orders",
            "token-exchange",
            "https://xn--lgin-5qa.example/exchange",
            "orders",
            "https://orders.example",
            ("read", "write"),
            "urn:ietf:params:oauth:token-type:jwt",
        ),
        "stock": Exchange("stock", scope=("read", "write")),
    }


def test_its_own_are_added_to_those_of_the_preset(tmp_path: Path) -> None:
    text = f"""{HEAD}preset = "xdr-eu"
[profiles.northwind.exchanges.orders]
[profiles.northwind.exchanges.secure-endpoint]
kind = "bearer"
url = "https://proxy.example/v3/access_tokens"
"""
    found = exchanges_of(read(tmp_path, text))
    assert list(found) == ["secure-endpoint", "orders"]
    assert found["secure-endpoint"].url == "https://proxy.example/v3/access_tokens"


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ("exchanges = 7", "`exchanges` must be a table of tables"),
        ("exchanges = { a = 'https://a.example' }", "`exchanges` must be a table of tables"),
        (
            "exchanges = { A = {} }",
            "`exchanges` can't contain the name “A”",
        ),
        (
            "exchanges = { a = { ulr = 'https://a.example' } }",
            "`exchanges.a.ulr` is unknown; keys are kind, url, audience, resource, scope, ",
        ),
        (
            "exchanges = { a = { kind = 'magic' } }",
            "`exchanges.a.kind` must be one of token-exchange, bearer",
        ),
        ("exchanges = { a = { audience = 7 } }", "`exchanges.a.audience` must be a string"),
        ("exchanges = { a = { scope = [7] } }", "`exchanges.a.scope` must be a list of strings"),
        ("exchanges = { a = { kind = 'bearer' } }", "`exchanges.a.url` is missing"),
        (
            "exchanges = { a = { url = 'http://a.example' } }",
            "`exchanges.a.url` is not a safe address (not an https address)",
        ),
        (
            "exchanges = { a = { url = 'https://me@a.example' } }",
            "`exchanges.a.url` is not a safe address (contains a user name)",
        ),
        (
            "exchanges = { a = { url = 'https://a.example#b' } }",
            "`exchanges.a.url` is not a safe address (contains a fragment)",
        ),
        (
            'exchanges = { a = { audience = "a\\u202eb" } }',
            "`exchanges.a.audience` contains invisible characters",
        ),
        (
            'exchanges = { a = { scope = ["a\\u202eb"] } }',
            "`exchanges.a.scope` contains invisible characters",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, members: str, message: str) -> None:
    with pytest.raises(BrokenProfile) as caught:
        read(tmp_path, f'{HEAD}issuer = "https://login.example"\n{members}\n')
    assert caught.value.detail.startswith(f"profile `northwind`: {message}")
    assert "(line 4)" in caught.value.detail


def test_a_name_has_up_to_31_characters_and_loopback_may_be_http(tmp_path: Path) -> None:
    name = "a" * 31
    table = f"exchanges = {{ {name} = {{ kind = 'bearer', url = 'http://127.0.0.1:8080/x' }} }}"
    text = f'{HEAD}issuer = "https://login.example"\n{table}\n'
    assert list(exchanges_of(read(tmp_path, text))) == [name]
    with pytest.raises(BrokenProfile):
        read(tmp_path, text.replace(name, f"{name}a"))


def test_a_host_elsewhere_is_shown_before_an_import(tmp_path: Path) -> None:
    assert foreign_hosts(read(tmp_path, OWN), load_presets()) == {
        "xn--lgin-5qa.example": ("exchanges",)
    }


def test_an_edit_in_the_form_or_a_terminal_keeps_them(tmp_path: Path) -> None:
    before, presets = read(tmp_path, OWN), load_presets()
    draft = replace(draft_of(before, presets), name="Northwind 2")
    file = tmp_path / "profiles.toml"
    save_profile(file, "northwind", members_of(draft, presets))
    after = load_profile(file=file)
    assert (after.name, after.exchanges) == ("Northwind 2", before.exchanges)
    assert profile_of("northwind", draft, presets, kept=before).exchanges == before.exchanges


def test_export_and_import_keep_them(tmp_path: Path) -> None:
    before, target = read(tmp_path, OWN), tmp_path / "target.toml"
    text = export_profiles(tmp_path / "profiles.toml", ("northwind",))
    import_profiles(target, text, tmp_path / "profiles.toml")
    assert load_profile(file=target).exchanges == before.exchanges


def test_adding_one_signs_nobody_out(tmp_path: Path) -> None:
    profile = read(tmp_path, OWN)
    assert client_binding(profile) == client_binding(replace(profile, exchanges={}))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("order", "Profile “northwind” has no exchange “order”. Did you mean “orders”?"),
        ("billing", "Profile “northwind” has no exchange “billing”. It has “orders”, “stock”."),
    ],
)
def test_an_unknown_one_is_answered_with_those_that_there_are(
    tmp_path: Path, name: str, text: str
) -> None:
    profile = read(tmp_path, OWN)
    assert find_exchange(profile, "orders").audience == "orders"
    with pytest.raises(UnknownExchange) as caught:
        find_exchange(profile, name)
    assert error_code(caught.value) == "usage"
    assert advice_for(caught.value, surface=Surface.TERMINAL).text == text


def test_a_profile_without_any_is_told_where_to_add_one() -> None:
    with pytest.raises(UnknownExchange) as caught:
        find_exchange(Profile(id="soc", name="SOC", client_id="c"), "orders")
    assert advice_for(caught.value).text == (
        "Profile “soc” has no exchange “orders”. Add it to profiles.toml under "
        "[profiles.soc.exchanges.orders]."
    )


def test_a_policy_narrows_them_with_the_services(tmp_path: Path) -> None:
    policy = Policy(source="/etc/policy", services=("stock",))
    profile = with_policy(read(tmp_path, OWN), policy)
    assert list(exchanges_of(profile)) == ["stock"]
    with pytest.raises(ExchangeForbidden) as caught:
        find_exchange(profile, "orders")
    assert error_code(caught.value) == "forbidden"
    assert "/etc/policy" in advice_for(caught.value).text


def test_a_policy_that_names_one_of_the_preset_allows_no_other_address_for_it(
    tmp_path: Path,
) -> None:
    text = f'{HEAD}preset = "xdr-eu"\n[profiles.northwind.exchanges.secure-endpoint]\n'
    own = read(tmp_path, f'{text}kind = "bearer"\nurl = "https://evil.example/"\n')
    assert find_exchange(own, "secure-endpoint").url == "https://evil.example/"
    governed = with_policy(own, Policy(services=("secure-endpoint",)))
    url = find_exchange(governed, "secure-endpoint").url
    assert url == "https://api.eu.amp.cisco.com/v3/access_tokens"


def test_a_policy_can_leave_only_those_of_the_preset(tmp_path: Path) -> None:
    text = f'{HEAD}preset = "xdr-eu"\n[profiles.northwind.exchanges.orders]\n'
    profile = with_policy(read(tmp_path, text), Policy(own_services=False))
    assert list(exchanges_of(profile)) == ["secure-endpoint"]


def test_a_token_of_another_server_is_not_meant_for_the_exchanges_of_a_preset(
    tmp_path: Path,
) -> None:
    text = f'{HEAD}preset = "xdr-eu"\nissuer = "https://visibility.example"\n'
    text += "".join(
        f'{name} = "https://visibility.example/x"\n'
        for name in ("userinfo_endpoint", "app_grant_endpoint")
    )
    assert exchanges_of(read(tmp_path, text)) == {}
