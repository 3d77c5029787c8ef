"""The package for Debian and Ubuntu. Its dependencies are computed from the binaries."""

import subprocess
from email.utils import format_datetime
from pathlib import Path
from textwrap import TextWrapper

from builder import closure
from builder.bundle import normalize_metadata
from builder.elf import binaries_in
from builder.linux import add_documents, add_readme, make_tree, sorted_tree, write_compressed
from builder.processor import this_processor
from builder.product import PACKAGING, product

# Packages whose libraries got 64-bit times in Debian 13 and Ubuntu 24.04, under a new name.
RENAMED = {"libglib2.0-0"}
# Not visible in binaries: the CA certificates and a font.
ALWAYS = (
    "ca-certificates",
    "fonts-dejavu-core | fonts-noto-core | fonts-liberation | fonts-freefont-ttf",
)
RECOMMENDED = (
    "gnome-keyring | kwalletmanager | keepassxc",
    "polkitd | policykit-1",
    "xdg-utils",
)


def make_deb(dist: Path, bundle: Path, work: Path) -> Path:
    """Build the package and return its path; raise `ValueError` if it is too large."""
    name = product().package
    tree = work / "deb"
    make_tree(tree, bundle)
    _move_for_zsh(tree / "usr" / "share" / "zsh")
    add_documents(tree / "usr" / "share" / "doc" / name)
    add_readme(tree / "usr" / "share" / "doc" / name, "README.Debian")
    write_compressed(tree / "usr" / "share" / "doc" / name / "changelog.gz", _changelog())
    overrides = tree / "usr" / "share" / "lintian" / "overrides" / name
    overrides.parent.mkdir(parents=True)
    overrides.write_bytes((PACKAGING / "linux" / "lintian-overrides").read_bytes())
    control = tree / "DEBIAN"
    control.mkdir()
    (control / "control").write_text(_control(tree, find_dependencies(bundle)), "utf-8")
    version, processor = product().version, this_processor().debian
    file = pack(tree, dist / f"{name}_{version}_{processor}.deb", program=name)
    if closure.size_in_megabytes(file) > product().limits["deb_megabytes"]:
        raise ValueError(f"{file.name} is too large: {closure.size_in_megabytes(file):.1f} MB")
    return file


def pack(tree: Path, file: Path, *, program: str = "", epoch: int | None = None) -> Path:
    """Pack `tree`, with DEBIAN/control in it, and return the path of the package."""
    epoch = product().epoch if epoch is None else epoch
    (tree / "DEBIAN" / "md5sums").write_text(_md5_sums(tree), "utf-8")
    normalize_metadata(tree, program=program, epoch=epoch)
    options = ("--root-owner-group", "--uniform-compression", "-Zxz", "-z9", "--threads-max=1")
    environment = {
        "SOURCE_DATE_EPOCH": str(epoch),
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    }
    command = ["dpkg-deb", *options, "--build", str(tree), str(file)]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return file


def _move_for_zsh(folder: Path) -> None:
    """Move completions to the folder where Debian's zsh finds those of packages."""
    if folder.exists():
        (folder / "site-functions").rename(folder / "vendor-completions")


def find_dependencies(bundle: Path) -> list[str]:
    """Return the packages that contain the system libraries of the bundle."""
    binaries = binaries_in(bundle)
    sonames = closure.find_host_requirements(binaries, bundle)
    paths = [_find_library(name) for name in sorted(sonames)]
    packages = {_find_package(path) for path in paths} - {"libc6"}
    newest = max(
        (version for each in binaries for version in each.versions if version.startswith("GLIBC_")),
        key=lambda version: [int(part) for part in version.split("_")[1].split(".")],
    )
    named = [f"{each}t64 | {each}" if each in RENAMED else each for each in sorted(packages)]
    return [f"libc6 (>= {newest.split('_')[1]})", *named, *ALWAYS]


def _find_library(soname: str) -> Path:
    for folder in this_processor().library_folders:
        path = Path(folder, soname)
        if path.exists():
            return path
    raise FileNotFoundError(f"{soname} not found. Install the package that contains it")


def _find_package(library: Path) -> str:
    """Return the package of a library, without the suffix t64."""
    for path in (library, Path(f"/usr{library}"), library.resolve()):
        query = ["dpkg-query", "--search", str(path)]
        done = subprocess.run(query, check=False, capture_output=True, text=True)
        if done.returncode == 0:
            return done.stdout.split(":")[0].removesuffix("t64")
    raise FileNotFoundError(f"no package contains {library}")


def _control(tree: Path, needed: list[str]) -> str:
    wrap = TextWrapper(width=79, initial_indent=" ", subsequent_indent=" ")
    paragraphs = "\n .\n".join(wrap.fill(each) for each in product().description)
    size = round(closure.size_in_megabytes(tree) * 1e6 / 1024)
    lines = (
        f"Package: {product().package}",
        f"Version: {product().version}",
        f"Architecture: {this_processor().debian}",
        "Section: net",
        "Priority: optional",
        f"Maintainer: {product().contact}",
        f"Installed-Size: {size}",
        f"Depends: {', '.join(needed)}",
        # Only the repository has the last one, so a downloaded file is installed without it.
        f"Recommends: {', '.join((*RECOMMENDED, product().keyring))}",
        f"Homepage: {product().homepage}",
        f"Description: {product().summary}",
        paragraphs,
    )
    return "\n".join(lines) + "\n"


def _changelog() -> str:
    head = f"{product().package} ({product().version}) unstable; urgency=medium"
    signed = f" -- {product().contact}  {format_datetime(product().date)}"
    return f"{head}\n\n  * See NEWS.gz in this folder.\n\n{signed}\n"


def _md5_sums(tree: Path) -> str:
    files = [each for each in sorted_tree(tree) if each.is_file() and not each.is_symlink()]
    names = [each.relative_to(tree).as_posix() for each in files if "DEBIAN" not in each.parts]
    done = subprocess.run(["md5sum", *names], cwd=tree, check=True, capture_output=True, text=True)
    return done.stdout
