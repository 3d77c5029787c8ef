"""The Python modules of PySide6, compiled for a bundle."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import shiboken6
from builder import shiboken

_REPORT = """
import json, sys
sys.path.insert(0, sys.argv[1])
import shiboken6
from PySide6.QtCore import QTimer
try:
    QTimer(1, 2, 3)
except TypeError as error:
    message = str(error)
from shibokensupport.signature import get_signature, loader
print(json.dumps([loader.__file__, str(get_signature(QTimer.setInterval)), message]))
"""


def _report(folder: Path) -> list[str]:
    """Load PySide6 with the shiboken6 in `folder`."""
    command = [sys.executable, "-c", _REPORT, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    reported: list[str] = json.loads(done.stdout)
    return reported


def test_pyside6_loads_the_compiled_modules_and_reports_errors_as_before(tmp_path: Path) -> None:
    package = tmp_path / "shiboken6"
    shutil.copytree(Path(shiboken6.__file__).parent, package)
    _, *before = _report(tmp_path)
    shiboken.write_support(package / shiboken.FOLDER)
    file, *after = _report(tmp_path)
    assert Path(file).is_relative_to(package / shiboken.FOLDER)
    assert after == before
    assert "int" in after[0]
    assert "QTimer" in after[1]


def test_two_builds_compile_the_same_files_without_source(tmp_path: Path) -> None:
    for name in ("one", "two"):
        shiboken.write_support(tmp_path / name)
    one, two = (
        {
            each.relative_to(tmp_path / name): each.read_bytes()
            for each in (tmp_path / name).rglob("*")
            if each.is_file()
        }
        for name in ("one", "two")
    )
    assert one == two
    assert {each.suffix for each in one} == {".pyc"}
