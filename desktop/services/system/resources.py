"""The files of `resources/`. Light to import: the first paint needs it."""

from pathlib import Path


def resource(name: str) -> Path:
    """The file `name` below `resources/`: beside the package in a checkout, inside it elsewhere."""
    package = Path(__file__).resolve().parents[2]
    inside = package / "resources" / name
    return inside if inside.exists() else package.parent / "resources" / name
