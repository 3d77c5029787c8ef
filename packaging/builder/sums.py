"""SHA256SUMS and a table of sizes of all packages."""

import hashlib
from pathlib import Path

from builder.closure import size_in_megabytes


def sha256_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def write_sums(dist: Path, unpacked: dict[str, Path]) -> str:
    """Write SHA256SUMS and SIZES.txt for all files in `dist`; return the table."""
    own = {"SHA256SUMS", "SIZES.txt"}
    files = sorted(each for each in dist.iterdir() if each.is_file() and each.name not in own)
    lines = [f"{sha256_of(each)}  {each.name}" for each in files]
    (dist / "SHA256SUMS").write_text("\n".join(lines) + "\n", "utf-8")
    sizes = {name: size_in_megabytes(path) for name, path in unpacked.items()}
    sizes |= {each.name: size_in_megabytes(each) for each in files}
    table = "\n".join(f"{size:8.1f} MB  {name}" for name, size in sizes.items()) + "\n"
    (dist / "SIZES.txt").write_text(table, "utf-8")
    return table
