"""The files of `resources/`. Imports nothing heavy, because the first paint needs it."""

from pathlib import Path


def resource(name: str) -> Path:
    """Return the file `resources/NAME`: beside the package in a checkout, else inside it."""
    package = Path(__file__).resolve().parents[2]
    inside = package / "resources" / name
    return inside if inside.exists() else package.parent / "resources" / name
