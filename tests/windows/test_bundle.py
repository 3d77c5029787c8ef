"""The bundle for Windows: complete, small enough, with icons and version resources."""

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
FIND_FAULTS = """
import pathlib, json
from builder import windows
from builder.product import ROOT
print(json.dumps(windows.find_faults(pathlib.Path({bundle!r}), (ROOT,))))
"""
RESOURCES = """
import json, pefile
read = pefile.PE({program!r})
kinds = [each.id for each in read.DIRECTORY_ENTRY_RESOURCE.entries]
tables = [table for info in read.FileInfo[0] if info.Key == b"StringFileInfo"
          for table in info.StringTable]
values = {{name.decode(): text.decode() for each in tables for name, text in each.entries.items()}}
print(json.dumps([kinds, read.OPTIONAL_HEADER.Subsystem, values]))
"""
# Exits with 7 if it gets the token.
RUN = """
import json, os, shutil, sys, tempfile
from desktop.cli.scripts import run
from desktop.cli.scripts.token_source import AccessToken

run.fetch_token_by_name = lambda *_: AccessToken("held", "Bearer", None, ())
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


def test_the_bundle_is_complete_and_small_enough(windows: Windows) -> None:
    assert json.loads(source(windows, FIND_FAULTS.format(bundle=windows_path(BUNDLE))).stdout) == []
    assert size_in_megabytes(BUNDLE) <= product().limits["windows_unpacked_megabytes"]


def test_the_stand_ins_for_wine_are_not_in_the_bundle() -> None:
    assert not list(BUNDLE.rglob("icuuc*")) + list(BUNDLE.rglob("bcryptprimitives*"))


@pytest.mark.parametrize(
    ("program", "subsystem"),
    [
        (names.command_program(), WITH_TERMINAL),
        (names.window_program(), WITHOUT_TERMINAL),
    ],
)
def test_a_program_has_an_icon_and_a_description(
    windows: Windows, program: str, subsystem: int
) -> None:
    code = RESOURCES.format(program=windows_path(BUNDLE / program))
    kinds, found, values = json.loads(source(windows, code).stdout)
    assert GROUP_ICON in kinds
    assert found == subsystem
    assert values["FileDescription"] == values["ProductName"] == product().name
    assert values["FileVersion"] == values["ProductVersion"] == product().version
    assert values["OriginalFilename"] == program


def test_a_program_in_the_current_folder_gets_no_token_by_its_name(
    windows: Windows,
) -> None:
    found, planted, by_path = json.loads(source(windows, RUN).stdout)
    assert found == 7
    assert planted == NOT_FOUND
    assert by_path == 7


def test_the_list_of_components_is_that_of_the_bundle() -> None:
    listed = json.loads((BUNDLE / "licenses" / "components.json").read_text("utf-8"))
    found = {each["name"] for each in listed}
    assert {"Qt", "CPython", "OpenSSL", "pywin32-ctypes", "httpx"} <= found
    assert not {name for name in found if re.match(r"(?i)secretstorage|jeepney|pefile", name)}
