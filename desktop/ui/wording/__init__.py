"""Texts of the window, the tray and the pages: pure functions, no Qt."""
