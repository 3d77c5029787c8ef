"""What all commands share: output, exit codes and talking to the running app."""

PROFILE_VARIABLE = "XDR_LOGIN_PROFILE"
"""Names a profile in the environment, where the command line names none."""

COMPLETE_VARIABLE = "_XDR_LOGIN_COMPLETE"
"""By it a shell asks what could come next."""

CANCELLED = 130  # the exit code that shells expect after Ctrl-C
