"""The headers of one request with a bound token (DPoP, RFC 9449), for a program that sends it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from desktop.frozen import frozen
from desktop.oauth.addresses import checked_address, origin_of
from desktop.services.model.access_token import AccessToken
from desktop.services.model.errors import ForeignServer, TokenNotBoundHere
from desktop.services.model.profile import Profile
from desktop.services.token.api_services import services_of
from desktop.services.wording.formats import format_values

if TYPE_CHECKING:
    from desktop.services.session.provider import Provider

_METHOD = re.compile(r"[A-Za-z]{1,20}")
_NONCE = re.compile(r"[!-~]{1,1024}")


@frozen
class BoundRequest:
    """The request that the headers are for; `nonce` is the one that its server requires, if any."""

    method: str
    address: str
    nonce: str | None = None

    @classmethod
    def parse(cls, method: object, address: object, nonce: object) -> BoundRequest | None:
        """Check what a program sent; `None` if it is not valid. The address is not checked yet."""
        if not isinstance(method, str) or not _METHOD.fullmatch(method):
            return None
        if nonce is not None and not (isinstance(nonce, str) and _NONCE.fullmatch(nonce)):
            return None
        return cls(method.upper(), address, nonce) if isinstance(address, str) else None


def require_own_server(profile: Profile, address: str) -> None:
    """Raise `ForeignServer` unless the token of `profile` may be sent to `address`.

    Raises `UnsafeAddress` for an address that no token may be sent to.
    """
    allowed = [each.address for each in services_of(profile)]
    if origin_of(checked_address(address)) not in map(origin_of, allowed):
        raise ForeignServer(format_values(allowed))


async def bound_headers(
    provider: Provider, token: AccessToken, *, request: BoundRequest
) -> Mapping[str, str]:
    """Make the headers of `request` with `token`; raises `TokenNotBoundHere`."""
    authorize = await provider.authorizer(token)
    if authorize is None:
        raise TokenNotBoundHere
    return await authorize(request.method, request.address, request.nonce)
