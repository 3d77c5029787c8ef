"""The errors, named like the exit codes of the command `xdr-login`.

XdrLoginError
├── SignInNeeded
├── Forbidden
│   ├── Declined
│   └── Locked
├── NetworkError
├── KeyringError
├── ServerError
└── UsageError
    └── ForeignHost
"""


class XdrLoginError(Exception):
    """Raised instead of returning a token. The text says why and what to do, without secrets.

    `code` is the name of the error in the JSON of `xdr-login`, and `exit_code` its exit code.
    """

    code = "failure"
    exit_code = 1


class SignInNeeded(XdrLoginError):
    """You are not signed in, or no longer. Run `xdr-login login`, or sign in in the window."""

    code = "sign_in_needed"
    exit_code = 3


class Forbidden(XdrLoginError):
    """Your organization does not allow it, or there is no window in which to ask you."""

    code = "forbidden"
    exit_code = 4


class Declined(Forbidden):
    """You denied this program the token."""

    code = "declined"


class Locked(Forbidden):
    """XDR Login is locked. Unlock it in its window, then try again."""

    code = "locked"


class NetworkError(XdrLoginError):
    """The server can't be reached, or is busy. Trying again later may help."""

    code = "network"
    exit_code = 5


class KeyringError(XdrLoginError):
    """The keyring is missing, locked or not responding."""

    code = "keyring"
    exit_code = 6


class ServerError(XdrLoginError):
    """The server rejected the request, or its answer can't be used. Trying again doesn't help."""

    code = "server"
    exit_code = 7


class UsageError(XdrLoginError):
    """An argument is invalid."""

    code = "usage"
    exit_code = 2


class ForeignHost(UsageError):
    """A request goes to a server that is not an API service of the profile, so it was not sent.

    `origin` is that server, such as https://api.example; empty if it can't be told.
    """

    def __init__(self, message: str, origin: str) -> None:
        super().__init__(message)
        self.origin = origin

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (str(self), self.origin)


_KINDS = (
    *(SignInNeeded, Forbidden, Declined, Locked),
    *(NetworkError, KeyringError, ServerError, UsageError),
)


def error_by_name(code: str, message: str) -> XdrLoginError:
    """Make the error with this name in JSON."""
    kind = next((each for each in _KINDS if each.code == code), XdrLoginError)
    return kind(message)


def error_by_exit_code(exit_code: int, message: str) -> XdrLoginError:
    """Make the error with this exit code; 4 is `Forbidden`, whoever does not allow it."""
    kind = next((each for each in _KINDS if each.exit_code == exit_code), XdrLoginError)
    return kind(message)
