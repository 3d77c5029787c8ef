"""`xdr-login credential`: tokens in the formats of kubectl, git and HTTPie."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping

import click

from desktop.cli.scripts.token_source import fetch_token_by_name, fetch_token_in_format
from desktop.cli.terminal.exits import Exit, command
from desktop.cli.terminal.help import TranslatedGroup
from desktop.cli.terminal.output import (
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
@click.argument("operation", type=click.Choice(["get", "store", "erase"]))
def git(*, profile: str | None, operation: str) -> int:
    """Act as a git credential helper.

    Answers “get” only for the profile's host and only over https. “store” and “erase” do
    nothing. The user is “oauth2” unless git gives one.
    """
    attributes = _parse_attributes(sys.stdin.buffer.read(_LONGEST_INPUT + 1))
    if operation != "get":
        return Exit.OK
    chosen = load_configuration().find(profile)
    if not _is_profile_host(attributes, chosen):
        return Exit.OK
    token = fetch_token_in_format(chosen, CopyFormat.TOKEN)
    print_result(f"username={attributes.get('username') or 'oauth2'}")
    print_result(f"password={token.access_token}")
    if token.expires_at is not None:
        print_result(f"password_expiry_utc={int(token.expires_at.timestamp())}")
    return Exit.OK


def _parse_attributes(given: bytes) -> dict[str, str]:
    """Parse `name=value` lines up to an empty line (git-credential, INPUT/OUTPUT FORMAT).

    Only a line feed ends a line: git decodes %0D in addresses that someone else wrote, and the text
    after it would count as the host. So input with invisible characters gives nothing, and neither
    does input so long that a host at its end might be cut.
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


def _is_profile_host(attributes: Mapping[str, str], profile: Profile) -> bool:
    host = attributes.get("host", "")
    if attributes.get("protocol") != "https" or set(host) & set("/\\@?#"):
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
