"""What programs talk to: metadata, sign-in and tokens, and what an access token opens."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from desktop.demo.analyst import ANALYST, HELD_SCOPES, describe_user
from desktop.demo.authorization_codes import read_code_request, require_redirect_uri
from desktop.demo.clients import CODE, DEVICE_CODE, Client, authenticate
from desktop.demo.device_codes import Challenge
from desktop.demo.errors import OAuthError
from desktop.demo.requests import base_url, read_form, read_json, require
from desktop.demo.scopes import MEANINGS, intersect, parse_scopes
from desktop.demo.state import CSRF_LIFETIME, DemoState, state_of
from desktop.demo.tokens import Answer, Grant, whole

NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749 section 5.1
VERIFICATION_PATH: Final = "/iroh/oauth2/device"
CHALLENGE_LENGTHS: Final = range(43, 129)  # RFC 7636 section 4.2


# Metadata, with the oddities of the live server


def metadata(base: str) -> Answer:
    """Describe the server at `base` (RFC 8414), as the live server does.

    The issuer is not a URL, client_credential is misspelled, refresh_token and
    revocation_endpoint are missing.
    """
    return {
        "issuer": "IROH Auth",
        "device_authorization_endpoint": f"{base}/iroh/oauth2/device_authorization",
        "authorization_endpoint": f"{base}/iroh/oauth2/authorize",
        "token_endpoint": f"{base}/iroh/oauth2/token",
        "jwks_uri": f"{base}/.well-known/jwks",
        "service_documentation": f"{base}/iroh/oauth2/index.html",
        "scopes_supported": list(MEANINGS),
        "response_types_supported": ["code", "token"],
        "grant_types_supported": [
            CODE,
            "client_credential",
            DEVICE_CODE,
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ],
        "code_challenge_methods_supported": ["S256", "plain"],
    }


async def show_metadata(request: Request) -> Response:
    """RFC 8414 section 3."""
    return JSONResponse(metadata(base_url(request)) | state_of(request).proofs.metadata())


async def show_openid_configuration(request: Request) -> Response:
    """OpenID Connect Discovery; lacks the device endpoint, as the live document does."""
    document = metadata(base_url(request))
    del document["device_authorization_endpoint"]
    signing = {"id_token_signing_alg_values_supported": ["RS256"]}
    return JSONResponse(document | {"subject_types_supported": ["public"]} | signing)


async def show_keys(request: Request) -> Response:
    """RFC 7517 section 5."""
    return JSONResponse({"keys": [state_of(request).signer.public_jwk()]})


# Sign-in and tokens


async def authorize_device(request: Request) -> Response:
    """RFC 8628 section 3.1."""
    state, client, form = await _read_client_request(request)
    client.require_grant(DEVICE_CODE)
    scopes = parse_scopes(form.get("scope", ""))
    device_code, sign_in = state.device_codes.issue(client.client_id, scopes, _challenge(form))
    uri = f"{base_url(request)}{VERIFICATION_PATH}"
    answer = {
        "device_code": device_code,
        "user_code": sign_in.user_code,
        "verification_uri": uri,
        "verification_uri_complete": f"{uri}?user_code={sign_in.user_code}",
        "expires_in": whole(state.options.code_lifetime),
        "interval": whole(state.options.interval),
    }
    return JSONResponse(answer, headers=NO_STORE)


async def issue_token(request: Request) -> Response:
    """RFC 6749 section 3.2."""
    state, client, form = await _read_client_request(request)
    grant_type = require(form, "grant_type")
    if grant_type not in _GRANTS:
        raise OAuthError("unsupported_grant_type", "The server does not support this grant type.")
    client.require_grant(grant_type)
    client = replace(client, thumbprint=state.proofs.thumbprint_at_token_endpoint(request))
    return JSONResponse(_GRANTS[grant_type](state, client, form), headers=NO_STORE)


def _redeem_device_code(state: DemoState, client: Client, form: dict[str, str]) -> Answer:
    code, verifier = require(form, "device_code"), form.get("code_verifier")
    scopes = state.device_codes.redeem(code, client.client_id, verifier=verifier)
    return state.tokens.issue(client.client_id, scopes, thumbprint=client.thumbprint)


def _redeem_code(state: DemoState, client: Client, form: dict[str, str]) -> Answer:
    scopes = state.codes.redeem(
        require(form, "code"),
        client.client_id,
        redirect_uri=require(form, "redirect_uri"),
        verifier=require(form, "code_verifier"),
    )
    return state.tokens.issue(client.client_id, scopes, thumbprint=client.thumbprint)


def _renew(state: DemoState, client: Client, form: dict[str, str]) -> Answer:
    token = require(form, "refresh_token")
    return state.tokens.renew(
        token, client.client_id, scope=form.get("scope"), thumbprint=client.thumbprint
    )


def _issue_to_client(state: DemoState, client: Client, form: dict[str, str]) -> Answer:
    scopes = intersect(parse_scopes(form.get("scope", "")) or HELD_SCOPES, HELD_SCOPES)
    if not scopes:
        raise OAuthError("invalid_scope", "The client has none of these scopes.")
    return state.tokens.issue_to_client(client.client_id, scopes, thumbprint=client.thumbprint)


_GRANTS: Final = {
    DEVICE_CODE: _redeem_device_code,
    CODE: _redeem_code,
    "refresh_token": _renew,
    "client_credentials": _issue_to_client,
}


async def _read_client_request(request: Request) -> tuple[DemoState, Client, dict[str, str]]:
    form = await read_form(request)
    client = authenticate(form, request.headers.get("authorization"))
    return state_of(request), client, form


def _challenge(form: dict[str, str]) -> Challenge | None:
    """Read the PKCE parameters; the method is plain when left out (RFC 7636 section 4.3)."""
    value, method = form.get("code_challenge"), form.get("code_challenge_method", "plain")
    if method not in ("S256", "plain"):
        raise OAuthError("invalid_request", "The code challenge method is not supported.")
    if value is not None and len(value) not in CHALLENGE_LENGTHS:
        raise OAuthError("invalid_request", "A code challenge has 43 to 128 characters.")
    return Challenge(value, method) if value is not None else None


# What an access token opens


async def whoami(request: Request) -> Response:
    return JSONResponse(describe_user(require_bearer(request).scopes))


async def issue_csrf_token(request: Request) -> Response:
    """Make a token that the caller can use once; path and members are assumed."""
    token = state_of(request).csrf_tokens.add(require_bearer(request).subject)
    return JSONResponse({"csrf-token": token, "expires-in": whole(CSRF_LIFETIME)}, headers=NO_STORE)


async def issue_code(request: Request) -> Response:
    """Approve an authorization without a page; path and members are assumed.

    It takes a CSRF token, and grants no more than the caller has.
    """
    state, bearer = state_of(request), require_bearer(request)
    query = await read_json(request)
    if state.csrf_tokens.pop(query.get("csrf_token", "")) != bearer.subject:
        description = "The CSRF token was used before, has expired, or is not yours."
        raise OAuthError("invalid_csrf_token", description, status=403)
    redirect_uri = require_redirect_uri(query)
    defaults = {"response_type": "code", "code_challenge_method": "S256"}
    asked = read_code_request(defaults | query, redirect_uri)
    granted = intersect(asked.granted, bearer.scopes)
    if not granted or bearer.subject != ANALYST.user_id:
        raise OAuthError("access_denied", "The token cannot grant this.", status=403)
    answer = {"code": state.codes.issued.add(replace(asked, granted=granted))}
    returned = {"redirect_uri": redirect_uri} | ({"state": asked.state} if asked.state else {})
    return JSONResponse(answer | returned, headers=NO_STORE)


async def show_grant(request: Request) -> Response:
    """Tell what the caller granted to ?client_id=; query and members are assumed."""
    bearer = require_bearer(request)
    client_id = request.query_params.get("client_id", bearer.client_id)
    grants = list(state_of(request).tokens.find_grants(client_id, bearer.subject).values())
    scopes = dict.fromkeys(str(scope) for grant in grants for scope in grant.scopes)
    answer = {"client-id": client_id, "granted": bool(grants), "scopes": list(scopes)}
    if grants:
        answer["granted-at"] = _format_instant(grants[0].granted_at)
    return JSONResponse(answer)


def _format_instant(at: float) -> str:
    """Write epoch seconds as RFC 3339 does."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


async def revoke_grant(request: Request) -> Response:
    """End all that the caller granted to a client, the caller's token included."""
    bearer = require_bearer(request)
    if not state_of(request).tokens.revoke(request.path_params["client_id"], bearer.subject):
        raise OAuthError("not_found", "There is no grant for this client.", status=404)
    return Response(status_code=204)


def require_bearer(request: Request) -> Grant:
    """Find the grant of the access token (RFC 6750); raise OAuthError with status 401."""
    token = read_bearer(request)
    grant = state_of(request).tokens.find_grant(token)
    if grant is None:
        raise invalid_token("The access token is expired, revoked or forged.")
    is_bound = request.headers["authorization"].lower().startswith("dpop ")
    if is_bound is not bool(grant.thumbprint):
        challenge = 'DPoP error="invalid_token", algs="ES256", Bearer realm="IROH"'
        raise _unauthorized("The access token is of the other type.", challenge)
    if grant.thumbprint:
        state_of(request).proofs.check_at_resource(request, token, grant.thumbprint)
    return grant


def read_bearer(request: Request) -> str:
    """Read the access token (RFC 6750 section 2.1); raise OAuthError with status 401."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() not in {"bearer", "dpop"}:  # RFC 9449 section 7.1
        # RFC 6750 section 3.1: no error code when there were no credentials
        raise _unauthorized("The request has no access token.", 'Bearer realm="IROH"')
    return token.strip()


def invalid_token(description: str) -> OAuthError:
    """Make the error for a token that is not accepted."""
    return _unauthorized(description, 'Bearer realm="IROH", error="invalid_token"')


def _unauthorized(description: str, challenge: str) -> OAuthError:
    headers = {"WWW-Authenticate": challenge}
    return OAuthError("invalid_token", description, status=401, headers=headers)


ROUTES: Final = (
    Route("/.well-known/oauth-authorization-server", show_metadata),
    Route("/.well-known/openid-configuration", show_openid_configuration),
    Route("/.well-known/jwks", show_keys),
    Route("/iroh/oauth2/device_authorization", authorize_device, methods=["POST"]),
    Route("/iroh/oauth2/token", issue_token, methods=["POST"]),
    Route("/iroh/oauth2/refresh", issue_token, methods=["POST"]),  # the published refreshUrl
    Route("/iroh/profile/whoami", whoami),
    Route("/iroh/oauth2/csrf-token", issue_csrf_token),
    Route("/iroh/oauth2/code", issue_code, methods=["POST"]),
    Route("/iroh/oauth2/grant-status", show_grant),
    Route("/iroh/oauth2/app-grant/{client_id}", revoke_grant, methods=["DELETE"]),
)
