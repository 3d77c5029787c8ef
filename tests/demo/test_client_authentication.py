import base64

import httpx
import pytest

from desktop.demo import PUBLIC_CLIENT_ID
from desktop.demo.clients import (
    BASIC_ONLY_CLIENT_ID,
    BASIC_ONLY_CLIENT_SECRET,
    CONFIDENTIAL_CLIENT_ID,
    CONFIDENTIAL_CLIENT_SECRET,
    POST_ONLY_CLIENT_ID,
    POST_ONLY_CLIENT_SECRET,
)
from tests.demo.harness import Harness, assert_error

CONFIDENTIAL = (CONFIDENTIAL_CLIENT_ID, CONFIDENTIAL_CLIENT_SECRET)
POST_ONLY = (POST_ONLY_CLIENT_ID, POST_ONLY_CLIENT_SECRET)
BASIC_ONLY = (BASIC_ONLY_CLIENT_ID, BASIC_ONLY_CLIENT_SECRET)
PATH = "/iroh/oauth2/device_authorization"


async def by_post(harness: Harness, client: tuple[str, str]) -> httpx.Response:
    form = {"client_id": client[0], "client_secret": client[1]}
    return await harness.client.post(PATH, data=form)


async def by_basic(harness: Harness, client: tuple[str, str], **form: str) -> httpx.Response:
    return await harness.client.post(PATH, data={"scope": "profile"} | form, auth=client)


def test_the_example_passwords_have_the_shape_of_real_ones() -> None:
    for secret in (CONFIDENTIAL[1], POST_ONLY[1], BASIC_ONLY[1]):
        assert len(secret) == 54
        assert secret.startswith("example-only-not-a-secret-")


@pytest.mark.parametrize("client", [CONFIDENTIAL, POST_ONLY])
async def test_a_password_may_come_in_the_body(harness: Harness, client: tuple[str, str]) -> None:
    assert (await by_post(harness, client)).status_code == 200


@pytest.mark.parametrize("client", [CONFIDENTIAL, BASIC_ONLY, (PUBLIC_CLIENT_ID, "")])
async def test_a_password_may_come_as_http_basic(harness: Harness, client: tuple[str, str]) -> None:
    assert (await by_basic(harness, client)).status_code == 200


async def test_a_client_for_basic_only_is_refused_in_the_body(harness: Harness) -> None:
    answer = await by_post(harness, BASIC_ONLY)
    assert_error(answer, 401, "invalid_client")
    assert "www-authenticate" not in answer.headers


async def test_a_client_for_the_body_only_is_refused_as_basic(harness: Harness) -> None:
    answer = await by_basic(harness, POST_ONLY)
    assert_error(answer, 401, "invalid_client")
    assert answer.headers["www-authenticate"] == 'Basic realm="IROH Auth"'


async def test_a_wrong_password_is_refused(harness: Harness) -> None:
    assert_error(await by_post(harness, (CONFIDENTIAL[0], "wrong")), 401, "invalid_client")
    assert_error(await by_basic(harness, (CONFIDENTIAL[0], "wröng")), 401, "invalid_client")


async def test_a_confidential_client_without_password_is_refused(harness: Harness) -> None:
    answer = await harness.client.post(PATH, data={"client_id": CONFIDENTIAL_CLIENT_ID})
    assert_error(answer, 401, "invalid_client")


async def test_a_public_client_with_a_password_is_refused(harness: Harness) -> None:
    assert_error(await by_post(harness, (PUBLIC_CLIENT_ID, "made-up")), 401, "invalid_client")


async def test_a_request_without_client_is_refused(harness: Harness) -> None:
    answer = await harness.client.post(PATH, data={"scope": "profile"})
    assert_error(answer, 401, "invalid_client")


async def test_the_id_in_the_body_may_repeat_that_of_basic(harness: Harness) -> None:
    answer = await by_basic(harness, CONFIDENTIAL, client_id=CONFIDENTIAL_CLIENT_ID)
    assert answer.status_code == 200


@pytest.mark.parametrize("form", [{"client_secret": "x"}, {"client_id": PUBLIC_CLIENT_ID}])
async def test_two_ways_at_once_are_refused(harness: Harness, form: dict[str, str]) -> None:
    assert_error(await by_basic(harness, CONFIDENTIAL, **form), 400, "invalid_request")


@pytest.mark.parametrize(
    "header",
    ["Basic", "Basic !!!", "Bearer abc", "Basic " + base64.b64encode(b"no colon").decode()],
)
async def test_unreadable_credentials_are_refused(harness: Harness, header: str) -> None:
    headers = {"Authorization": header}
    answer = await harness.client.post(PATH, data={"scope": "profile"}, headers=headers)
    assert_error(answer, 401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic")


async def test_basic_credentials_are_form_encoded_first(harness: Harness) -> None:
    encoded = CONFIDENTIAL_CLIENT_ID.replace("-", "%2D")
    assert (await by_basic(harness, (encoded, CONFIDENTIAL_CLIENT_SECRET))).status_code == 200
