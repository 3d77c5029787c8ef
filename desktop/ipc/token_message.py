"""The command `token` and its answer, written and read by hand: `json` is slow to load.

Whatever is unusual goes through `ipc.messages`; a test compares the two.
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` is slow to load, and a script waits
if TYPE_CHECKING:
    from desktop.ipc.messages import RefusedByAgent

TIMEOUT = 160.0
"""Seconds: longer than a question, a password prompt and a renewal take together."""

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_REQUEST_TEMPLATE = (
    '{"version": 1, "command": "token", "profile": %s, "min_validity": %d, "format": "%s"}\n'
)
_ANSWER_PREFIX, _ANSWER_SUFFIX = b'{"version": 1, "ok": true, "text": "', b'"}\n'


def is_plain(text: str) -> bool:
    """Tell whether `text` needs no escapes, as an id of a profile."""
    return _PLAIN.issuperset(text)


def encode_request(profile: str, validity: int, token_format: str) -> bytes:
    """Encode the command; an empty `profile` means the first, `validity` is in seconds."""
    if not is_plain(profile):
        from .messages import encode

        members = {"profile": profile, "min_validity": validity, "format": token_format}
        return encode({"command": "token", **members})
    quoted = f'"{profile}"' if profile else "null"
    return (_REQUEST_TEMPLATE % (quoted, validity, token_format)).encode("ascii")


def parse_answer(answer: bytes) -> str | RefusedByAgent | None:
    """Read the token in its format, or the refusal; `None` if it is not a valid answer."""
    text = answer[len(_ANSWER_PREFIX) : -len(_ANSWER_SUFFIX)]
    is_usual = answer.startswith(_ANSWER_PREFIX) and answer.endswith(_ANSWER_SUFFIX)
    if is_usual and not _needs_decoding(text):
        return text.decode("ascii")
    from .messages import BadMessage, decode, refusal_in

    try:
        members = decode(answer)
    except BadMessage:
        return None
    if refusal := refusal_in(members):
        return refusal
    found = members.get("text")
    return found if members.get("ok") is True and isinstance(found, str) else None


def _needs_decoding(text: bytes) -> bool:
    """Tell whether the JSON string `text` contains escapes."""
    return b"\\" in text or b'"' in text or not text.isascii()
