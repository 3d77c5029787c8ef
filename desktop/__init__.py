"""XDR Login: sign in with the OAuth 2.0 device authorization grant (RFC 8628)."""

import sys

__version__ = "0.1.0"

# httpx has a command line of its own, and loads click for it wherever that is installed: a fifth of
# its time to load, at the start of a window. It does without where there is no such module.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
