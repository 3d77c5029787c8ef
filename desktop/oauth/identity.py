"""Asking the server who signed in: OpenID Connect's userinfo, or Cisco XDR's whoami."""

from datetime import datetime

from desktop.oauth.answers import content_type, members
from desktop.oauth.bearer import request_with_token
from desktop.oauth.claims import unverified_claims
from desktop.oauth.client import ClientConnection
from desktop.oauth.dpop import Authorizer
from desktop.oauth.errors import UnusableAnswer
from desktop.oauth.fields import Members
from desktop.oauth.http import Answer


async def fetch_userinfo(
    connection: ClientConnection,
    endpoint: str,
    *,
    access_token: str,
    authorize: Authorizer | None = None,
) -> Members:
    """Fetch what the server says about the signed-in user, in the server's own format.

    Raises `InvalidToken`, `InsufficientScope` or another `OAuthError`.
    """
    # OpenID Connect Core 1.0 section 5.3.1
    return await request_with_token(
        connection,
        "GET",
        address=endpoint,
        access_token=access_token,
        read=_claims,
        authorize=authorize,
    )


def _claims(answer: Answer, received_at: datetime) -> Members:
    # OpenID Connect Core 1.0 section 5.3.2: a client may be registered for a signed answer. It
    # comes from the server over TLS, as JSON does, so its signature need not be checked.
    if content_type(answer) != "application/jwt" or not 200 <= answer.status < 300:
        return answer.secrets.strike_shown(members(answer, received_at))
    claims = unverified_claims(answer.body.decode("ascii", "replace").strip())
    if not claims:
        raise UnusableAnswer(
            answer.host, detail="no readable application/jwt", status=answer.status
        )
    return answer.secrets.strike_shown(claims)
