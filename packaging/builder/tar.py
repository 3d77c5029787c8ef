"""A tar for one person: no root, no package manager; `install.sh` and `uninstall.sh` inside."""

import shutil
import subprocess
from pathlib import Path

from builder.bundle import normalize_metadata
from builder.linux import add_share
from builder.product import fill_template, product


def make_tar(dist: Path, bundle: Path, work: Path) -> Path:
    """Pack it and give the file."""
    name = f"{product().package}-{product().version}-linux-x86_64"
    tree = work / "tar" / name
    shutil.copytree(bundle, tree / "app", symlinks=True)
    add_share(tree / "share", command="@COMMAND@")
    for script in ("install.sh", "uninstall.sh"):
        (tree / script).write_text(fill_template(f"linux/{script}.in"), "utf-8")
    normalize_metadata(tree, program=product().package)
    file = dist / f"{name}.tar.xz"
    pack(tree.parent, file, "xz --threads=1 --x86 --lzma2=preset=9")
    return file


def pack(folder: Path, file: Path, packer: str) -> None:
    """Make an archive whose bytes depend on nothing but what is packed."""
    plain = ("--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--format=gnu")
    when = f"--mtime=@{product().epoch}"
    into = ("--use-compress-program", packer, "--create", "--file", str(file))
    subprocess.run(["tar", *plain, when, *into, "-C", str(folder), "."], check=True)
