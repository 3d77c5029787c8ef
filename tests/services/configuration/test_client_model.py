"""What users may paste: the JSON of a client, as an administrator copied it."""

import json

import pytest

from desktop.services.configuration.client_model import ClientModel, read_client_model

ID = "client-00000000-0000-4000-8000-000000000000"
CISCO = {
    "id": ID,
    "password": "54-characters",
    "name": "Northwind SOC",
    "description": "…",
    "grants": ["device-grant", "auth-code"],
    "scopes": ["enrich:read", "casebook"],
    "redirects": ["https://elsewhere.example/cb", "http://127.0.0.1:8400/cb"],
    "client-type": "confidential",
    "availability": "org",
    "allow-partial-user-scopes?": True,
}


def test_a_whole_model_is_understood() -> None:
    assert read_client_model(json.dumps(CISCO)) == ClientModel(
        ID,
        name="Northwind SOC",
        client_secret="54-characters",
        grants=("code", "device"),
        scope=("enrich:read", "casebook"),
        redirect_uri="http://127.0.0.1:8400/cb",
    )


def test_a_public_client_has_no_password() -> None:
    found = read_client_model(json.dumps([{"id": ID, "client-type": "public"}]))
    assert found == ClientModel(ID, is_public=True)


def test_the_names_of_rfc_7591_are_understood() -> None:
    found = read_client_model(
        json.dumps(
            {
                "client_id": "c",
                "client_secret": "s",
                "client_name": "n",
                "grant_types": ["client_credentials"],
                "scope": "a b",
                "redirect_uris": ["https://a.example"],
            }
        )
    )
    assert found == ClientModel(
        "c", name="n", client_secret="s", grants=("client-credentials",), scope=("a", "b")
    )


def test_a_password_is_not_in_what_is_printed() -> None:
    assert "54-characters" not in repr(read_client_model(json.dumps(CISCO)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        ID,
        "{",
        "[]",
        "[1, 2]",
        "[7]",
        "{}",
        '{"id": 7}',
        '{"id": ""}',
        '{"name": "n"}',
        "[" * 50_000,
        '{"id": "' + "x" * 200_000 + '"}',
        '{"id": "a\\u0000b"}',
    ],
)
def test_what_is_no_model_is_nothing(text: str) -> None:
    assert read_client_model(text) is None


def test_members_of_the_wrong_kind_are_left_out() -> None:
    text = json.dumps(
        {"id": ID, "scopes": [1, "a"], "grants": {}, "redirects": "ftp://x", "name": 7}
    )
    assert read_client_model(text) == ClientModel(ID, scope=("a",))


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1.evil.example/cb",
        "http://localhost.evil.example/",
        "http://127.0.0.1@evil.example/",
        "https://127.0.0.1/cb",
        "http://127.0.0.1:port/",
    ],
)
def test_only_an_address_of_this_computer_is_taken_as_the_way_back(address: str) -> None:
    text = json.dumps({"id": ID, "redirects": [address, "http://[::1]:8400/cb"]})
    model = read_client_model(text)
    assert model is not None
    assert model.redirect_uri == "http://[::1]:8400/cb"
