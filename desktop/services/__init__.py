"""What stands between the protocol and the people: session, keystore, profiles, words. No Qt."""
