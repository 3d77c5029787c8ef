"""Commands for signing in and out, and for who is signed in."""
