"""The local socket: a second start hands over to the running app, and programs get tokens."""
