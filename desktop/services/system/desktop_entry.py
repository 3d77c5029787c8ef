"""Desktop entries of Linux (Desktop Entry Specification 1.5)."""


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
