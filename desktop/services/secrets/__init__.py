"""Secrets at rest: the keyring behind one interface, and what is saved in it."""
