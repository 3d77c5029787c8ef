"""Measurements of the real app, compared with a baseline in the same run."""
