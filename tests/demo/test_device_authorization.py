import re
from collections.abc import Callable

import pytest

from desktop.demo import PUBLIC_CLIENT_ID
from desktop.demo.clients import SERVICE_CLIENT_ID, SERVICE_CLIENT_SECRET
from desktop.demo.device_codes import ALPHABET
from desktop.demo.store import MOST_VALUES
from tests.demo.harness import BASE, PAGE, Harness, assert_error

PATH = "/iroh/oauth2/device_authorization"


async def test_a_code_comes_with_all_that_the_client_needs(harness: Harness) -> None:
    issued = await harness.device()
    assert re.fullmatch(f"[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}", issued["user_code"])
    assert len(issued["device_code"]) == 43
    assert issued["verification_uri"] == f"{BASE}{PAGE}"
    assert issued["verification_uri_complete"] == f"{BASE}{PAGE}?user_code={issued['user_code']}"
    assert (issued["expires_in"], issued["interval"]) == (600, 1)


async def test_a_fraction_of_a_second_is_told_as_such(harness_with: Callable[..., Harness]) -> None:
    issued = await harness_with(interval=0.5, code_lifetime=40).device()
    assert (issued["interval"], issued["expires_in"]) == (0.5, 40)


async def test_two_codes_are_never_the_same(harness: Harness) -> None:
    one, other = await harness.device(), await harness.device()
    assert one["user_code"] != other["user_code"]
    assert one["device_code"] != other["device_code"]


async def test_the_answer_is_not_to_be_stored(harness: Harness) -> None:
    answer = await harness.client.post(PATH, data={"client_id": "client-unknown"})
    assert_error(answer, 401, "invalid_client")


async def test_an_unknown_scope_is_refused(harness: Harness) -> None:
    form = {"client_id": PUBLIC_CLIENT_ID, "scope": "enrich:read coffee"}
    answer = await harness.client.post(PATH, data=form)
    assert_error(answer, 400, "invalid_scope")
    assert answer.json()["error_description"] == "The scope coffee does not exist."


async def test_a_client_without_the_device_grant_is_refused(harness: Harness) -> None:
    auth = (SERVICE_CLIENT_ID, SERVICE_CLIENT_SECRET)
    answer = await harness.client.post(PATH, data={"scope": "enrich"}, auth=auth)
    assert_error(answer, 400, "unauthorized_client")


@pytest.mark.parametrize(
    "form",
    [
        {"code_challenge": "c" * 43, "code_challenge_method": "S512"},
        {"code_challenge": "short", "code_challenge_method": "S256"},
    ],
)
async def test_a_challenge_that_cannot_hold_is_refused(
    harness: Harness, form: dict[str, str]
) -> None:
    data = {"client_id": PUBLIC_CLIENT_ID} | form
    assert_error(await harness.client.post(PATH, data=data), 400, "invalid_request")


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{}", 400),
        ("application/x-www-form-urlencoded", b"client_id=a&client_id=b", 400),
        ("application/x-www-form-urlencoded", b"client_id=%ff", 400),
        ("application/x-www-form-urlencoded", b"a=b&" * 40, 400),
        ("application/x-www-form-urlencoded", b"a=" + b"b" * 600_000, 413),
    ],
    ids=["json", "twice", "not utf-8", "many fields", "large"],
)
async def test_a_body_that_is_no_proper_form_is_refused(
    harness: Harness, content_type: str, body: bytes, status: int
) -> None:
    headers = {"Content-Type": content_type}
    answer = await harness.client.post(PATH, content=body, headers=headers)
    assert_error(answer, status, "invalid_request")


async def test_the_codes_kept_are_bounded(harness: Harness) -> None:
    first = await harness.device()
    for _ in range(MOST_VALUES):
        harness.state.device_codes.issue("client", ())
    assert harness.state.device_codes.find(first["user_code"]) is None
