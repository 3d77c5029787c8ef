"""The manifests for winget, made from the installers of a release.

A maintainer submits them after the release is published; see CONTRIBUTING.md.
"""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from builder import msi, nsis
from builder.product import product
from builder.sums import sha256_of

SCHEMA_VERSION = "1.12.0"  # the newest that the community repository documents
_OLDEST_WINDOWS = "10.0.17763.0"  # Windows 10 1809, the oldest for Qt 6
_PLAIN = re.compile(r"[A-Za-z](?:[\w .-]*[\w.-])?")  # what YAML reads as a string without quotes
_NOT_PLAIN = {"yes", "no", "on", "off", "true", "false", "null", "y", "n"}


def make_winget(files: Path, out: Path) -> list[Path]:
    """Write the three manifests into `out`; raise `FileNotFoundError` for a missing installer."""
    setup, package = (_find(files / name) for name in (nsis.file_name(), msi.file_name()))
    identifier = product().windows["winget_id"]
    manifests = {
        "version": (identifier, {"DefaultLocale": "en-US"}),
        "installer": (f"{identifier}.installer", _installers(setup, package)),
        "defaultLocale": (f"{identifier}.locale.en-US", _texts()),
    }
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for kind, (name, members) in manifests.items():
        schema = f"https://aka.ms/winget-manifest.{kind}.{SCHEMA_VERSION}.schema.json"
        whole = {
            "PackageIdentifier": identifier,
            "PackageVersion": product().version,
            **members,
            "ManifestType": kind,
            "ManifestVersion": SCHEMA_VERSION,
        }
        text = f"# yaml-language-server: $schema={schema}\n\n" + "\n".join(yaml_lines(whole)) + "\n"
        file = out / f"{name}.yaml"
        file.write_text(text, "utf-8")
        written.append(file)
    return written


def _find(file: Path) -> Path:
    if not file.is_file():
        raise FileNotFoundError(f"{file.name} is not in {file.parent}")
    return file


def _installers(setup: Path, package: Path) -> dict[str, Any]:
    codes = read_properties(package, "ProductCode", "UpgradeCode")
    for_one = {
        "Architecture": "x64",
        "InstallerType": "nullsoft",
        "Scope": "user",
        **_download(setup),
        "InstallerSwitches": {
            "Silent": "/S",
            "SilentWithProgress": "/S",
            "InstallLocation": "/D=<INSTALLPATH>",
        },
        "ExpectedReturnCodes": [
            {"InstallerReturnCode": nsis.IN_USE, "ReturnResponse": "packageInUse"},
        ],
        "ProductCode": product().package,  # its key below Uninstall in the registry
        "UnsupportedArguments": ["log"],
    }
    for_all = {
        "Architecture": "x64",
        "InstallerType": "msi",
        "Scope": "machine",
        **_download(package),
        "InstallerSwitches": {
            "Silent": "/qn /norestart",
            "SilentWithProgress": "/qb /norestart",
            "InstallLocation": 'INSTALLDIR="<INSTALLPATH>"',
        },
        "ProductCode": codes["ProductCode"],
        "AppsAndFeaturesEntries": [codes],
        "ElevationRequirement": "elevationRequired",  # a silent .msi can't ask for it
    }
    return {
        "Platform": ["Windows.Desktop"],
        "MinimumOSVersion": _OLDEST_WINDOWS,
        "InstallModes": ["interactive", "silent", "silentWithProgress"],
        "UpgradeBehavior": "install",
        "ReleaseDate": f"{product().date:%Y-%m-%d}",
        "Installers": [for_one, for_all],
    }


def _download(file: Path) -> dict[str, str]:
    return {
        "InstallerUrl": f"{product().address('files')}/{file.name}",
        "InstallerSha256": sha256_of(file).upper(),
    }


def _texts() -> dict[str, Any]:
    return {
        "PackageLocale": "en-US",
        "Publisher": product().vendor,
        "PublisherUrl": product().homepage,
        "PublisherSupportUrl": product().address("issues"),
        "PackageName": product().name,
        "PackageUrl": product().homepage,
        "License": product().bundle_license,
        "LicenseUrl": product().address("license_text"),
        "ShortDescription": product().summary,
        "Description": "\n".join(product().description),
        "Moniker": product().package,
        "Tags": [each.lower().replace(" ", "-") for each in product().keywords],
        "ReleaseNotesUrl": product().address("notes"),
        "Documentations": [{"DocumentLabel": "Help", "DocumentUrl": product().address("help")}],
    }


def read_properties(package: Path, *names: str) -> dict[str, str]:
    """Return properties of an .msi; raise `KeyError` if one is missing."""
    command = ["msiinfo", "export", str(package), "Property"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = dict(line.split("\t", 1) for line in output.splitlines() if "\t" in line)
    return {name: rows[name] for name in names}


def yaml_lines(value: dict[str, Any], indent: str = "") -> list[str]:
    """Return an object as lines of YAML in blocks."""
    lines = []
    for name, member in value.items():
        if isinstance(member, dict):
            lines += [f"{indent}{name}:", *yaml_lines(member, f"{indent}  ")]
        elif isinstance(member, list):
            lines.append(f"{indent}{name}:")
            for each in member:
                first, *rest = (
                    yaml_lines(each, f"{indent}  ")
                    if isinstance(each, dict)
                    else [f"{indent}  {_scalar(each)}"]
                )
                lines += [f"{indent}- {first.removeprefix(f'{indent}  ')}", *rest]
        else:
            lines.append(f"{indent}{name}: {_scalar(member)}")
    return lines


def _scalar(value: str | int) -> str:
    """Return a value as YAML: all strings of JSON are strings of YAML too."""
    if isinstance(value, str) and (not _PLAIN.fullmatch(value) or value.lower() in _NOT_PLAIN):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
