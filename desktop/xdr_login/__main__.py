"""The command `xdr-login` of the wheel, where the app is not importable by itself.

Its own package is called `desktop`, as is another project on the package index. So the wheel keeps
it in a folder that is on the import path only here: docs/decisions/import-name.md.
"""

import os
import sys


def main() -> int:
    """Run XDR Login and return the exit code."""
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - slow to load
    sys.path.insert(0, os.path.join(here, "_app"))  # noqa: PTH118
    from desktop.__main__ import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
