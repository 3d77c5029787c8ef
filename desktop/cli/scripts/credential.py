"""`xdr-login credential`: tokens in the words of kubectl, git and HTTPie."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping

import click

from desktop.cli.scripts.token_source import fetch_token_by_name, fetch_token_in_format
from desktop.cli.terminal.exits import Exit, handle_errors
from desktop.cli.terminal.output import (
    CommandWithExamples,
    print_json,
    print_result,
    profile_option,
)
from desktop.oauth.addresses import origin_of
from desktop.oauth.errors import UnsafeAddress
from desktop.services.configuration.load import load_configuration
from desktop.services.model.copy_formats import CopyFormat
from desktop.services.model.errors import UnsafeForShell
from desktop.services.model.instants import format_instant
from desktop.services.model.profile import Profile

_KUBERNETES = "client.authentication.k8s.io"
_LONGEST_INPUT = 64 * 1024  # bytes


@click.group()
def credential() -> None:
    """Answer kubectl, git and HTTPie, each in the way it asks for a token.

    For curl there is “token --format curl”.
    """


@credential.command(
    cls=CommandWithExamples,
    examples="""\
kubectl config set-credentials me --exec-api-version=client.authentication.k8s.io/v1 \\
  --exec-interactive-mode=Never --exec-command=xdr-login \\
  --exec-arg=credential --exec-arg=kubectl
                                           in ~/.kube/config, once
""",
)
@profile_option
@handle_errors
def kubectl(*, profile: str | None) -> int:
    """Print an ExecCredential of Kubernetes (client.authentication.k8s.io/v1).

    kubectl uses the token until its expirationTimestamp, and then asks again.
    """
    held = fetch_token_by_name(profile, CopyFormat.JSON)
    status = {"token": held.access_token}
    if held.expires_at is not None:
        status["expirationTimestamp"] = format_instant(held.expires_at) or ""
    print_json({"apiVersion": _requested_api_version(), "kind": "ExecCredential", "status": status})
    return Exit.OK


def _requested_api_version() -> str:
    # kubectl says which version it is set up for, and refuses every other.
    try:
        asked = json.loads(os.environ.get("KUBERNETES_EXEC_INFO", "{}"))
        version = asked["apiVersion"]
    except (ValueError, TypeError, KeyError):
        version = None
    known = (f"{_KUBERNETES}/v1", f"{_KUBERNETES}/v1beta1")
    return version if version in known else known[0]


@credential.command(
    cls=CommandWithExamples,
    examples="""\
git config --global credential.https://gitlab.example.helper \\
  "!xdr-login credential git --profile gitlab"
                                           once, for the host of that profile alone
printf 'protocol=https\\nhost=gitlab.example\\n\\n' | xdr-login credential git get
""",
)
@profile_option
@click.argument("operation", type=click.Choice(["get", "store", "erase"]))
@handle_errors
def git(*, profile: str | None, operation: str) -> int:
    """Be a credential helper of git: answer “get” for the host of the profile, over https.

    For any other host it says nothing, and git asks the next one. The user is “oauth2” where git
    names none. “store” and “erase” do nothing: tokens are kept and renewed by this program.
    """
    asked = _parse_attributes(sys.stdin.buffer.read(_LONGEST_INPUT + 1))
    if operation != "get":
        return Exit.OK
    chosen = load_configuration().find(profile)
    if not _is_profile_host(asked, chosen):
        return Exit.OK
    held = fetch_token_in_format(chosen, CopyFormat.TOKEN)
    print_result(f"username={asked.get('username') or 'oauth2'}")
    print_result(f"password={held.access_token}")
    if held.expires_at is not None:
        print_result(f"password_expiry_utc={int(held.expires_at.timestamp())}")
    return Exit.OK


def _parse_attributes(given: bytes) -> dict[str, str]:
    """What git says: `name=value` a line, up to an empty one (git-credential, INPUT/OUTPUT).

    A line ends with a line feed and nothing else: in an address that somebody else wrote git
    decodes %0D and the like, and what stands behind would be taken for the host. So whoever names
    a character that is not printable is told nothing; nor who says so much that a host at its end
    would be cut off to another one.
    """
    if len(given) > _LONGEST_INPUT:
        return {}
    text = given.decode("utf-8", "replace").partition("\n\n")[0].rstrip("\n")
    if not all(line.isprintable() for line in text.split("\n")):
        return {}
    pairs = (line.partition("=") for line in text.split("\n"))
    attributes = {name: value for name, separator, value in pairs if separator}
    if url := attributes.get("url"):
        protocol, _, rest = url.partition("://")
        host = rest.partition("/")[0].rpartition("@")[2]
        attributes = {"protocol": protocol, "host": host} | attributes
    return attributes


def _is_profile_host(asked: Mapping[str, str], profile: Profile) -> bool:
    host = asked.get("host", "")
    if asked.get("protocol") != "https" or set(host) & set("/\\@?#"):
        return False
    try:
        return origin_of(f"https://{host}/") == origin_of(profile.issuer or profile.token_endpoint)
    except UnsafeAddress:
        return False


@credential.command(
    cls=CommandWithExamples,
    examples="""\
http https://visibility.eu.amp.cisco.com/iroh/… Authorization:@<(xdr-login credential httpie)
""",
)
@profile_option
@handle_errors
def httpie(*, profile: str | None) -> int:
    """Print the value of the header Authorization, which HTTPie reads from a file."""
    print_result(
        f"Bearer {_require_plain(fetch_token_by_name(profile, CopyFormat.HEADER).access_token)}"
    )
    return Exit.OK


def _require_plain(token: str) -> str:
    """`token`, if it has nothing that would end a quoted text; raises `NotForShell`."""
    if not token.isascii() or not token.isprintable() or set(token) & set(' "\\'):
        raise UnsafeForShell
    return token
