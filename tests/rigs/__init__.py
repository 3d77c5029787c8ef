"""Real components for tests: displays, a keyring, a browser, an OpenID provider, a demo server.

Each rig starts its own processes and ends only those. A missing program skips the test; on a Linux
CI, where `dev.py test` installs everything, it fails the test.
"""
