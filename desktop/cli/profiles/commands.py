"""The command `profiles` and its subcommands: their options and help."""

from __future__ import annotations

from typing import Any

import click

from desktop.cli.terminal import PROFILE_VARIABLE
from desktop.cli.terminal.exits import command
from desktop.cli.terminal.lazy_group import LazyGroup
from desktop.cli.terminal.output import (
    complete_profile,
    json_option,
    resolve_profile_option,
    yes_option,
)

_HERE = "desktop.cli.profiles.commands"
_DRAFTS = "desktop.cli.profiles.draft_commands"  # slow to load: an option for each field of a form


_PROFILES = {
    "list": (f"{_HERE}:list_", "List the profiles, those of your organization first."),
    "presets": (f"{_HERE}:presets", "List the providers for --preset."),
    "show": (f"{_HERE}:show", "Show the profile NAME, without secrets."),
    "check": (f"{_HERE}:check", "Test the profile NAME step by step, without signing in."),
    "add": (f"{_DRAFTS}:add", "Add a profile with the name NAME and print its id."),
    "edit": (f"{_DRAFTS}:edit", "Change the given values of the profile NAME."),
    "remove": (f"{_HERE}:remove", "Sign out, and remove the profile NAME and its secrets."),
    "import": (
        f"{_DRAFTS}:import_",
        "Add the profiles from FILE or stdin, and print their ids.",
    ),
    "export": (f"{_HERE}:export", "Print profiles as TOML, without secrets."),
}


@click.group(cls=LazyGroup, places=_PROFILES)
def profiles() -> None:
    """A profile says where you sign in, and with which client ID. You can edit it in the window."""


def _name_argument(command: Any) -> Any:  # noqa: ANN401 - like the decorators of click
    return click.argument(
        "name",
        required=False,
        envvar=PROFILE_VARIABLE,
        callback=resolve_profile_option,
        shell_complete=complete_profile,
    )(command)


@command(
    """\
xdr-login profiles list                    id, name and provider
xdr-login profiles list --json | jq -r '.profiles[].id'
""",
    name="list",
)
@json_option
def list_(**given: Any) -> int:  # noqa: ANN401 - its options
    from desktop.cli.profiles.profiles import list_ as work

    return work(**given)


@command("""\
xdr-login profiles presets                 regions of Cisco XDR, and other providers
xdr-login profiles add "Northwind SOC" --preset xdr-eu --client-id client-1234
""")
@json_option
def presets(**given: Any) -> int:  # noqa: ANN401 - its options
    from desktop.cli.profiles.profiles import presets as work

    return work(**given)


@command("""\
xdr-login profiles show northwind          every key that isn't the default
xdr-login profiles show --json | jq -r .issuer
""")
@_name_argument
@json_option
def show(**given: Any) -> int:  # noqa: ANN401 - its options
    """This includes the keys of its preset, and all API services that may get its token.

    Without NAME, the profile is chosen as for other commands.
    """
    from desktop.cli.profiles.profiles import show as work

    return work(**given)


@command("""\
xdr-login profiles check northwind         test it step by step
xdr-login profiles check --json | jq .works
""")
@_name_argument
@json_option
def check(**given: Any) -> int:  # noqa: ANN401 - its options
    """Without NAME, the profile is chosen as for other commands.

    The check requests a device code that is never used.
    """
    from desktop.cli.profiles.profile_check import check as work

    return work(**given)


@command("""\
xdr-login profiles remove northwind        confirm, sign out and remove it
xdr-login profiles remove northwind --yes --no-sign-out
""")
@click.argument("profile", metavar="NAME", shell_complete=complete_profile)
@click.option("--sign-out/--no-sign-out", default=True, help="Sign out first. Default: --sign-out.")
@yes_option
def remove(**given: Any) -> int:  # noqa: ANN401 - its options
    """You confirm first; without a terminal, pass --yes."""
    from desktop.cli.profiles.profile_changes import remove as work

    return work(**given)


@command("""\
xdr-login profiles export > profiles.toml  all your own profiles
xdr-login profiles export northwind --output northwind.toml
""")
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=complete_profile)
@click.option("--output", "-o", type=click.Path(dir_okay=False), help="Write to this file.")
def export(**given: Any) -> int:  # noqa: ANN401 - its options
    """Without NAME, this prints all your own profiles."""
    from desktop.cli.profiles.profile_changes import export as work

    return work(**given)
