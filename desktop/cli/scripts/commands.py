"""The commands `run`, `foreach` and `credential`: their options and help."""

from __future__ import annotations

from typing import Any

import click

from desktop.cli.terminal.exits import command
from desktop.cli.terminal.lazy_group import LazyGroup
from desktop.cli.terminal.output import (
    Function,
    complete_profile,
    exchange_option,
    profile_option,
)

VARIABLE = "XDR_ACCESS_TOKEN"


def variable_option(command: Function) -> Function:
    """Add the option --env, as `variable`, to `command`."""
    return click.option(
        "--env",
        "variable",
        metavar="NAME",
        default=VARIABLE,
        show_default=True,
        help="The variable for the token.",
    )(command)


_other_token_option = exchange_option(
    "Use the token of another service instead, such as secure-endpoint (Cisco XDR)."
)


@command(
    """\
xdr-login run -- python3 hunt.py           run it with the token in $XDR_ACCESS_TOKEN
xdr-login run --profile northwind -- make report
xdr-login run --env GITHUB_TOKEN --profile github -- gh api user
                                           use the variable that the program expects
xdr-login run --for secure-endpoint -- python3 hunt.py
                                           with the token of another service
""",
    context_settings={"allow_interspersed_args": False},
)
@profile_option
@variable_option
@_other_token_option
@click.argument("command", metavar="-- COMMAND [ARG]...", nargs=-1, required=True)
def run(**given: Any) -> int:  # noqa: ANN401 - its options
    """The program gets the token in a variable: it is in no argument, file or shell history.

    The program also gets XDR_PROFILE, XDR_REGION and the address of each API service, such as
    XDR_CONURE_URL.

    Signals and the exit code are those of the program. As in a shell, 126 means that it could not
    be started, and 127 that it was not found.
    """
    from desktop.cli.scripts.run import run as work

    return work(**given)


@command(
    """\
xdr-login foreach -- python3 hunt.py       run it once for each signed-in profile
xdr-login foreach --profile northwind --profile southwind -- make report
xdr-login foreach --jobs 8 -- sh -c 'python3 hunt.py > "$XDR_PROFILE.json"'
                                           a file for each profile
""",
    context_settings={"allow_interspersed_args": False},
)
@click.option(
    "--profile",
    "profiles",
    metavar="NAME",
    multiple=True,
    shell_complete=complete_profile,
    help="A profile, by id or name. Repeat for more. Default: all that are signed in.",
)
@variable_option
@_other_token_option
@click.option(
    "--jobs",
    type=click.IntRange(1, 100),
    metavar="N",
    default=4,
    show_default=True,
    help="How many programs to run at once.",
)
@click.argument("command", metavar="-- COMMAND [ARG]...", nargs=-1, required=True)
def foreach(**given: Any) -> int:  # noqa: ANN401 - its options
    """Sets the same variables as “run”. Each line of output starts with the profile's id.

    The programs get no input. The exit code is the highest of all. Ctrl+C ends all programs.
    """
    from desktop.cli.scripts.foreach import foreach as work

    return work(**given)


_CREDENTIAL = {
    "kubectl": ("desktop.cli.scripts.commands:kubectl", "Print an ExecCredential for kubectl."),
    "git": ("desktop.cli.scripts.commands:git", "Act as a git credential helper."),
    "httpie": (
        "desktop.cli.scripts.commands:httpie",
        "Print an Authorization header value for HTTPie.",
    ),
}


@click.group(cls=LazyGroup, places=_CREDENTIAL)
def credential() -> None:
    """Prints a token in the format of the other program. For curl, use “token --format curl”."""


@command("""\
kubectl config set-credentials me --exec-api-version=client.authentication.k8s.io/v1 \\
  --exec-interactive-mode=Never --exec-command=xdr-login \\
  --exec-arg=credential --exec-arg=kubectl --exec-arg=--id-token
                                           once, for ~/.kube/config
""")
@profile_option
@click.option(
    "--id-token",
    is_flag=True,
    help="Give kubectl the ID token, as most clusters with OpenID Connect require.",
)
def kubectl(**given: Any) -> int:  # noqa: ANN401 - its options
    """The version is client.authentication.k8s.io/v1, or v1beta1 if kubectl requests it.

    kubectl uses the token until it expires and then runs this command again.
    """
    from desktop.cli.scripts.credential import kubectl as work

    return work(**given)


def _complete_operation(
    _ctx: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[str]:
    return [each for each in ("get", "store", "erase") if each.startswith(incomplete)]


@command("""\
git config --global credential.https://gitlab.example.helper \\
  "!xdr-login credential git --profile gitlab"
                                           once, for the host of that profile
printf 'protocol=https\\nhost=gitlab.example\\n\\n' | xdr-login credential git get
""")
@profile_option
@click.argument("operation", metavar="{get|store|erase}", shell_complete=_complete_operation)
def git(**given: Any) -> int:  # noqa: ANN401 - its options
    """Answers “get” only for the profile's host and only over https.

    Other operations do nothing. The user is “oauth2” unless git gives one.
    """
    from desktop.cli.scripts.credential import git as work

    return work(**given)


@command("""\
http https://visibility.eu.amp.cisco.com/iroh/… Authorization:@<(xdr-login credential httpie)
""")
@profile_option
def httpie(**given: Any) -> int:  # noqa: ANN401 - its options
    """HTTPie reads the value from a file."""
    from desktop.cli.scripts.credential import httpie as work

    return work(**given)
