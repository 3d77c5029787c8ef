"""Finds the region where a rejected client exists: servers do not tell."""

import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace

from desktop.frozen import frozen
from desktop.oauth import errors
from desktop.oauth.addresses import host_of, is_loopback
from desktop.oauth.client import Client, ClientConnection
from desktop.oauth.clock import SHORTEST_INTERVAL
from desktop.oauth.grants.device import request_authorization
from desktop.oauth.metadata import ServerMetadata
from desktop.oauth.model.client_authentication import ClientAuthentication
from desktop.services.model.profile import Profile
from desktop.services.session.provider import discover_endpoints

# What can differ between responses: identifiers, times.
_VARYING = re.compile(r"[0-9a-f-]{8,}|\d+", re.IGNORECASE)


@frozen
class ClientSearch:
    """Asks for the client of `profile` without its secret; `presets` name the regions."""

    connection: ClientConnection
    profile: Profile
    presets: Mapping[str, Mapping[str, object]]

    async def server_knows_client(self, metadata: ServerMetadata) -> bool:
        """Whether the server's response differs from that for an ID that nobody has."""
        if not metadata.device_authorization_endpoint:
            return False
        client_id = self.profile.client_id
        try:
            mine = await self._probe_client(client_id, metadata)
            nobody = await self._probe_client(_nonexistent_id(client_id), metadata)
        except errors.OAuthError:
            return False
        return mine != nobody

    async def find_other_region(self) -> Profile | None:
        """Find the region of the same provider where the client exists, by its preset."""
        for region in self._other_regions():
            try:
                metadata = await discover_endpoints(self.connection, region)
            except errors.OAuthError:
                continue
            if await self.server_knows_client(metadata):
                return region
        return None

    def _other_regions(self) -> Iterator[Profile]:
        mine = self.profile
        if is_loopback(
            host_of(mine.issuer)
        ):  # a local test server must not send requests to others
            return
        for name, preset in self.presets.items():
            is_of_mine = mine.provider and preset.get("provider") == mine.provider
            if is_of_mine and preset.get("issuer", mine.issuer) != mine.issuer:
                yield Profile(
                    id=mine.id,
                    name=name,
                    client_id=mine.client_id,
                    preset=name,
                    provider=mine.provider,
                    region=str(preset.get("region", "")),
                    issuer=str(preset["issuer"]),
                    expected_issuer=str(preset.get("expected_issuer", "")) or None,
                )

    async def _probe_client(self, client_id: str, metadata: ServerMetadata) -> str:
        """Get the comparable part of the server's response to a client ID without a secret."""
        client = Client(client_id, None, ClientAuthentication.NONE)
        connection = replace(self.connection, client=client, known_methods={})
        await connection.clock.sleep(SHORTEST_INTERVAL)
        try:
            await request_authorization(connection, metadata, scope=(), extra={})
        except errors.ErrorResponse as error:
            said = error.description.replace(client_id, "")
            return f"{error.error} {_VARYING.sub('', said)}"
        return ""


def _nonexistent_id(client_id: str) -> str:
    """Make an ID of the same format that nobody has: every digit is changed."""
    other = re.sub(r"[0-9]", _another_digit, client_id)
    return other if other != client_id else f"{client_id}-{secrets.token_hex(4)}"


def _another_digit(digit: re.Match[str]) -> str:
    return str((int(digit[0]) + 1 + secrets.randbelow(9)) % 10)
