"""Real parts for tests: screens, a keyring, a browser and an OpenID provider.

Each rig starts its own processes and ends those and no others. A part that this machine does not
have skips the test by name; on a Linux CI, where `dev.py test` installs them all, it fails it.
"""
