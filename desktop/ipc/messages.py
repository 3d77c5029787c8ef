"""What is said over the socket: one JSON object a line, one line each way.

`{"version": 1, "command": "show"}` is answered with `{"version": 1, "ok": true}` and what the
command gives, or with `{"version": 1, "ok": false, "error": "..."}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

VERSION = 1
LONGEST = 64 * 1024
"""Bytes of a line, its end included; tokens of some providers have ten thousand."""

Members = Mapping[str, object]


class BadMessage(Exception):
    """A line that is not what this protocol sends; the words are for the log and the answer."""


def encode(members: Members) -> bytes:
    """The line of `members`, with the version."""
    return json.dumps({"version": VERSION, **members}).encode("ascii") + b"\n"


def decode(line: bytes) -> dict[str, object]:
    """The members of a line; raises `BadMessage`."""
    if not line.endswith(b"\n"):
        raise BadMessage("cut off")
    try:
        members = json.loads(line)
    except (ValueError, RecursionError):
        raise BadMessage("no JSON") from None
    if not isinstance(members, dict):
        raise BadMessage("no object")
    if members.get("version") != VERSION:
        raise BadMessage("another version")
    return members


_LONGEST_PLAIN = 512  # characters


def plain_members(members: object) -> dict[str, str]:
    """Those that are short texts of printable ASCII, as what a desktop hands to its programs is."""
    if not isinstance(members, dict):
        return {}
    return {name: value for name, value in members.items() if _is_plain(value)}


def _is_plain(value: object) -> bool:
    if not isinstance(value, str) or len(value) > _LONGEST_PLAIN:
        return False
    return value.isascii() and value.isprintable()
