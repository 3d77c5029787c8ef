"""Words: one table turns every error into a title, a text and what to do about it.

Window, tray and terminal say the same. An error is looked up by its class and, failing that, by
the classes that it derives from; a test sees to it that every error has a row of its own.
"""

import sys
from dataclasses import dataclass

from desktop.oauth import errors
from desktop.services.model import errors as session_errors
from desktop.services.model import profile
from desktop.services.secrets import keystore
from desktop.services.system.logs import redacted
from desktop.services.wording.field_names import field_reference
from desktop.services.wording.message_rows import (
    EDIT_PROFILE_FIRST,
    TRY_AGAIN_FIRST,
    MessageRow,
    Remedy,
)
from desktop.services.wording.server_messages import SERVER_ROWS, quoted_server_message

__all__ = ["Advice", "Remedy", "advice_for", "facts_of"]


@dataclass(frozen=True, slots=True)
class Advice:
    """What a person reads: what happened, what to do, and the facts that support asks for.

    `help` is what helps for good, where the sign-in goes on all the same.
    """

    title: str
    text: str
    remedies: tuple[Remedy, ...]
    facts: str
    help: str = ""


def advice_for(error: Exception, *, user_code: str = "") -> Advice:
    """The words for `error`; `user_code` is the code that was on screen, if any."""
    row = next(_ROWS[kind] for kind in type(error).__mro__ if kind in _ROWS)
    text = row.text(error, user_code) if callable(row.text) else row.text
    # A server may echo what it was sent.
    facts = facts_of(error) or facts_of(error.__cause__)
    help_ = row.help() if callable(row.help) else row.help
    remedies = row.remedies(error) if callable(row.remedies) else row.remedies
    return Advice(row.title, redacted(text), remedies, redacted(facts), help_)


_MAX_LINE_LENGTH = 48  # characters that fit the window


def facts_of(error: BaseException | None) -> str:
    """The error code, the status and the trace id; never a secret."""
    status = getattr(error, "status", None)
    trace_id = getattr(error, "trace_id", None)
    facts = (
        str(getattr(error, "error", "")),
        f"status {status}" if status else "",
        f"trace {trace_id}" if trace_id else "",
    )
    line = " · ".join(filter(None, facts))
    return line if len(line) <= _MAX_LINE_LENGTH else "\n".join(filter(None, facts))


def _keyring_help() -> str:
    match sys.platform:
        case "win32":
            return "Start the service “Credential Manager”, or ask your administrator to."
        case "darwin":
            return "Open Keychain Access and unlock the keychain “login”."
        case _:
            return "Unlock or install GNOME Keyring or KWallet."


def _keyring_reason(error: session_errors.SignOutFailed) -> str:
    cause = error.__cause__
    return f" {advice_for(cause).title}." if isinstance(cause, keystore.KeystoreError) else ""


def _cause_message(error: session_errors.SignedOutByServer) -> str:
    cause = error.__cause__
    return quoted_server_message(cause) if isinstance(cause, errors.ErrorResponse) else ""


def _why_no_token(error: session_errors.CodeExchangeFailed) -> str:
    cause = error.__cause__
    if isinstance(cause, errors.Trouble) and cause.unused:
        return (
            f"the token could not be fetched in time. {advice_for(cause).text} Then sign in again."
        )
    title = f" ({advice_for(cause).title})" if isinstance(cause, errors.Trouble) else ""
    return f"the token got lost on its way here{title}. An approval counts once: sign in again."


def _sentence(text: str) -> str:
    return text if text.endswith("?") else f"{text}."


def _quoted_list(names: tuple[str, ...]) -> str:
    return errors.printable(", ".join(f"“{name}”" for name in names), 300)


def _suggestion(error: profile.UnknownProfile) -> str:
    if error.similar:
        return f". Did you mean {_quoted_list(error.similar)}?"
    return f", only {_quoted_list(error.known)}." if error.known else "."


_ROWS: dict[type[BaseException], MessageRow] = {
    **SERVER_ROWS,
    # The keyring
    keystore.KeyringMissing: MessageRow(
        "No keyring to save the token in",
        lambda _e, _: (
            "This computer has no keyring that can be used, and tokens are never written to a "
            f"plain file. {_keyring_help()} You can also sign in without: the token is then "
            "gone when you quit."
        ),
        (Remedy.WITHOUT_KEYRING, Remedy.TRY_AGAIN),
        _keyring_help,
    ),
    keystore.KeyringLocked: MessageRow(
        "The keyring is locked",
        "Unlock it, then try again. You can also sign in without saving the token: it is then gone "
        "when you quit.",
        (Remedy.TRY_AGAIN, Remedy.WITHOUT_KEYRING),
        "Unlock it, then try to save it again.",
    ),
    keystore.KeyringTimedOut: MessageRow(
        "The keyring does not answer",
        "It may be waiting for its password in another window. Unlock it, then try again. You can "
        "also sign in without saving the token.",
        (Remedy.TRY_AGAIN, Remedy.WITHOUT_KEYRING),
        "Unlock it, then try to save it again.",
    ),
    keystore.KeyringFault: MessageRow(
        "The keyring refused",
        lambda e, _: (
            f"It answered “{errors.printable(e.detail, 120)}”. Try again, or sign in without "
            "saving the token: it is then gone when you quit."
        ),
        (Remedy.TRY_AGAIN, Remedy.WITHOUT_KEYRING),
    ),
    keystore.KeystoreError: MessageRow(
        "The keyring cannot be used",
        "Try again, or sign in without saving the token: it is then gone when you quit.",
        (Remedy.TRY_AGAIN, Remedy.WITHOUT_KEYRING),
    ),
    session_errors.ClientSecretMissing: MessageRow(
        "The client password is missing",
        lambda e, _: (
            "Your profile says that its client has a password, and the keyring holds none for it. "
            "Type it into the profile, or run “xdr-login profiles edit "
            f"{e.profile_id} --client-secret-stdin” in a terminal. Then try again."
        ),
        EDIT_PROFILE_FIRST,
    ),
    session_errors.RedirectUriUnavailable: MessageRow(
        "Your browser cannot come back here",
        lambda e, _: (
            f"Nothing can listen at “{errors.printable(e.redirect_uri, 100)}”: another program may "
            "use that port, or it is no http address of this computer. Check "
            f"{field_reference('redirect_uri')} in your profile."
        ),
        EDIT_PROFILE_FIRST,
    ),
    session_errors.CodeExchangeFailed: MessageRow(
        "Your approval brought no token",
        lambda e, _: f"You approved it in your browser, but {_why_no_token(e)}",
        (Remedy.SIGN_IN_AGAIN,),
    ),
    session_errors.SignOutFailed: MessageRow(
        "The token is still in the keyring",
        lambda e, _: (
            f"You are not signed out: the keyring did not let go of it.{_keyring_reason(e)} "
            "Try again."
        ),
    ),
    session_errors.SignedOutByServer: MessageRow(
        "The server has signed you out",
        lambda e, _: (
            "It renews your token no more: somebody revoked it, or it was not used for too long. "
            f"Sign in again.{_cause_message(e)}"
        ),
        (Remedy.SIGN_IN_AGAIN,),
    ),
    session_errors.SignedOutElsewhere: MessageRow(
        "You have signed out",
        "You did so in another window or terminal of this program. Sign in again to go on.",
        (Remedy.SIGN_IN_AGAIN,),
    ),
    session_errors.NoToken: MessageRow(
        "There is no token",
        lambda e, _: (
            "You are not signed in, or no longer. Sign in (xdr-login login"
            f"{f' --profile {e.profile_id}' if e.profile_id else ''}), then try again."
        ),
        (Remedy.SIGN_IN_AGAIN,),
    ),
    session_errors.RenewalTimedOut: MessageRow(
        "The new token takes long",
        "The old one has expired, and the server has not sent another yet. It is still being "
        "asked: try again in a moment.",
    ),
    session_errors.UnsafeForShell: MessageRow(
        "This token cannot be copied as a command",
        "It has characters that a shell could run. Copy the token itself.",
    ),
    session_errors.GrantForbidden: MessageRow(
        "Signing in with a code is forbidden",
        lambda e, _: (
            f"Your administrator has forbidden it ({e.source}). Sign in with another profile, or "
            "tell your administrator that you need this one."
        ),
        TRY_AGAIN_FIRST,
    ),
    session_errors.FormatForbidden: MessageRow(
        "Copying in this shape is forbidden",
        lambda e, _: f"Your administrator has forbidden it ({e.source}). Choose another one.",
    ),
    session_errors.ForbiddenByPolicy: MessageRow(
        "This is not allowed here",
        lambda e, _: f"Your administrator has forbidden it ({e.source}).",
    ),
    session_errors.TokenPermissionDenied: MessageRow(
        "You did not allow it",
        "XDR Login asked you whether a program may have the token, and you refused. Run it again "
        "to be asked again: after a minute at the soonest.",
    ),
    session_errors.TokenPermissionTimedOut: MessageRow(
        "Nobody allowed it",
        "XDR Login asked in its window whether a program may have the token, and nobody answered "
        "within a minute. Run it again and answer there.",
    ),
    session_errors.CannotAskForPermission: MessageRow(
        "There is no window to ask you in",
        "Your settings say that you are asked before a program gets a token. Start XDR Login, then "
        "run this again; or switch that setting off.",
    ),
    session_errors.SessionError: MessageRow("It did not work", "Try again."),
    # The profiles
    profile.NoProfile: MessageRow(
        "Set up your first profile",
        lambda e, _: (
            "A profile says where you sign in, and as which client. The window has a form for "
            "it, and in a terminal “xdr-login profiles add” makes one; "
            f"it is kept in {e.where} (docs/profiles.md)."
        ),
        (Remedy.SET_UP, Remedy.OPEN_PROFILES, Remedy.TRY_AGAIN),
    ),
    profile.UnknownProfile: MessageRow(
        "There is no such profile",
        lambda e, _: (
            f"No profile is called “{errors.printable(e.detail, 60)}”{_suggestion(e)} Yours are in "
            f"{e.where}."
        ),
        (Remedy.OPEN_PROFILES, Remedy.TRY_AGAIN),
    ),
    profile.BrokenProfile: MessageRow(
        "The profiles cannot be read",
        lambda e, _: (
            f"{e.where}: {_sentence(errors.printable(e.detail))} Correct it, then try again."
        ),
        (Remedy.OPEN_PROFILES, Remedy.TRY_AGAIN),
    ),
    profile.BrokenPolicy: MessageRow(
        "The policy of this computer is broken",
        lambda e, _: (
            f"{e.where}: {_sentence(errors.printable(e.detail))} What it forbids is not known, so "
            "nobody can sign in here. Tell your administrator, then try again."
        ),
    ),
    profile.ProfileError: MessageRow(
        "The profiles cannot be used",
        lambda e, _: f"Check {e.where}.",
        (Remedy.OPEN_PROFILES, Remedy.TRY_AGAIN),
    ),
    Exception: MessageRow(
        "Something unexpected happened",
        "It is a fault of this program, not yours. A report without secrets was written to the "
        "log folder. Try again; if it happens again, send us the report.",
    ),
}
