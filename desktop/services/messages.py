"""Words: one table turns every error into a title, a text and what to do about it.

Window, tray and terminal say the same. An error is looked up by its class and, failing that, by
the classes that it derives from; a test sees to it that every error has a row of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from desktop.oauth import errors
from desktop.services import keystore, profiles, session_errors
from desktop.services.durations import duration_words
from desktop.services.logs import redacted


class Remedy(Enum):
    """What a person can do about an error; the value is the label of the button that does it."""

    SIGN_IN_AGAIN = "Sign in again"
    NEW_CODE = "Get a new code"
    TRY_AGAIN = "Try again"
    WITHOUT_KEYRING = "Continue without saving"
    OPEN_PROFILES = "Open profiles folder"


@dataclass(frozen=True, slots=True)
class Advice:
    """What a person reads: what happened, what to do, and the facts that support asks for."""

    title: str
    text: str
    remedies: tuple[Remedy, ...]
    facts: str


def advice_for(error: Exception, *, user_code: str = "") -> Advice:
    """The words for `error`; `user_code` is the code that was on screen, if any."""
    row = next(_ROWS[kind] for kind in type(error).__mro__ if kind in _ROWS)
    text = row.text(error, user_code) if callable(row.text) else row.text
    # A server may echo what it was sent.
    return Advice(row.title, redacted(text), row.remedies, redacted(facts_of(error)))


_LONGEST_LINE = 48  # characters that fit the window


def facts_of(error: Exception) -> str:
    """The error code, the status and the trace id; never a secret."""
    status = getattr(error, "status", None)
    trace_id = getattr(error, "trace_id", None)
    facts = (
        str(getattr(error, "error", "")),
        f"status {status}" if status else "",
        f"trace {trace_id}" if trace_id else "",
    )
    line = " · ".join(filter(None, facts))
    return line if len(line) <= _LONGEST_LINE else "\n".join(filter(None, facts))


@dataclass(frozen=True, slots=True)
class _Row:
    title: str
    text: str | Callable[[Any, str], str]
    remedies: tuple[Remedy, ...] = (Remedy.TRY_AGAIN,)


def _declined(_error: errors.AccessDenied, user_code: str) -> str:
    code = f" for code {user_code}" if user_code else ""
    return (
        f"Someone pressed Deny on the approval page{code}. "
        "If that was not you, tell your administrator."
    )


def _reason(error: session_errors.NotSignedOut) -> str:
    cause = error.__cause__
    return f" {advice_for(cause).title}." if isinstance(cause, keystore.KeystoreError) else ""


def _server_says(error: errors.ErrorResponse) -> str:
    return f" The server says: “{error.description}”" if error.description else ""


def _another_region(error: errors.ErrorResponse, _user_code: str) -> str:
    return (
        f"{error.host} does not know this client ID, or the client password is wrong. "
        "A client of one region is unknown in the others: check the region first."
        f"{_server_says(error)}"
    )


_PROFILE_REMEDIES = (Remedy.TRY_AGAIN, Remedy.OPEN_PROFILES)

_ROWS: dict[type[BaseException], _Row] = {
    # The link to the server
    errors.TransportFailure: _Row(
        "The server cannot be reached",
        lambda e, _: f"No connection to {e.host}. Check your network, VPN or proxy.",
    ),
    errors.HostNotFound: _Row(
        "The server was not found",
        lambda e, _: (
            f"The name {e.host} is not known on this network. Check your network or VPN, "
            "and the address in your profile."
        ),
    ),
    errors.CertificateRejected: _Row(
        "The connection is not trusted",
        lambda e, _: (
            f"This computer does not trust the certificate of {e.host}. If your network inspects "
            "traffic, its authority must be installed on this computer: ask your administrator."
        ),
    ),
    errors.NoAnswerInTime: _Row(
        "The server does not answer",
        lambda e, _: f"{e.host} did not answer in time. Check your network, VPN or proxy.",
    ),
    errors.PageInsteadOfAnswer: _Row(
        "A page answered instead of the server",
        lambda e, _: (
            f"Your network, or a proxy in it, answered for {e.host} with a web page. "
            "Open a browser and sign in to the network first."
        ),
    ),
    errors.UnexpectedRedirect: _Row(
        "The server points elsewhere",
        lambda e, _: (
            f"{e.host} redirects to another address. That is never followed, because it would "
            "carry your code there. Your network may want you to sign in to it first."
        ),
        _PROFILE_REMEDIES,
    ),
    errors.AnswerTooLarge: _Row(
        "The answer is too large",
        lambda e, _: f"{e.host} sent more than a sign-in server does. Check the address.",
        _PROFILE_REMEDIES,
    ),
    errors.UnusableAnswer: _Row(
        "The answer makes no sense",
        lambda e, _: (
            f"{e.host} did not answer as a sign-in server does"
            f"{f' ({e.detail})' if e.detail else ''}. Check the address in your profile."
        ),
        _PROFILE_REMEDIES,
    ),
    errors.Throttled: _Row(
        "Too many requests",
        lambda e, _: (
            f"{e.host} has had too many requests from your organization and asks to wait"
            f"{f' {duration_words(e.retry_after)}' if e.retry_after else ''}."
        ),
    ),
    errors.ServerFault: _Row(
        "The server has a problem",
        lambda e, _: f"{e.host} cannot answer just now. Try again in a few minutes.",
    ),
    errors.Trouble: _Row(
        "The server cannot be used just now",
        lambda e, _: f"Something went wrong on the way to {e.host}.",
    ),
    # The profile does not fit the server
    errors.UnsafeAddress: _Row(
        "An address was refused",
        lambda e, _: (
            f"“{e.address}” is not safe to use: {e.reason}. It comes from the server or from your "
            "profile: check the profile, and tell your administrator if it is right."
        ),
        _PROFILE_REMEDIES,
    ),
    errors.MetadataMismatch: _Row(
        "The server speaks for someone else",
        lambda e, _: (
            f"{e.host} should describe “{e.expected}” but describes “{e.found}”. "
            "Check the address in your profile."
        ),
        _PROFILE_REMEDIES,
    ),
    errors.MissingEndpoint: _Row(
        "This server offers no sign-in by code",
        lambda e, _: (
            f"{e.host} names no {e.endpoint}. Check the address, or give both endpoints in "
            "your profile."
        ),
        _PROFILE_REMEDIES,
    ),
    errors.UnsupportedTokenType: _Row(
        "This token cannot be used",
        lambda e, _: f"{e.host} issued a token of type “{e.token_type}”, not a bearer token.",
        _PROFILE_REMEDIES,
    ),
    # What the server answered
    errors.CodeExpired: _Row(
        "The code has expired",
        "Nobody approved it in time. Nothing is wrong: get a new code and approve that one.",
        (Remedy.NEW_CODE,),
    ),
    errors.ExpiredToken: _Row(
        "The code has expired",
        "The server has retired it. Nothing is wrong: get a new code and approve that one.",
        (Remedy.NEW_CODE,),
    ),
    errors.AccessDenied: _Row("The sign-in was declined", _declined, (Remedy.SIGN_IN_AGAIN,)),
    errors.InvalidClient: _Row("The client is not known here", _another_region, _PROFILE_REMEDIES),
    errors.UnauthorizedClient: _Row(
        "This client may not sign in by code",
        lambda e, _: (
            f"An administrator has to allow the device grant for this client.{_server_says(e)}"
        ),
        _PROFILE_REMEDIES,
    ),
    errors.UnsupportedGrantType: _Row(
        "This server offers no sign-in by code",
        lambda e, _: f"{e.host} refuses the device grant.{_server_says(e)}",
        _PROFILE_REMEDIES,
    ),
    errors.InvalidScope: _Row(
        "A scope was refused",
        lambda e, _: (
            "The profile asks for a scope that the server does not know or this client may not "
            f"have.{_server_says(e)}"
        ),
        _PROFILE_REMEDIES,
    ),
    errors.InvalidGrant: _Row(
        "The code is no longer valid",
        "The server does not know it any more: it was used, or revoked. Get a new one.",
        (Remedy.NEW_CODE,),
    ),
    errors.InvalidRequest: _Row(
        "The server misses something",
        lambda e, _: (
            f"{e.host} did not accept the request. The profile may lack a parameter that it wants."
            f"{_server_says(e)}"
        ),
        _PROFILE_REMEDIES,
    ),
    errors.ForbiddenByPolicy: _Row(
        "Your organization does not allow this",
        lambda e, _: (
            "A policy of your organization forbids this kind of sign-in. "
            f"Ask your administrator.{_server_says(e)}"
        ),
    ),
    errors.AuthorizationPending: _Row(
        "Not approved yet",
        "The server still waits for the approval.",
        (Remedy.SIGN_IN_AGAIN,),
    ),
    errors.SlowDown: _Row(
        "Asked too often",
        lambda e, _: f"{e.host} wants to be asked less often. Wait a moment.",
        (Remedy.SIGN_IN_AGAIN,),
    ),
    errors.ErrorResponse: _Row(
        "The server refused the sign-in",
        lambda e, _: (
            f"{e.host} answered “{e.error}”.{_server_says(e)} "
            "Give your administrator the details if it happens again."
        ),
    ),
    errors.OAuthError: _Row("The sign-in did not work", "Try again."),
    # The keyring
    keystore.KeyringMissing: _Row(
        "No keyring to save the token in",
        "This computer has no keyring that can be used, and tokens are never written to a plain "
        "file. You can sign in all the same: the token is then gone when you quit.",
        (Remedy.WITHOUT_KEYRING, Remedy.TRY_AGAIN),
    ),
    keystore.KeyringLocked: _Row(
        "The keyring is locked",
        "Unlock it, then try again. You can also sign in without saving the token: it is then gone "
        "when you quit.",
        (Remedy.TRY_AGAIN, Remedy.WITHOUT_KEYRING),
    ),
    keystore.KeyringSilent: _Row(
        "The keyring does not answer",
        "It may be waiting for its password in another window. Unlock it, then try again. You can "
        "also sign in without saving the token.",
        (Remedy.TRY_AGAIN, Remedy.WITHOUT_KEYRING),
    ),
    keystore.KeyringFault: _Row(
        "The keyring refused",
        lambda e, _: (
            f"It answered “{errors.printable(e.detail, 120)}”. Try again, or sign in without "
            "saving the token: it is then gone when you quit."
        ),
        (Remedy.TRY_AGAIN, Remedy.WITHOUT_KEYRING),
    ),
    keystore.KeystoreError: _Row(
        "The keyring cannot be used",
        "Try again, or sign in without saving the token: it is then gone when you quit.",
        (Remedy.TRY_AGAIN, Remedy.WITHOUT_KEYRING),
    ),
    session_errors.ClientPasswordMissing: _Row(
        "The client password is missing",
        lambda e, _: (
            "Your profile says that its client has a password, and the keyring holds none for it. "
            f"Run “xdr-login --profile {e.profile_id} --set-client-password” in a terminal to "
            "store it, then try again."
        ),
    ),
    session_errors.NotSignedOut: _Row(
        "The token is still in the keyring",
        lambda e, _: (
            f"You are not signed out: the keyring did not let go of it.{_reason(e)} Try again."
        ),
    ),
    session_errors.SessionError: _Row("It did not work", "Try again."),
    # The profiles
    profiles.NoProfile: _Row(
        "Set up your first profile",
        lambda e, _: (
            f"A profile says where you sign in, and as which client. Write one into {e.where} "
            "(docs/profiles.md shows how), then try again."
        ),
        (Remedy.OPEN_PROFILES, Remedy.TRY_AGAIN),
    ),
    profiles.UnknownProfile: _Row(
        "There is no such profile",
        lambda e, _: f"{e.where} holds no profile “{errors.printable(e.detail, 60)}”.",
        (Remedy.OPEN_PROFILES, Remedy.TRY_AGAIN),
    ),
    profiles.BrokenProfile: _Row(
        "The profiles cannot be read",
        lambda e, _: f"{e.where}: {errors.printable(e.detail)}. Correct it, then try again.",
        (Remedy.OPEN_PROFILES, Remedy.TRY_AGAIN),
    ),
    profiles.ProfileError: _Row(
        "The profiles cannot be used",
        lambda e, _: f"Check {e.where}.",
        (Remedy.OPEN_PROFILES, Remedy.TRY_AGAIN),
    ),
    Exception: _Row(
        "Something unexpected happened",
        "It is a fault of this program, not yours. A report without secrets was written to the "
        "log folder. Try again; if it happens again, send us the report.",
    ),
}
