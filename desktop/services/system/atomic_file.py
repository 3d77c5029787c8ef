"""Files in TOML that a person may edit too: written all at once, keeping what is theirs."""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path


def write_out(text: str, target: Path) -> None:
    """Put `text` where a person said: into a new file, or what is there. Blocks; raises `OSError`.

    A link is left to the system, which follows none that somebody else has put into a folder for
    all; and what is no file, as a pipe, is written to.
    """
    if target.is_symlink() or (target.exists() and not target.is_file()):
        with target.open("w", encoding="utf-8", newline="") as opened:
            opened.write(text)
    else:
        write_atomically(text, target)


def write_atomically(text: str, file: Path) -> None:
    """Put `text` into `file`: after a crash it holds the old text or the new one. Blocks.

    Who may read it stays so; a new one is the person's alone. The folder must be there; a link is
    to be resolved before. Raises `OSError`.
    """
    # In the same folder, so that the new file takes the place of the old one in one step.
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as temporary:
            temporary.write(text)
            temporary.flush()
            os.fsync(temporary.fileno())
        with suppress(FileNotFoundError):
            shutil.copymode(file, name)
        os.replace(name, file)  # noqa: PTH105 - `name` is a text
    except BaseException:
        os.unlink(name)  # noqa: PTH108 - as above
        raise
