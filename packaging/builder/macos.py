"""The .app and the disk image for macOS. They are built, signed and notarized only on a Mac.

Optional environment variables; a missing one is reported:

- MACOS_IDENTITY: the certificate in the keychain, such as "Developer ID Application: …".
- NOTARY_KEY, NOTARY_KEY_ID, NOTARY_ISSUER: a key file for App Store Connect, and its ids.
"""

import os
import plistlib
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from builder import icns, macho
from builder.localized import languages, xml_language
from builder.product import PACKAGING, product
from desktop.services.system.components import COMPONENTS_FILE

ENTITLEMENTS = PACKAGING / "macos" / "entitlements.plist"
NOT_A_MAC = """\
The disk image can be built only on a Mac; see .github/workflows/release.yml.
Wrote its parts for inspection: Info.plist, entitlements and the icon.
"""


def app_name() -> str:
    return f"{product().name}.app"


def image_name(processors: str) -> str:
    """Return the name of the disk image for processors, joined with hyphens."""
    return f"{product().package}-{product().version}-macos-{processors}.dmg"


def oldest_system() -> str:
    """Return the minimum macOS version: ours, or that of Qt for Python if it is newer."""
    own = _parse_version(product().limits["macos"])
    needed = [part.oldest for path in bindings() for part in macho.read(path)]
    return ".".join(map(str, max([own, *needed])))


def bindings() -> list[Path]:
    """Return the libraries of the installed Qt for Python."""
    found = find_spec("PySide6")
    return sorted(Path(found.origin).parent.glob("QtCore*.so")) if found and found.origin else []


def info_plist() -> dict[str, Any]:
    """Return the Info.plist of the app."""
    return {
        "CFBundleDevelopmentRegion": "en",
        "CFBundleLocalizations": ["en", *map(xml_language, languages())],
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
        # ui/window/dock.py shows the app in the Dock only while its window is open. This value
        # is signed, so it can't follow a setting.
        "LSUIElement": False,
        "NSHighResolutionCapable": True,
        "NSHumanReadableCopyright": f"{product().vendor}. {product().license}.",
        "NSPrincipalClass": "NSApplication",
        "NSSupportsAutomaticGraphicsSwitching": True,
    }


def write_parts(folder: Path) -> Path:
    """Write the parts of the .app into a folder and return the path of the icon."""
    folder.mkdir(parents=True, exist_ok=True)
    icon = folder / "app.icns"
    icon.write_bytes(icns.make_icns())
    (folder / "Info.plist").write_bytes(plistlib.dumps(info_plist()))
    (folder / ENTITLEMENTS.name).write_bytes(ENTITLEMENTS.read_bytes())
    return icon


def find_faults(app: Path) -> list[str]:
    """Return messages about all faults of an .app."""
    contents = app / "Contents"
    plist = contents / "Info.plist"
    if not plist.is_file():
        return ["Info.plist is missing"]
    values = plistlib.loads(plist.read_bytes())
    found = [
        f"Info.plist: {name} is {values.get(name)!r}, not {value!r}"
        for name, value in info_plist().items()
        if values.get(name) != value
    ]
    resources = contents / "Resources"
    required = (resources / "app.icns", resources / "licenses" / COMPONENTS_FILE)
    found += [f"{each.relative_to(app)} is missing" for each in required if not each.is_file()]
    programs = contents / "MacOS"
    names = {each.name for each in programs.iterdir()} if programs.is_dir() else set()
    if names != {product().package}:
        found.append(f"Contents/MacOS contains {', '.join(sorted(names)) or 'nothing'}")
    return sorted([*found, *_wrong_binaries(app, values.get("LSMinimumSystemVersion", "0"))])


def _wrong_binaries(app: Path, oldest: str) -> list[str]:
    """Return messages about files for another processor or a newer macOS."""
    files = (each for each in app.rglob("*") if each.is_file() and not each.is_symlink())
    parts = {path: slices for path in files if (slices := macho.read(path))}
    program = parts.get(app / "Contents" / "MacOS" / product().package, ())
    processors = {each.processor for each in program}
    found = [] if processors else ["the app has no macOS program"]
    for path, slices in parts.items():
        lacking = processors - {each.processor for each in slices}
        found += [f"{path.name} is not for {each}" for each in sorted(lacking)]
        newest = max(each.oldest for each in slices)
        if newest > _parse_version(oldest):
            found.append(f"{path.name} requires macOS {newest[0]}.{newest[1]}, not {oldest}")
    return found


def make_dmg(dist: Path, bundle: Path, work: Path) -> Path:
    """Build the disk image and return its path; sign and notarize it if there are keys.

    On other systems, write its parts for inspection and return their folder.
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
    file = dist / image_name(processors)
    volume = ("-volname", product().name, "-srcfolder", str(stage), "-format", "UDZO")
    subprocess.run(["hdiutil", "create", "-quiet", "-ov", *volume, str(file)], check=True)
    return file


def sign_and_notarize(file: Path) -> None:
    """Sign the disk image, have Apple notarize it, and attach the ticket."""
    identity = os.environ.get("MACOS_IDENTITY", "")
    if not identity:
        print("SKIPPED signing and notarizing: MACOS_IDENTITY is not set.")
        return
    subprocess.run(["codesign", "--sign", identity, "--timestamp", str(file)], check=True)
    key = [os.environ.get(name, "") for name in ("NOTARY_KEY", "NOTARY_KEY_ID", "NOTARY_ISSUER")]
    if not all(key):
        print("SKIPPED notarizing: NOTARY_KEY, NOTARY_KEY_ID and NOTARY_ISSUER are not all set.")
        return
    credentials = ("--key", key[0], "--key-id", key[1], "--issuer", key[2], "--wait")
    subprocess.run(["xcrun", "notarytool", "submit", str(file), *credentials], check=True)
    subprocess.run(["xcrun", "stapler", "staple", str(file)], check=True)


def _parse_version(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor or 0)
