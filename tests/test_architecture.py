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
# What one module may reach beyond its room, inside a function or for annotations only.
LATE = {
    "__main__.py": {"options"},
    "cli/window.py": {"ui"},
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
    "keyring": ("services/keyring_vault.py",),
    "httpx": (
        "oauth/",
        "selftest.py",
        "services/network.py",
        "services/proxies.py",  # what network.py sends requests through
        "services/connecting.py",
        "services/provider.py",
        "services/surroundings.py",
    ),
    "filelock": (
        "services/shared_lock.py",
        "services/profile_file.py",
        "ui/what_comes_next.py",  # which loads it ahead of its need
    ),
    "jeepney": ("services/portal_proxy.py", "cli/doctor_checks.py"),
    "psutil": ("services/programs.py",),
    "tomlkit": ("services/settings.py", "services/profile_layout.py"),
    "truststore": ("services/network.py",),
    "platformdirs": ("services/paths.py",),
    "jwt": (
        "oauth/claims.py",
        "demo/",
        "ui/what_comes_next.py",
    ),  # which loads it ahead of its need
}
LONGEST_MODULE = 350
LONGEST_FUNCTION = 60


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
    tree = parsed(path)
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    long = {
        node.name: length
        for node in ast.walk(tree)
        if isinstance(node, functions) and (length := length_of(node)) > LONGEST_FUNCTION
    }
    assert not long
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST_MODULE


def test_the_rules_find_what_they_forbid(tmp_path: Path) -> None:
    source = """
import httpx, desktop.ui.app
from typing import TYPE_CHECKING
from desktop import services
from desktop.services import session
if TYPE_CHECKING:
    from PySide6 import QtCore
def late():
    import keyring.errors
"""
    (tmp_path / "x.py").write_text(source)
    found = [(each.name, each.late) for each in imports(tmp_path / "x.py")]
    assert found == [
        ("httpx", False),
        ("desktop.ui.app", False),
        ("typing.TYPE_CHECKING", False),
        ("desktop.services", False),
        ("desktop.services.session", False),
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


def length_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many lines a function has."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path.read_text("utf-8"), str(path))
