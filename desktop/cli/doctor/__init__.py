"""`xdr-login doctor`: checks of everything a sign-in needs."""
