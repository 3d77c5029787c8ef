"""The bill of materials in CycloneDX 1.6."""

import json
import re
import sys
import uuid
from pathlib import Path
from typing import Any

from builder import macos, notices
from builder.processor import this_processor
from builder.product import product
from desktop.services.system.components import component_of, find_distributions

_OLDEST_MACOS = "xdr-login:oldest-macos"
SYSTEMS = {"darwin": "macos", "win32": "windows"}


def file_name(system: str) -> str:
    return f"{product().package}-{product().version}-{system}.cdx.json"


def make_sbom(dist: Path, bundle: Path, work: Path) -> Path:
    """Write the bill of materials and return its path; the output is reproducible."""
    del work
    # Only Linux has releases for several processors.
    system = SYSTEMS.get(sys.platform) or f"linux-{this_processor().name}"
    file = dist / file_name(system)
    file.write_text(
        json.dumps(bill_of_materials(bundle), indent=2, ensure_ascii=False) + "\n", "utf-8"
    )
    return file


def bill_of_materials(bundle: Path) -> dict[str, Any]:
    """Return the components of the bundle in the structure of CycloneDX."""
    whole: dict[str, Any] = {
        "type": "application",
        "bom-ref": product().package,
        "name": product().package,
        "version": product().version,
        "licenses": [{"license": {"id": product().license}}],
    }
    if sys.platform == "darwin":  # for the cask, which is made on another system
        whole["properties"] = [{"name": _OLDEST_MACOS, "value": macos.oldest_system()}]
    parts = sorted(
        [*_modules(), *_components_without_wheel(bundle)], key=lambda part: part["bom-ref"]
    )
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


def read_oldest_macos(bill: dict[str, Any]) -> str:
    """Return the oldest macOS for the app; raise `KeyError` if the bill is for another system."""
    properties = {
        each["name"]: each["value"] for each in bill["metadata"]["component"]["properties"]
    }
    return str(properties[_OLDEST_MACOS])


def _modules() -> list[dict[str, Any]]:
    return [
        {
            "type": "library",
            "bom-ref": f"pkg:pypi/{_normal(each.name)}@{each.version}",
            "name": each.name,
            "version": each.version,
            "purl": f"pkg:pypi/{_normal(each.name)}@{each.version}",
            "licenses": [{"license": {"name": each.license}}],
        }
        for each in map(component_of, find_distributions())
    ]


def _components_without_wheel(bundle: Path) -> list[dict[str, Any]]:
    return [
        {
            "type": "library",
            "bom-ref": f"{each.name} {each.version}",
            "name": each.name,
            "version": each.version,
            "licenses": [_license(each.license)],
        }
        for each in notices.components_without_wheel(bundle)
    ]


def _license(expression: str) -> dict[str, Any]:
    return {"expression": expression} if " " in expression else {"license": {"id": expression}}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
