"""The window: the only floor that imports PySide6 and qasync."""
