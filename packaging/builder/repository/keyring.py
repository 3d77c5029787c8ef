"""The package that sets up the apt repository: its address and the keys that sign it."""

import gzip
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from builder.deb import pack
from builder.product import fill_template, product
from builder.repository.signing import Signer


def make_keyring(folder: Path, work: Path, signer: Signer, *, address: str) -> Path:
    """Build the package and return its path. The same keys and address give the same bytes."""
    changed = datetime.fromtimestamp(signer.changed_at, UTC)
    version = f"{changed:%Y.%m.%d}.{product().repository.revision}"
    tree = work / "keyring"
    files = {
        f"usr/share/keyrings/{product().keyring}.gpg": signer.public_keys(armored=False),
        f"etc/apt/sources.list.d/{product().package}.sources": fill_template(
            "linux/apt.sources.in", address=address, suite=product().repository.suite
        ).encode(),
        f"usr/share/doc/{product().keyring}/copyright": fill_template(
            "linux/keyring-copyright.in", year=str(changed.year)
        ).encode(),
        f"usr/share/doc/{product().keyring}/changelog.gz": gzip.compress(
            _changelog(version, changed).encode(), mtime=0
        ),
        f"usr/share/lintian/overrides/{product().keyring}": fill_template(
            "linux/keyring-overrides.in"
        ).encode(),
        "DEBIAN/conffiles": f"/etc/apt/sources.list.d/{product().package}.sources\n".encode(),
        "DEBIAN/control": fill_template("linux/keyring-control.in", version=version).encode(),
    }
    for place, content in files.items():
        path = tree / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return pack(tree, folder / f"{product().keyring}_{version}_all.deb", epoch=signer.changed_at)


def _changelog(version: str, changed: datetime) -> str:
    signed = f" -- {product().contact}  {format_datetime(changed)}"
    head = f"{product().keyring} ({version}) stable; urgency=medium"
    return f"{head}\n\n  * Update the key.\n\n{signed}\n"
