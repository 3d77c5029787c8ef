"""Profiles, policy and settings: reading, checking and writing their files."""
