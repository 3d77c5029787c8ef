"""What software centers show: the metainfo file and the release notes in it."""

import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from builder import changelog
from builder.metainfo import metainfo, size_of_picture
from builder.product import ROOT, product

from desktop import __version__
from desktop.ui.kit.theme import NARROWEST
from tests.rigs import requirements

# Software centers know the app by this id. Lowercase is only a recommendation.
KNOWN = {("P", f"cid-contains-uppercase-letter {product().id}")}
# AppStream before 1.0, as in Debian 12, has no tag `developer` yet.
NOT_YET_KNOWN = {("I", "unknown-tag developer")}
CHANGES = """# Changelog

An introduction with a [link](https://example.org/).

## [Unreleased]

### Added

- **Copy** & paste `a <b>` as
  [documented](docs/x.md).

## [0.2.0] - 2026-10-01

### Fixed

#### Window

- One.
- Two.
"""


@pytest.fixture(scope="module")
def tree() -> ET.Element:
    return ET.fromstring(metainfo())  # noqa: S314 - we made it


def findings(text: str, folder: Path) -> set[tuple[str, str]]:
    """Return what the strictest validation says: severity, and tag with a value.

    It is offline, so it can't see whether the addresses and pictures exist.
    """
    requirements.require_linux("packaging")
    requirements.require("packaging", "appstreamcli")
    file = folder / f"{product().id}.metainfo.xml"
    file.write_text(text, "utf-8")
    command = ["appstreamcli", "validate", "--pedantic", "--no-net", str(file)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert "alidation" in done.stdout, done.stderr
    return set(re.findall(r"(?m)^([EWIP]): \S+ (.*)$", done.stdout))


def test_the_strictest_validation_finds_nothing(tmp_path: Path) -> None:
    assert findings(metainfo(), tmp_path) - NOT_YET_KNOWN == KNOWN


def test_the_validation_finds_a_fault(tmp_path: Path) -> None:
    text = metainfo().replace(f"<project_license>{product().license}", "<project_license>Free-1.0")
    (other,) = findings(text, tmp_path) - NOT_YET_KNOWN - KNOWN
    assert other == ("W", "spdx-license-unknown Free-1.0")


def test_the_screenshots_are_pictures_of_this_repository(tree: ET.Element) -> None:
    images = tree.findall("screenshots/screenshot/image")
    assert len(images) == len(product().screenshots) > 1
    for image in images:
        address = str(image.text)
        prefix = f"{product().homepage}/raw/v{__version__}/"
        assert address.startswith(prefix)
        file = ROOT / address.removeprefix(prefix)
        size = tuple(int(image.attrib[name]) for name in ("width", "height"))
        assert size_of_picture(file) == size
        assert file.read_bytes().startswith(b"\x89PNG")


def test_people_find_everything_that_a_store_shows(tree: ET.Element) -> None:
    kinds = {each.attrib["type"]: each.text for each in tree.findall("url")}
    assert kinds == {
        "homepage": product().homepage,
        "bugtracker": f"{product().homepage}/issues",
        "help": f"{product().homepage}/blob/main/README.md",
        "vcs-browser": product().homepage,
        "contribute": f"{product().homepage}/blob/main/CONTRIBUTING.md",
    }
    developer = tree.find("developer")
    assert developer is not None
    assert developer.attrib["id"] == "io.github.xdr_login"
    assert tree.findtext("project_license") == product().license
    keywords = [each for each in tree.findall("keywords/keyword") if not each.attrib]
    assert [each.text for each in keywords] == product().keywords
    assert tree.findtext("requires/display_length") == str(NARROWEST)
    colors = {each.attrib["scheme_preference"]: each.text for each in tree.findall("branding/*")}
    assert colors == product().colors


def test_the_release_notes_contain_every_line_of_the_changelog(tree: ET.Element) -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    items = tree.findall("releases/release/description/ul/li")
    assert len(items) == len(re.findall(r"(?m)^- ", text)) > 0
    first = tree.find("releases/release")
    assert first is not None
    assert first.attrib["version"] == __version__


def test_each_release_has_its_day_and_its_notes() -> None:
    coming, older = changelog.parse(CHANGES)
    assert (coming.version, coming.day) == ("Unreleased", "")
    assert coming.sections == {
        "Added": ["**Copy** & paste `a <b>` as [documented](docs/x.md)."],
    }
    assert (older.version, older.day) == ("0.2.0", "2026-10-01")
    assert older.sections == {"Fixed": [], "Fixed: Window": ["One.", "Two."]}


def test_markdown_becomes_the_markup_of_stores() -> None:
    text = changelog.as_metainfo(changelog.parse(CHANGES))
    assert ("<li><em>Copy</em> &amp; paste <code>a &lt;b&gt;</code> as documented.</li>") in text
    assert text.count("<p>") == 2, "a heading without items is left out"
    assert f"{product().homepage}/releases/tag/v0.2.0" in text


def test_unreleased_changes_belong_to_this_version_until_it_has_a_heading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changelog, "ROOT", tmp_path)
    (tmp_path / "CHANGELOG.md").write_text(CHANGES, "utf-8")
    assert [each.version for each in changelog.releases()] == [__version__, "0.2.0"]
    text = CHANGES.replace("0.2.0", __version__)
    (tmp_path / "CHANGELOG.md").write_text(text, "utf-8")
    assert [(each.version, each.day) for each in changelog.releases()] == [
        (__version__, "2026-10-01")
    ]


def test_a_line_that_is_neither_heading_nor_item_is_an_error() -> None:
    with pytest.raises(ValueError, match="'Stray text' is neither"):
        changelog.parse(f"{CHANGES}\nStray text\n")
