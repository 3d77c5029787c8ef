"""The .app and the disk image of macOS. They are built, signed and notarized on a Mac only.

Of the environment, all of it optional, and what is missing is said plainly:

- MACOS_IDENTITY: whose certificate in the keychain signs, such as "Developer ID Application: …".
- NOTARY_KEY, NOTARY_KEY_ID, NOTARY_ISSUER: a file with a key for App Store Connect, and its names.
"""

import os
import plistlib
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from builder import icns, macho
from builder.product import PACKAGING, product
from desktop.services.system.components import COMPONENTS_FILE

ENTITLEMENTS = PACKAGING / "macos" / "entitlements.plist"
NOT_A_MAC = """\
This is no Mac: .github/workflows/release.yml builds, signs and notarizes the .app and its .dmg.
What can be made here has been written, to be looked at: Info.plist, entitlements and the icon.
"""


def app_name() -> str:
    """The folder that a person sees as the program."""
    return f"{product().name}.app"


def oldest_system() -> str:
    """The first macOS that it starts on: what is promised, or later if Qt for Python is newer."""
    promised = _parse_version(product().limits["macos"])
    needed = [part.oldest for path in bindings() for part in macho.read(path)]
    return ".".join(map(str, max([promised, *needed])))


def bindings() -> list[Path]:
    """Qt for Python, as it is installed here."""
    found = find_spec("PySide6")
    return sorted(Path(found.origin).parent.glob("QtCore*.so")) if found and found.origin else []


def info_plist() -> dict[str, Any]:
    """What macOS reads of the program before it starts."""
    return {
        "CFBundleDevelopmentRegion": "en",
        "CFBundleDisplayName": product().name,
        "CFBundleExecutable": product().package,
        "CFBundleIconFile": "app.icns",
        "CFBundleIdentifier": product().macos_id,
        "CFBundleInfoDictionaryVersion": "6.0",
        "CFBundleName": product().name,
        "CFBundlePackageType": "APPL",
        "CFBundleShortVersionString": product().version,
        "CFBundleVersion": product().version,
        "LSApplicationCategoryType": "public.app-category.utilities",
        "LSMinimumSystemVersion": oldest_system(),
        # In the Dock only while its window is open (ui/window/dock.py). What stands here cannot
        # follow a setting, for it is signed.
        "LSUIElement": False,
        "NSHighResolutionCapable": True,
        "NSHumanReadableCopyright": f"{product().vendor}. {product().license}.",
        "NSPrincipalClass": "NSApplication",
        "NSSupportsAutomaticGraphicsSwitching": True,
    }


def write_parts(folder: Path) -> Path:
    """Write what the .app is made with, and give the icon."""
    folder.mkdir(parents=True, exist_ok=True)
    icon = folder / "app.icns"
    icon.write_bytes(icns.make_icns())
    (folder / "Info.plist").write_bytes(plistlib.dumps(info_plist()))
    (folder / ENTITLEMENTS.name).write_bytes(ENTITLEMENTS.read_bytes())
    return icon


def find_faults(app: Path) -> list[str]:
    """What is wrong with an .app, in words; nothing if it is whole."""
    contents = app / "Contents"
    plist = contents / "Info.plist"
    if not plist.is_file():
        return ["Info.plist is missing"]
    told = plistlib.loads(plist.read_bytes())
    found = [
        f"Info.plist: {name} is {told.get(name)!r}, not {value!r}"
        for name, value in info_plist().items()
        if told.get(name) != value
    ]
    resources = contents / "Resources"
    wanted = (resources / "app.icns", resources / "licenses" / COMPONENTS_FILE)
    found += [f"{each.relative_to(app)} is missing" for each in wanted if not each.is_file()]
    programs = contents / "MacOS"
    names = {each.name for each in programs.iterdir()} if programs.is_dir() else set()
    if names != {product().package}:
        found.append(f"Contents/MacOS holds {', '.join(sorted(names)) or 'nothing'}")
    return sorted([*found, *_wrong_binaries(app, told.get("LSMinimumSystemVersion", "0"))])


def _wrong_binaries(app: Path, oldest: str) -> list[str]:
    """Those that the oldest system cannot load, and those that lack the processor of the rest."""
    files = (each for each in app.rglob("*") if each.is_file() and not each.is_symlink())
    parts = {path: slices for path in files if (slices := macho.read(path))}
    program = parts.get(app / "Contents" / "MacOS" / product().package, ())
    processors = {each.processor for each in program}
    found = [] if processors else ["the program is none of macOS"]
    for path, slices in parts.items():
        lacking = processors - {each.processor for each in slices}
        found += [f"{path.name} is not for {each}" for each in sorted(lacking)]
        newest = max(each.oldest for each in slices)
        if newest > _parse_version(oldest):
            found.append(f"{path.name} is for macOS {newest[0]}.{newest[1]}, not {oldest}")
    return found


def make_dmg(dist: Path, bundle: Path, work: Path) -> Path:
    """Make the disk image, signed and notarized where there is a key; gives the file.

    Elsewhere than on a Mac it writes what can be looked at, says so, and gives the folder.
    """
    if sys.platform == "darwin":
        file = _make_image(dist, bundle, work / "dmg")
        sign_and_notarize(file)
        return file
    write_parts(dist / "macos")
    print(NOT_A_MAC, end="")
    return dist / "macos"


def _make_image(dist: Path, app: Path, stage: Path) -> Path:
    stage.mkdir()
    subprocess.run(["ditto", str(app), str(stage / app.name)], check=True)
    (stage / "Applications").symlink_to("/Applications")
    program = macho.read(app / "Contents" / "MacOS" / product().package)
    processors = "-".join(sorted({each.processor for each in program}))
    file = dist / f"{product().package}-{product().version}-macos-{processors}.dmg"
    volume = ("-volname", product().name, "-srcfolder", str(stage), "-format", "UDZO")
    subprocess.run(["hdiutil", "create", "-quiet", "-ov", *volume, str(file)], check=True)
    return file


def sign_and_notarize(file: Path) -> None:
    """Sign the disk image, have Apple look at it, and attach what Apple said."""
    identity = os.environ.get("MACOS_IDENTITY", "")
    if not identity:
        print("SKIPPED signing and notarizing: MACOS_IDENTITY is not set.")
        return
    subprocess.run(["codesign", "--sign", identity, "--timestamp", str(file)], check=True)
    key = [os.environ.get(name, "") for name in ("NOTARY_KEY", "NOTARY_KEY_ID", "NOTARY_ISSUER")]
    if not all(key):
        print("SKIPPED notarizing: NOTARY_KEY, NOTARY_KEY_ID and NOTARY_ISSUER are not all set.")
        return
    how = ("--key", key[0], "--key-id", key[1], "--issuer", key[2], "--wait")
    subprocess.run(["xcrun", "notarytool", "submit", str(file), *how], check=True)
    subprocess.run(["xcrun", "stapler", "staple", str(file)], check=True)


def _parse_version(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor or 0)
