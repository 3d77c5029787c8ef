"""The command `xdr-login`: opens the window, or runs a command such as `xdr-login token`."""

from __future__ import annotations

import os
import sys

if not __package__:  # run by its path, as at login: no module of the current folder is imported
    _package = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - slow to load
    _root = os.path.dirname(_package)  # noqa: PTH120
    sys.path[:] = [each for each in sys.path if os.path.abspath(each) != _package]  # noqa: PTH100
    if _root not in sys.path:
        sys.path.insert(0, _root)

from desktop.cli.terminal import COMPLETE_VARIABLE

TYPE_CHECKING = False  # `typing` is slow to load, and a script waits for its token
if TYPE_CHECKING:
    from collections.abc import Sequence


_MANY_OBJECTS = 50_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with `arguments`, by default those of the process, and return the exit code."""
    try:
        return _run(sys.argv[1:] if arguments is None else arguments)
    except OSError as error:
        from desktop.cli.terminal.error_reports import EXPECTED_ERRORS, report_error  # slow to load

        if not isinstance(error, EXPECTED_ERRORS):  # it has no home folder
            raise
        return report_error(error)


def _run(given: Sequence[str]) -> int:
    if not given and COMPLETE_VARIABLE not in os.environ:  # set: a shell asks for completions
        # Started by a double-click: the command line library is not loaded.
        from desktop.cli.terminal.window import has_display, open_window
        from desktop.options import Options

        if has_display():
            return open_window(Options())
    elif given and given[0] == "token":
        from desktop.cli.token_fast_path import run as run_fast_path

        code = run_fast_path(given[1:])
        if code is not None:
            return code
    import gc

    gc.set_threshold(_MANY_OBJECTS)  # loading modules makes many and leaves no garbage
    from desktop.cli.program import run

    return run(given)


if __name__ == "__main__":
    sys.exit(main())
