"""The real program in a real window, with a real browser, keyring and servers."""
