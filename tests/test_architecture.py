"""Who may import whom, and how long things may grow. ARCHITECTURE.md says why."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "desktop").rglob("*.py"))

# Imports for annotations count as well: who needs the name knows the room.
ROOMS = {
    "oauth": {"oauth"},
    "services": {"services", "oauth"},
    "ipc": {"ipc", "services"},
    "cli": {"cli", "ipc", "services", "oauth", "options"},
    "ui": {"ui", "ipc", "services", "oauth", "options"},
    "demo": {"demo"},
    "options": {"services"},
    "selftest": {"ui", "services", "oauth"},
    "__main__": {"cli"},
    "__init__": set[str](),
}
# The floors of a room, lowest first: a folder may import itself and those before it, so that no two
# folders need each other. "" holds the modules that lie in the room itself.
FLOORS = {
    "oauth": ("", "grants"),
    "services": (
        "system",
        "model",
        "secrets",
        "network",
        "wording",
        "configuration",
        "session",
        "token",
        "profile_editor",
    ),
    "cli": ("terminal", "scripts", "sign_in", "profiles", "api", "doctor", ""),
    "ui": ("kit", "wording", "copy", "views", "window", "tray", "profiles", "pages", "app"),
}
# What one module may reach beyond its room, inside a function or for annotations only.
LATE = {
    "__main__.py": {"options"},
    "cli/terminal/window.py": {"ui"},
    "cli/program.py": {"demo", "selftest"},
    "cli/demo.py": {"demo"},
    "options.py": {"demo"},
}
# Where a library may be imported; anybody may import those that are not named here.
LIBRARIES = {
    "PySide6": ("ui/",),
    "qasync": ("ui/",),
    "starlette": ("demo/",),
    "uvicorn": ("demo/",),
    "jinja2": ("demo/",),
    "cryptography": ("demo/",),
    "click": ("cli/",),
    "keyring": ("services/secrets/keyring_vault.py",),
    "httpx": (
        "oauth/",
        "selftest.py",
        "services/network/http_client.py",
        "services/network/proxy_transport.py",  # what network.py sends requests through
        "services/network/connector.py",
        "services/session/provider.py",
        "services/network/environment.py",
    ),
    "filelock": (
        "services/secrets/shared_lock.py",
        "services/configuration/profile_file.py",
        "ui/app/preload.py",  # which loads it ahead of its need
    ),
    "jeepney": ("services/network/linux_proxy.py", "cli/doctor/doctor_checks.py"),
    "psutil": ("services/system/processes.py",),
    "tomlkit": ("services/model/settings.py", "services/configuration/toml_edit.py"),
    "truststore": ("services/network/http_client.py",),
    "platformdirs": ("services/system/paths.py",),
    "jwt": (
        "oauth/claims.py",
        "demo/",
        "ui/app/preload.py",
    ),  # which loads it ahead of its need
}
LONGEST_CLASS = 200
LONGEST_FUNCTION = 60
MOST_FILES = 17


def within_desktop(path: Path) -> str:
    """The place of a module, such as `oauth/http.py`."""
    return path.relative_to(ROOT / "desktop").as_posix()


@dataclass(frozen=True)
class Import:
    """An import; `late` is one inside a function or under TYPE_CHECKING."""

    name: str
    line: int
    late: bool


@pytest.mark.parametrize("path", MODULES, ids=within_desktop)
def test_a_module_imports_only_what_its_room_may(path: Path) -> None:
    place = within_desktop(path)
    allowed = ROOMS[place.split("/")[0].removesuffix(".py")]
    wrong = [
        f"{place}:{found.line} imports {found.name}"
        for found in imports(path)
        if (room := room_of(found.name)) is not None
        and room not in allowed
        and not (found.late and room in LATE.get(place, set()))
    ]
    assert not wrong


@pytest.mark.parametrize("path", MODULES, ids=within_desktop)
def test_a_folder_imports_only_itself_and_those_below(path: Path) -> None:
    place = within_desktop(path)
    wrong = [
        f"{place}:{found.line} imports {found.name}"
        for found in imports(path)
        if floor_of(found.name, place) > floor_of(f"desktop.{place.replace('/', '.')}", place)
    ]
    assert not wrong


@pytest.mark.parametrize("folder", sorted({path.parent for path in MODULES}), ids=within_desktop)
def test_a_folder_holds_few_files(folder: Path) -> None:
    assert len(list(folder.glob("*.py"))) <= MOST_FILES


@pytest.mark.parametrize("path", MODULES, ids=within_desktop)
def test_a_library_is_imported_only_where_it_belongs(path: Path) -> None:
    place = within_desktop(path)
    wrong = [
        f"{place}:{found.line} imports {found.name}"
        for found in imports(path)
        if not place.startswith(LIBRARIES.get(found.name.split(".")[0], ("",)))
    ]
    assert not wrong


@pytest.mark.parametrize("path", MODULES, ids=within_desktop)
def test_nothing_grows_too_long_to_be_read(path: Path) -> None:
    long = {
        node.name: length
        for node in ast.walk(parsed(path))
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and (length := length_of(node)) > longest(node)
    }
    assert not long


def test_the_rules_find_what_they_forbid(tmp_path: Path) -> None:
    source = """
import httpx, desktop.ui.app.app
from typing import TYPE_CHECKING
from desktop import services
from desktop.services.session import session
if TYPE_CHECKING:
    from PySide6 import QtCore
def late():
    import keyring.errors
"""
    (tmp_path / "x.py").write_text(source)
    found = [(each.name, each.late) for each in imports(tmp_path / "x.py")]
    assert found == [
        ("httpx", False),
        ("desktop.ui.app.app", False),
        ("typing.TYPE_CHECKING", False),
        ("desktop.services", False),
        ("desktop.services.session.session", False),
        ("PySide6.QtCore", True),
        ("keyring.errors", True),
    ]
    assert [room_of(name) for name, _ in found] == [
        None,
        "ui",
        None,
        "services",
        "services",
        *[None] * 2,
    ]
    assert room_of("desktop.__version__") is None


def room_of(name: str) -> str | None:
    """The room that an imported name is in; None for what is not ours, and for the version."""
    package, _, rest = name.partition(".")
    return None if package != "desktop" or rest == "__version__" else rest.split(".")[0]


def floor_of(name: str, place: str) -> int:
    """How high the folder of `name` lies in the room of `place`; -1 for another room."""
    room = place.partition("/")[0]
    package, own, *rest = [*name.split("."), ""]
    if (package, own) != ("desktop", room) or room not in FLOORS:
        return -1
    floors = FLOORS[room]
    return floors.index(rest[0]) if rest[0] in floors else floors.index("")


def imports(path: Path) -> list[Import]:
    """Every import of a module, in its order, as full names."""
    return list(imports_in(parsed(path), late=False))


def imports_in(node: ast.AST, *, late: bool) -> Iterator[Import]:
    """The imports below a node."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, child.lineno, late) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports say the whole name"
            for alias in child.names:
                yield Import(f"{child.module}.{alias.name}", child.lineno, late)
        else:
            yield from imports_in(child, late=late or is_late(child))


def is_late(node: ast.AST) -> bool:
    """Whether what is imported below a node is not imported with the module."""
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))


def longest(node: ast.AST) -> int:
    """How many lines a class or function may have."""
    return LONGEST_CLASS if isinstance(node, ast.ClassDef) else LONGEST_FUNCTION


def length_of(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many lines a class or function has."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path.read_text("utf-8"), str(path))
