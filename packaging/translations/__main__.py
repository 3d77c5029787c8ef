"""Update and compile the translations: `python3 dev.py translations`."""

from translations import catalogues

if __name__ == "__main__":
    catalogues.update()
    catalogues.compile_all()
    print(f"Written: {catalogues.TEMPLATE.relative_to(catalogues.ROOT)}")
    for file in catalogues.languages():
        done, count = catalogues.completeness(file)
        print(f"{file.parents[1].name}: {done} of {count} messages translated")
