"""Sets up this folder for dev.py: a supported Python, system packages and virtual environments."""
