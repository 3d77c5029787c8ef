"""The command `xdr-login`: with a display a window, without one a sign-in in the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with `arguments` (those of the process by default); gives the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    if given and not given[0].startswith("-"):
        from desktop.cli.program import run as run_command

        return run_command(given)
    from desktop.cli.arguments import run

    return run(given)


if __name__ == "__main__":
    sys.exit(main())
