"""The folders that setting up writes to."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
CACHE = ROOT / ".cache"
REQUIREMENTS = ROOT / "packaging" / "requirements"


def python_in(folder: Path) -> Path:
    """Return the path of a venv's Python."""
    return folder / "Scripts" / "python.exe" if os.name == "nt" else folder / "bin" / "python"
