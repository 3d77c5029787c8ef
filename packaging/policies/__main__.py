"""Write the templates and schemas: `python3 dev.py policies`."""

from policies.rendering import ROOT, rendered

if __name__ == "__main__":
    for name, content in rendered().items():
        file = ROOT / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        print(f"Written: {name}")
