"""`python -m builder [FORMAT...]`: build the packages of this system into dist/."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from builder import bundle, deb, sums, tar
from builder.product import ROOT

Maker = Callable[[Path, Path, Path], Path]
MAKERS: dict[str, Maker] = {"tar": tar.make_tar, "deb": deb.make_deb}


def main(formats: list[str]) -> int:
    """Build what is asked for, or all; gives the exit code."""
    unknown = [each for each in formats if each not in {*MAKERS, "all"}]
    if unknown:
        print(
            f"no such format: {' '.join(unknown)}; there are {', '.join(MAKERS)}", file=sys.stderr
        )
        return 2
    chosen = [each for each in MAKERS if not formats or each in formats or "all" in formats]
    dist = ROOT / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    dist.mkdir()
    try:
        built = bundle.make_bundle()
        for name in chosen:
            print(f"{name} ...", flush=True)
            MAKERS[name](dist, built, bundle.WORK)
    except bundle.BuildError as error:
        print(f"The bundle is not whole:\n{error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(error, file=sys.stderr)
        return 1
    print(sums.write_sums(dist, {"unpacked": built}), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
