"""Widgets, theme and layout that every part of the window uses."""
