"""XDR Login as it is installed from the package index. The app itself is in the folder `_app`."""
