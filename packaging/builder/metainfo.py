"""The metainfo file, from which software centers show the app."""

from pathlib import Path
from xml.sax.saxutils import escape

from builder import changelog
from builder.localized import translations_of, xml_language
from builder.product import ROOT, fill_template, product


def metainfo() -> str:
    """Return the metainfo file."""
    addresses = {name: escape(product().address(name)) for name in product().addresses}
    return fill_template(
        "linux/metainfo.xml.in",
        xml=True,
        **addresses,
        developer=product().id.rpartition(".")[0],
        summaries=_translated("  ", "summary", product().summary),
        paragraphs=_paragraphs(),
        words="\n".join((_lines("keyword", product().keywords), *_translated_keywords())),
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


def _paragraphs() -> str:
    texts = product().description
    return "".join(
        f"    <p>{escape(each)}</p>\n{_translated('    ', 'p', each)}" for each in texts
    ).rstrip("\n")


def _translated(margin: str, tag: str, text: str) -> str:
    """Return a line for each language that has `text`, each with a line break."""
    return "".join(
        f'{margin}<{tag} xml:lang="{xml_language(language)}">{escape(each)}</{tag}>\n'
        for language, each in translations_of(text).items()
    )


def _translated_keywords() -> list[str]:
    found = translations_of(product().template_values()["keywords"])
    return [
        f'    <keyword xml:lang="{xml_language(language)}">{escape(each)}</keyword>'
        for language, text in found.items()
        for each in filter(None, text.split(";"))
    ]


def _screenshots() -> list[str]:
    lines: list[str] = []
    for each in product().screenshots:
        width, height = size_of_picture(ROOT / each["file"])
        kind = "" if lines else ' type="default"'
        address = escape(f"{product().address('sources')}/{each['file']}")
        lines += [
            f"    <screenshot{kind}>",
            f"      <caption>{escape(each['caption'])}</caption>",
            *_translated("      ", "caption", each["caption"]).splitlines(),
            f'      <image type="source" width="{width}" height="{height}">{address}</image>',
            "    </screenshot>",
        ]
    return lines
