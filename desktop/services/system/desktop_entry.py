"""Desktop entries of Linux (Desktop Entry Specification 1.5)."""

LARGEST_ENTRY = 1_000_000
"""Bytes of a file; a browser with names in a hundred languages has some 50 kB."""


def parse_desktop_entry(text: str) -> dict[str, str]:
    """Read the keys of the group `[Desktop Entry]`; empty where there is no such group."""
    group, values = "", dict[str, str]()
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            group = line
        elif group == "[Desktop Entry]" and "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            values[name.strip()] = value.strip()
    return values
