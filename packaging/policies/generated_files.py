"""All generated files."""

from pathlib import Path

from policies import admx, json_schema, mobileconfig

ROOT = Path(__file__).resolve().parents[2]


def render() -> dict[str, bytes]:
    """Return the content of all files by their paths below the root."""
    return {
        "packaging/policies/windows/XDRLogin.admx": admx.template(),
        "packaging/policies/windows/en-US/XDRLogin.adml": admx.texts(),
        "packaging/policies/macos/XDRLogin.mobileconfig": mobileconfig.payload(),
        "resources/schemas/profiles.schema.json": json_schema.profiles_schema(),
        "resources/schemas/policy.schema.json": json_schema.policy_schema(),
        "resources/schemas/audit.schema.json": json_schema.audit_schema(),
    }
