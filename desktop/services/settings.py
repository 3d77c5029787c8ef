"""What a person can set, kept in one small TOML file beside the profiles."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for the whole program.

    `keep_fresh` renews whether or not anybody uses the token; else it is in use while the window
    is in sight and for `in_use_minutes` after it was copied or fetched. `clipboard_seconds` is how
    long a copied secret stays on the clipboard. `start_hidden` is for a start at login.
    """

    keep_fresh: bool = False
    in_use_minutes: int = 15
    clipboard_seconds: int = 30
    start_at_login: bool = False
    start_hidden: bool = True
