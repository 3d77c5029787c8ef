"""A sign-in from the first request to sign-out: states, renewal and revocation."""
