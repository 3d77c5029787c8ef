"""`xdr-login credential`: tokens in the formats of kubectl, git and HTTPie."""

from __future__ import annotations

import json
import os
import re
from urllib.parse import unquote

import click

from desktop.cli.scripts.token_source import fetch_token_by_name, fetch_token_in_format
from desktop.cli.terminal.exits import Exit, command
from desktop.cli.terminal.help import TranslatedGroup
from desktop.cli.terminal.output import (
    print_json,
    print_result,
    profile_option,
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


@command("""\
kubectl config set-credentials me --exec-api-version=client.authentication.k8s.io/v1 \\
  --exec-interactive-mode=Never --exec-command=xdr-login \\
  --exec-arg=credential --exec-arg=kubectl
                                           once, for ~/.kube/config
""")
@profile_option
def kubectl(*, profile: str | None) -> int:
    """Print an ExecCredential for kubectl.

    The version is client.authentication.k8s.io/v1, or v1beta1 if kubectl requests it. kubectl uses
    the token until it expires and then runs this command again.
    """
    token = fetch_token_by_name(profile, CopyFormat.JSON)
    status = {"token": token.access_token}
    if token.expires_at is not None:
        status["expirationTimestamp"] = format_instant(token.expires_at) or ""
    print_json({"apiVersion": _requested_api_version(), "kind": "ExecCredential", "status": status})
    return Exit.OK


def _complete_operation(
    _ctx: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[str]:
    return [each for each in ("get", "store", "erase") if each.startswith(incomplete)]


def _requested_api_version() -> str:
    # kubectl names the version that it is configured for and rejects others.
    try:
        request = json.loads(os.environ.get("KUBERNETES_EXEC_INFO", "{}"))
        version = request["apiVersion"]
    except (ValueError, TypeError, KeyError, RecursionError):
        version = None
    known = (f"{_KUBERNETES}/v1", f"{_KUBERNETES}/v1beta1")
    return version if version in known else known[0]


@command("""\
git config --global credential.https://gitlab.example.helper \\
  "!xdr-login credential git --profile gitlab"
                                           once, for the host of that profile
printf 'protocol=https\\nhost=gitlab.example\\n\\n' | xdr-login credential git get
""")
@profile_option
@click.argument("operation", metavar="{get|store|erase}", shell_complete=_complete_operation)
def git(*, profile: str | None, operation: str) -> int:
    """Act as a git credential helper.

    Answers “get” only for the profile's host and only over https. Other operations do nothing. The
    user is “oauth2” unless git gives one.
    """
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


@command("""\
http https://visibility.eu.amp.cisco.com/iroh/… Authorization:@<(xdr-login credential httpie)
""")
@profile_option
def httpie(*, profile: str | None) -> int:
    """Print an Authorization header value for HTTPie.

    HTTPie reads it from a file.
    """
    token = fetch_token_by_name(profile, CopyFormat.HEADER).access_token
    print_result(f"Bearer {_require_plain(token)}")
    return Exit.OK


def _require_plain(token: str) -> str:
    """Return `token`; raises `UnsafeForShell` if it could end a quoted string."""
    if not token.isascii() or not token.isprintable() or set(token) & set(' "\\'):
        raise UnsafeForShell
    return token


@click.group(cls=TranslatedGroup, commands=[kubectl, git, httpie])
def credential() -> None:
    """Prints a token in the format of the other program. For curl, use “token --format curl”."""
