"""Compile the Python modules that PySide6 keeps as source in a library.

PySide6 unpacks and compiles them at every start: a quarter of the instructions to the first paint.
If a folder `files.dir` is beside shiboken6, PySide6 imports them from there instead, as
`signature_bootstrap.py` in the library describes.
"""

import py_compile
import sys
import zipfile
from pathlib import Path
from typing import Any

FOLDER = "files.dir"

# Only writes stubs for editors. The others import it, and it builds a huge regular expression.
_UNUSED = "shibokensupport/signature/lib/pyi_generator.py"


def write_support(folder: Path) -> None:
    """Write the compiled modules to `folder`, for `shiboken6/files.dir`."""
    import shiboken6  # noqa: F401 - loads them

    loader: Any = sys.modules["shibokensupport"].__loader__
    archive: zipfile.ZipFile = loader.zfile
    for name in archive.namelist():
        if name.startswith("shibokensupport/") and name.endswith(".py"):
            source = folder / name
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_bytes(b"" if name == _UNUSED else archive.read(name))
            py_compile.compile(
                str(source),
                cfile=str(source.with_suffix(".pyc")),
                dfile=name,
                doraise=True,
                # The time would differ in each build.
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
            source.unlink()
