"""The package for Fedora and openSUSE. It depends on libraries, not on package names."""

import subprocess
from pathlib import Path
from textwrap import fill

from builder import closure
from builder.elf import Binary, binaries_in, parse_version
from builder.linux import add_readme, make_tree, sorted_tree
from builder.localized import translations_of
from builder.processor import this_processor
from builder.product import fill_template, product


def make_rpm(dist: Path, bundle: Path, work: Path) -> Path:
    """Build the package and return its path."""
    top = work / "rpm"
    processor = this_processor().name
    tree = top / "tree"
    make_tree(tree, bundle)
    add_readme(tree / "usr" / "share" / "doc" / product().package, "README")
    for binary in binaries_in(tree):
        binary.path.chmod(0o755)  # as rpm expects of libraries
    spec = top / f"{product().package}.spec"
    text = fill_template(
        "linux/rpm.spec.in",
        requires="\n".join(find_requirements(bundle)),
        files=_files(tree),
        summaries="".join(
            f"\nSummary({language}): {text}"
            for language, text in translations_of(product().summary).items()
        ),
        wrapped="\n\n".join(fill(each, 79) for each in product().description),
        tree=str(tree),
        processor=processor,
        changed=f"{product().date:%a %b %d %Y}",
    )
    spec.write_text(text, "utf-8")
    define = {
        "_topdir": str(top),
        "_rpmdir": str(dist),
        "_rpmfilename": f"{product().package}-{product().version}-1.{processor}.rpm",
        "_buildhost": "localhost",
        "use_source_date_epoch_as_buildtime": "1",
        "clamp_mtime_to_source_date_epoch": "1",
    }
    options = [part for name, value in define.items() for part in ("--define", f"{name} {value}")]
    environment = {"SOURCE_DATE_EPOCH": str(product().epoch), "PATH": "/usr/bin:/bin"}
    command = ["rpmbuild", "--quiet", "-bb", *options, "--target", processor, str(spec)]
    subprocess.run(command, env=environment, check=True)
    return dist / define["_rpmfilename"]


def find_requirements(bundle: Path) -> list[str]:
    """Return the system libraries that the binaries require, in the syntax of rpm."""
    binaries = binaries_in(bundle)
    needed = closure.find_host_requirements(binaries, bundle) - {this_processor().loader}
    lines = [f"Requires: {soname}()(64bit)" for soname in sorted(needed)]
    return [f"Requires: libc.so.6({_newest(binaries)})(64bit)", *lines]


def _newest(binaries: list[Binary]) -> str:
    """Return the newest version of the C library that a binary requires."""
    versions = {version for each in binaries for version in each.versions}
    return max((each for each in versions if each.startswith("GLIBC_")), key=parse_version)


def _files(tree: Path) -> str:
    """Return the list of files, without folders that belong to the system."""
    name = product().package
    own = (f"/usr/lib/{name}", f"/usr/share/doc/{name}")
    lines = []
    for path in sorted_tree(tree):
        place = f"/{path.relative_to(tree).as_posix()}"
        if path.is_dir() and not path.is_symlink():
            lines += [f"%dir {place}"] if place.startswith(own) else []
        else:
            lines.append(f'"{place}"')
    return "\n".join(lines)
