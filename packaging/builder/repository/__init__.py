"""The apt and dnf repositories that installed packages are updated from."""
