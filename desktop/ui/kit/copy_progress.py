"""Progress of a copy of the token."""

from __future__ import annotations

from dataclasses import field

from desktop.frozen import frozen
from desktop.services.model.copy_formats import CopyFormat


@frozen
class Copying:
    """Waiting for the token; can be canceled."""

    format: CopyFormat


@frozen
class Copied:
    """The token is on the clipboard, which was verified, for `clear_after` seconds from now."""

    format: CopyFormat
    clear_after: float


@frozen
class Cleared:
    """XDR Login no longer keeps the token on the clipboard."""


@frozen
class NotCopied:
    """Why nothing was copied; an empty text if the user canceled.

    `title` is a short reason without a full stop that never contains text from a server. `error`
    is the cause, if there was one.
    """

    text: str
    title: str = ""
    error: Exception | None = field(default=None, compare=False)


CopyProgress = Copying | Copied | Cleared | NotCopied
