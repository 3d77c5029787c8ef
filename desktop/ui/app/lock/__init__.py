"""Locks XDR Login: what triggers it, and what it means for the window and the clipboard."""
