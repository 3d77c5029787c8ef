"""The bill of materials, CycloneDX 1.6: modules, and what wheels and the bundle hold besides."""

import json
import re
import ssl
import sys
import uuid
from importlib.metadata import version
from pathlib import Path
from typing import Any

from builder import notices
from builder.product import product


def make_sbom(dist: Path, bundle: Path, work: Path) -> Path:
    """Write it and give the file; the same sources give the same bytes."""
    del work
    file = dist / f"{product().package}-{product().version}.cdx.json"
    file.write_text(json.dumps(bill(bundle), indent=2, ensure_ascii=False) + "\n", "utf-8")
    return file


def bill(bundle: Path) -> dict[str, Any]:
    """What is in the bundle, as CycloneDX has it."""
    whole = {
        "type": "application",
        "bom-ref": product().package,
        "name": product().package,
        "version": product().version,
        "licenses": [{"license": {"id": product().license}}],
    }
    parts = sorted([*_modules(), *_hidden(bundle)], key=lambda part: part["bom-ref"])
    references = [part["bom-ref"] for part in parts]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_DNS, ' '.join(references))}",
        "version": 1,
        "metadata": {"timestamp": f"{product().date:%Y-%m-%dT%H:%M:%SZ}", "component": whole},
        "components": parts,
        "dependencies": [{"ref": product().package, "dependsOn": references}],
    }


def _modules() -> list[dict[str, Any]]:
    return [
        {
            "type": "library",
            "bom-ref": f"pkg:pypi/{_normal(each.metadata['Name'])}@{each.version}",
            "name": each.metadata["Name"],
            "version": each.version,
            "purl": f"pkg:pypi/{_normal(each.metadata['Name'])}@{each.version}",
            "licenses": [{"license": {"name": notices.licence_of(each)}}],
        }
        for each in notices.shipped()
    ]


def _hidden(bundle: Path) -> list[dict[str, Any]]:
    """What no wheel tells of: Qt, ICU, OpenSSL, CPython, the boot loader."""
    python = ".".join(map(str, sys.version_info[:3]))
    openssl = ssl.OPENSSL_VERSION.split()[1]
    found = [
        ("Qt", version("PySide6_Essentials"), "LGPL-3.0-only"),
        ("CPython", python, "PSF-2.0"),
        ("OpenSSL", openssl, "Apache-2.0"),
        ("PyInstaller boot loader", version("pyinstaller"), "GPL-2.0-or-later"),
    ]
    icu = [re.search(r"libicudata\.so\.(\d+)$", path.name) for path in bundle.rglob("libicudata*")]
    found += [("ICU", each[1], "Unicode-3.0") for each in icu[:1] if each]
    return [
        {
            "type": "library",
            "bom-ref": f"{name} {number}",
            "name": name,
            "version": number,
            "licenses": [{"license": {"id": licence}}],
        }
        for name, number, licence in found
    ]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
