"""The device authorization and token endpoints."""

from collections.abc import Callable, Mapping
from typing import Final

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from desktop.demo.authentication import authenticate
from desktop.demo.clients import CODE, DEVICE_CODE, Client
from desktop.demo.device import Challenge, DeviceGrant
from desktop.demo.discovery import base_url
from desktop.demo.errors import OAuthError
from desktop.demo.form import read_form, required
from desktop.demo.scopes import Scope, intersect, parse_scopes
from desktop.demo.state import DemoState
from desktop.demo.tokens import whole

NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749 section 5.1
VERIFICATION_PATH: Final = "/iroh/oauth2/device"
CHALLENGE_LENGTHS: Final = range(43, 129)  # RFC 7636 section 4.2
Answer = dict[str, object]


class Protocol:
    """What clients talk to; errors leave as OAuthError."""

    def __init__(self, state: DemoState) -> None:
        self._state = state
        self._grants: Mapping[str, Callable[[Client, dict[str, str]], Answer]] = {
            DEVICE_CODE: self._device_code,
            CODE: self._authorization_code,
            "refresh_token": self._refresh_token,
            "client_credentials": self._client_credentials,
        }

    def routes(self) -> list[Route]:
        """Give the routes; /refresh is the published refreshUrl, another name for /token."""
        return [
            Route("/iroh/oauth2/device_authorization", self.authorize_device, methods=["POST"]),
            Route("/iroh/oauth2/token", self.token, methods=["POST"]),
            Route("/iroh/oauth2/refresh", self.token, methods=["POST"]),
        ]

    async def authorize_device(self, request: Request) -> Response:
        """RFC 8628 section 3.1; the signing key is made after the answer, for later."""
        client, form = await self._authenticated(request)
        _allow(client, DEVICE_CODE)
        grant = self._state.devices.issue(
            client.client_id, scopes=_scopes(form), challenge=_challenge(form)
        )
        answer = self._device_answer(grant, f"{base_url(request)}{VERIFICATION_PATH}")
        prepare = BackgroundTask(self._state.signer.prepare)
        return JSONResponse(answer, headers=NO_STORE, background=prepare)

    async def token(self, request: Request) -> Response:
        """RFC 6749 section 3.2; every answer tells what remains of the quota."""
        quota = self._state.quota.take()
        try:
            answer = await self._token_answer(request)
        except OAuthError as error:
            error.headers |= quota
            raise
        return JSONResponse(answer, headers=NO_STORE | quota)

    async def _token_answer(self, request: Request) -> Answer:
        client, form = await self._authenticated(request)
        grant_type = required(form, "grant_type")
        if grant_type not in self._grants:
            raise OAuthError("unsupported_grant_type", "This grant type is not known here.")
        _allow(client, grant_type)
        await run_in_threadpool(self._state.signer.prepare)
        return self._grants[grant_type](client, form)

    async def _authenticated(self, request: Request) -> tuple[Client, dict[str, str]]:
        form = await read_form(request)
        authorization = request.headers.get("authorization")
        client = authenticate(self._state.clients, authorization=authorization, form=form)
        return client, form

    def _device_answer(self, grant: DeviceGrant, uri: str) -> Answer:
        """RFC 8628 section 3.2; `interval` and verification_uri_complete are optional."""
        options = self._state.options
        answer: Answer = {
            "device_code": grant.device_code,
            "user_code": grant.user_code,
            "verification_uri": uri,
            "expires_in": whole(options.code_lifetime),
        }
        if options.complete_uri:
            answer["verification_uri_complete"] = f"{uri}?user_code={grant.user_code}"
        if options.interval is not None:
            answer["interval"] = whole(options.interval)
        return answer

    def _device_code(self, client: Client, form: dict[str, str]) -> Answer:
        grant = self._state.devices.redeem(
            required(form, "device_code"), client.client_id, verifier=form.get("code_verifier")
        )
        return self._state.tokens.open_family(client.client_id, scopes=grant.granted)

    def _authorization_code(self, client: Client, form: dict[str, str]) -> Answer:
        scopes = self._state.codes.redeem(
            required(form, "code"),
            client.client_id,
            redirect_uri=required(form, "redirect_uri"),
            verifier=required(form, "code_verifier"),
        )
        return self._state.tokens.open_family(client.client_id, scopes=scopes)

    def _refresh_token(self, client: Client, form: dict[str, str]) -> Answer:
        token, scope = required(form, "refresh_token"), form.get("scope")
        return self._state.tokens.renew(token, client.client_id, scope=scope)

    def _client_credentials(self, client: Client, form: dict[str, str]) -> Answer:
        held = parse_scopes(self._state.options.held_scopes)
        scopes = intersect(_scopes(form) or held, held)
        if not scopes:
            raise OAuthError("invalid_scope", "The client holds none of these scopes.")
        return self._state.tokens.open_service(client.client_id, scopes=scopes)


def _allow(client: Client, grant_type: str) -> None:
    if grant_type not in client.grants:
        raise OAuthError("unauthorized_client", "The client is not set up for this grant.")


def _scopes(form: dict[str, str]) -> tuple[Scope, ...]:
    try:
        return parse_scopes(form.get("scope", ""))
    except ValueError as error:
        raise OAuthError("invalid_scope", str(error)) from error


def _challenge(form: dict[str, str]) -> Challenge | None:
    """Read the PKCE parameters; the method is plain when left out (RFC 7636 section 4.3)."""
    value, method = form.get("code_challenge"), form.get("code_challenge_method", "plain")
    if method not in ("S256", "plain"):
        raise OAuthError("invalid_request", "The code challenge method is not known here.")
    if value is not None and len(value) not in CHALLENGE_LENGTHS:
        raise OAuthError("invalid_request", "A code challenge has 43 to 128 characters.")
    return Challenge(value, method) if value is not None else None
