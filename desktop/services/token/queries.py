"""Asks the server about whoever signed in, with their access token.

`authorize` is for a bound token whose key only the running app has. Raises `OAuthError`,
`KeystoreError` or `ClientSecretMissing`.
"""

from desktop.oauth import identity
from desktop.oauth.dpop import Authorizer
from desktop.oauth.fields import Members
from desktop.oauth.grants import app_grant
from desktop.services.model.access_token import AccessToken
from desktop.services.session.provider import Provider


async def fetch_userinfo(
    provider: Provider, token: AccessToken, authorize: Authorizer | None = None
) -> Members:
    """Fetch the signed-in user's profile; empty if the server has no endpoint for it."""
    connection = await provider.reconnect()
    endpoint = provider.profile.userinfo_endpoint
    if not endpoint:
        endpoint = (await provider.discover(connection)).userinfo_endpoint
    if not endpoint:
        return {}
    return await identity.fetch_userinfo(
        connection,
        endpoint,
        access_token=token.access_token,
        authorize=authorize or await provider.authorizer(token),
    )


async def fetch_app_grant(
    provider: Provider, token: AccessToken, authorize: Authorizer | None = None
) -> app_grant.AppGrant | None:
    """Fetch what the user has granted to this app; `None` if the server has no app grants."""
    endpoint = provider.profile.app_grant_endpoint
    if not endpoint or provider.uses_client_credentials:
        return None
    return await app_grant.fetch_app_grant(
        await provider.reconnect(),
        endpoint,
        access_token=token.access_token,
        authorize=authorize or await provider.authorizer(token),
    )
