"""The bundle of Windows: whole, as small as promised, and with what its properties show."""

import json
import re

import pytest
from builder import windows as names
from builder.bundle import WORK
from builder.closure import size_in_megabytes
from builder.product import product
from builder.wine import windows_path

from tests.rigs.wine import Windows
from tests.windows.trial import source

BUNDLE = WORK.with_name("build-windows") / "bundle" / product().package
WHOLE = """
import pathlib, json
from builder import windows
from builder.product import ROOT
print(json.dumps(windows.faults(pathlib.Path({bundle!r}), (ROOT,))))
"""
RESOURCES = """
import json, pefile
read = pefile.PE({program!r})
kinds = [each.id for each in read.DIRECTORY_ENTRY_RESOURCE.entries]
tables = [table for info in read.FileInfo[0] if info.Key == b"StringFileInfo"
          for table in info.StringTable]
told = {{name.decode(): text.decode() for each in tables for name, text in each.entries.items()}}
print(json.dumps([kinds, read.OPTIONAL_HEADER.Subsystem, told]))
"""
# A program gets the token, and ends with 7 if it does.
RUN = """
import json, os, shutil, sys, tempfile
from desktop.cli.scripts import run
from desktop.cli.scripts.token_source import Access

run.handed = lambda *_: Access("held", "Bearer", None, (), "soc")
here = tempfile.mkdtemp()
os.chdir(here)
shutil.copy(os.environ["COMSPEC"], "planted.exe")
check = ["/c", "if %XDR_ACCESS_TOKEN%==held exit 7"]
print(json.dumps([
    run.run.main([name, *check], standalone_mode=False)
    for name in ("cmd", "planted", "./planted")
]))
os.chdir("/")
shutil.rmtree(here)
"""
GROUP_ICON = 14
NOT_FOUND = 127
WITHOUT_TERMINAL, WITH_TERMINAL = 2, 3


def test_it_is_whole_and_within_its_limits(windows: Windows) -> None:
    assert json.loads(source(windows, WHOLE.format(bundle=windows_path(BUNDLE))).stdout) == []
    assert size_in_megabytes(BUNDLE) <= product().limits["windows_unpacked_megabytes"]


def test_the_stand_ins_for_wine_are_not_in_it() -> None:
    assert not list(BUNDLE.rglob("icuuc*")) + list(BUNDLE.rglob("bcryptprimitives*"))


@pytest.mark.parametrize(
    ("program", "subsystem"),
    [
        (names.command_program(), WITH_TERMINAL),
        (names.window_program(), WITHOUT_TERMINAL),
    ],
)
def test_a_program_has_an_icon_and_says_what_it_is(
    windows: Windows, program: str, subsystem: int
) -> None:
    code = RESOURCES.format(program=windows_path(BUNDLE / program))
    kinds, found, told = json.loads(source(windows, code).stdout)
    assert GROUP_ICON in kinds
    assert found == subsystem
    assert told["FileDescription"] == told["ProductName"] == product().name
    assert told["FileVersion"] == told["ProductVersion"] == product().version
    assert told["OriginalFilename"] == program


def test_a_program_gets_the_token_unless_it_only_lies_in_the_current_folder(
    windows: Windows,
) -> None:
    found, planted, by_its_place = json.loads(source(windows, RUN).stdout)
    assert found == 7
    assert planted == NOT_FOUND
    assert by_its_place == 7


def test_the_licences_are_those_of_what_is_in_it() -> None:
    listed = json.loads((BUNDLE / "licenses" / "components.json").read_text("utf-8"))
    found = {each["name"] for each in listed}
    assert {"Qt", "CPython", "OpenSSL", "pywin32-ctypes", "httpx"} <= found
    assert not {name for name in found if re.match(r"(?i)secretstorage|jeepney|pefile", name)}
