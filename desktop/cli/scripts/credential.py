"""`xdr-login credential`: tokens in the formats of kubectl, git and HTTPie."""

from __future__ import annotations

import json
import os
import re
from urllib.parse import unquote

from desktop.cli.scripts.token_source import fetch_token_by_name, fetch_token_in_format
from desktop.cli.terminal.exits import Exit
from desktop.cli.terminal.output import (
    print_json,
    print_result,
)
from desktop.cli.terminal.streams import read_stdin
from desktop.oauth.addresses import origin_of
from desktop.oauth.errors import UnsafeAddress
from desktop.services.configuration.load import load_configuration
from desktop.services.model.copy_formats import CopyFormat
from desktop.services.model.errors import UnsafeForShell
from desktop.services.model.instants import format_instant
from desktop.services.model.profile import Profile

_KUBERNETES = "client.authentication.k8s.io"
_LONGEST_INPUT = 64 * 1024  # bytes
_NEEDED = {b"protocol", b"host", b"username", b"url"}  # of what git tells a helper


def kubectl(*, profile: str | None, id_token: bool) -> int:
    token = fetch_token_by_name(profile, CopyFormat.JSON, id_token=id_token)
    status = {"token": token.access_token}
    if token.expires_at is not None:
        status["expirationTimestamp"] = format_instant(token.expires_at) or ""
    print_json({"apiVersion": _requested_api_version(), "kind": "ExecCredential", "status": status})
    return Exit.OK


def _requested_api_version() -> str:
    # kubectl names the version that it is configured for and rejects others.
    try:
        request = json.loads(os.environ.get("KUBERNETES_EXEC_INFO", "{}"))
        version = request["apiVersion"]
    except (ValueError, TypeError, KeyError, RecursionError):
        version = None
    known = (f"{_KUBERNETES}/v1", f"{_KUBERNETES}/v1beta1")
    return version if version in known else known[0]


def git(*, profile: str | None, operation: str) -> int:
    attributes = _parse_attributes(_read_attributes())
    if operation != "get" or attributes.get("protocol") != "https" or not attributes.get("host"):
        return Exit.OK  # gitcredentials(7): a helper ignores operations that it does not know
    chosen = load_configuration().find(profile)
    if not _is_profile_host(attributes["host"], chosen):
        return Exit.OK
    token = fetch_token_in_format(chosen, CopyFormat.TOKEN)
    print_result(f"username={attributes.get('username') or 'oauth2'}")
    print_result(f"password={token.access_token}")
    if token.expires_at is not None:
        print_result(f"password_expiry_utc={int(token.expires_at.timestamp())}")
    return Exit.OK


def _read_attributes() -> bytes:
    try:
        return read_stdin(_LONGEST_INPUT + 1)
    except OSError:
        return b""


def _parse_attributes(given: bytes) -> dict[str, str]:
    """Parse the `name=value` lines that a helper needs (git-credential, INPUT/OUTPUT FORMAT).

    A later line replaces an earlier one. Only a line feed ends a line: git decodes %0D in addresses
    that someone else wrote, and the text after it would count as the host. So invisible characters
    in a value that is needed give nothing, and neither does input so long that a host at its end
    might be cut. Others, such as the headers in `wwwauth[]`, may contain anything.
    """
    if len(given) > _LONGEST_INPUT:
        return {}
    attributes: dict[str, str] = {}
    for line in _lines(given):
        name, separator, value = line.partition(b"=")
        if not separator or name not in _NEEDED:
            continue
        try:
            attributes |= _attribute(name.decode(), value.decode())
        except UnicodeDecodeError:
            return {}
    return attributes if all(each.isprintable() for each in attributes.values()) else {}


def _lines(given: bytes) -> list[bytes]:
    """Split into lines, up to an empty one; a CR counts only if every line ends with it."""
    lines = given.split(b"\n")
    if all(each.endswith(b"\r") for each in lines[:-1]):
        lines = [each.removesuffix(b"\r") for each in lines]
    return lines[: lines.index(b"")] if b"" in lines else lines


def _attribute(name: str, value: str) -> dict[str, str]:
    if name != "url":
        return {name: value}
    protocol, _, rest = value.partition("://")
    user, has_user, host = re.split("[/?#]", rest, maxsplit=1)[0].rpartition("@")
    parts = {"protocol": protocol, "host": unquote(host, errors="strict")}
    if has_user:
        parts["username"] = unquote(user.partition(":")[0], errors="strict")
    return parts


def _is_profile_host(host: str, profile: Profile) -> bool:
    if set(host) & set("/\\@?#"):
        return False
    try:
        return origin_of(f"https://{host}/") == origin_of(profile.issuer or profile.token_endpoint)
    except UnsafeAddress:
        return False


def httpie(*, profile: str | None) -> int:
    token = fetch_token_by_name(profile, CopyFormat.HEADER).access_token
    print_result(f"Bearer {_require_plain(token)}")
    return Exit.OK


def _require_plain(token: str) -> str:
    """Return `token`; raises `UnsafeForShell` if it could end a quoted string."""
    if not token.isascii() or not token.isprintable() or set(token) & set(' "\\'):
        raise UnsafeForShell
    return token
