"""The status of profiles as their saved tokens tell it, without the running app."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from desktop.oauth.clock import SystemClock
from desktop.services.configuration.load import load_configuration
from desktop.services.model.access_token import BOUND
from desktop.services.model.instants import format_instant
from desktop.services.model.profile import Profile
from desktop.services.secrets.indexed_keystore import system_keystore
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.secrets.shared_lock import shared_lock
from desktop.services.secrets.token_store import TokenStore
from desktop.services.system.paths import locks_folder
from desktop.services.wording.error_codes import error_code


def load_saved_status() -> list[dict[str, Any]]:
    """Load the status of every profile; blocks."""
    return asyncio.run(_read_all())


async def _read_all() -> list[dict[str, Any]]:
    keystore, lock = system_keystore(), partial(shared_lock, locks_folder(), clock=SystemClock())
    return [
        await _read(profile, TokenStore(profile, keystore, lock))
        for profile in load_configuration().good.values()
    ]


async def _read(profile: Profile, store: TokenStore) -> dict[str, Any]:
    """Read the status of `profile`; it contains the error if that fails."""
    status: dict[str, Any] = {
        "id": profile.id,
        "name": profile.name,
        "state": "signed_out",
        "scope": "",
        "expires_at": None,
        "renewable": False,
        "renewing": False,
        "bound": False,
        "user": "",
        "organization": "",
        "error": None,
        "exchanged": [],
    }
    try:
        saved = await store.load()
    except KeystoreError as error:
        return status | {"state": "failed", "error": error_code(error)}
    if saved is None:
        return status
    tokens = saved.tokens
    return status | {
        "state": "signed_in",
        "scope": " ".join(tokens.scope),
        "expires_at": format_instant(tokens.expires_at),
        "renewable": tokens.refresh_token is not None or profile.grant == "client-credentials",
        "bound": tokens.token_type == BOUND,
        "user": tokens.account.user,
        "organization": tokens.account.organization,
    }
