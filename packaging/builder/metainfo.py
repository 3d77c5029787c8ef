"""The metainfo file, from which software centers show the app."""

from pathlib import Path
from xml.sax.saxutils import escape

from builder import changelog
from builder.product import ROOT, fill_template, product


def metainfo() -> str:
    """Return the metainfo file."""
    addresses = {name: escape(product().address(name)) for name in product().addresses}
    return fill_template(
        "linux/metainfo.xml.in",
        xml=True,
        **addresses,
        developer=product().id.rpartition(".")[0],
        paragraphs=_lines("p", product().description),
        words=_lines("keyword", product().keywords),
        light=product().colors["light"],
        dark=product().colors["dark"],
        screenshots="\n".join(_screenshots()),
        releases=changelog.as_metainfo(changelog.releases()),
    )


def size_of_picture(file: Path) -> tuple[int, int]:
    """Return width and height of a PNG, which its first chunk contains."""
    content = file.read_bytes()[16:24]
    return int.from_bytes(content[:4], "big"), int.from_bytes(content[4:], "big")


def _lines(tag: str, texts: list[str]) -> str:
    return "\n".join(f"    <{tag}>{escape(each)}</{tag}>" for each in texts)


def _screenshots() -> list[str]:
    lines: list[str] = []
    for each in product().screenshots:
        width, height = size_of_picture(ROOT / each["file"])
        kind = "" if lines else ' type="default"'
        address = escape(f"{product().address('sources')}/{each['file']}")
        lines += [
            f"    <screenshot{kind}>",
            f"      <caption>{escape(each['caption'])}</caption>",
            f'      <image type="source" width="{width}" height="{height}">{address}</image>',
            "    </screenshot>",
        ]
    return lines
