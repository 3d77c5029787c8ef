"""The files that all Linux packages contain: bundle, command, desktop entry, icons, manual."""

import gzip
import os
import shutil
from pathlib import Path
from xml.sax.saxutils import escape

from builder import icons
from builder.bundle import normalize_metadata
from builder.localized import desktop_lines, translations_of
from builder.manual import man_page
from builder.metainfo import metainfo
from builder.product import ROOT, fill_template, product
from desktop.cli.completion import completion_script

# Paths below share/. deb.py moves the file for zsh.
COMPLETIONS = {
    "bash": "bash-completion/completions/{name}",
    "zsh": "zsh/site-functions/_{name}",
    "fish": "fish/vendor_completions.d/{name}.fish",
}


def make_tree(tree: Path, bundle: Path) -> None:
    """Create `tree` with the files of a package, as they are installed below /."""
    base = tree / "usr"
    name = product().package
    shutil.copytree(bundle, base / "lib" / name, symlinks=True)
    (base / "bin").mkdir()
    (base / "bin" / name).symlink_to(f"../lib/{name}/{name}")
    add_share(base / "share")
    actions = base / "share" / "polkit-1" / "actions"
    _write(actions / f"{product().id}.policy", polkit_actions())
    normalize_metadata(tree, program=name)


def add_share(share: Path) -> None:
    """Write the desktop entry, metainfo, icons, manual and completions below share/."""
    name, id_ = product().package, product().id
    _write(share / "applications" / f"{id_}.desktop", desktop_entry())
    _write(share / "metainfo" / f"{id_}.metainfo.xml", metainfo())
    icons.install_icons(share)
    write_compressed(share / "man" / "man1" / f"{name}.1.gz", man_page())
    for shell, place in COMPLETIONS.items():
        _write(share / place.format(name=name), completion_script(shell))


def polkit_actions() -> str:
    """Return the file that lets polkit confirm who is at the computer.

    Polkit only reads it in a folder of the system, so an AppImage can't have one.
    """
    messages = product().polkit
    return fill_template(
        "linux/polkit.policy.in",
        xml=True,
        use_token=_polkit_message(messages["use-token"]),
        unlock=_polkit_message(messages["unlock"]),
    )


def _polkit_message(text: str) -> str:
    """Return the elements for `text` in all languages, by which polkit calls them: as in LANG."""
    lines = [f"    <message>{escape(text)}</message>"]
    for language, each in translations_of(text).items():
        lines.append(f'    <message xml:lang="{language}">{escape(each)}</message>')
    return "\n".join(lines)


def desktop_entry() -> str:
    """Return the desktop entry, in all languages."""
    return fill_template(
        "linux/desktop.in",
        generic_names=desktop_lines("GenericName", "OAuth sign-in"),
        comments=desktop_lines("Comment", product().summary),
        more_keywords=desktop_lines("Keywords", product().template_values()["keywords"]),
    )


def add_readme(folder: Path, name: str) -> None:
    """Write the file that says how updates arrive."""
    _write(folder / name, fill_template("linux/updates.in"))


def add_documents(folder: Path) -> None:
    """Write the files that Debian requires below share/doc/."""
    _write(folder / "copyright", fill_template("linux/copyright.in"))
    write_compressed(folder / "NEWS.gz", (ROOT / "CHANGELOG.md").read_text("utf-8"))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def write_compressed(path: Path, text: str) -> None:
    """Write a compressed text without a time stamp."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def sorted_tree(folder: Path) -> list[Path]:
    """Return everything in a folder, in the same order on every computer."""
    return sorted(folder.rglob("*"), key=os.fsencode)
