"""The API description in `resources/openapi` is valid and complete."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from desktop.demo.endpoints import metadata
from desktop.demo.scopes import MEANINGS
from desktop.services.system.resources import resource

METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    text = resource("openapi/iroh-oauth2.json").read_text("utf-8")
    return dict(json.loads(text))


def operations(description: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in description["paths"].items():
        for method in METHODS:
            if method in item:
                yield method.upper(), path, item[method]


def members(value: object) -> Iterator[tuple[str, object]]:
    """Yield the members of all objects at all levels."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name, inner
            yield from members(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from members(inner)


def test_the_description_is_valid_openapi(description: dict[str, Any]) -> None:
    assert list(OpenAPIV31SpecValidator(description).iter_errors()) == []


def test_the_validator_finds_an_error(description: dict[str, Any]) -> None:
    broken = description | {"paths": {"/x": {"get": {"responses": {"200": {}}}}}}
    assert list(OpenAPIV31SpecValidator(broken).iter_errors())


def test_every_route_has_a_group_and_texts(description: dict[str, Any]) -> None:
    groups = [tag["name"] for tag in description["tags"]]
    assert groups == ["OAuth2", "Grants", "DeviceGrant"]
    for method, path, operation in operations(description):
        assert len(operation["tags"]) == 1, (method, path)
        assert operation["tags"][0] in groups
        assert operation["summary"]
        assert all(each["description"] for each in operation.get("parameters", ()))


def test_the_routes_are_the_expected_ones(description: dict[str, Any]) -> None:
    assert {(method, path) for method, path, _ in operations(description)} == {
        ("GET", "/.well-known/oauth-authorization-server"),
        ("GET", "/.well-known/openid-configuration"),
        ("GET", "/.well-known/jwks"),
        ("GET", "/iroh/oauth2/authorize"),
        ("POST", "/iroh/oauth2/token"),
        ("POST", "/iroh/oauth2/refresh"),
        ("GET", "/iroh/oauth2/csrf-token"),
        ("POST", "/iroh/oauth2/code"),
        ("GET", "/iroh/oauth2/grant-status"),
        ("DELETE", "/iroh/oauth2/app-grant/{client-id}"),
        ("POST", "/iroh/oauth2/device_authorization"),
        ("GET", "/iroh/oauth2/device"),
    }


def test_assumptions_are_marked_and_explained(description: dict[str, Any]) -> None:
    assumed = {path for _, path, each in operations(description) if "x-assumed" in each}
    assert assumed == {"/iroh/oauth2/csrf-token", "/iroh/oauth2/code", "/iroh/oauth2/device"}
    texts = [value for name, value in members(description) if name == "x-assumed"]
    assert all(isinstance(text, str) and text.endswith(".") for text in texts)


def test_the_scopes_match_the_demo_server(description: dict[str, Any]) -> None:
    flow = description["components"]["securitySchemes"]["oauth2"]["flows"]["authorizationCode"]
    assert set(flow["scopes"]) == set(MEANINGS)
    assert len(flow["scopes"]) == 32


def test_the_metadata_matches_the_description(description: dict[str, Any]) -> None:
    described = description["components"]["schemas"]["Metadata"]
    assert set(described["required"]) <= metadata("http://127.0.0.1").keys()
