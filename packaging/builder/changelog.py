"""The releases in CHANGELOG.md, whose notes stores show."""

import re
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from builder.product import ROOT, product

_RELEASE = re.compile(r"## \[(.+)\](?: - (\d{4}-\d\d-\d\d))?")
_UNRELEASED = "Unreleased"


@dataclass(slots=True)
class Release:
    """One release: its day, and the headings with their items, in Markdown."""

    version: str
    day: str
    sections: dict[str, list[str]] = field(default_factory=dict)


def releases() -> list[Release]:
    """Read all releases, the newest first.

    What is not released yet belongs to this version, until the changelog names it.
    """
    found = parse((ROOT / "CHANGELOG.md").read_text("utf-8"))
    today = f"{product().date:%Y-%m-%d}"
    named = [each for each in found if each.version != _UNRELEASED]
    if any(each.version == product().version for each in named):
        return named
    coming = [each for each in found if each.version == _UNRELEASED]
    sections = coming[0].sections if coming else {}
    return [Release(product().version, today, sections), *named]


def parse(text: str) -> list[Release]:
    """Return the releases of a changelog; raise `ValueError` for a line that is none of it."""
    found: list[Release] = []
    kind, items = "", list[str]()
    _introduction, _, rest = text.partition("\n## ")
    for line in f"## {rest}".splitlines() if rest else []:
        release = _RELEASE.fullmatch(line)
        if release:
            found.append(Release(release[1], release[2] or ""))
        elif line.startswith("### "):
            kind = line[4:]
            items = found[-1].sections.setdefault(kind, [])
        elif line.startswith("#### "):
            items = found[-1].sections.setdefault(f"{kind}: {line[5:]}", [])
        elif line.startswith("- "):
            items.append(line[2:])
        elif line.startswith("  ") and items:
            items[-1] += f" {line.strip()}"
        elif line:
            raise ValueError(f"CHANGELOG.md: {line!r} is neither a heading nor an item")
    return found


def as_metainfo(found: list[Release], indent: str = "    ") -> str:
    """Return the releases as elements for the metainfo file."""
    lines = []
    for each in found:
        lines.append(f'<release version="{each.version}" date="{each.day}">')
        notes = _description(each)
        lines += [f"  {line}" for line in ("<description>", *notes, "</description>") if notes]
        address = escape(product().address("notes", each.version))
        lines += [f'  <url type="details">{address}</url>', "</release>"]
    return "\n".join(f"{indent}{line}" for line in lines)


def _description(release: Release) -> list[str]:
    lines = []
    for heading, items in release.sections.items():
        if items:
            lines += [f"  <p>{escape(heading)}</p>", "  <ul>"]
            lines += [f"    <li>{_inline(item)}</li>" for item in items]
            lines.append("  </ul>")
    return lines


def _inline(text: str) -> str:
    """Return a text in Markdown with the markup of stores, without its links."""
    pieces = re.split(r"(`[^`]+`)", escape(text))
    return "".join(
        f"<code>{each[1:-1]}</code>" if each.startswith("`") and len(each) > 2 else _emphasis(each)
        for each in pieces
    )


def _emphasis(text: str) -> str:
    without_links = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)
    return re.sub(r"\*\*(.+?)\*\*", r"<em>\1</em>", without_links)
