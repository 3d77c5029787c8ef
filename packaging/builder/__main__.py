"""`python -m builder [FORMAT...]`: build the packages of this system into dist/.

The manifests of package managers are made from the packages of all systems: those in the folder
RELEASE_FILES, or else in dist/.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from builder import (
    appimage,
    bundle,
    deb,
    homebrew,
    macos,
    msi,
    nsis,
    rpm,
    sbom,
    sums,
    windows,
    winget,
)
from builder.product import ROOT
from builder.repository.make import make_repositories
from builder.repository.signing import RepositoryError, take_key

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
MANIFESTS: dict[str, Callable[[Path, Path], list[Path]]] = {
    "winget": winget.make_winget,
    "homebrew": homebrew.make_homebrew,
}
WINDOWS_FORMATS = {"zip", "nsis", "msi"}
# The formats that are built by default.
DEFAULT_FORMATS = {
    "linux": ["deb", "rpm", "appimage", "sbom"],
    "darwin": ["macos", "sbom"],
    "win32": ["zip", "sbom"],  # Linux packs the zip into installers: WINDOWS_BUNDLE
}


def main(formats: list[str]) -> int:
    """Build the formats, or the default ones; return the exit code."""
    key = take_key()  # before any other program is started
    all_formats = (*MAKERS, *MANIFESTS, REPOSITORIES)
    unknown = [each for each in formats if each not in {*all_formats, "all"}]
    if unknown:
        known = ", ".join(all_formats)
        print(f"Unknown format: {' '.join(unknown)}. Formats: {known}", file=sys.stderr)
        return 2
    wanted = set(formats) - {"all"}
    if not formats or "all" in formats:
        wanted |= set(DEFAULT_FORMATS.get(sys.platform, ["sbom"]))
    chosen = [each for each in MAKERS if each in wanted]
    dist = ROOT / "dist"
    try:
        if chosen:
            print(build(chosen, dist, bundle.WORK), end="")
        if REPOSITORIES in wanted:
            print("repo ...", flush=True)
            print(make_repositories(dist, ROOT / "repository", key=key), end="")
        manifests = [each for each in MANIFESTS if each in wanted]
        return make_manifests(manifests, Path(os.environ.get("RELEASE_FILES") or dist), dist)
    except bundle.BuildError as error:
        print(f"The bundle is not complete:\n{error}", file=sys.stderr)
        return 1
    except RepositoryError as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(error, file=sys.stderr)
        return 1


def make_manifests(names: list[str], files: Path, dist: Path) -> int:
    """Make manifests from the files of a release; return the exit code, 1 if one wasn't made."""
    code = 0
    for name in names:
        shutil.rmtree(dist / name, ignore_errors=True)
        try:
            made = MANIFESTS[name](files, dist / name)
        except (FileNotFoundError, homebrew.UnknownSystem) as error:
            print(f"{name}: not made, because {error}.", file=sys.stderr)
            code = 1
        else:
            print(f"{name}: {', '.join(str(each.relative_to(dist)) for each in made)}")
    return code


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
