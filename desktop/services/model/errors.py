"""What can go wrong in a session that is neither the server's word nor the keyring's."""


class SessionError(Exception):
    """The root of what neither the server nor the keyring alone is to blame for."""


class ClientSecretMissing(SessionError):
    """The profile says that its client has a password, and the keyring holds none for it."""

    def __init__(self, profile_id: str) -> None:
        super().__init__(profile_id)
        self.profile_id = profile_id


class RedirectUriUnavailable(SessionError):
    """Nothing can listen at the address that the browser is to come back to."""

    def __init__(self, redirect_uri: str) -> None:
        super().__init__(redirect_uri)
        self.redirect_uri = redirect_uri


class CodeExchangeFailed(SessionError):
    """The browser brought an approval, and no token came of it; the cause says why."""


class SignOutFailed(SessionError):
    """The keyring did not let go of the token; the cause says why."""


class SignedOutByServer(SessionError):
    """The server takes the refresh token no more; the cause says why."""


class SignedOutElsewhere(SessionError):
    """Another program of this person has signed out."""


class NoToken(SessionError):
    """Nobody is signed in, so there is no token to use; `profile_id` says with which profile."""

    def __init__(self, profile_id: str = "") -> None:
        super().__init__(profile_id)
        self.profile_id = profile_id


class RenewalTimedOut(SessionError):
    """No new token came in good time."""


class ForbiddenByPolicy(SessionError):
    """An administrator does not allow it; `source` is where that stands."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.source = source


class GrantForbidden(ForbiddenByPolicy):
    """An administrator does not allow to sign in this way."""


class FormatForbidden(ForbiddenByPolicy):
    """An administrator does not allow to copy a token in this shape."""


class UnsafeForShell(SessionError):
    """The token has characters that a shell could run, so it is put into no command."""


class TokenPermissionDenied(SessionError):
    """The person was asked, and did not let a program have the token."""


class TokenPermissionTimedOut(TokenPermissionDenied):
    """The person was asked whether a program may have the token, and did not answer in time."""


class CannotAskForPermission(SessionError):
    """The person wants to be asked before a program gets a token, and no window runs to ask."""
