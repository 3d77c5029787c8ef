"""A sign-in the way that the profile says: by code, by a browser here, or as the client itself."""

import asyncio
from collections.abc import Callable

from desktop.oauth.clock import Clock
from desktop.oauth.grants.token import TokenSet
from desktop.services.model.profile import Profile
from desktop.services.model.states import AwaitingApproval
from desktop.services.session.device_sign_in import sign_in_with_device_code
from desktop.services.session.provider import Provider


async def sign_in(
    provider: Provider,
    profile: Profile,
    *,
    clock: Clock,
    nudge: asyncio.Event,
    show: Callable[[AwaitingApproval], None],
) -> TokenSet:
    """Sign in; `show` gets every step that waits for a person.

    Setting `nudge` asks the server as soon as it may be asked. Raises `OAuthError`,
    `KeystoreError` or `SessionError`.
    """
    connection = await provider.connect()
    if provider.uses_client_credentials:
        return await provider.request_client_token(connection)
    metadata = await provider.discover(connection)
    if profile.grant == "code":
        # Whoever signs in by code need not load it before the first one is drawn.
        from desktop.services.session.browser_sign_in import sign_in_with_browser

        return await sign_in_with_browser(
            connection, metadata, profile, clock=clock, nudge=nudge, show=show
        )
    return await sign_in_with_device_code(
        connection, metadata, profile, clock=clock, nudge=nudge, show=show
    )
