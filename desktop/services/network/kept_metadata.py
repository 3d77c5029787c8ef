"""The metadata of the last sign-in of each profile, with which the next one requests its code.

It is used for this one request, and only if the endpoint is on the server of the issuer. So whoever
can write the file cannot send a secret anywhere else: see docs/decisions/kept-metadata.md.
"""

import json
import logging
import os
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from desktop.oauth.errors import OAuthError
from desktop.oauth.fields import instant
from desktop.oauth.metadata import Issuer, ServerMetadata, parse_metadata
from desktop.services.model.profile import Profile, client_binding, is_same_server
from desktop.services.system.atomic_file import write_atomically
from desktop.services.system.files import read_file
from desktop.services.system.worker import Worker

_log = logging.getLogger(__name__)

LONGEST_AGE = timedelta(hours=24)
LARGEST_FILE = 16_384  # bytes; a usual one has 500

# What a request for a code depends on.
_KEPT = (
    "issuer",
    "device_authorization_endpoint",
    "code_challenge_methods_supported",
    "dpop_signing_alg_values_supported",
)

Result = TypeVar("Result")


class _Unusable(ValueError):
    """What is in the file must not be used for the profile."""


class Runner(Protocol):
    """Makes calls that block, as `Worker` does."""

    async def run(self, work: Callable[[], Result]) -> Result:
        """Return or raise what `work` does."""


class KeptMetadata:
    """Keeps the metadata of each profile in a file of `folder`; without a folder, it keeps nothing.

    `worker` makes the calls that block. Nothing here raises: without a usable file, the metadata is
    fetched.
    """

    def __init__(self, folder: Path | None = None, worker: Runner | None = None) -> None:
        self._folder = folder
        self._worker = worker or Worker("metadata")

    async def load(self, profile: Profile, *, at: datetime) -> ServerMetadata | None:
        """Return the device authorization endpoint, unless it is unknown, old or not usable."""
        file = self._file(profile.id)
        if file is None or not _is_needed(profile):
            return None
        return await self._worker.run(partial(_load, file, profile, at))

    async def save(self, profile: Profile, metadata: ServerMetadata, *, at: datetime) -> None:
        """Keep `metadata`, with which somebody has signed in, unless it may not be used later."""
        file = self._file(profile.id)
        if file is not None and _is_needed(profile) and _is_usable(metadata, profile):
            await self._worker.run(partial(_save, file, profile, metadata, at))

    async def delete(self, id_: str) -> None:
        """Remove what is kept for the profile `id_`."""
        file = self._file(id_)
        if file is not None:
            await self._worker.run(partial(_delete, file))

    def _file(self, id_: str) -> Path | None:
        # The characters of an ID are all allowed in file names. The demo server's is none: it has
        # another address each time.
        if self._folder is None or id_.startswith("("):
            return None
        return self._folder / f"{id_}.json"


def _is_needed(profile: Profile) -> bool:
    """Whether a sign-in fetches metadata before it asks for a code."""
    is_found = bool(profile.issuer) and not profile.device_authorization_endpoint
    return profile.grant == "device" and is_found


def _is_usable(metadata: ServerMetadata, profile: Profile) -> bool:
    """Whether the endpoint is on the server of the issuer. TLS vouches for no other in a file."""
    return is_same_server(metadata.device_authorization_endpoint, profile.issuer)


def _load(file: Path, profile: Profile, at: datetime) -> ServerMetadata | None:
    try:
        content = read_file(file, limit=LARGEST_FILE, check=_require_own)
        return _parse(content, profile, at)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError, OAuthError) as error:
        _log.info("kept metadata not used: %s", type(error).__name__)
        _delete(file)
        return None


def _require_own(found: os.stat_result) -> None:
    """Raise `PermissionError` for a file that another user owns or can write."""
    if sys.platform == "win32":  # the folder is the user's own
        return
    if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError


def _parse(content: bytes, profile: Profile, at: datetime) -> ServerMetadata:
    """Return the metadata in a file; raises `ValueError` or `OAuthError`."""
    document = json.loads(content)
    if not isinstance(document, dict) or document.get("binding") != _binding(profile):
        raise _Unusable
    saved_at, metadata = instant(document, "saved_at"), document.get("metadata")
    if saved_at is None or not timedelta(0) <= at - saved_at <= LONGEST_AGE:
        raise _Unusable
    if not isinstance(metadata, dict):
        raise _Unusable
    kept = {name: metadata.get(name) for name in _KEPT}
    # The same rules as for metadata that was just fetched.
    found = parse_metadata(kept, Issuer(profile.issuer, profile.expected_issuer))
    if not _is_usable(found, profile):
        raise _Unusable
    return found


def _save(file: Path, profile: Profile, metadata: ServerMetadata, at: datetime) -> None:
    document = {
        "binding": _binding(profile),
        "saved_at": int(at.timestamp()),
        "metadata": {name: getattr(metadata, name) for name in _KEPT},
    }
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Never with the permissions of an older file.
        _delete(file)
        write_atomically(json.dumps(document), file, durable=False)
    except OSError as error:
        _log.info("cannot keep metadata: %s", error)


def _delete(file: Path) -> None:
    with suppress(FileNotFoundError):
        try:
            file.unlink()
        except OSError as error:
            _log.info("cannot remove kept metadata: %s", error)


def _binding(profile: Profile) -> str:
    """Return what kept metadata belongs to: the client, its server, and how it was described."""
    return " ".join((client_binding(profile), profile.preset, profile.expected_issuer or ""))
