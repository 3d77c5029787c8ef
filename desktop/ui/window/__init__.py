"""The main window: header, profile switcher, announcements and shortcuts."""
