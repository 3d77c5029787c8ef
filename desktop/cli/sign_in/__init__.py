"""Commands for signing in and out, and for showing who is signed in."""
