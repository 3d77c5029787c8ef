"""Adds what was built to the apt and dnf repositories."""

import shutil
import tempfile
from contextlib import nullcontext
from pathlib import Path

from builder.product import fill_template, product
from builder.repository import apt, dnf, keyring
from builder.repository.signing import KEY, RepositoryError, SecretKey, Signer, open_signer

UNSIGNED = f"SKIPPED signing the repositories, because {KEY} is not set. Use them only for tests."


def make_repositories(
    packages: Path, folder: Path, *, key: SecretKey | None, address: str = ""
) -> str:
    """Add the .deb and .rpm files in `packages`, sign all, and return what was done.

    Files that are in `folder` stay, so that upgrades and older versions work. `address` is where
    the folder is published; raise `RepositoryError` if something does not fit.
    """
    debs, rpms = (sorted(packages.glob(f"*.{each}")) for each in ("deb", "rpm"))
    if not debs or not rpms:
        raise RepositoryError(
            f"{packages.name}/ has no .deb or no .rpm. Run: python3 dev.py package deb rpm repo"
        )
    address = address or product().repository.address
    expected = product().repository.fingerprint
    with open_signer(key, expected) if key else nullcontext() as signer:
        if signer is None and any(folder.rglob("InRelease")):
            raise RepositoryError(f"{folder.name}/ is signed. Set {KEY}, or delete the folder.")
        folder.mkdir(parents=True, exist_ok=True)
        _write_setup(folder, signer, address)
        with tempfile.TemporaryDirectory() as work:
            if signer is not None:
                made = keyring.make_keyring(Path(work), Path(work), signer, address=address)
                shutil.copyfile(made, folder / f"{product().keyring}.deb")
                debs.append(made)
            apt.publish(folder / "apt", debs, signer)
        dnf.publish(folder / "dnf", rpms, signer, address=address)
        return f"Signed with {signer.fingerprint}.\n" if signer else f"{UNSIGNED}\n"


def _write_setup(folder: Path, signer: Signer | None, address: str) -> None:
    """Write the files with which people set up a repository, apart from the keyring package."""
    key = folder / f"{product().keyring}.asc"
    sources = folder / "apt" / f"{product().package}.sources"
    if signer is not None:
        key.write_bytes(signer.public_keys(armored=True))
        sources.unlink(missing_ok=True)  # trusted an unsigned repository
    else:
        sources.parent.mkdir(exist_ok=True)
        suite = product().repository.suite
        text = fill_template("linux/apt-unsigned.sources.in", address=address, suite=suite)
        sources.write_text(text, "utf-8")
