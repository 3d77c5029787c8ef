"""`python -m builder [FORMAT...]`: build the packages of this system into dist/."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from builder import appimage, bundle, deb, macos, msi, nsis, rpm, sbom, sums, windows
from builder.product import ROOT
from builder.repository.make import make_repositories
from builder.repository.signing import RepositoryError

Maker = Callable[[Path, Path, Path], Path]
MAKERS: dict[str, Maker] = {
    "deb": deb.make_deb,
    "rpm": rpm.make_rpm,
    "appimage": appimage.make_appimage,
    "macos": macos.make_dmg,
    "zip": windows.make_zip,
    "nsis": nsis.make_nsis,
    "msi": msi.make_msi,
    "sbom": sbom.make_sbom,
}
REPOSITORIES = "repo"  # made of the packages in dist/, and kept in its own folder
WINDOWS_FORMATS = {"zip", "nsis", "msi"}
# The formats that are built by default.
DEFAULT_FORMATS = {
    "linux": ["deb", "rpm", "appimage", "sbom"],
    "darwin": ["macos", "sbom"],
    "win32": ["zip", "sbom"],  # Linux packs the zip into installers: WINDOWS_BUNDLE
}


def main(formats: list[str]) -> int:
    """Build the formats, or the default ones; return the exit code."""
    unknown = [each for each in formats if each not in {*MAKERS, REPOSITORIES, "all"}]
    if unknown:
        known = ", ".join((*MAKERS, REPOSITORIES))
        print(f"Unknown format: {' '.join(unknown)}. Formats: {known}", file=sys.stderr)
        return 2
    wanted = set(formats) - {"all"}
    if not formats or "all" in formats:
        wanted |= set(DEFAULT_FORMATS.get(sys.platform, ["sbom"]))
    chosen = [each for each in MAKERS if each in wanted]
    try:
        if chosen:
            print(build(chosen, ROOT / "dist", bundle.WORK), end="")
        if REPOSITORIES in wanted:
            print("repo ...", flush=True)
            print(make_repositories(ROOT / "dist", ROOT / "repository"), end="")
    except bundle.BuildError as error:
        print(f"The bundle is not complete:\n{error}", file=sys.stderr)
        return 1
    except RepositoryError as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def build(formats: list[str], dist: Path, work: Path) -> str:
    """Build the formats into `dist`, which is emptied first; return the table of sizes."""
    shutil.rmtree(dist, ignore_errors=True)
    dist.mkdir(parents=True)
    if formats == ["macos"] and sys.platform != "darwin":
        macos.make_dmg(dist, work, work)  # its parts need no bundle
        return ""
    bundles = {}
    for foreign in (False, True):
        wanted = [each for each in formats if _is_foreign(each) is foreign]
        if not wanted:
            continue
        make = windows.make_bundle if foreign else bundle.make_bundle
        folder = work.with_name(f"{work.name}-windows") if foreign else work
        built = make(folder)
        bundles["unpacked, for Windows" if foreign else "unpacked"] = built
        for name in wanted:
            print(f"{name} ...", flush=True)
            MAKERS[name](dist, built, folder)
    return sums.write_sums(dist, bundles)


def _is_foreign(name: str) -> bool:
    """Return whether a format is for Windows and this is another system."""
    return name in WINDOWS_FORMATS and sys.platform != "win32"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
