"""What a sign-in yields. Commands that read it from the keyring import almost nothing else."""
