"""`xdr-login profiles` and its subcommands."""
