"""Builds what people install. `python3 dev.py package` runs it in a venv of locked modules."""
