"""The dnf repository, also for zypper: signed packages, and signed lists made by createrepo_c."""

import re
import shutil
import subprocess
from pathlib import Path

from builder.product import fill_template, product
from builder.repository.files import add_file
from builder.repository.signing import RepositoryError, Signer

_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


def publish(folder: Path, rpms: list[Path], signer: Signer | None, *, address: str) -> None:
    """Add packages to the repository in `folder`, and list all of its packages."""
    for rpm in rpms:
        architecture = rpm.stem.rpartition(".")[2]
        # Signing changes a file, but not what this checksum covers.
        add_file(rpm, folder / architecture / "Packages" / rpm.name, digest=_header_digest)
    for part in sorted(path.parent for path in folder.glob("*/Packages")):
        if signer is not None:
            for rpm in sorted(part.glob("Packages/*.rpm")):
                _sign(rpm, signer)
        # Old lists stay, so that an update during a change finds what it expects.
        options = ("--quiet", "--update", "--no-database", "--retain-old-md", "3")
        command = ["createrepo_c", *options, str(part)]
        subprocess.run(command, env=_ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)
        listed = part / "repodata" / "repomd.xml"
        if signer is not None:
            signer.sign_detached(listed, listed.with_name("repomd.xml.asc"))
    template = "linux/dnf.repo.in" if signer else "linux/dnf-unsigned.repo.in"
    text = fill_template(template, address=address)
    (folder / f"{product().package}.repo").write_text(text, "utf-8")


def _sign(rpm: Path, signer: Signer) -> None:
    """Sign a package, unless this key has signed it. The same file gets the same bytes again."""
    if any(signer.fingerprint.lower().endswith(each) for each in signing_keys(rpm)):
        return
    made_at = max(int(_query(rpm, "%{BUILDTIME}")), signer.changed_at)
    define = {
        "__gpg": shutil.which("gpg") or "gpg",
        "_gpg_name": signer.fingerprint,
        "_gpg_digest_algo": "sha512",
        "_gpg_sign_cmd_extra_args": f"--batch --faked-system-time {made_at}!",
    }
    options = [part for name, value in define.items() for part in ("--define", f"{name} {value}")]
    command = ["rpmsign", *options, "--addsign", str(rpm)]
    done = subprocess.run(
        command, env=signer.environment, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise RepositoryError(f"{rpm.name} could not be signed:\n{done.stderr.strip()}")


def signing_keys(rpm: Path) -> list[str]:
    """Return the keys that have signed a package: the ends of their fingerprints, in hexadecimal.

    The tags of signatures differ between rpm 4 and 6; what rpmkeys prints of them hardly does.
    """
    command = ["rpmkeys", "--checksig", "--verbose", str(rpm)]
    # It fails for a key that is not installed here, as ours is.
    done = subprocess.run(command, env=_ENVIRONMENT, check=False, stdout=subprocess.PIPE, text=True)
    return re.findall(r"signature, key (?:id|fingerprint:) ([0-9a-f]{8,})", done.stdout.lower())


def _header_digest(rpm: Path) -> bytes:
    return _query(rpm, "%{SHA256HEADER}").encode()


def _query(rpm: Path, form: str) -> str:
    command = ["rpm", "--query", "--package", "--nosignature", "--queryformat", form, str(rpm)]
    done = subprocess.run(command, env=_ENVIRONMENT, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.replace("(none)", "")
