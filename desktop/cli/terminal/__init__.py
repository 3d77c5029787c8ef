"""Output, exit codes and the connection to the running app, for all commands."""

PROFILE_VARIABLE = "XDR_LOGIN_PROFILE"
"""The environment variable with the profile, if the command line names none."""

COMPLETE_VARIABLE = "_XDR_LOGIN_COMPLETE"
"""The environment variable with which a shell requests completions."""

CANCELLED = 130  # the exit code that shells expect after Ctrl-C
