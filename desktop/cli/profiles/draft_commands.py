"""The commands `profiles add`, `edit` and `import`: their options and help."""

from __future__ import annotations

from typing import Any

import click

from desktop.cli.profiles.draft_options import draft_options
from desktop.cli.terminal.exits import command
from desktop.cli.terminal.output import complete_profile, yes_option


@command("""\
xdr-login profiles add northwind --region eu --client-id client-1234 --auth none
xdr-login profiles add "Northwind lab" --issuer https://login.example --client-id lab \\
  --scope openid --scope profile --client-secret-stdin < password.txt
xdr-login profiles add robot --preset keycloak --issuer https://id.example/realms/soc \\
  --client-id robot --grant client-credentials --client-secret-stdin
""")
@click.argument("name")
@draft_options
def add(**given: Any) -> int:  # noqa: ANN401 - its options
    """The values are checked as in the window. Secrets are saved in the keyring."""
    from desktop.cli.profiles.profile_changes import add as work

    return work(**given)


@command("""\
xdr-login profiles edit northwind --scope casebook --scope response
xdr-login profiles edit northwind --ca-file ""           remove a value
xdr-login profiles edit northwind --client-secret-stdin  ask for the client secret
xdr-login profiles edit northwind --proxy http://proxy.example:3128 --proxy-user dana \\
  --proxy-password-stdin < password.txt
""")
@click.argument("profile", metavar="NAME", shell_complete=complete_profile)
@click.option("--name", metavar="NAME", help="New name of the profile.")
@draft_options
def edit(**given: Any) -> int:  # noqa: ANN401 - its options
    """To clear an option, pass an empty value.

    You can store a client secret even for a profile that your administrator manages.
    """
    from desktop.cli.profiles.profile_changes import edit as work

    return work(**given)


@command(
    """\
xdr-login profiles import colleague.toml   a file from “profiles export”
xdr-login profiles import --region eu --name northwind < client.json
                                           a client as JSON from Cisco XDR
""",
    name="import",
)
@click.argument("file", default="-", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--name", metavar="NAME", help="Name of the profile for a client as JSON.")
@draft_options
@yes_option
def import_(**given: Any) -> int:  # noqa: ANN401 - its options
    """Existing profiles are not replaced.

    If a profile uses servers other than its provider's, you
    confirm first; without a terminal, pass --yes. A client as JSON, from Cisco XDR or another
    provider, becomes a profile too: pass --region or --issuer if it doesn't name a server. Its
    secret is saved in the keyring.
    """
    from desktop.cli.profiles.profile_changes import import_ as work

    return work(**given)
