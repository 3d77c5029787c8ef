"""Commands that hand a token to a program."""
