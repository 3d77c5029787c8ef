"""Writing files so that a crash never leaves half a file."""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path


def write_out(text: str, target: Path) -> None:
    """Write `text` to a path that the user named. Blocks; raises `OSError`.

    Links and special files such as pipes are opened and written to. The system decides whether to
    follow a link: it does not follow one that somebody else has put into a shared folder.
    """
    if target.is_symlink() or (target.exists() and not target.is_file()):
        with target.open("w", encoding="utf-8", newline="") as opened:
            opened.write(text)
    else:
        write_atomically(text, target)


def write_atomically(text: str, file: Path, *, durable: bool = True) -> None:
    """Replace the content of `file` in one step. Blocks; raises `OSError`.

    Permissions are kept; a new file is readable by its owner only. The folder must exist, and a
    link must have been resolved. Without `durable`, the file may be empty after a power failure.
    """
    # In the same folder: a file can be replaced in one step only within its file system.
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as temporary:
            temporary.write(text)
            temporary.flush()
            if durable:
                os.fsync(temporary.fileno())
        with suppress(FileNotFoundError):
            shutil.copymode(file, name)
        os.replace(name, file)  # noqa: PTH105 - `name` is a string
    except BaseException:
        os.unlink(name)  # noqa: PTH108 - as above
        raise
