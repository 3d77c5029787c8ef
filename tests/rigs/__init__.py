"""Parts for tests: screens, a keyring, a browser, an OpenID provider, a demo server to control.

Each rig starts its own processes and ends those and no others. A part that this machine does not
have skips the test by name; on a Linux CI, where `dev.py test` installs them all, it fails it.
"""
