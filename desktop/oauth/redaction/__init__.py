"""Secrets that a server repeats: found in all their spellings, and removed."""
