"""OpenAPI descriptions: valid, unusual and hostile ones."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.services.token import openapi
from desktop.services.token.openapi import (
    BadDescription,
    Route,
    load_bundled_routes,
    load_routes,
    parse_routes,
)


def routes(**members: Any) -> tuple[Route, ...]:  # noqa: ANN401 - any JSON
    return parse_routes(json.dumps({"openapi": "3.1.0", **members}).encode())


def one(**operation: Any) -> Route:  # noqa: ANN401 - any JSON
    (found,) = routes(paths={"/x": {"get": operation}})
    return found


def test_the_bundled_description_is_read_completely() -> None:
    found = {(each.method, each.path): each for each in load_bundled_routes()}
    assert len(found) == 12
    status = found["GET", "/iroh/oauth2/grant-status"]
    assert (status.group, status.needs_token, status.assumed) == ("Grants", True, "")
    (client_id,) = status.parameters
    assert client_id.assumed.startswith("The name of the parameter")
    token = found["POST", "/iroh/oauth2/token"]
    assert not token.needs_token
    assert [each.name for each in token.parameters if each.required] == ["grant_type"]
    assert {each.where for each in token.parameters} == {"form"}
    assert found["GET", "/iroh/oauth2/csrf-token"].assumed


def test_groups_come_in_the_order_of_the_document() -> None:
    paths = {f"/{tag}": {"get": {"tags": [tag]}} for tag in ("b", "none", "a")}
    found = routes(tags=[{"name": "a"}, {"name": "b"}], paths=paths)
    assert [each.group for each in found] == ["a", "b", "none"]


def test_references_within_the_document_are_followed() -> None:
    shared = {"name": "q", "in": "query", "required": True, "x-assumed": True}
    (found,) = routes(
        paths={"/x": {"parameters": [{"$ref": "#/components/parameters/a~1b"}], "get": {}}},
        components={"parameters": {"a/b": shared}},
    )
    (parameter,) = found.parameters
    assert (parameter.name, parameter.where, parameter.required) == ("q", "query", True)
    assert parameter.assumed == "not documented"


@pytest.mark.parametrize(
    "reference", ["#/loop", "#/paths/none", "https://evil.example/x.json", "other.json", "#", 1]
)
def test_dangling_references_are_skipped(reference: object) -> None:
    (found,) = routes(
        loop={"$ref": "#/loop"},
        paths={"/x": {"get": {"requestBody": {"$ref": reference}}}},
    )
    assert found.parameters == ()


def test_a_parameter_of_the_route_overrides_that_of_the_path() -> None:
    given_here = {"name": "q", "in": "query", "description": "here"}
    (found,) = routes(
        paths={
            "/x": {
                "parameters": [{"name": "q", "in": "query", "description": "above"}],
                "get": {"parameters": [given_here]},
            }
        }
    )
    assert [each.text for each in found.parameters] == ["here"]


def test_the_base_path_is_prepended() -> None:
    (found,) = routes(servers=[{"url": "https://a.example/v1/"}], paths={"/x": {"get": {}}})
    assert found.path == "/v1/x"
    (old,) = parse_routes(b'{"swagger": "2.0", "basePath": "/iroh/", "paths": {"/x": {"get": {}}}}')
    assert old.path == "/iroh/x"
    (odd,) = routes(servers=[{"url": "http://[/"}], paths={"/x": {"get": {}}})
    assert odd.path == "/x"


def test_scopes_of_all_alternatives_are_listed() -> None:
    schemes = {"a": {"type": "oauth2"}, "b": {"type": "http", "scheme": "bearer"}, "c": {}}
    (found,) = routes(
        components={"securitySchemes": schemes},
        paths={"/x": {"get": {"security": [{"a": ["x:read"]}, {"b": [], "c": ["no"]}]}}},
    )
    assert (found.needs_token, found.scopes) == (True, ("x:read",))


@pytest.mark.parametrize("kind", [[], {}, 1, None])
def test_a_malformed_token_type_is_ignored(kind: object) -> None:
    found = routes(
        paths={"/x": {"get": {"security": [{"it": []}]}}},
        components={"securitySchemes": {"it": {"type": kind}}},
    )
    assert not found[0].needs_token


def test_texts_contain_no_control_characters() -> None:
    assert one(summary="a\u202eb\x1b[2Jc\nd").text == "a b [2Jc d"
    assert len(one(summary="x" * 5000).text) == 300


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"openapi: 3.1.0", b"[]", b"null", b"{}", b'{"paths": {}}', b"\xff\xfe\x00"),
        *(b"[" * 200_000, b'{"openapi": ' + b"9" * 5000 + b"}", b'{"openapi": "3.1.0"}'),
        *(b'{"openapi": 1, "paths": 5}', b'{"openapi": 1, "paths": {"/x": []}}'),
    ],
)
def test_invalid_descriptions_are_rejected(content: bytes) -> None:
    with pytest.raises(BadDescription, match=r"\.$"):
        parse_routes(content)


def test_too_many_routes_are_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many: dict[str, object] = {
        f"/{number}": {"get": {}} for number in range(openapi.MAX_ROUTES + 1)
    }
    with pytest.raises(BadDescription, match="more than 5000 routes"):
        routes(paths=many)
    parameters = [{"name": str(number)} for number in range(1000)]
    assert len(one(parameters=parameters).parameters) == openapi.MAX_PARAMETERS
    monkeypatch.setattr(openapi, "MAX_DESCRIPTION_SIZE", 10)
    file = tmp_path / "large.json"
    file.write_text('{"openapi": "3.1.0"}')
    with pytest.raises(BadDescription, match="larger"):
        load_routes(file, on_wait=pytest.fail)


@pytest.mark.parametrize("shared", ["security", "parameters", "required", "reference", "base"])
def test_what_all_routes_refer_to_is_read_once(shared: str) -> None:
    """Each document has 2,000 routes times 2,000 or more of something."""
    long = {"description": "d" * 2000}
    parameters = [{"name": f"{number}", "in": "query", **long} for number in range(2000)]
    body = {"content": {"form": {"schema": {"$ref": "#/components/schema"}}}}
    schema = {
        "properties": {f"{each}": long for each in range(2000)},
        "required": ["x"] * 100_000,
    }
    security = [{"it": [f"s{number}:read"]} for number in range(20_000)]
    deep = "#/" + "components/" * 20_000
    document: dict[str, Any] = {
        "components": {
            "securitySchemes": {"it": {"type": "oauth2"}},
            "item": {"get": {"requestBody": body}, "parameters": parameters},
            "schema": schema,
        }
    }
    item: dict[str, Any] = {"get": {}}
    match shared:
        case "security":
            document["security"] = security
        case "parameters":
            item = {"$ref": "#/components/item"}
        case "required":
            item = {"get": {"requestBody": body}}
        case "reference":
            document["components"]["deep"] = {"$ref": deep}
            item = {"get": {}, "parameters": [{"$ref": "#/components/deep"}] * 20}
        case "base":
            document["basePath"] = "/x" * 500_000
    document["paths"] = {f"/{number}": item for number in range(2000)}
    started = time.thread_time()
    assert len(routes(**document)) == 2000
    assert time.thread_time() - started < 4.0  # seconds


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("paths", "/x", "get", "post", "parameters", "$ref", "security", "tags"),
                    *("name", "in", "required", "content", "schema", "properties", "requestBody"),
                    *("components", "securitySchemes", "servers", "url", "type", "x-assumed"),
                ]
            ),
            inner | st.just("#/paths") | st.just("#/components"),
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["paths", "tags", "servers", "components"]), JSON_VALUES))
def test_no_document_breaks_the_reader(document: dict[str, object]) -> None:
    try:
        found = routes(**document)
    except BadDescription:
        return
    assert all(each.method.isupper() for each in found)
