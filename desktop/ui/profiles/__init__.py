"""The profile list and the profile form."""
