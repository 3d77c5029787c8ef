"""The list of components, in a checkout and in a bundle."""

import re
import sys
import tomllib
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from desktop import __version__
from desktop.services.system import about, components
from desktop.services.system.components import Component
from tests.pseudo_language import pseudo_language

ROOT = Path(__file__).parents[3]
LIST = (Component("Qt", "6.11.3", "LGPL-3.0-only"), Component("httpx", "0.28.1", "BSD-3-Clause"))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that is frozen, in a folder of its own."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "Contents" / "MacOS" / "xdr-login"))
    return tmp_path


def test_the_list_starts_with_the_dependencies_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["demo"], "cryptography"]
    names = {re.split(r"[^\w.-]", each)[0] for each in asked}  # pyjwt[crypto] is cryptography
    assert sorted(components.DIRECT_DEPENDENCIES) == sorted(names)


def test_dependencies_of_dependencies_are_found() -> None:
    found = {normal(each.name) for each in components.load_components()}
    assert {"pyside6-essentials", "shiboken6", "httpcore", "h11", "markupsafe", "cffi"} <= found
    assert not {"pytest", "ruff", "pip", "trio"} & found


def test_each_has_a_version_and_a_license_in_one_line() -> None:
    for each in components.load_components():
        assert re.match(r"\d", each.version)
        assert each.license
        assert "\n" not in each.license


def test_the_list_of_a_bundle_is_not_in_the_language_of_its_builder(tmp_path: Path) -> None:
    (tmp_path / "METADATA").write_text("Metadata-Version: 2.1\nName: x\nVersion: 1\n", "utf-8")
    with pseudo_language():
        assert components.license_of(PathDistribution(tmp_path)) == "see the license text"


def test_a_bundle_reads_its_list(bundle: Path) -> None:
    folder = components.licenses_folder()
    folder.mkdir(parents=True)
    assert folder.is_relative_to(bundle)
    (folder / components.COMPONENTS_FILE).write_text(components.format_components(LIST), "utf-8")
    assert components.load_components() == LIST


@pytest.mark.parametrize(
    ("system", "place"), [("linux", "MacOS"), ("win32", "MacOS"), ("darwin", "Resources")]
)
def test_the_licenses_are_where_the_system_wants_them(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, system: str, place: str
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    assert components.licenses_folder() == bundle.resolve() / "Contents" / place / "licenses"


def test_in_a_checkout_the_licenses_are_there() -> None:
    assert (components.licenses_folder() / "LGPL-3.txt").exists()


def test_the_report_names_versions_and_no_path() -> None:
    text = about.format_report(about.system_facts("6.11.3", "xcb"), LIST)
    assert f"\nVersion: {__version__}\n" in text
    assert "\nQt: 6.11.3 (xcb)\n" in text
    assert "OpenSSL: 3" in text
    assert text.endswith("Components: Qt 6.11.3, httpx 0.28.1")
    assert str(Path.home()) not in text
    assert str(ROOT) not in text


@pytest.mark.usefixtures("bundle")
def test_a_bundle_is_named_as_the_installation() -> None:
    assert ("Installation", "Package") in about.system_facts("6.11.3", "")


def test_without_a_list_the_report_ends_with_the_facts() -> None:
    assert "Components" not in about.format_report(about.system_facts("6.11.3", ""), ())
