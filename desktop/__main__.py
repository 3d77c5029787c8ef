"""The command `xdr-login`: a window, or with the name of a command that command."""

from __future__ import annotations

import os
import sys

from desktop.cli.terminal import COMPLETE_VARIABLE

TYPE_CHECKING = False  # `typing` is slow to load, and a script waits for its token
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with `arguments` (those of the process by default); gives the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    if not given and COMPLETE_VARIABLE not in os.environ:  # a shell asks without arguments
        # A double-click: the command line and its library are not loaded for it.
        from desktop.cli.terminal.window import has_display, open_window
        from desktop.options import Options

        if has_display():
            return open_window(Options())
    elif given and given[0] == "token":
        from desktop.cli.token_fast_path import run as run_quickly

        code = run_quickly(given[1:])
        if code is not None:
            return code
    from desktop.cli.program import run

    return run(given)


if __name__ == "__main__":
    sys.exit(main())
