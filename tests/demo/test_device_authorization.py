import re
from collections.abc import Callable

import pytest

from desktop.demo import SERVICE_CLIENT_ID, SERVICE_CLIENT_SECRET
from desktop.demo.device import ALPHABET, MOST_GRANTS
from tests.demo.bench import BASE, PAGE, Bench, assert_error

PATH = "/iroh/oauth2/device_authorization"


async def test_a_code_comes_with_all_that_the_client_needs(bench: Bench) -> None:
    issued = await bench.device()
    assert re.fullmatch(f"[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}", issued["user_code"])
    assert len(issued["device_code"]) == 43
    assert issued["verification_uri"] == f"{BASE}{PAGE}"
    assert issued["verification_uri_complete"] == f"{BASE}{PAGE}?user_code={issued['user_code']}"
    assert (issued["expires_in"], issued["interval"]) == (600, 1)


async def test_what_the_options_leave_out_is_left_out(bench_with: Callable[..., Bench]) -> None:
    issued = await bench_with(interval=None, complete_uri=False).device()
    assert set(issued) == {"device_code", "user_code", "verification_uri", "expires_in"}


async def test_a_fraction_of_a_second_is_told_as_such(bench_with: Callable[..., Bench]) -> None:
    issued = await bench_with(interval=0.5, code_lifetime=40).device()
    assert (issued["interval"], issued["expires_in"]) == (0.5, 40)


async def test_two_codes_are_never_the_same(bench: Bench) -> None:
    one, other = await bench.device(), await bench.device()
    assert one["user_code"] != other["user_code"]
    assert one["device_code"] != other["device_code"]


async def test_the_answer_is_not_to_be_stored(bench: Bench) -> None:
    answer = await bench.client.post(PATH, data={"client_id": "client-unknown"})
    assert_error(answer, 401, "invalid_client")


async def test_an_unknown_scope_is_refused(bench: Bench) -> None:
    form = {"client_id": next(iter(bench.state.clients)), "scope": "enrich:read coffee"}
    answer = await bench.client.post(PATH, data=form)
    assert_error(answer, 400, "invalid_scope")
    assert answer.json()["error_description"] == "There is no scope coffee."


async def test_a_client_without_the_device_grant_is_refused(bench: Bench) -> None:
    auth = (SERVICE_CLIENT_ID, SERVICE_CLIENT_SECRET)
    answer = await bench.client.post(PATH, data={"scope": "enrich"}, auth=auth)
    assert_error(answer, 400, "unauthorized_client")


@pytest.mark.parametrize(
    "form",
    [
        {"code_challenge": "c" * 43, "code_challenge_method": "S512"},
        {"code_challenge": "short", "code_challenge_method": "S256"},
    ],
)
async def test_a_challenge_that_cannot_hold_is_refused(bench: Bench, form: dict[str, str]) -> None:
    data = {"client_id": next(iter(bench.state.clients))} | form
    assert_error(await bench.client.post(PATH, data=data), 400, "invalid_request")


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{}", 400),
        ("application/x-www-form-urlencoded", b"client_id=a&client_id=b", 400),
        ("application/x-www-form-urlencoded", b"client_id=%ff", 400),
        ("application/x-www-form-urlencoded", b"a=b&" * 40, 400),
        ("application/x-www-form-urlencoded", b"a=" + b"b" * 70_000, 413),
    ],
    ids=["json", "twice", "not utf-8", "many fields", "large"],
)
async def test_a_body_that_is_no_proper_form_is_refused(
    bench: Bench, content_type: str, body: bytes, status: int
) -> None:
    headers = {"Content-Type": content_type}
    answer = await bench.client.post(PATH, content=body, headers=headers)
    assert_error(answer, status, "invalid_request")


async def test_the_codes_kept_are_bounded(bench: Bench) -> None:
    first = await bench.device()
    for _ in range(MOST_GRANTS):
        bench.state.devices.issue("client", scopes=())
    assert bench.state.devices.find(first["user_code"]) is None
