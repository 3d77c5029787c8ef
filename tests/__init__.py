"""Tests of XDR Login. `python3 dev.py test` runs them all."""
