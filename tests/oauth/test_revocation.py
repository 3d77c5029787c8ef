import pytest

from desktop.oauth import errors
from desktop.oauth.client import Client
from desktop.oauth.errors import OAuthError
from desktop.oauth.model.client_authentication import ClientAuthentication
from desktop.oauth.revocation import revoke, revoke_app_grant
from tests.oauth.harness import (
    CONFIDENTIAL,
    HOST,
    REVOCATION_ENDPOINT,
    ClientHarness,
    Reply,
    error_reply,
    json_reply,
    raw_reply,
)

APP_GRANT_ENDPOINT = f"https://{HOST}/iroh/oauth2/app-grant"


async def revoked(bench: ClientHarness, token: str = "ref-resh-token") -> None:
    await revoke(
        bench.connection, REVOCATION_ENDPOINT, token=token, token_type_hint="refresh_token"
    )


async def ended(bench: ClientHarness, endpoint: str = APP_GRANT_ENDPOINT) -> None:
    await revoke_app_grant(bench.connection, endpoint, access_token="acc-ess-token")


# RFC 7009


async def test_the_token_is_sent_with_a_hint_in_the_name_of_the_client() -> None:
    bench = ClientHarness(json_reply({}))
    await revoked(bench)
    assert bench.addresses == [REVOCATION_ENDPOINT]
    assert bench.requests[0].method == "POST"
    assert bench.forms == [
        {
            "token": "ref-resh-token",
            "token_type_hint": "refresh_token",
            "client_id": "client-1",
        }
    ]


@pytest.mark.parametrize("status", [200, 204])
@pytest.mark.parametrize("body", ["", "{}", "OK", "null", "token=x"])
async def test_success_needs_no_body(body: str, status: int) -> None:
    bench = ClientHarness(raw_reply(body, status, "text/plain"))
    await revoked(bench)
    assert len(bench.requests) == 1


async def test_a_confidential_client_authenticates_as_at_the_token_endpoint() -> None:
    bench = ClientHarness(error_reply("invalid_client", 401), raw_reply(""), client=CONFIDENTIAL)
    await revoked(bench)
    assert ["client_secret" in form for form in bench.forms] == [False, True]
    assert bench.connection.known_methods == {REVOCATION_ENDPOINT: ClientAuthentication.POST}


@pytest.mark.parametrize(
    "reply",
    [
        error_reply("invalid_token"),
        error_reply("invalid_token", 401),
        error_reply("invalid_grant"),
        error_reply("token_expired"),
    ],
)
async def test_a_token_that_the_server_does_not_know_counts_as_revoked(reply: Reply) -> None:
    bench = ClientHarness(reply)
    await revoked(bench)
    assert len(bench.requests) == 1


async def test_a_public_client_revokes_although_a_secret_is_stored() -> None:
    refused = error_reply("invalid_client", 401)
    bench = ClientHarness(refused, refused, raw_reply(""), client=CONFIDENTIAL)
    await revoked(bench)
    assert bench.connection.known_methods == {REVOCATION_ENDPOINT: ClientAuthentication.NONE}


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (error_reply("unsupported_token_type"), errors.NotRevocable),
        (error_reply("invalid_client", 401), errors.InvalidClient),
        (error_reply("invalid_request"), errors.InvalidRequest),
        (error_reply("unsupported_token_type", 200), errors.NotRevocable),
        (raw_reply("", 503), errors.ServerFault),
        (raw_reply("", 404), errors.NothingThere),
        (raw_reply("<html>Welcome to the hotel</html>", 200), errors.PageInsteadOfAnswer),
    ],
)
async def test_anything_but_success_is_an_error(reply: Reply, kind: type[OAuthError]) -> None:
    with pytest.raises(OAuthError) as caught:
        await revoked(ClientHarness(reply))
    assert type(caught.value) is kind


async def test_a_busy_server_says_when_to_try_again() -> None:
    with pytest.raises(errors.ServerFault) as caught:
        await revoked(ClientHarness(json_reply({}, 503, {"Retry-After": "30"})))
    assert caught.value.retry_after == 30.0


# Cisco XDR


@pytest.mark.parametrize("endpoint", [APP_GRANT_ENDPOINT, f"{APP_GRANT_ENDPOINT}/"])
async def test_the_grant_is_deleted_by_client_id_with_the_access_token(
    endpoint: str,
) -> None:
    bench = ClientHarness(raw_reply("", 204), client=CONFIDENTIAL)
    await ended(bench, endpoint)
    (request,) = bench.requests
    assert (request.method, str(request.url)) == ("DELETE", f"{APP_GRANT_ENDPOINT}/client-1")
    assert request.headers["authorization"] == "Bearer acc-ess-token"
    assert request.content == b""


async def test_the_client_id_is_one_segment_of_the_path_whatever_it_holds() -> None:
    bench = ClientHarness(raw_reply("", 204), client=Client("a/b?c#d e%2F"))
    await ended(bench)
    path = bench.requests[0].url.raw_path.decode()
    assert path == "/iroh/oauth2/app-grant/a%2Fb%3Fc%23d%20e%252F"


@pytest.mark.parametrize("status", [200, 202, 204])
async def test_any_success_ends_the_grant(status: int) -> None:
    bench = ClientHarness(raw_reply("", status))
    await ended(bench)
    assert len(bench.requests) == 1


@pytest.mark.parametrize("reply", [error_reply("not_found", 404)])
async def test_a_grant_that_is_not_there_counts_as_ended(reply: Reply) -> None:
    bench = ClientHarness(reply)
    await ended(bench)
    assert len(bench.requests) == 1


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (error_reply("invalid_token", 401), errors.InvalidToken),
        (raw_reply("", 401), errors.InvalidToken),
        (raw_reply("", 403), errors.InsufficientScope),
        (raw_reply("", 500), errors.ServerFault),
        (raw_reply("<html>", 404), errors.NothingThere),
        (raw_reply("", 404), errors.NothingThere),
        (json_reply({"message": "no Route matched"}, 404), errors.NothingThere),
        (raw_reply("<html>", 200), errors.PageInsteadOfAnswer),
        (raw_reply("<html>", 403), errors.PageInsteadOfAnswer),
        (json_reply({"error": "too_many_requests"}, 429), errors.Throttled),
    ],
)
async def test_a_grant_that_is_not_deleted_is_an_error(
    reply: Reply, kind: type[OAuthError]
) -> None:
    with pytest.raises(OAuthError) as caught:
        await ended(ClientHarness(reply))
    assert type(caught.value) is kind


async def test_the_access_token_is_sent_to_no_unsafe_address() -> None:
    bench = ClientHarness(raw_reply("", 204))
    with pytest.raises(errors.UnsafeAddress):
        await ended(bench, "http://login.example/app-grant")
    assert bench.requests == []
