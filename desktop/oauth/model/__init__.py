"""What a sign-in yields, which a command reads from the keyring: loads almost nothing."""
