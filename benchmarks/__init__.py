"""Measurements of the real program, side by side with a baseline in the same run."""
