"""What other tools export: a client is read with the right member, anything else is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from desktop.services.configuration.client_model import (
    ClientModel,
    name_unusable_format,
    read_client_model,
)
from desktop.services.configuration.profile_draft import Draft, with_client_model
from desktop.services.configuration.profile_file import export_profiles

KEYCLOAK = {
    "realm": "soc team",
    "auth-server-url": "https://id.example/auth/",
    "ssl-required": "external",
    "resource": "xdr",
    "credentials": {"secret": "s-1"},
    "confidential-port": 0,
}
CLIENTS: dict[str, tuple[Any, ClientModel]] = {
    "google": (
        {
            "installed": {
                "client_id": "1.apps.googleusercontent.com",
                "project_id": "p",
                "auth_uri": "https://accounts.google.com/o/oauth2/auth",
                "token_uri": "https://oauth2.googleapis.com/token",
                "client_secret": "s-1",
                "redirect_uris": ["http://localhost"],
            }
        },
        ClientModel(
            "1.apps.googleusercontent.com",
            client_secret="s-1",
            redirect_uri="http://localhost",
            preset="google",
        ),
    ),
    "keycloak adapter": (
        KEYCLOAK,
        ClientModel(
            "xdr",
            client_secret="s-1",
            issuer="https://id.example/auth/realms/soc%20team",
            preset="keycloak",
        ),
    ),
    "keycloak client": (
        {"id": "7b2c-internal", "clientId": "xdr", "publicClient": True, "secret": "**********"},
        ClientModel("xdr", is_public=True),
    ),
    "okta": (
        {
            "id": "0oa1",
            "name": "oidc_client",
            "label": "SOC",
            "credentials": {"oauthClient": {"client_id": "0oa1-c", "client_secret": "s-1"}},
            "settings": {
                "oauthClient": {"redirect_uris": [], "grant_types": ["client_credentials"]}
            },
        },
        ClientModel("0oa1-c", name="SOC", client_secret="s-1", grants=("client-credentials",)),
    ),
    "azure service principal": (
        {"appId": "app-1", "displayName": "SOC", "password": "s-1", "tenant": "t-1"},
        ClientModel(
            "app-1",
            name="SOC",
            client_secret="s-1",
            issuer="https://login.microsoftonline.com/t-1/v2.0",
            preset="entra",
        ),
    ),
    "azure manifest": (
        {"id": "object-id", "appId": "app-1", "displayName": "SOC"},
        ClientModel("app-1", name="SOC"),
    ),
    "cognito": (
        {"UserPoolClient": {"UserPoolId": "u", "ClientName": "SOC", "ClientId": "c-1"}},
        ClientModel("c-1", name="SOC"),
    ),
    "gitlab": (
        {"id": 1, "application_id": "c-1", "application_name": "SOC", "secret": "s-1"},
        ClientModel("c-1", client_secret="s-1"),
    ),
    "oidc-agent": (
        {
            "name": "soc",
            "client_id": "c-1",
            "client_secret": "s-1",
            "issuer_url": "https://id.example/",
            "refresh_token": "rt-SECRET",
            "scope": "openid offline_access",
        },
        ClientModel(
            "c-1",
            name="soc",
            client_secret="s-1",
            scope=("openid", "offline_access"),
            issuer="https://id.example/",
        ),
    ),
    "auth0": (
        {"domain": "soc.eu.auth0.com", "clientId": "c-1"},
        ClientModel("c-1", issuer="https://soc.eu.auth0.com", preset="auth0"),
    ),
    "msal": (
        {"auth": {"clientId": "c-1", "authority": "https://login.example/t"}},
        ClientModel("c-1", issuer="https://login.example/t"),
    ),
    "an id of a record beside": ({"id": "internal", "client_id": "c-1"}, ClientModel("c-1")),
}
POSTMAN = {
    "id": "9f0d-internal",
    "name": "XDR",
    "values": [{"key": "client_id", "value": "c-1", "enabled": True}],
    "_postman_variable_scope": "environment",
}
FOREIGN: dict[str, tuple[Any, str]] = {
    "postman environment": (POSTMAN, "a Postman environment"),
    "postman globals": ({"id": "x", "values": []}, "a Postman environment"),
    "postman collection": (
        {"info": {"schema": "https://schema.getpostman.com/json/v2.1.0"}, "item": []},
        "a Postman collection",
    ),
    "insomnia": ({"_type": "export", "__export_format": 4}, "an Insomnia export"),
    "insomnia 5": ("type: collection.insomnia.rest/5.0\nname: x\n", "an Insomnia export"),
    "bruno file": ("meta {\n  name: x\n}\n", "a Bruno collection or environment"),
    "bruno json": (
        {"name": "x", "version": "1", "items": []},
        "a Bruno collection or environment",
    ),
    "httpie": ({"__meta__": {"about": "HTTPie session file"}, "auth": {}}, "an HTTPie session"),
    "curl": ("curl -u c-1:s https://id.example/token\n", "a curl command"),
    "env": ("# soc\nexport CLIENT_ID=c-1\n", "an .env file"),
    "kubeconfig": ("apiVersion: v1\nkind: Config\nusers: []\n", "a kubeconfig file"),
    "kubelogin": (
        "exec:\n  apiVersion: client.authentication.k8s.io/v1\n  command: kubectl\n",
        "a Kubernetes file",
    ),
    "kubeconfig json": ({"apiVersion": "v1", "kind": "Config"}, "a kubeconfig file"),
    "exec credential": ({"kind": "ExecCredential", "status": {}}, "a Kubernetes credential"),
    "aws sso": (
        {"clientId": "c", "clientSecret": "s", "expiresAt": "2026-01-01T00:00:00Z"},
        "an AWS IAM Identity Center sign-in",
    ),
    "aws config": ("[default]\naws_access_key_id = AKIA\n", "an AWS configuration file"),
    "azure cli": ({"installationId": "x", "subscriptions": []}, "an Azure CLI file"),
    "service account": (
        {"type": "service_account", "client_id": "117", "private_key": "-----BEGIN"},
        "a Google service account key",
    ),
    "authorized user": (
        {"type": "authorized_user", "client_id": "c", "refresh_token": "r"},
        "Google Cloud credentials",
    ),
    "realm": ({"id": "r", "realm": "soc", "clients": []}, "a Keycloak realm export"),
    "metadata": (
        {"issuer": "https://id.example", "token_endpoint": "https://id.example/token"},
        "server metadata",
    ),
    "token": ({"access_token": "a", "token_type": "bearer"}, "a token"),
    "page": ("<!DOCTYPE html><title>x</title>", "a web page"),
    "key": ("-----BEGIN PRIVATE KEY-----\n", "a certificate or key"),
    "record": ({"id": "x", "name": "y"}, "JSON without a client ID"),
    "variable": ({"client_id": "{{client_id}}"}, "JSON without a client ID"),
    "list": ([1, 2], "JSON without a client ID"),
}


def _text(content: object) -> str:
    return content if isinstance(content, str) else json.dumps(content)


@pytest.mark.parametrize("name", CLIENTS)
def test_the_client_of_another_tool_is_read_with_the_right_member(name: str) -> None:
    content, model = CLIENTS[name]
    assert read_client_model(json.dumps(content)) == model
    assert name_unusable_format(json.dumps(content)) == ""


@pytest.mark.parametrize("name", FOREIGN)
def test_a_file_that_holds_no_client_is_named(name: str) -> None:
    content, format_ = FOREIGN[name]
    assert read_client_model(_text(content)) is None
    assert name_unusable_format(_text(content)) == format_


@pytest.mark.parametrize("text", ["", "garbage", "{", "[profiles.a]\nname = 'x'\n", "# x\n"])
def test_what_may_be_profiles_is_left_to_the_reader_of_profiles(text: str) -> None:
    assert name_unusable_format(text) == ""


def test_an_export_of_profiles_is_not_taken_for_a_file_of_another_tool(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text(
        '[profiles.soc]\nname = "kind: Config"\nclient_id = "c"\nissuer = "https://a.b"\n'
    )
    assert name_unusable_format(export_profiles(file, ["soc"])) == ""


def test_the_server_in_a_file_fills_the_form_unless_one_was_chosen() -> None:
    model = read_client_model(json.dumps(KEYCLOAK))
    assert model is not None
    filled = with_client_model(Draft(), model)
    assert (filled.preset, filled.issuer) == ("keycloak", model.issuer)
    for before in (Draft(preset="xdr-eu"), Draft(issuer="https://other.example")):
        after = with_client_model(before, model)
        assert (after.preset, after.issuer) == (before.preset, before.issuer)
