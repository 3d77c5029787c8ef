"""The key that signs the repositories. It comes from the environment, and nothing of it stays.

To replace it, append the public part of the next key to `KEY` until everybody has an update with
it, then append the old public part to the new secret key: docs/decisions/repositories.md.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

KEY = "REPOSITORY_KEY"
PASSPHRASE = "REPOSITORY_KEY_PASSPHRASE"  # noqa: S105 - the name of a variable

_AGENT = "default-cache-ttl 7200\nmax-cache-ttl 7200\n"  # seconds, enough for every file


class RepositoryError(Exception):
    """The repositories cannot be made from these files, or with this key."""


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A secret key as ASCII armor, perhaps with further public keys, and its passphrase."""

    text: str = field(repr=False)
    passphrase: str = field(repr=False)


def take_key() -> SecretKey | None:
    """Take the key out of the environment, so that no other program inherits it."""
    text, passphrase = os.environ.pop(KEY, ""), os.environ.pop(PASSPHRASE, "")
    return SecretKey(text, passphrase) if text.strip() else None


@dataclass(frozen=True, slots=True)
class Signer:
    """A secret key in a GnuPG folder that is deleted afterwards.

    `changed_at` is when a key or one of its dates was last changed, in epoch seconds.
    """

    home: Path
    fingerprint: str
    changed_at: int

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment for programs that call gpg."""
        return {**os.environ, "GNUPGHOME": str(self.home), "LC_ALL": "C.UTF-8"}

    def sign_inline(self, file: Path, signed: Path) -> None:
        """Write the text of `file` with its signature to `signed`."""
        self._sign("--clear-sign", "--output", str(signed), str(file))

    def sign_detached(self, file: Path, signature: Path) -> None:
        """Write the signature of `file` to `signature`."""
        self._sign("--armor", "--detach-sign", "--output", str(signature), str(file))

    def public_keys(self, *, armored: bool) -> bytes:
        """Return the public keys: that of the secret key, and those that were given with it."""
        options = ["--armor"] if armored else []
        return _gpg(self.home, *options, "--export-options", "export-minimal", "--export")

    def _sign(self, *arguments: str) -> None:
        options = ("--yes", "--digest-algo", "SHA512", "--local-user", self.fingerprint)
        _gpg(self.home, *options, *arguments)


@contextmanager
def open_signer(key: SecretKey, expected: str = "") -> Iterator[Signer]:
    """Import a key; raise `RepositoryError` if it cannot sign or is not the one `expected`."""
    # Short, because the agent has a socket in it.
    with tempfile.TemporaryDirectory(prefix="gpg-") as folder:
        home = Path(folder)
        (home / "gpg-agent.conf").write_text(_AGENT, "utf-8")
        try:
            signer = _import_key(home, key.text, expected)
            _unlock(signer, key.passphrase)
            yield signer
        finally:
            for command in (["--kill", "all"], ["--remove-socketdir"]):
                subprocess.run(
                    ["gpgconf", "--homedir", folder, *command], check=False, capture_output=True
                )


def _import_key(home: Path, key: str, expected: str) -> Signer:
    _gpg(home, "--import", given=key)
    fields = [
        line.split(":")
        for line in _gpg(home, "--with-colons", "--list-secret-keys").decode().splitlines()
    ]
    if sum(each[0] == "sec" for each in fields) != 1:
        raise RepositoryError(f"{KEY} must contain exactly one secret key.")
    fingerprint = next(each[9] for each in fields if each[0] == "fpr")
    if expected and fingerprint != expected.replace(" ", "").upper():
        raise RepositoryError(
            f"The key in {KEY} has the fingerprint {fingerprint}. product.toml requires {expected}."
        )
    listed = _gpg(home, "--with-colons", "--list-sigs").decode().splitlines()
    times = [int(line.split(":")[5]) for line in listed if line.startswith("sig:")]
    return Signer(home, fingerprint, max(times))


def _unlock(signer: Signer, passphrase: str) -> None:
    """Sign something, after which the agent knows the passphrase."""
    given = ("--pinentry-mode", "loopback", "--passphrase-fd", "0")
    # Not to /dev/null: after an error, gpg deletes its output.
    options = ("--local-user", signer.fingerprint, "--output", str(signer.home / "trial"))
    sign = ("--detach-sign", str(signer.home / "gpg-agent.conf"))
    _gpg(signer.home, *given, *options, *sign, given=f"{passphrase}\n")


def _gpg(home: Path, *arguments: str, given: str = "") -> bytes:
    command = ["gpg", "--homedir", str(home), "--batch", "--no-tty", "--quiet", *arguments]
    done = subprocess.run(command, input=given.encode(), check=False, capture_output=True)
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip()
        raise RepositoryError(f"gpg could not use the key in {KEY}:\n{reason}")
    return done.stdout
