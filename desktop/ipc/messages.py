"""The messages on the socket: one JSON object per line, one line each way.

The answer to `{"version": 1, "command": "show"}` is `{"version": 1, "ok": true}` with the members
that the command returns, or `{"version": 1, "ok": false, "error": "..."}`. If the app understood
and refuses, `code`, `title` and `text` say why: see `RefusedByAgent`.
"""

from __future__ import annotations

from collections.abc import Mapping

VERSION = 1
LONGEST_LINE = 64 * 1024
"""Bytes of a command, line end included."""

Members = Mapping[str, object]


class BadMessage(Exception):
    """A line that is not in this protocol; its text goes into the log and the answer."""


class RefusedByAgent(Exception):
    """The running app understood the command and refuses it.

    `code` is one of `CODES`; `title` and `text` are for the user. None contains a secret.
    """

    def __init__(self, code: str, title: str, text: str) -> None:
        super().__init__(f"{title}. {text}")
        self.code = code
        self.title = title
        self.text = text

    def members(self) -> Members:
        reason = {"code": self.code, "title": self.title, "text": self.text}
        return {"ok": False, "error": self.title, **reason}


CODES = (
    "sign_in_needed",
    "declined",
    "forbidden",
    "locked",
    "network",
    "keyring",
    "server",
    "failure",
    "usage",
)


def refusal_in(answer: Members) -> RefusedByAgent | None:
    """Read a refusal from `answer`; `None` if it is not one."""
    code, title, text = (answer.get(name) for name in ("code", "title", "text"))
    if answer.get("ok") is not False or code not in CODES:
        return None
    return RefusedByAgent(str(code), str(title or ""), str(text or ""))


def encode(members: Members) -> bytes:
    """Encode `members` and the version as one line."""
    import json

    return json.dumps({"version": VERSION, **members}).encode("ascii") + b"\n"


def decode(line: bytes) -> dict[str, object]:
    """Decode the members of a line; raises `BadMessage`."""
    if not line.endswith(b"\n"):
        raise BadMessage("incomplete line")
    import json

    try:
        members = json.loads(line)
    except (ValueError, RecursionError):
        raise BadMessage("not JSON") from None
    if not isinstance(members, dict):
        raise BadMessage("not an object")
    if members.get("version") != VERSION:
        raise BadMessage("unsupported version")
    return members


_LONGEST_PLAIN = 512  # characters


def plain_members(members: object) -> dict[str, str]:
    """Keep the members that are short printable ASCII, like the tokens that a desktop passes on."""
    if not isinstance(members, dict):
        return {}
    return {name: value for name, value in members.items() if _is_plain(value)}


def _is_plain(value: object) -> bool:
    if not isinstance(value, str) or len(value) > _LONGEST_PLAIN:
        return False
    return value.isascii() and value.isprintable()
