"""Write the templates and schemas: `python3 dev.py policies`."""

from policies.generated_files import ROOT, render

if __name__ == "__main__":
    for name, content in render().items():
        file = ROOT / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        print(f"Wrote {name}")
