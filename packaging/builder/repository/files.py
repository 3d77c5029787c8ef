"""Files of a repository, which never change once they are published."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from builder.repository.signing import RepositoryError


def sha256(file: Path) -> bytes:
    return hashlib.sha256(file.read_bytes()).digest()


def add_file(source: Path, target: Path, *, digest: Callable[[Path], bytes] = sha256) -> None:
    """Copy a package into a repository; raise `RepositoryError` if another one has its name."""
    if target.exists():
        if digest(source) != digest(target):
            raise RepositoryError(
                f"The repository has a different {target.name}, which people may have installed. "
                "Raise the version."
            )
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o644)
