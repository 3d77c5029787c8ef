"""Imports between layers, and sizes. ARCHITECTURE.md explains the rules."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "desktop").rglob("*.py"))

# What each layer may import, including imports for annotations.
LAYERS = {
    "frozen": set[str](),
    "oauth": {"oauth", "frozen"},
    "services": {"services", "oauth", "frozen"},
    "ipc": {"ipc", "services", "frozen"},
    "cli": {"cli", "ipc", "services", "oauth", "options", "frozen"},
    "ui": {"ui", "ipc", "services", "oauth", "options", "frozen"},
    "demo": {"demo"},
    "options": {"services"},
    "selftest": {"ui", "services", "oauth"},
    "__main__": {"cli"},
    "xdr_login": {"xdr_login", "ipc"},
    "__init__": set[str](),
}
# The folders of a layer in order: a folder may import itself and those before it. "" stands for the
# modules of the layer itself.
FOLDERS = {
    "oauth": ("model", "redaction", "", "grants"),
    "services": (
        "system",
        "model",
        "audit",
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
# Exceptions for single modules, only inside functions or for annotations.
LATE = {
    "__main__.py": {"options"},
    "xdr_login/__main__.py": {"__main__"},
    "cli/terminal/window.py": {"ui"},
    "cli/program.py": {"demo", "selftest"},
    "cli/demo.py": {"demo"},
    "options.py": {"demo"},
}
# Where a library may be imported; there are no rules for others.
LIBRARIES = {
    "PySide6": ("ui/",),
    "qasync": ("ui/",),
    "starlette": ("demo/",),
    "uvicorn": ("demo/",),
    "jinja2": ("demo/",),
    "cryptography": ("demo/", "oauth/dpop.py"),
    "click": ("cli/",),
    "keyring": ("services/secrets/keyring_vault.py", "services/secrets/secret_service.py"),
    "secretstorage": ("services/secrets/secret_service.py",),
    "httpx": (
        "oauth/",
        "selftest.py",
        "services/network/http_client.py",
        "services/network/proxy_transport.py",  # the transport of http_client.py
        "services/network/real_environment.py",
        "services/session/provider.py",
        "services/network/environment.py",
    ),
    "filelock": (
        "services/system/file_locks.py",
        "services/secrets/shared_lock.py",
        "services/configuration/profile_file.py",
        "ui/app/load_after_start.py",  # loads it in advance
    ),
    "jeepney": (
        "services/secrets/secret_service.py",
        "services/network/linux_proxy.py",
        "services/secrets/keyring_vault.py",
        "services/secrets/secret_service.py",
        "services/session/lock/polkit.py",
        "cli/doctor/doctor_checks.py",
    ),
    "psutil": (
        "services/system/processes.py",
        "services/system/terminal/terminal_session.py",
        "ipc/peer.py",
    ),
    "tomlkit": ("services/model/settings.py", "services/configuration/toml_edit.py"),
    "truststore": ("services/network/http_client.py",),
    "platformdirs": ("services/system/paths.py",),
    "jwt": ("demo/",),
}
LONGEST_CLASS = 200
LONGEST_FUNCTION = 60
MOST_FILES = 17


def within_desktop(path: Path) -> str:
    """Return the path of a module, such as `oauth/http.py`."""
    return path.relative_to(ROOT / "desktop").as_posix()


@dataclass(frozen=True)
class Import:
    """An import; `late` is one inside a function or under TYPE_CHECKING."""

    name: str
    line: int
    late: bool


@pytest.mark.parametrize("path", MODULES, ids=within_desktop)
def test_a_module_imports_only_what_its_layer_may(path: Path) -> None:
    place = within_desktop(path)
    allowed = LAYERS[place.split("/")[0].removesuffix(".py")]
    wrong = [
        f"{place}:{found.line} imports {found.name}"
        for found in imports(path)
        if (layer := layer_of(found.name)) is not None
        and layer not in allowed
        and not (found.late and layer in LATE.get(place, set()))
    ]
    assert not wrong


@pytest.mark.parametrize("path", MODULES, ids=within_desktop)
def test_a_folder_imports_only_itself_and_earlier_ones(path: Path) -> None:
    place = within_desktop(path)
    wrong = [
        f"{place}:{found.line} imports {found.name}"
        for found in imports(path)
        if position_of(found.name, place) > position_of(f"desktop.{place.replace('/', '.')}", place)
    ]
    assert not wrong


@pytest.mark.parametrize("folder", sorted({path.parent for path in MODULES}), ids=within_desktop)
def test_a_folder_has_few_files(folder: Path) -> None:
    assert len(list(folder.glob("*.py"))) <= MOST_FILES


@pytest.mark.parametrize("path", MODULES, ids=within_desktop)
def test_a_library_is_imported_only_where_allowed(path: Path) -> None:
    place = within_desktop(path)
    wrong = [
        f"{place}:{found.line} imports {found.name}"
        for found in imports(path)
        if not place.startswith(LIBRARIES.get(found.name.split(".")[0], ("",)))
    ]
    assert not wrong


@pytest.mark.parametrize("path", MODULES, ids=within_desktop)
def test_classes_and_functions_are_short(path: Path) -> None:
    long = {
        node.name: length
        for node in ast.walk(parsed(path))
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and (length := length_of(node)) > longest(node)
    }
    assert not long


def test_imports_are_found() -> None:
    source = """
import httpx, desktop.ui.app.app
from typing import TYPE_CHECKING
from desktop import services
from desktop.services.session import session
if TYPE_CHECKING:
    from PySide6 import QtCore
def late():
    import keyring.errors
    from .messages import encode
    from ..services.system.translation import translate
"""
    found = [
        (each.name, each.late)
        for each in imports_in(ast.parse(source), late=False, package="desktop.ipc")
    ]
    assert found == [
        ("httpx", False),
        ("desktop.ui.app.app", False),
        ("typing.TYPE_CHECKING", False),
        ("desktop.services", False),
        ("desktop.services.session.session", False),
        ("PySide6.QtCore", True),
        ("keyring.errors", True),
        ("desktop.ipc.messages.encode", True),
        ("desktop.services.system.translation.translate", True),
    ]
    assert [layer_of(name) for name, _ in found] == [
        None,
        "ui",
        None,
        "services",
        "services",
        *[None] * 2,
        "ipc",
        "services",
    ]
    assert layer_of("desktop.__version__") is None


def layer_of(name: str) -> str | None:
    """Return the layer of an imported name; None for other packages and the version."""
    package, _, rest = name.partition(".")
    return None if package != "desktop" or rest == "__version__" else rest.split(".")[0]


def position_of(name: str, place: str) -> int:
    """Return the position of the folder of `name` in the layer of `place`; -1 for other layers."""
    layer = place.partition("/")[0]
    package, own, *rest = [*name.split("."), ""]
    if (package, own) != ("desktop", layer) or layer not in FOLDERS:
        return -1
    folders = FOLDERS[layer]
    return folders.index(rest[0]) if rest[0] in folders else folders.index("")


def imports(path: Path) -> list[Import]:
    """Return all imports of a module in order, with full names."""
    found = imports_in(parsed(path), late=False, package=package_of(path))
    return list(found)


def package_of(path: Path) -> str:
    """Return the package that relative imports of a module start from."""
    return "desktop" + "".join(f".{part}" for part in within_desktop(path).split("/")[:-1])


@pytest.mark.parametrize(
    "page", [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")], ids=lambda each: each.name
)
def test_the_docs_name_modules_that_exist(page: Path) -> None:
    names = re.findall(r"`((?:\w+/)*\w+\.py)`", page.read_text("utf-8"))
    places = ("", "desktop/**/", "tests/**/", "packaging/**/")
    assert [
        each for each in names if not any(any(ROOT.glob(f"{place}{each}")) for place in places)
    ] == []


def imports_in(node: ast.AST, *, late: bool, package: str) -> Iterator[Import]:
    """Yield the imports below a node."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, child.lineno, late) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            for alias in child.names:
                yield Import(f"{full_name(child, package)}.{alias.name}", child.lineno, late)
        else:
            yield from imports_in(child, late=late or is_late(child), package=package)


def full_name(statement: ast.ImportFrom, package: str) -> str:
    """Return the full name of the module from which `statement` imports."""
    if statement.level == 0:
        return str(statement.module)
    parents = package.split(".")
    return ".".join([*parents[: len(parents) - statement.level + 1], str(statement.module)])


def is_late(node: ast.AST) -> bool:
    """Return whether imports below a node don't run with the module."""
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))


def longest(node: ast.AST) -> int:
    """Return the maximum number of lines of a class or function."""
    return LONGEST_CLASS if isinstance(node, ast.ClassDef) else LONGEST_FUNCTION


def length_of(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the number of lines of a class or function."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


@cache
def parsed(path: Path) -> ast.Module:
    """Parse a module."""
    return ast.parse(path.read_text("utf-8"), str(path))
