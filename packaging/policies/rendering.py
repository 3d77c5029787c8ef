"""All files that are made from the schema."""

from pathlib import Path

from policies import admx, json_schema, mobileconfig

ROOT = Path(__file__).resolve().parents[2]


def rendered() -> dict[str, bytes]:
    """What is in each file, by its place below the root."""
    return {
        "packaging/policies/windows/XDRLogin.admx": admx.template(),
        "packaging/policies/windows/en-US/XDRLogin.adml": admx.words(),
        "packaging/policies/macos/XDRLogin.mobileconfig": mobileconfig.payload(),
        "resources/schemas/profiles.schema.json": json_schema.of_profiles(),
        "resources/schemas/policy.schema.json": json_schema.of_policy(),
    }
