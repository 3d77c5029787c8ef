"""The demo server against the description of the routes: schemathesis asks what we did not."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from desktop.demo import PUBLIC_CLIENT_ID, DemoOptions, DemoServer
from desktop.demo.clients import DEVICE_CODE
from desktop.services.system.resources import resource

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    ignored_auth,
]
DESCRIPTION = json.loads(resource("openapi/iroh-oauth2.json").read_text("utf-8"))
SCHEMA = schemathesis.openapi.from_dict(DESCRIPTION)
OPERATIONS = {
    found.ok().label: found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok)
}


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    with DemoServer(DemoOptions(interval=0, approve_after=0)) as server:
        yield server


@pytest.fixture(scope="module")
def token(server: DemoServer) -> str:
    return sign_in(server)


def sign_in(server: DemoServer) -> str:
    form = {"client_id": PUBLIC_CLIENT_ID}
    url = f"{server.url}/iroh/oauth2"
    issued = httpx.post(f"{url}/device_authorization", data=form).json()
    form |= {"grant_type": DEVICE_CODE, "device_code": issued["device_code"]}
    return str(httpx.post(f"{url}/token", data=form).json()["access_token"])


def ask(operation: Any, server: DemoServer, token: str) -> int:  # noqa: ANN401 - schemathesis makes it
    """Ask what the description allows, and what it does not; gives how often."""
    modes = [GenerationMode.POSITIVE]
    if operation.body or operation.query or operation.path_parameters:
        modes.append(GenerationMode.NEGATIVE)
    headers = {"Authorization": f"Bearer {token}"} if needs_token(operation) else {}
    asked = 0

    @seed(8628)
    @settings(
        max_examples=30, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=st.one_of([operation.as_strategy(generation_mode=mode) for mode in modes]))
    def ask_once(case: Any) -> None:  # noqa: ANN401 - schemathesis makes it
        nonlocal asked
        case.call_and_validate(base_url=server.url, headers=headers, checks=CHECKS)
        asked += 1

    ask_once()
    return asked


def needs_token(operation: Any) -> bool:  # noqa: ANN401 - schemathesis makes it
    return "security" not in operation.definition.raw


@pytest.mark.parametrize("label", OPERATIONS)
def test_the_demo_server_keeps_to_the_description(
    server: DemoServer, token: str, label: str
) -> None:
    assert ask(OPERATIONS[label], server, token)


def test_a_server_that_does_not_keep_to_it_is_found(server: DemoServer, token: str) -> None:
    other = copy.deepcopy(DESCRIPTION)
    other["components"]["schemas"]["GrantStatus"]["required"].append("organization")
    schema = schemathesis.openapi.from_dict(other)
    operation = schema["/iroh/oauth2/grant-status"]["GET"]
    with pytest.raises(FailureGroup, match="organization"):
        ask(operation, server, token)


def test_what_succeeds_keeps_to_it_too(server: DemoServer) -> None:
    token = sign_in(server)
    http = httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {token}"})
    with http:
        csrf = http.get("/iroh/oauth2/csrf-token")
        body = {
            "client_id": PUBLIC_CLIENT_ID,
            "redirect_uri": "http://127.0.0.1:1/callback",
            "code_challenge": "c" * 43,
            "csrf_token": csrf.json()["csrf-token"],
        }
        succeeded = {
            "GET /iroh/oauth2/csrf-token": csrf,
            "POST /iroh/oauth2/code": http.post("/iroh/oauth2/code", json=body),
            "GET /iroh/oauth2/grant-status": http.get("/iroh/oauth2/grant-status"),
            "DELETE /iroh/oauth2/app-grant/{client-id}": http.delete(
                f"/iroh/oauth2/app-grant/{PUBLIC_CLIENT_ID}"
            ),
        }
    for label, answer in succeeded.items():
        assert answer.is_success, (label, answer.text)
        OPERATIONS[label].validate_response(answer)
