"""Locking XDR Login: no token is handed out, shown or kept in memory until it is unlocked."""
