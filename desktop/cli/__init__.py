"""The program in a terminal. Loads no Qt."""

CANCELLED = 130  # the exit code that shells expect after Ctrl-C
