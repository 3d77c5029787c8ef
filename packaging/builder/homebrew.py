"""The cask for Homebrew, made from the disk images of a release.

A maintainer copies it into the tap after the release is published; see CONTRIBUTING.md.
"""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

from builder import macos, sbom
from builder.product import fill_template, product
from builder.sums import sha256_of

# Homebrew's names of the versions of macOS.
SYSTEMS = {13: "ventura", 14: "sonoma", 15: "sequoia", 26: "tahoe"}


class UnknownSystem(ValueError):
    """The images need a version of macOS whose name is missing in `SYSTEMS`."""


def make_homebrew(files: Path, out: Path) -> list[Path]:
    """Write the cask into `out`; raise `FileNotFoundError` or `UnknownSystem`."""
    images = {
        path.stem.rpartition("-macos-")[2]: path for path in files.glob(macos.image_name("*"))
    }
    if not images:
        raise FileNotFoundError(f"{macos.image_name('*')} is not in {files}")
    bill = files / sbom.file_name("macos")
    if not bill.is_file():
        raise FileNotFoundError(f"{bill.name} is not in {files}")
    oldest = sbom.read_oldest_macos(json.loads(bill.read_text("utf-8")))
    file = out / "Casks" / f"{product().package}.rb"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(cask(images, oldest), "utf-8")
    return [file]


def cask(images: dict[str, Path], oldest: str) -> str:
    """Return the cask for images by processor, which need `oldest` or a newer macOS."""
    sums = {processor: sha256_of(path) for processor, path in images.items()}
    processor = next(iter(sums))
    arch, depends = "", ""
    checksum = f'  sha256 "{sums[processor]}"'
    if {"arm64", "x86_64"} <= {*sums}:
        arch = '  arch arm: "arm64", intel: "x86_64"\n\n'
        checksum = f'  sha256 arm:   "{sums["arm64"]}",\n         intel: "{sums["x86_64"]}"'
        processor = "#{arch}"
    elif processor in {"arm64", "x86_64"}:  # otherwise it is for both
        depends = f"  depends_on arch: :{processor}\n"
    address = product().address("files", "#{version}")
    image = macos.image_name(processor).replace(product().version, "#{version}")
    return fill_template(
        "macos/cask.rb.in",
        summary=ruby_string(product().summary),
        name=ruby_string(product().name),
        arch=arch,
        checksum=checksum,
        url=f"{address}/{image}",
        verified=_verified(address),
        depends=f"{depends}  depends_on macos: :{_system_name(oldest)}",
        app=macos.app_name(),
        macos_id=product().macos_id,
    )


def ruby_string(text: str) -> str:
    """Return the content of a double-quoted string in Ruby."""
    return re.sub(r'(["\\#])', r"\\\1", text)


def _system_name(version: str) -> str:
    """Return Homebrew's name of a version of macOS; raise `UnknownSystem`."""
    name = SYSTEMS.get(int(version.partition(".")[0]))
    if name is None:
        raise UnknownSystem(f"Homebrew's name of macOS {version} is not in homebrew.py")
    return name


def _verified(address: str) -> str:
    """Return what tells Homebrew that another site than the homepage's is meant, if it is."""
    site = urlsplit(address)
    if site.netloc == urlsplit(product().homepage).netloc:
        return ""
    return f',\n      verified: "{site.netloc}/"'
