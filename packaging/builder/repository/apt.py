"""The apt repository: a pool of .deb files, and signed lists of them made by apt-ftparchive."""

import gzip
import lzma
import subprocess
import tempfile
from pathlib import Path

from builder.product import product
from builder.repository.files import add_file
from builder.repository.signing import Signer

_COMPONENT = "main"


def publish(folder: Path, debs: list[Path], signer: Signer | None) -> None:
    """Add packages to the repository in `folder`, and list all of its packages."""
    for deb in debs:
        name = deb.name.partition("_")[0]
        add_file(deb, folder / "pool" / _COMPONENT / name[0] / name / deb.name)
    suite = folder / "dists" / product().repository.suite
    architectures = sorted({_architecture(each) for each in folder.rglob("*.deb")} - {"all"})
    for each in architectures:
        packages = _ftparchive(folder, "--arch", each, "packages", "pool")
        binary = suite / _COMPONENT / f"binary-{each}"
        binary.mkdir(parents=True, exist_ok=True)
        (binary / "Packages").write_bytes(packages)
        (binary / "Packages.gz").write_bytes(gzip.compress(packages, mtime=0))
        (binary / "Packages.xz").write_bytes(lzma.compress(packages))
    _write_release(suite, architectures, signer)


def _architecture(deb: Path) -> str:
    return deb.stem.rpartition("_")[2]


def _write_release(suite: Path, architectures: list[str], signer: Signer | None) -> None:
    """Write Release with the checksums of all lists, and its signatures."""
    for name in ("Release", "Release.gpg", "InRelease"):
        (suite / name).unlink(missing_ok=True)  # or apt-ftparchive lists it
    fields = {
        "Origin": product().package,
        "Label": product().name,
        "Suite": suite.name,
        "Codename": suite.name,
        "Architectures": " ".join(architectures),
        "Components": _COMPONENT,
        "Description": product().summary,
        "ValidTime": str(product().repository.valid_days * 24 * 3600),
    }
    options = [f"APT::FTPArchive::Release::{name}={value}" for name, value in fields.items()]
    # Old lists stay below by-hash/, so that an update during a change finds what it expects.
    options += ["APT::FTPArchive::DoByHash=true", "APT::FTPArchive::By-Hash-Keep=3"]
    options += [f"APT::FTPArchive::{name}=false" for name in ("MD5", "SHA1")]
    chosen = [part for option in options for part in ("-o", option)]
    text = _ftparchive(suite, *chosen, "release", ".")
    (suite / "Release").write_bytes(text)
    if signer is not None:
        signer.sign_inline(suite / "Release", suite / "InRelease")
        signer.sign_detached(suite / "Release", suite / "Release.gpg")


def _ftparchive(folder: Path, *arguments: str) -> bytes:
    with tempfile.NamedTemporaryFile() as empty:  # no settings of this computer
        command = ["apt-ftparchive", "-q", *arguments]
        environment = {"APT_CONFIG": empty.name, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE
        )
    return done.stdout
