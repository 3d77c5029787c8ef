"""How a copy of the token goes, for whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass

from desktop.services.model.copy_formats import CopyFormat


@dataclass(frozen=True, slots=True)
class Copying:
    """The token is waited for; that can be cancelled."""

    format: CopyFormat


@dataclass(frozen=True, slots=True)
class Copied:
    """It is on the clipboard, which was verified, for `clear_after` seconds from now."""

    format: CopyFormat
    clear_after: float


@dataclass(frozen=True, slots=True)
class NotCopied:
    """Why it is not, in words; empty where the person gave up.

    `title` is the first of them, without a stop: always this program's own, never a server's.
    """

    text: str
    title: str = ""


CopyProgress = Copying | Copied | NotCopied
