"""The licences of what is in the bundle, and the notice that names them."""

import shutil
from importlib.metadata import Distribution, distributions
from pathlib import Path

from builder.product import HERE, ROOT, fill

# For building only: their code is not in the bundle, but for the loader of PyInstaller.
BUILDERS = {
    "altgraph",
    "packaging",
    "pip",
    "pyinstaller",
    "pyinstaller-hooks-contrib",
    "setuptools",
}


def shipped() -> list[Distribution]:
    """The modules of others that are in the bundle, by name."""
    found = {each.metadata["Name"].lower(): each for each in distributions()}
    return [found[name] for name in sorted(found) if name not in BUILDERS | {"xdr-login"}]


def add_licences(bundle: Path) -> None:
    """Write the folder `licenses` beside the program."""
    folder = bundle / "licenses"
    folder.mkdir()
    shutil.copy(ROOT / "LICENSE", folder / "XDR-Login.txt")
    for path in (HERE / "licenses").glob("*GPL-3.txt"):
        shutil.copy(path, folder)
    table = []
    for each in shipped():
        name = each.metadata["Name"]
        table.append(f"  {name:24} {each.version:12} {licence_of(each)}")
        _copy_texts(each, folder / name)
    notice = fill("licenses/NOTICE.txt.in", modules="\n".join(table))
    (folder / "NOTICE.txt").write_text(notice, "utf-8")


def licence_of(module: Distribution) -> str:
    """What a module says of its licence, in one line."""
    members = module.metadata.json
    said = str(members.get("license_expression") or members.get("license") or "")
    if said and "\n" not in said:
        return said
    classified = module.metadata.get_all("Classifier") or []
    named = [each for each in classified if each.startswith("License ::")]
    return "; ".join(each.rpartition(" :: ")[2] for each in named) or "see its text"


def _copy_texts(module: Distribution, folder: Path) -> None:
    for file in module.files or []:
        in_metadata = ".dist-info" in file.parts[0]
        is_text = file.name.upper().startswith(("LICEN", "COPYING", "NOTICE", "AUTHORS"))
        if in_metadata and (is_text or "licenses" in file.parts):
            folder.mkdir(exist_ok=True)
            shutil.copy(Path(str(file.locate())), folder / file.name)
