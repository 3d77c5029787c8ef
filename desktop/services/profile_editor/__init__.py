"""Checking, changing, importing and exporting profiles."""
