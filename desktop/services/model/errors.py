"""The errors of a session that come neither from the server nor from the keyring alone."""

from collections.abc import Iterable


class SessionError(Exception):
    """The base of these errors."""


class ClientSecretMissing(SessionError):
    """The profile, built on `preset`, needs a client secret, and the keyring has none for it."""

    def __init__(self, profile_id: str, preset: str = "") -> None:
        super().__init__(profile_id)
        self.profile_id = profile_id
        self.preset = preset


class RedirectUriUnavailable(SessionError):
    """XDR Login cannot listen at the redirect URI."""

    def __init__(self, redirect_uri: str) -> None:
        super().__init__(redirect_uri)
        self.redirect_uri = redirect_uri


class CodeExchangeFailed(SessionError):
    """The sign-in was approved, but no token was received; the cause says why."""


class PollAnswerLost(SessionError):
    """An answer about the code was lost, and now the server rejects the code; the cause says why.

    The lost answer may have had the tokens.
    """


class RenewalRefused(SessionError):
    """The server refuses again and again to renew, in a way that does not say why."""


class RenewalAnswerLost(SessionError):
    """A renewal was sent, but no answer came; the cause says why.

    The server may have replaced the refresh token, so nothing is sent for `retry_after` seconds: an
    answer may still be on its way.
    """

    def __init__(self, retry_after: float = 0.0) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class SignOutFailed(SessionError):
    """The token could not be removed from the keyring; the cause says why."""


class SignedOutByServer(SessionError):
    """The server no longer accepts the refresh token; the cause says why."""


class SignedOutAfterLoss(SignedOutByServer):
    """The server no longer accepts a refresh token whose last use brought no answer."""


class SignedOutElsewhere(SessionError):
    """Another process of this user has signed out."""


class NoToken(SessionError):
    """Nobody is signed in with the profile `profile_id`."""

    def __init__(self, profile_id: str = "") -> None:
        super().__init__(profile_id)
        self.profile_id = profile_id


class NoIdToken(SessionError):
    """The server has sent no ID token: `openid` was not among the scopes."""


class IdTokenGone(NoIdToken):
    """The ID token has expired, and the server has sent no new one with the access token."""


class UnknownExchange(SessionError):
    """The profile `profile_id` has no exchange called `exchange`.

    `known` are the names of those it has, `similar` those close to it.
    """

    def __init__(
        self,
        exchange: str,
        profile_id: str,
        *,
        known: Iterable[str] = (),
        similar: Iterable[str] = (),
    ) -> None:
        super().__init__(exchange)
        self.exchange, self.profile_id = exchange, profile_id
        self.known, self.similar = tuple(known), tuple(similar)


class ExchangeRefused(SessionError):
    """The server issues no token for the exchange called `exchange`; the cause says why."""

    def __init__(self, exchange: str) -> None:
        super().__init__(exchange)
        self.exchange = exchange


class ExchangeNotAllowed(ExchangeRefused):
    """The same, because the sign-in, its client or its user may not have one."""


class RenewalTimedOut(SessionError):
    """No new token was received in time."""


class ForbiddenByPolicy(SessionError):
    """An administrator does not allow it; `source` names the policy."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.source = source


class GrantForbidden(ForbiddenByPolicy):
    """An administrator does not allow this sign-in method."""


class FormatForbidden(ForbiddenByPolicy):
    """An administrator does not allow this copy format."""


class ExchangeForbidden(ForbiddenByPolicy):
    """An administrator does not allow this exchange."""


class UnsafeForShell(SessionError):
    """The token has characters that are special in a shell, so no command may contain it."""


class TokenIsBound(SessionError):
    """The token only works with proofs of a key (RFC 9449), so a copy of it is worth nothing."""


class TokenNotBoundHere(SessionError):
    """The token is a bearer token, for which there are no proofs."""


class ForeignServer(SessionError):
    """The token may only be sent to `server`, and a request is to another one."""

    def __init__(self, server: str) -> None:
        super().__init__(server)
        self.server = server


class AppLocked(SessionError):
    """XDR Login is locked, so nobody gets a token."""


class TokenPermissionDenied(SessionError):
    """The user did not let a program have the token."""


class TokenPermissionTimedOut(TokenPermissionDenied):
    """The user did not answer in time whether a program may have the token."""


class CannotAskForPermission(SessionError):
    """The user must be asked before a program gets a token, and no window is open to ask."""


class PresenceNotProven(SessionError):
    """A profile demands that whoever is at the computer proves who they are, and nobody did."""


class PresenceDeclined(PresenceNotProven):
    """The user closed the system's prompt."""


class PresenceFailed(PresenceNotProven):
    """The system did not accept the password or fingerprint."""


class PresenceTimedOut(PresenceNotProven):
    """The user did not answer the system's prompt in time."""


class PresenceNeedsApp(PresenceNotProven):
    """XDR Login does not run, so no program can be named to the user."""


class PresenceUnavailable(PresenceNotProven):
    """Presence can't be proven on this computer, in this session or with this installation."""


class PresenceNotSupported(PresenceUnavailable):
    """XDR Login asks for it on Linux only."""


class PresenceNotInstalled(PresenceUnavailable):
    """Polkit does not know the actions, which only the .deb and .rpm install."""


class PolkitMissing(PresenceUnavailable):
    """Polkit, or the system bus, is not there."""


class NoAuthenticationAgent(PresenceUnavailable):
    """No program of the desktop shows polkit's prompt."""


class PresenceNotAllowedHere(PresenceUnavailable):
    """Polkit does not allow it: by its rules, or in a session that is remote or not active."""


class PresenceOfRoot(PresenceUnavailable):
    """XDR Login runs as root, whom polkit never asks."""


class PolkitBroken(PresenceUnavailable):
    """Polkit reported an error; `reason` is its name or message."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
