"""The computer XDR Login runs on: folders, files, processes, browsers, autostart and logs."""
