"""The commands `login`, `status`, `logout`, `whoami` and `grants`: their options and help."""

from __future__ import annotations

from typing import Any

import click

from desktop.cli.terminal.exits import command
from desktop.cli.terminal.lazy_group import LazyGroup
from desktop.cli.terminal.output import (
    complete_profile,
    json_option,
    profile_option,
    resolve_profile_option,
    yes_option,
)


@command("""\
xdr-login login                            sign in with the first profile
xdr-login login --profile northwind        sign in with another profile
xdr-login login --no-browser               only print the link
xdr-login login --json | your-program      one event per line, for a program
xdr-login --demo login                     try it with a built-in demo server
""")
@profile_option
@click.option("--again", is_flag=True, help="Sign in again even if a token is saved.")
@click.option("--no-browser", is_flag=True, help="Print the link and don't open a browser.")
@click.option("--qr", is_flag=True, help="Always print a QR code.")
@click.option(
    "--plain", is_flag=True, help="Spell the code and don't redraw lines, for screen readers."
)
@json_option
def login(**given: Any) -> int:  # noqa: ANN401 - its options
    """Shows a code and a link, opens the link in your browser, and waits for your approval.

    The token is saved in the keyring; “xdr-login token” prints it. If a saved token is valid or
    can be renewed, no new sign-in is needed.
    """
    from desktop.cli.sign_in.login import login as work

    return work(**given)


@command("""\
xdr-login status                           one line per profile
xdr-login status --profile northwind       only this profile
xdr-login status --json | jq -r '.profiles[] | select(.state == "signed_in") | .id'
                                           the profiles that a script can use
""")
@click.option(
    "--profile",
    metavar="NAME",
    callback=resolve_profile_option,
    shell_complete=complete_profile,
    help="Show only this profile, by id or name.",
)
@json_option
def status(**given: Any) -> int:  # noqa: ANN401 - its options
    """Shows one line per profile, with the time left.

    If XDR Login is running, this also lists the programs that recently got a token.
    """
    from desktop.cli.sign_in.status import status as work

    return work(**given)


@command("""\
xdr-login logout                           sign out of the first profile
xdr-login logout --profile northwind       sign out of another profile
xdr-login logout --all --yes               sign out of all profiles without confirmation
""")
@profile_option
@click.option("--all", "all_profiles", is_flag=True, help="Sign out of all profiles.")
@yes_option
@json_option
def logout(**given: Any) -> int:  # noqa: ANN401 - its options
    """Removes the token from the keyring and revokes it at the server.

    In Cisco XDR this ends all access you granted this app, on all your computers, so you confirm
    first; without a terminal, pass --yes.
    """
    from desktop.cli.sign_in.logout import logout as work

    return work(**given)


@command("""\
xdr-login whoami                           names and values, one per line
xdr-login whoami --json                    the same for a script
""")
@profile_option
@json_option
def whoami(**given: Any) -> int:  # noqa: ANN401 - its options
    """Shows what the server knows about the user, without anything that looks like a secret.

    An expired token is renewed first.
    """
    from desktop.cli.sign_in.whoami import whoami as work

    return work(**given)


_GRANTS = {
    "status": (
        "desktop.cli.sign_in.commands:grants_status",
        "Show what you granted this app, and since when.",
    ),
    "revoke": (
        "desktop.cli.sign_in.commands:grants_revoke",
        "Revoke everything you granted this app.",
    ),
}


@click.group(cls=LazyGroup, places=_GRANTS)
def grants() -> None:
    """In Cisco XDR, what you approve applies to this app on all your computers."""


@command("""\
xdr-login grants status                    show what this app may do, and since when
xdr-login grants status --json             the same for a script
""")
@profile_option
@json_option
def grants_status(**given: Any) -> int:  # noqa: ANN401 - its options
    from desktop.cli.sign_in.grants import status as work

    return work(**given)


@command("""\
xdr-login grants revoke                    revoke everything you granted this app
xdr-login grants revoke --yes              the same without confirmation, for a script
""")
@profile_option
@yes_option
def grants_revoke(**given: Any) -> int:  # noqa: ANN401 - its options
    """This ends this app's access on all your computers, and signs you out here."""
    from desktop.cli.sign_in.grants import revoke as work

    return work(**given)
