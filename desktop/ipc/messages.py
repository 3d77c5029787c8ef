"""What is said over the socket: one JSON object a line, one line each way.

`{"version": 1, "command": "show"}` is answered with `{"version": 1, "ok": true}` and what the
command gives, or with `{"version": 1, "ok": false, "error": "..."}`. Where it was understood and
not done, `code`, `title` and `text` say why: see `RefusedByAgent`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

VERSION = 1
LONGEST_LINE = 64 * 1024
"""Bytes of a line, its end included; tokens of some providers have ten thousand."""

Members = Mapping[str, object]


class BadMessage(Exception):
    """A line that is not what this protocol sends; the words are for the log and the answer."""


class RefusedByAgent(Exception):
    """The running program has understood, and does not do it.

    `code` is one of `CODES`; `title` and `text` are for a person. No secret is in any.
    """

    def __init__(self, code: str, title: str, text: str) -> None:
        super().__init__(f"{title}. {text}")
        self.code = code
        self.title = title
        self.text = text

    def members(self) -> Members:
        """Those of the answer."""
        said = {"code": self.code, "title": self.title, "text": self.text}
        return {"ok": False, "error": self.title, **said}


CODES = ("sign_in_needed", "declined", "forbidden", "network", "keyring", "failure", "usage")


def refusal_in(answer: Members) -> RefusedByAgent | None:
    """Why the running program does not do it; `None` where `answer` is no such word."""
    code, title, text = (answer.get(name) for name in ("code", "title", "text"))
    if answer.get("ok") is not False or code not in CODES:
        return None
    return RefusedByAgent(str(code), str(title or ""), str(text or ""))


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
