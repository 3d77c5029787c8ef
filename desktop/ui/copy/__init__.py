"""Copying a token to the clipboard, and clearing it again."""
