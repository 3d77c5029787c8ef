"""The Windows package for fleets, installed for all users; built with wixl of msitools.

Properties set a policy: they are written to the registry and removed with the package.
"""

import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from builder import windows
from builder.closure import size_in_megabytes
from builder.linux import sorted_tree
from builder.product import product
from desktop.services.audit.windows_log import SOURCE
from desktop.services.configuration.policy_sources import WINDOWS_KEY
from desktop.services.model.members import Kind, Member
from desktop.services.model.policy import POLICY

_NAMESPACE = "http://schemas.microsoft.com/wix/2006/wi"
# Ids are derived from this and from names, so that they are the same in every version.
_UUID_NAMESPACE = uuid.UUID("2f0a7c3e-54d1-5c0e-9d55-6f6c2b8f5a11")
# One profile as lines of a profiles.toml. Brackets are escaped: Windows Installer interprets them.
PROFILE_PROPERTIES = ("PROFILE", "PROFILE_NAME", "PROFILE_PRESET", "PROFILE_CLIENT_ID")
_PROFILE = (
    "[\\[]profiles.[PROFILE][\\]]",
    'name = "[PROFILE_NAME]"',
    'preset = "[PROFILE_PRESET]"',
    'client_id = "[PROFILE_CLIENT_ID]"',
)
# A part of Windows. It has the text "%1" for the event IDs 1 to 1000.
_MESSAGE_FILE = r"%SystemRoot%\System32\EventCreate.exe"


def file_name() -> str:
    return f"xdr-login-{product().version}-windows-x86_64.msi"


def make_msi(dist: Path, bundle: Path, work: Path) -> Path:
    """Build the package and return its path; raise `ValueError` if it is too large."""
    file = dist / file_name()
    pack(file, bundle, work / "msi")
    if size_in_megabytes(file) > product().limits["msi_megabytes"]:
        raise ValueError(f"{file.name} is too large: {size_in_megabytes(file):.1f} MB")
    return file


def pack(file: Path, bundle: Path, work: Path, *, version: str = "") -> None:
    """Build the package of a bundle; `version` replaces that of the product."""
    work.mkdir(parents=True, exist_ok=True)
    windows.write_icon(work / "app.ico")
    source = work / "xdr-login.wxs"
    # wixl accepts only relative paths.
    here = Path(os.path.relpath(bundle, work))
    source.write_bytes(wix_source(bundle, here, version or product().version))
    _run("wixl", "--arch", "x64", "--output", str(file.resolve()), source.name, cwd=work)
    _add_missing_tables(file, work)
    # The package code identifies a file. msibuild would choose it at random.
    code = f"{{{_guid('package', f'{version} {product().epoch}')}}}"
    about = (product().name, product().vendor, "x64;1033", code)
    _run("msibuild", str(file), "-s", *about)


def properties() -> Iterator[tuple[str, str, Member]]:
    """Yield the properties: name, registry key and member of the schema."""
    for member in POLICY.values():
        if member.kind is Kind.MEMBERS:
            for each in member.members.values():
                key = rf"{WINDOWS_KEY}\{member.name}"
                yield f"{member.name}_{each.name}".upper(), key, each
        elif member.kind is not Kind.PROFILES:
            yield member.name.upper(), WINDOWS_KEY, member


def wix_source(bundle: Path, here: Path, version: str) -> bytes:
    """Return the WiX source, in which the bundle is at `here` and app.ico next to the source."""
    root = ET.Element("Wix", xmlns=_NAMESPACE)
    whole = ET.SubElement(
        root,
        "Product",
        Id=_guid("product", version),  # a new product for each version
        UpgradeCode=product().windows["upgrade_code"],
        Name=product().name,
        Version=version,
        Manufacturer=product().vendor,
        Language="1033",
    )
    about = {"InstallerVersion": "500", "Compressed": "yes", "InstallScope": "perMachine"}
    ET.SubElement(whole, "Package", {**about, "Description": product().summary})
    ET.SubElement(
        whole,
        "MajorUpgrade",
        DowngradeErrorMessage="A newer version of XDR Login is already installed.",
    )
    ET.SubElement(whole, "Media", Id="1", Cabinet="program.cab", EmbedCab="yes")
    ET.SubElement(whole, "Icon", Id="app.ico", SourceFile="app.ico")
    for name, value in (
        ("ARPPRODUCTICON", "app.ico"),
        ("ARPURLINFOABOUT", product().homepage),
        ("ARPNOMODIFY", "1"),
    ):
        ET.SubElement(whole, "Property", Id=name, Value=value)
    feature = ET.SubElement(whole, "Feature", Id="Program", Level="1")
    for component in _add_folders(whole, bundle, here):
        ET.SubElement(feature, "ComponentRef", Id=component)
    ET.indent(root)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root)


def _add_folders(whole: ET.Element, bundle: Path, here: Path) -> Iterator[str]:
    """Add all folders and files; yield the ids of their components."""
    target = ET.SubElement(whole, "Directory", Id="TARGETDIR", Name="SourceDir")
    programs = ET.SubElement(target, "Directory", Id="ProgramFiles64Folder")
    top = ET.SubElement(programs, "Directory", Id="INSTALLDIR", Name=product().name)
    menu = ET.SubElement(target, "Directory", Id="ProgramMenuFolder")
    places = {bundle: top}
    for path in sorted_tree(bundle):
        name = path.relative_to(bundle).as_posix()
        if path.is_dir():
            parent = places[path.parent]
            places[path] = ET.SubElement(
                parent, "Directory", Id=_path_id("d", name), Name=path.name
            )
        else:
            yield _add_file(places[path.parent], here / name, name)
    yield _add_shortcut(menu)
    yield _add_event_source(top)
    yield from _add_policy(top)


def _add_file(folder: ET.Element, path: Path, name: str) -> str:
    id_ = _path_id("c", name)
    component = _component(folder, id_)
    ET.SubElement(component, "File", Id=_path_id("f", name), Source=str(path), KeyPath="yes")
    return id_


def _add_shortcut(menu: ET.Element) -> str:
    component = _component(menu, "shortcut")
    ET.SubElement(
        component,
        "Shortcut",
        Id="Shortcut",
        Directory="ProgramMenuFolder",
        Name=f"XDRLOGIN|{product().name}",
        Target=f"[INSTALLDIR]{windows.window_program()}",
        WorkingDirectory="INSTALLDIR",
        Description=product().summary,
    )
    key = rf"Software\{product().package}"
    _add_value(component, key, "InstallLocation", "[INSTALLDIR]", keypath=True)
    return "shortcut"


def _add_event_source(folder: ET.Element) -> str:
    """Register the source of the audit log, so that Event Viewer shows the message as it is."""
    component = _component(folder, "event_source")
    key = rf"SYSTEM\CurrentControlSet\Services\EventLog\Application\{SOURCE}"
    _add_value(component, key, "EventMessageFile", _MESSAGE_FILE, keypath=True)
    _add_value(component, key, "TypesSupported", "7", kind="integer", keypath=False)
    return "event_source"


def _add_policy(folder: ET.Element) -> Iterator[str]:
    for name, key, member in properties():
        is_number = member.kind in {Kind.BOOLEAN, Kind.NUMBER}
        component = _component(folder, f"policy_{name}")
        kind = "integer" if is_number else "string"
        _add_value(component, key, member.name, f"[{name}]", kind=kind, keypath=True)
        yield f"policy_{name}"
    component = _component(folder, "policy_PROFILE")
    lines = "[~]".join(_PROFILE)
    _add_value(component, WINDOWS_KEY, "profiles", f"[~]{lines}[~]", keypath=True)
    yield "policy_PROFILE"


def _component(folder: ET.Element, id_: str) -> ET.Element:
    return ET.SubElement(folder, "Component", Id=id_, Guid=_guid("component", id_), Win64="yes")


def _add_value(
    component: ET.Element, key: str, name: str, value: str, *, kind: str = "string", keypath: bool
) -> None:
    given = {"Root": "HKLM", "Key": key, "Name": name, "Value": value, "Type": kind}
    ET.SubElement(component, "RegistryValue", {**given, "KeyPath": "yes" if keypath else "no"})


def _add_missing_tables(file: Path, work: Path) -> None:
    """Add what wixl can't: conditions, secure properties, variables and the shortcut's id."""
    rows = (
        "MsiShortcutProperty\tShortcut_\tPropertyKey\tPropVariantValue",
        "s72\ts72\ts0\ts0",
        "MsiShortcutProperty\tMsiShortcutProperty",
        f"ShortcutId\tShortcut\tSystem.AppUserModel.ID\t{product().id}",
    )
    table = work / "MsiShortcutProperty.idt"
    table.write_text("".join(f"{row}\r\n" for row in rows), "utf-8", newline="")
    _run("msibuild", str(file), "-i", str(table))
    names = ["PROFILE", *(name for name, _, _ in properties())]
    # If the property is set, and on removal, because wine requires that.
    update = "UPDATE `Component` SET `Condition` = '{}' WHERE `Component` = 'policy_{}'"
    queries = [update.format(f'{name} OR REMOVE="ALL"', name) for name in names]
    passed_on = ";".join(
        ("WIX_UPGRADE_DETECTED", "WIX_DOWNGRADE_DETECTED", *PROFILE_PROPERTIES, *names[1:])
    )
    secure = "UPDATE `Property` SET `Value` = '{}' WHERE `Property` = 'SecureCustomProperties'"
    queries.append(secure.format(passed_on))
    # "#%" says that it contains a variable.
    expand = "UPDATE `Registry` SET `Value` = '#%{}' WHERE `Name` = 'EventMessageFile'"
    queries.append(expand.format(_MESSAGE_FILE))
    _run("msibuild", str(file), "-q", *queries)


def _run(*command: str, cwd: Path | None = None) -> None:
    """Run a tool at the time of the sources, so that its output is reproducible."""
    # With -f the clock stands still: a slow computer would reach the next second.
    at_time = ("faketime", "-f", f"{product().date:%Y-%m-%d %H:%M:%S}")
    subprocess.run([*at_time, *command], cwd=cwd, env={**os.environ, "TZ": "UTC"}, check=True)


def _guid(kind: str, name: str) -> str:
    return str(uuid.uuid5(_UUID_NAMESPACE, f"{kind}/{name}")).upper()


def _path_id(kind: str, path: str) -> str:
    """Return an id for a path: letters and digits, 72 at most."""
    return f"{kind}_{uuid.uuid5(_UUID_NAMESPACE, path).hex}"
