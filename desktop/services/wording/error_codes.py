"""The codes of expected errors, on which programs rely."""

from __future__ import annotations

from desktop.oauth import errors
from desktop.services.model import errors as session_errors
from desktop.services.model.profile import ProfileError
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.system.paths import NoHomeFolder

EXPECTED_ERRORS = (
    errors.OAuthError,
    KeystoreError,
    session_errors.SessionError,
    ProfileError,
    NoHomeFolder,
)
"""Errors that are explained to people; anything else is a bug."""

_CODES: tuple[tuple[str, tuple[type[Exception], ...]], ...] = (
    (
        "sign_in_needed",
        (
            session_errors.IdTokenGone,
            session_errors.NoToken,
            session_errors.PollAnswerLost,
            session_errors.RenewalRefused,
            session_errors.SignedOutByServer,
            session_errors.SignedOutElsewhere,
            errors.CodeExpired,
            errors.ExpiredToken,
            errors.InvalidGrant,
            errors.InvalidToken,
            errors.NotApprovedInTime,
        ),
    ),
    ("usage", (session_errors.UnknownExchange,)),
    (
        "declined",
        (
            session_errors.PresenceDeclined,
            session_errors.PresenceFailed,
            session_errors.PresenceTimedOut,
            session_errors.TokenPermissionDenied,
            errors.AccessDenied,
        ),
    ),
    ("locked", (session_errors.AppLocked,)),
    (
        "forbidden",
        (
            session_errors.ForbiddenByPolicy,
            session_errors.CannotAskForPermission,
            session_errors.PresenceNotProven,
            session_errors.ForeignServer,
            session_errors.ExchangeNotAllowed,
            errors.ForbiddenByPolicy,
            errors.InsufficientScope,
        ),
    ),
    (
        "server",
        (
            errors.BindingNotOffered,
            errors.ErrorResponse,
            errors.MetadataMismatch,
            errors.MissingEndpoint,
            errors.NothingThere,
            errors.NoUsableToken,
            errors.WrongIssuer,
            session_errors.ExchangeRefused,
        ),
    ),
    ("network", (errors.CaptivePortal,)),
    ("server", (errors.UnusableAnswer,)),
    (
        "network",
        (errors.Trouble, session_errors.RenewalAnswerLost, session_errors.RenewalTimedOut),
    ),
    ("keyring", (KeystoreError,)),
)


def error_code(error: Exception) -> str:
    """Return the code of `error`; "failure" for one without its own.

    A sign-in that ended while the server could not be asked has the code of that trouble.
    """
    is_of_cause = isinstance(error, (errors.CodeExpired, session_errors.CodeExchangeFailed))
    if is_of_cause and isinstance(error.__cause__, errors.Trouble):
        return error_code(error.__cause__)
    return next((code for code, kinds in _CODES if isinstance(error, kinds)), "failure")
