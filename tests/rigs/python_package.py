"""The package `xdr_login`, laid out as the wheel does, without a build."""

from pathlib import Path

ROOT = Path(__file__).parents[2]


def lay_out_package(folder: Path) -> Path:
    """Make the package in `folder` from links to the sources; returns what goes on the path."""
    package = folder / "xdr_login"
    (package / "_app").mkdir(parents=True)
    (package / "_app" / "desktop").symlink_to(ROOT / "desktop")
    for source in (ROOT / "desktop" / "xdr_login").glob("*.py"):
        (package / source.name).symlink_to(source)
    return folder
