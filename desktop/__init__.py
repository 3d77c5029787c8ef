"""XDR Login: sign in with the OAuth 2.0 device authorization grant (RFC 8628)."""

__version__ = "0.1.0"
