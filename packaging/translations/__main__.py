"""Update, compile and inspect the translations: `python3 dev.py translations`."""

import argparse
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from translations import catalogues


def main() -> None:
    """Run with the options of `dev.py translations`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--add", metavar="LANG")
    parser.add_argument("--missing", metavar="LANG")
    parser.add_argument("--merge", nargs=2, metavar=("LANG", "FILE"))
    options = parser.parse_args()
    if options.missing:
        write_missing(options.missing)
        return
    if options.add:
        catalogues.add_language(options.add)
    catalogues.update()
    if options.merge:
        language, file = options.merge
        taken = catalogues.merge(catalogues.file_of(language), Path(file))
        print(f"{language}: {taken} translations taken over")
    catalogues.compile_all()
    print(f"Written: {catalogues.TEMPLATE.relative_to(catalogues.ROOT)}")
    for each in catalogues.languages():
        done, count = catalogues.completeness(each)
        print(f"{each.parents[1].name}: {done} of {count} messages translated")


def write_missing(language: str) -> None:
    """Print what a language lacks as a file to fill in, for `--merge`."""
    file = catalogues.file_of(language)
    catalog = Catalog(locale=language, charset="utf-8", fuzzy=False)
    for each in catalogues.missing(file):
        catalog.add(each.id, locations=each.locations, flags=each.flags)
    sys.stdout.flush()
    write_po(sys.stdout.buffer, catalog, include_lineno=False, width=100)


if __name__ == "__main__":
    main()
