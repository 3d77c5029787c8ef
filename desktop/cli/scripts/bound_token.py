"""Bound tokens (DPoP): the headers of each request, from the running app or with the saved key.

The key never leaves the running app: a command asks it to sign each request.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from desktop.cli.scripts.token_source import (
    fetch_token_without_app,
    request_from_app,
    require_format,
)
from desktop.ipc.client import NoAnswer, NotRunning
from desktop.oauth.clock import SystemClock
from desktop.oauth.dpop import Authorizer, Proofs
from desktop.services.model.access_token import AccessToken
from desktop.services.model.copy_formats import CopyFormat
from desktop.services.model.errors import TokenNotBoundHere
from desktop.services.model.profile import Profile, tokens_binding
from desktop.services.system.worker import Worker
from desktop.services.token.bound_request import BoundRequest, require_own_server


def authorizer_for(profile: Profile, token: AccessToken) -> Authorizer | None:
    """Return what makes the headers for `token`; `None` for a bearer token."""
    if not token.is_bound:
        return None
    worker = Worker("proofs")

    async def authorize(method: str, address: str, nonce: str | None) -> Mapping[str, str]:
        request = BoundRequest(method, address, nonce)
        if token.key is not None:
            return await worker.run(partial(_sign, token, request))
        return await worker.run(partial(fetch_bound_headers, profile, request))

    return authorize


def fetch_bound_headers(profile: Profile, request: BoundRequest) -> Mapping[str, str]:
    """Fetch the headers of `request` with the token of `profile`, renewed first if it expired.

    Blocks. Raises `RefusedByAgent`, `OAuthError`, `KeystoreError`, `SessionError` or
    `ProfileError`, such as `ForeignServer` and `TokenNotBoundHere`.
    """
    require_own_server(profile, request.address)
    given = {"profile": profile.id, "issued_for": tokens_binding(profile)}
    given |= {"method": request.method, "url": request.address}
    if request.nonce is not None:
        given["nonce"] = request.nonce
    try:
        answer = request_from_app("proof", **given)
        authorization, proof = answer.get("authorization"), answer.get("dpop")
        if isinstance(authorization, str) and isinstance(proof, str):
            return {"Authorization": authorization, "DPoP": proof}
    except (NotRunning, NoAnswer):
        pass
    return _sign(fetch_token_without_app(profile), request)


def bound_header_lines(profile: Profile, request: BoundRequest) -> str:
    """Return the lines of both headers; raises `FormatForbidden` too."""
    require_format(profile, CopyFormat.HEADER)
    headers = fetch_bound_headers(profile, request)
    return "\n".join(f"{name}: {value}" for name, value in headers.items())


def _sign(token: AccessToken, request: BoundRequest) -> Mapping[str, str]:
    if not token.is_bound or token.key is None:
        raise TokenNotBoundHere
    return Proofs(SystemClock(), token.key).authorization(
        request.method, request.address, access_token=token.access_token, nonce=request.nonce
    )
