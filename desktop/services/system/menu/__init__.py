"""The applications menu of Linux desktops, for installations that no package has added to it."""
