"""Extracts the texts for people, updates their translations and compiles them."""
