"""The AppImage: one file that runs without installation. Its runtime is linux/runtime.c."""

import os
import subprocess
from pathlib import Path

from builder.linux import make_tree
from builder.processor import this_processor
from builder.product import PACKAGING, product

# Larger blocks are smaller but start slower: 1 MiB takes twice as long, xz ten times.
SQUASHFS_OPTIONS = ("-comp", "zstd", "-Xcompression-level", "19", "-b", "128K")
LIBRARIES = ("squashfuse_ll", "squashfuse", "fuse3", "zstd", "lzma", "lz4", "lzo2", "z")
MAGIC = b"AI\x02"  # at byte 8: identifies an AppImage of type 2


def make_appimage(dist: Path, bundle: Path, work: Path) -> Path:
    """Build the AppImage and return its path."""
    folder = work / "appimage"
    tree = folder / "AppDir"
    make_tree(tree, bundle)
    name, id_ = product().package, product().id
    (tree / "AppRun").symlink_to(f"usr/lib/{name}/{name}")
    (tree / f"{id_}.desktop").symlink_to(f"usr/share/applications/{id_}.desktop")
    icon = f"usr/share/icons/hicolor/256x256/apps/{id_}.png"
    (tree / f"{id_}.png").symlink_to(icon)
    (tree / ".DirIcon").symlink_to(icon)
    for link in (*tree.glob("*"), tree / ".DirIcon", tree):
        os.utime(link, (product().epoch, product().epoch), follow_symlinks=False)
    packed = folder / "tree.squashfs"
    quiet = ("-all-root", "-noappend", "-quiet", "-no-progress")
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(product().epoch)}
    command = ["mksquashfs", str(tree), str(packed), *SQUASHFS_OPTIONS, *quiet]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    file = dist / f"XDR_Login-{product().version}-{this_processor().name}.AppImage"
    runtime = bytearray(_runtime(folder).read_bytes())
    runtime[8 : 8 + len(MAGIC)] = MAGIC
    file.write_bytes(runtime + packed.read_bytes())
    file.chmod(0o755)
    return file


def _runtime(folder: Path) -> Path:
    """Compile the runtime, which the file starts with, as a static program."""
    program = folder / "runtime"
    flags = "-Os -std=gnu11 -Wall -Wextra -static -s -Wl,--build-id=none -D_FILE_OFFSET_BITS=64"
    libraries = [f"-l{each}" for each in LIBRARIES]
    source = ["runtime.c", "-I/usr/include/fuse3", "-o", str(program), *libraries]
    # The linker warns about lookups of users and hosts, which the runtime does not make.
    subprocess.run(
        ["gcc", *flags.split(), *source],
        cwd=PACKAGING / "linux",
        check=True,
        stderr=subprocess.DEVNULL,
    )
    return program
