"""Tokens of other services, for the token of a session."""
