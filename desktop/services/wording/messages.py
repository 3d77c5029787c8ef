"""What people read about each error: one table of titles, texts and remedies.

An error is looked up by its class, or else by the nearest class it derives from. A text is a row of
sentences with named parameters, which are the facts of the error. A sentence that lacks one of its
parameters is left out; of several variants the first that lacks none is used. `BySurface` has other
words for a terminal, which has options where the window has fields.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from enum import Enum
from string import Formatter

from desktop.frozen import frozen
from desktop.oauth import errors
from desktop.oauth.addresses import origin_of
from desktop.services.model import errors as session_errors
from desktop.services.model import profile as profiles
from desktop.services.model.profile import Profile
from desktop.services.secrets import keystore
from desktop.services.system.logs import redacted
from desktop.services.system.paths import NoHomeFolder
from desktop.services.system.translation import translatable, translate
from desktop.services.wording.field_names import (
    BySurface,
    Surface,
    field_name,
    option_name,
    secret_name,
)
from desktop.services.wording.formats import (
    format_duration,
    format_values,
    join_sentences,
    with_title,
)

__all__ = ["Advice", "Remedy", "Surface", "advice_for", "facts_of", "remedies_in_window"]


class Remedy(Enum):
    """What the user can do about an error; the value is the label of the button that does it."""

    SIGN_IN_AGAIN = translatable("Sign in again")
    NEW_CODE = translatable("Get a new code")
    TRY_AGAIN = translatable("Try again")
    WITHOUT_KEYRING = translatable("Continue without saving")
    SET_UP = translatable("Set up a profile")
    EDIT_PROFILE = translatable("Edit profile")
    CHECK_CONNECTION = translatable("Check connection")
    OPEN_PROFILES = translatable("Open profiles folder")


@frozen
class Advice:
    """What happened, what to do next, and the facts that support asks for.

    `paragraphs` are the text in two parts: what is wrong, and what to do about it. `help` fixes the
    cause for good. It is shown where the sign-in continues despite the error.
    """

    title: str
    paragraphs: tuple[str, ...]
    remedies: tuple[Remedy, ...]
    facts: str
    help: str = ""

    @property
    def text(self) -> str:
        return join_sentences(*self.paragraphs)

    @property
    def message(self) -> str:
        """Title and text, for a line or a screen reader."""
        return with_title(self.title, self.text)


def advice_for(
    error: Exception,
    *,
    user_code: str = "",
    surface: Surface = Surface.WINDOW,
    profile: Profile | None = None,
) -> Advice:
    """Look up what to say about `error`; `user_code` is the code that was on screen, if any.

    With its `profile`, an unusual port of the server is named too.
    """
    row = _ENTRA_ROWS.get(errors.error_number(error))
    if row is None or not isinstance(error, errors.ErrorResponse):
        row = next(_ROWS[kind] for kind in type(error).__mro__ if kind in _ROWS)
    values = _values(error, row, user_code, surface)
    if profile is not None:
        values["host"] = _host_with_port(values["host"], profile)
    sentences = [redacted(each) for each in _sentences(row.text, values, surface)]
    paragraphs = tuple(filter(None, (*sentences[:1], join_sentences(*sentences[1:]))))
    help_ = join_sentences(*_sentences(row.help, values, surface))
    is_managed = bool(row.managed_remedies and getattr(error, "policy_source", ""))
    remedies = row.managed_remedies if is_managed else row.remedies
    # A server may echo what it was sent.
    facts = redacted(facts_of(error) or facts_of(error.__cause__))
    title = translate(row.title, **values)
    return Advice(title, paragraphs, remedies, facts, help_)


def remedies_in_window(error: Exception, profile: Profile | None) -> tuple[Remedy, ...]:
    """What the window offers about `error`: also a check of the connection, where it may help."""
    remedies = list(advice_for(error).remedies)
    if profile is None:
        return tuple(remedies)
    may_be_network = isinstance(error, errors.Trouble) and not isinstance(error, errors.Throttled)
    if may_be_network or Remedy.EDIT_PROFILE in remedies:
        remedies.insert(1, Remedy.CHECK_CONNECTION)
        if not getattr(error, "policy_source", "") and Remedy.EDIT_PROFILE not in remedies:
            remedies.append(Remedy.EDIT_PROFILE)
    if profile.managed and Remedy.EDIT_PROFILE in remedies:
        remedies.remove(Remedy.EDIT_PROFILE)
    return tuple(remedies) or (Remedy.TRY_AGAIN,)


def _host_with_port(host: str, profile: Profile) -> str:
    """Add the port of the profile's server to its `host`, unless it is that of https."""
    server = origin_of(profile.issuer or profile.token_endpoint).partition("://")[2]
    return server.removesuffix(":443") if host and server.startswith(f"{host}:") else host


_MAX_LINE_LENGTH = 48  # characters that fit the window


def facts_of(error: BaseException | None) -> str:
    """The error code, the status and the trace id; never a secret."""
    status = getattr(error, "status", None)
    trace_id = getattr(error, "trace_id", None)
    facts = (
        str(getattr(error, "error", "")),
        translate("status {status}", status=status) if status else "",
        translate("trace {trace_id}", trace_id=trace_id) if trace_id else "",
    )
    line = " · ".join(filter(None, facts))
    return line if len(line) <= _MAX_LINE_LENGTH else "\n".join(filter(None, facts))


_Variant = str | BySurface
_Sentence = _Variant | tuple[_Variant, ...]
_Text = tuple[_Sentence, ...]


@frozen
class Row:
    """What to say about one kind of error.

    `member` is the profile's member to correct: `{field}` and `{option}` name it.
    `managed_remedies` replace the others where an administrator decides what has failed.
    """

    title: str
    text: _Text
    remedies: tuple[Remedy, ...]
    help: _Text
    member: str
    managed_remedies: tuple[Remedy, ...]


def _row(
    title: str,
    *text: _Sentence,
    remedies: tuple[Remedy, ...] = (Remedy.TRY_AGAIN,),
    help: _Text = (),  # noqa: A002
    member: str = "",
    managed_remedies: tuple[Remedy, ...] = (),
) -> Row:
    return Row(title, text, remedies, help, member, managed_remedies)


def _sentences(text: _Text, values: dict[str, str], surface: Surface) -> Iterator[str]:
    for sentence in text:
        for variant in sentence if isinstance(sentence, tuple) else (sentence,):
            template = variant if isinstance(variant, str) else variant.on(surface)
            if template and all(values.get(name) for name in _parameters(template)):
                yield translate(template, **values)
                break


def _parameters(template: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(template) if name]


_FACTS = (
    *("address", "by", "description", "detail", "endpoint", "error", "expected", "found"),
    *("host", "profile_id"),
    *("exchange", "reason", "redirect_uri", "region", "policy_source", "server", "source"),
    "status",
    *("token_type", "where", "file", "line", "variable"),
    *("sudo_user", "usual_address"),
)
_TRANSLATED_FACTS = ("detail", "reason", "region")  # the protocol's own are in the catalog
_KEYRING_HELP = {
    "win32": translatable(
        "Start the Windows service “Credential Manager”, or ask your administrator to start it."
    ),
    "darwin": translatable("Open Keychain Access and unlock the keychain “login”."),
}
_OTHER_KEYRING_HELP = translatable("Install or unlock GNOME Keyring or KWallet.")


def _values(error: Exception, row: Row, user_code: str, surface: Surface) -> dict[str, str]:
    """The parameters of the sentences; those that are not known are empty."""
    values = {name: errors.printable(str(getattr(error, name, "") or "")) for name in _FACTS}
    values |= {name: translate(values[name]) for name in _TRANSLATED_FACTS}
    values |= {name: _without_full_stop(values[name]) for name in ("description", "detail")}
    member = getattr(error, "endpoint", "") or row.member
    wait = getattr(error, "retry_after", None)
    return {
        **values,
        **_cause_values(error.__cause__, surface),
        **_profile_values(error),
        "code": user_code,
        "field": field_name(member),
        "option": option_name(member),
        "secret": secret_name(getattr(error, "preset", "")),
        "keyring_help": translate(_KEYRING_HELP.get(sys.platform, _OTHER_KEYRING_HELP)),
        "wait": format_duration(wait) if isinstance(wait, (int, float)) and wait else "",
        "issuer_name": _issuer_name(values["expected"], values["found"]),
    }


def _without_full_stop(said: str) -> str:
    """Leave out the full stop of what is quoted: the sentence around it has its own."""
    return said if said.endswith("..") else said.removesuffix(".")


def _issuer_name(expected: str, found: str) -> str:
    """Return the name that a server has as its issuer; another address is another server."""
    return found if "://" in expected and "://" not in found else ""


def _cause_values(cause: BaseException | None, surface: Surface) -> dict[str, str]:
    values = dict.fromkeys(
        ("cause", "cause_text", "cause_advice", "cause_description", "cause_reason"), ""
    )
    said = getattr(cause, "description", "")
    said = said or (cause.detail if isinstance(cause, errors.Refusal) else "")
    values["cause_said"] = _without_full_stop(said)
    values["cause_host"] = getattr(cause, "host", "")
    if isinstance(cause, (errors.Trouble, keystore.KeystoreError)):
        advice = advice_for(cause, surface=surface)
        values["cause"] = advice.title
        values["cause_advice"] = advice.text
        if isinstance(cause, errors.Trouble) and cause.unused:
            values["cause_text"] = advice.text
    if isinstance(cause, errors.ErrorResponse):
        values["cause_description"] = _without_full_stop(cause.description)
        row = _ENTRA_ROWS.get(errors.error_number(cause))
        values["cause_reason"] = next(_sentences(row.text, values, surface), "") if row else ""
    return values


def _profile_values(error: Exception) -> dict[str, str]:
    if isinstance(error, profiles.AmbiguousName):
        return {"known": _quoted_list(error.known)}
    if not isinstance(error, (profiles.UnknownProfile, session_errors.UnknownExchange)):
        return {}
    return {"similar": _quoted_list(error.similar), "known": _quoted_list(error.known)}


def _quoted_list(names: tuple[str, ...]) -> str:
    quoted = (translate("“{name}”", name=errors.printable(name, 60)) for name in names)
    return errors.printable(format_values(quoted))


# What is said in several rows

_SERVER_SAYS = translatable("The server says: “{description}”.")
_CAUSE_SAYS = translatable("The server says: “{cause_said}”.")
_SIGN_IN_AGAIN = BySurface(
    translatable("Sign in again."),
    translatable("Run “xdr-login login --again”, then try again."),
)
_SERVER_SAYS_DETAIL = translatable("The server says: “{detail}”.")
_FAULT_OF_SERVER = translatable(
    "This is a problem with the server, not with your network. Tell its administrator."
)
_WITHOUT_SAVING = BySurface(
    translatable("Or continue without saving: you'll have to sign in again after you quit."),
    "",  # only the window offers it
)
_CORRECT_FIELD = BySurface(
    translatable("Correct “More options › {field}” in your profile."),
    translatable("Correct the value with “xdr-login profiles edit NAME {option} VALUE”."),
)
_INSTALL_CERTIFICATE = BySurface(
    translatable("Install it on this computer, or set “More options › {field}” in your profile."),
    translatable(
        "Install it on this computer, or set it with “xdr-login profiles edit NAME {option} FILE”."
    ),
)
_CHECK_PROFILE = BySurface(
    translatable("If it fails again, edit your profile and select Check."),
    translatable("If it fails again, run “xdr-login profiles check NAME”."),
)
_WHOSE_PROXY = translatable(
    "Your administrator set this proxy ({policy_source}), so only they can change it."
)
_CHECK_PROXY = (
    _WHOSE_PROXY,
    translatable("Check the environment variable {variable}, which sets this proxy."),
    translatable("Check the proxy in your profile or system settings."),
)
_NEW_CODE = translatable("Get a new code and approve that one.")
_TRY_AGAIN = translatable("Try again.")
_UNLOCK = translatable("Unlock your keyring, then try again.")
_SAVE_AGAIN = translatable("Unlock your keyring, then save the token again.")
_CAUSE_REASON = translatable("{cause_reason}")
_KEYRING_ADVICE = translatable("{keyring_help}")
_PROBLEM_IN_FILE = translatable("There's a problem with {where}: {detail}.")
_CHECK_NETWORK = translatable("Check your network, VPN or proxy.")
_CHECK_ADDRESS = translatable("Check the address in your profile.")
_APPROVE_IN_BROWSER = translatable("Sign in again and approve in your browser.")
_BY_ADMINISTRATOR = translatable("Your administrator turned this off ({source}).")
_CANNOT_CONFIRM = translatable("Can't ask you to confirm that it's you")
_CONFIRM_FIRST = translatable(
    "This profile only gives out its token after you confirm that it's you, with your password or "
    "fingerprint."
)
_OR_NEVER = translatable("Or change “Confirm that it's you” in the profile.")

# Where trying again does not help without a change of the profile, and where it may.
_EDIT_FIRST = (Remedy.EDIT_PROFILE, Remedy.TRY_AGAIN)
_TRY_FIRST = (Remedy.TRY_AGAIN, Remedy.EDIT_PROFILE)

# What is in the way of the keyring: the help of an error says the same as its text.
_KEYRING_REPLACED = (
    translatable(
        "{file} selects another keyring. Remove the line “{line}” from it, then try again."
    ),
    translatable("{file} can't be used ({detail}). Correct or remove it, then try again."),
    translatable(
        "Your environment selects another keyring. Unset the variable “{line}”, then start XDR "
        "Login again."
    ),
)
_NO_SESSION_BUS = (
    translatable(
        "DBUS_SESSION_BUS_ADDRESS isn't set, because you use sudo. Run XDR Login as yourself "
        "({sudo_user})."
    ),
    translatable(
        "The keyring needs D-Bus, but nothing is listening at “{address}”. Set "
        "DBUS_SESSION_BUS_ADDRESS={usual_address}, then start XDR Login again."
    ),
    translatable(
        "The keyring needs D-Bus, but nothing is listening at “{address}”. Correct "
        "DBUS_SESSION_BUS_ADDRESS, or sign out of your desktop and sign in again."
    ),
    translatable(
        "The keyring needs D-Bus, but DBUS_SESSION_BUS_ADDRESS isn't set, as in cron "
        "jobs and some SSH sessions. Set it to {usual_address}, then start XDR Login again."
    ),
    translatable(
        "The keyring needs D-Bus, but DBUS_SESSION_BUS_ADDRESS isn't set, as in cron "
        "jobs, containers and some SSH sessions. Start XDR Login in your desktop session."
    ),
)

_KEYRING_ROWS: dict[type[BaseException], Row] = {
    keystore.KeyringReplaced: _row(
        translatable("No keyring found"),
        translatable("XDR Login saves tokens in the system keyring only, never in a file."),
        _KEYRING_REPLACED,
        _WITHOUT_SAVING,
        remedies=(Remedy.WITHOUT_KEYRING, Remedy.TRY_AGAIN),
        help=(_KEYRING_REPLACED,),
    ),
    keystore.SessionBusMissing: _row(
        translatable("No keyring found"),
        _NO_SESSION_BUS,
        _WITHOUT_SAVING,
        remedies=(Remedy.WITHOUT_KEYRING, Remedy.TRY_AGAIN),
        help=(_NO_SESSION_BUS,),
    ),
    keystore.KeyringMissing: _row(
        translatable("No keyring found"),
        translatable("XDR Login saves tokens in the system keyring only, never in a file."),
        _KEYRING_ADVICE,
        _WITHOUT_SAVING,
        remedies=(Remedy.WITHOUT_KEYRING, Remedy.TRY_AGAIN),
        help=(_KEYRING_ADVICE,),
    ),
    keystore.KeyringLocked: _row(
        translatable("The keyring is locked"),
        _UNLOCK,
        _WITHOUT_SAVING,
        remedies=(Remedy.TRY_AGAIN, Remedy.WITHOUT_KEYRING),
        help=(_SAVE_AGAIN,),
    ),
    keystore.KeyringTimedOut: _row(
        translatable("The keyring is not responding"),
        translatable("The keyring may be waiting for your password in another window."),
        _UNLOCK,
        _WITHOUT_SAVING,
        remedies=(Remedy.TRY_AGAIN, Remedy.WITHOUT_KEYRING),
        help=(_SAVE_AGAIN,),
    ),
    keystore.KeyringFault: _row(
        translatable("The keyring reported an error"),
        translatable("The keyring says: “{detail}”."),
        _TRY_AGAIN,
        _WITHOUT_SAVING,
        remedies=(Remedy.TRY_AGAIN, Remedy.WITHOUT_KEYRING),
    ),
    keystore.SaveNotRecorded: _row(
        translatable("The sign-in can't be saved"),
        translatable(
            "XDR Login can't write to its state folder, where it records what is in the keyring."
        ),
        translatable("The system says: “{detail}”."),
        translatable("Free up disk space or make the folder writable, then try again."),
        _WITHOUT_SAVING,
        remedies=(Remedy.TRY_AGAIN, Remedy.WITHOUT_KEYRING),
    ),
    keystore.KeystoreError: _row(
        translatable("The keyring can't be used"),
        _TRY_AGAIN,
        _WITHOUT_SAVING,
        remedies=(Remedy.TRY_AGAIN, Remedy.WITHOUT_KEYRING),
    ),
}

_SESSION_ROWS: dict[type[BaseException], Row] = {
    NoHomeFolder: _row(
        translatable("No home folder"),
        translatable(
            "XDR Login keeps its profiles in your home folder, but HOME isn't set to an absolute "
            "path and your account has no home folder."
        ),
        translatable("Set HOME to a folder of yours, then try again."),
        remedies=(Remedy.TRY_AGAIN,),
    ),
    session_errors.ClientSecretMissing: _row(
        translatable("The {secret} is missing"),
        translatable("Your profile needs a {secret}, but the keyring has none for it."),
        BySurface(
            translatable("Enter the {secret} in your profile, then try again."),
            translatable(
                "Enter the {secret} with “xdr-login profiles edit {profile_id} "
                "--client-secret-stdin”, then try again."
            ),
        ),
        remedies=_EDIT_FIRST,
    ),
    session_errors.RedirectUriUnavailable: _row(
        translatable("Browser can't return to XDR Login"),
        translatable(
            "XDR Login can't listen on “{redirect_uri}”. Another program may be using that "
            "port, or the address isn't on this computer."
        ),
        _CORRECT_FIELD,
        remedies=_EDIT_FIRST,
        member="redirect_uri",
    ),
    session_errors.CodeExchangeFailed: _row(
        translatable("Approved, but no token was received"),
        (
            translatable(
                "You approved in your browser, but XDR Login couldn't fetch the token in time. "
                "{cause_text} Then sign in again."
            ),
            translatable(
                "You approved in your browser, but the token didn't arrive. {cause}. An approval "
                "works only once, so sign in again."
            ),
            translatable(
                "You approved in your browser, but the token didn't arrive. "
                "An approval works only once, so sign in again."
            ),
        ),
        remedies=(Remedy.SIGN_IN_AGAIN,),
    ),
    session_errors.SignOutFailed: _row(
        translatable("Sign-out failed"),
        (
            translatable(
                "You're still signed in: the token couldn't be removed from the keyring. {cause}."
            ),
            translatable("You're still signed in: the token couldn't be removed from the keyring."),
        ),
        _TRY_AGAIN,
    ),
    session_errors.SignedOutByServer: _row(
        translatable("The server has signed you out"),
        (
            _CAUSE_REASON,
            translatable("Your sign-in was revoked or went unused for too long."),
        ),
        translatable("The server says: “{cause_description}”."),
        _SIGN_IN_AGAIN,
        remedies=(Remedy.SIGN_IN_AGAIN,),
    ),
    session_errors.SignedOutAfterLoss: _row(
        translatable("The server has signed you out"),
        translatable(
            "The server's response was lost when your sign-in was last renewed. The server then "
            "rejected the next request, most likely because it had already renewed your sign-in."
        ),
        translatable("The server says: “{cause_description}”."),
        _SIGN_IN_AGAIN,
        remedies=(Remedy.SIGN_IN_AGAIN,),
    ),
    session_errors.PollAnswerLost: _row(
        translatable("The server's response was lost"),
        (
            translatable(
                "The server may have sent your token, but the response didn't arrive. {cause}."
            ),
            translatable("The server may have sent your token, but the response didn't arrive."),
        ),
        translatable("A code works only once, so sign in again."),
        remedies=(Remedy.NEW_CODE,),
    ),
    session_errors.RenewalRefused: _row(
        translatable("The server refuses to renew"),
        (
            translatable(
                "The server refused twice, without giving a reason that XDR Login recognizes. "
                "{cause}."
            ),
            translatable(
                "The server refused twice, without giving a reason that XDR Login recognizes."
            ),
        ),
        translatable("The server says: “{cause_description}”."),
        _SIGN_IN_AGAIN,
        remedies=(Remedy.SIGN_IN_AGAIN,),
    ),
    session_errors.RenewalAnswerLost: _row(
        translatable("No response to the renewal"),
        (
            translatable(
                "The server may have renewed your sign-in, but its response didn't arrive. {cause}."
            ),
            translatable("The server may have renewed your sign-in, but its response was lost."),
        ),
        (
            translatable(
                "Try again in {wait}. If the server then rejects the request, sign in again."
            ),
            translatable("Try again. If the server then rejects the request, sign in again."),
        ),
    ),
    session_errors.SignedOutElsewhere: _row(
        translatable("You have signed out"),
        translatable("You signed out in another window or terminal."),
        translatable("Sign in again to continue."),
        remedies=(Remedy.SIGN_IN_AGAIN,),
    ),
    session_errors.NoToken: _row(
        translatable("You're not signed in"),
        (
            BySurface(
                translatable("Sign in, then try again."),
                translatable("Run “xdr-login login --profile {profile_id}”, then try again."),
            ),
            BySurface(
                translatable("Sign in, then try again."),
                translatable("Run “xdr-login login”, then try again."),
            ),
        ),
        remedies=(Remedy.SIGN_IN_AGAIN,),
    ),
    session_errors.NoIdToken: _row(
        translatable("No ID token"),
        translatable(
            "The server sends an ID token only for the scope “openid”, which your sign-in "
            "doesn't include."
        ),
        BySurface(
            translatable("Add “openid” to the scopes in your profile, then sign in again."),
            translatable(
                "Run “xdr-login profiles edit NAME --scope SCOPES” with “openid” and all the other "
                "scopes that you need, then run “xdr-login login --again”."
            ),
        ),
        remedies=(Remedy.EDIT_PROFILE, Remedy.SIGN_IN_AGAIN),
    ),
    session_errors.IdTokenGone: _row(
        translatable("No ID token"),
        translatable(
            "The server didn't send an ID token when you signed in, or didn't send a new one "
            "after the last one expired."
        ),
        _SIGN_IN_AGAIN,
        remedies=(Remedy.SIGN_IN_AGAIN,),
    ),
    session_errors.UnknownExchange: _row(
        translatable("Exchange not found"),
        (
            translatable(
                "Profile “{profile_id}” has no exchange “{exchange}”. Did you mean {similar}?"
            ),
            translatable("Profile “{profile_id}” has no exchange “{exchange}”. It has {known}."),
            translatable(
                "Profile “{profile_id}” has no exchange “{exchange}”. Add it to profiles.toml "
                "under [profiles.{profile_id}.exchanges.{exchange}]."
            ),
        ),
        remedies=(Remedy.EDIT_PROFILE,),
    ),
    session_errors.ExchangeRefused: _row(
        translatable("No token for “{exchange}”"),
        (
            translatable("{cause_host} didn't issue a token for your sign-in."),
            translatable("The service didn't issue a token for your sign-in."),
        ),
        _CAUSE_SAYS,
        translatable(
            "Check that your organization uses this service, and check the exchange in your "
            "profile."
        ),
        remedies=_TRY_FIRST,
    ),
    session_errors.ExchangeNotAllowed: _row(
        translatable("No permission for “{exchange}”"),
        (
            translatable("{cause_host} requires a scope or role that your sign-in doesn't have."),
            translatable("The service requires a scope or role that your sign-in doesn't have."),
        ),
        _CAUSE_SAYS,
        BySurface(
            translatable(
                "Add the scope to your profile and sign in again, or ask the administrator of the "
                "service."
            ),
            translatable(
                "Run “xdr-login profiles edit NAME --scope SCOPES” with the scope and all the "
                "others that you need, then “xdr-login login --again”. Or ask the administrator of "
                "the service."
            ),
        ),
        remedies=(Remedy.EDIT_PROFILE, Remedy.SIGN_IN_AGAIN),
    ),
    session_errors.ExchangeForbidden: _row(
        translatable("This exchange is turned off"),
        _BY_ADMINISTRATOR,
        translatable("Ask your administrator if you need this exchange."),
    ),
    session_errors.RenewalTimedOut: _row(
        translatable("Still renewing"),
        translatable(
            "Your old token has expired, and the server hasn't sent a new one yet. "
            "Try again in a moment."
        ),
    ),
    session_errors.UnsafeForShell: _row(
        translatable("Can't copy as a command"),
        translatable(
            "The token contains characters that a shell could execute. Copy the token "
            "itself instead."
        ),
    ),
    session_errors.TokenIsBound: _row(
        translatable("The token is bound to this computer"),
        translatable(
            "The token works only together with a key that never leaves XDR Login, so a copy of "
            "it is worth nothing."
        ),
        BySurface(
            translatable(
                "Copy the token as curl, or use “xdr-login api”. If your programs need a bearer "
                "token, choose “Never” for “Bound tokens (DPoP)” in the profile, then sign in "
                "again."
            ),
            translatable(
                "Use “xdr-login api”, or print the headers of one request with “xdr-login token "
                "--format dpop --method METHOD --url URL”. If your programs need a bearer token, "
                "run “xdr-login profiles edit NAME --dpop off”, then “xdr-login login --again”."
            ),
        ),
    ),
    session_errors.TokenNotBoundHere: _row(
        translatable("The token is not bound to this computer"),
        translatable("This is a bearer token, which needs no proof."),
        BySurface(
            translatable("Copy the token in another format."),
            translatable("Use another format, such as “xdr-login token --format header”."),
        ),
    ),
    session_errors.ForeignServer: _row(
        translatable("This address is on another server"),
        translatable("The token may only be sent to {server}."),
    ),
    session_errors.GrantForbidden: _row(
        translatable("Sign-in by code is turned off"),
        _BY_ADMINISTRATOR,
        translatable(
            "Sign in with another profile, or ask your administrator to allow sign-in by code."
        ),
        remedies=_TRY_FIRST,
    ),
    session_errors.FormatForbidden: _row(
        translatable("This copy format is turned off"),
        _BY_ADMINISTRATOR,
        translatable("Choose another format."),
    ),
    session_errors.ForbiddenByPolicy: _row(
        translatable("Turned off by your administrator"),
        translatable("This is managed by {source}. Ask your administrator if you need it."),
    ),
    session_errors.AppLocked: _row(
        translatable("XDR Login is locked"),
        translatable("Unlock the XDR Login window, then try again."),
    ),
    session_errors.TokenPermissionDenied: _row(
        translatable("You denied access to the token"),
        translatable("The program did not get your token."),
        translatable("To be asked again, wait a minute, then run the command again."),
    ),
    session_errors.TokenPermissionTimedOut: _row(
        translatable("Permission request timed out"),
        translatable(
            "XDR Login asked in its window, but nobody answered within a minute, so access was "
            "denied."
        ),
        translatable("Run the command again, then answer in the window."),
    ),
    session_errors.CannotAskForPermission: _row(
        translatable("Can't ask for your permission"),
        translatable(
            "Your settings require your permission before tokens are shared with programs, but "
            "XDR Login is not running."
        ),
        translatable(
            "Start XDR Login, then try again. Or turn off “Ask before sharing tokens with "
            "programs” in Settings."
        ),
    ),
    session_errors.PresenceNotProven: _row(
        translatable("You didn't confirm that it's you"),
        _CONFIRM_FIRST,
        translatable("Try again."),
    ),
    session_errors.PresenceDeclined: _row(
        translatable("You canceled the password prompt"),
        _CONFIRM_FIRST,
        BySurface(
            translatable("Try again."),
            translatable("To be asked again, wait a minute, then try again."),
        ),
    ),
    session_errors.PresenceFailed: _row(
        translatable("Your password wasn't accepted"),
        _CONFIRM_FIRST,
        translatable("Try again with the password or fingerprint of your account."),
    ),
    session_errors.PresenceTimedOut: _row(
        translatable("Password prompt timed out"),
        translatable(
            "Your system asked you to confirm that it's you, but nobody answered within a minute."
        ),
        translatable("Try again, then answer the prompt."),
    ),
    session_errors.PresenceNeedsApp: _row(
        _CANNOT_CONFIRM,
        translatable(
            "This profile only gives out its token after you confirm that it's you, but XDR Login "
            "is not running."
        ),
        translatable("Start XDR Login, then try again."),
    ),
    session_errors.PresenceUnavailable: _row(_CANNOT_CONFIRM, _CONFIRM_FIRST, _OR_NEVER),
    session_errors.PresenceNotSupported: _row(
        _CANNOT_CONFIRM,
        _CONFIRM_FIRST,
        translatable("XDR Login can ask for your password or fingerprint on Linux only."),
        _OR_NEVER,
    ),
    session_errors.PresenceNotInstalled: _row(
        _CANNOT_CONFIRM,
        _CONFIRM_FIRST,
        translatable("This installation of XDR Login can't ask for your password or fingerprint."),
        translatable("Install the .deb or .rpm package."),
        _OR_NEVER,
    ),
    session_errors.PolkitMissing: _row(
        _CANNOT_CONFIRM,
        _CONFIRM_FIRST,
        translatable("Polkit, which would ask for your password, is not running."),
        translatable("Install polkit, then try again."),
        _OR_NEVER,
    ),
    session_errors.NoAuthenticationAgent: _row(
        _CANNOT_CONFIRM,
        _CONFIRM_FIRST,
        translatable("Your desktop has no polkit agent, which would show the password prompt."),
        translatable("Start one, such as lxpolkit or polkit-gnome, then try again."),
        _OR_NEVER,
    ),
    session_errors.PresenceNotAllowedHere: _row(
        _CANNOT_CONFIRM,
        _CONFIRM_FIRST,
        translatable(
            "Polkit doesn't ask for your password in this session, for example because "
            "it is remote."
        ),
        translatable("Use XDR Login in a session at this computer."),
        _OR_NEVER,
    ),
    session_errors.PresenceOfRoot: _row(
        _CANNOT_CONFIRM,
        _CONFIRM_FIRST,
        translatable("Polkit doesn't ask root."),
        translatable("Run XDR Login as another user."),
    ),
    session_errors.PolkitBroken: _row(
        _CANNOT_CONFIRM,
        _CONFIRM_FIRST,
        translatable("Polkit, which would ask for your password, reported an error: {reason}."),
        _OR_NEVER,
    ),
    session_errors.SessionError: _row(translatable("Something went wrong"), _TRY_AGAIN),
}

_PROFILE_ROWS: dict[type[BaseException], Row] = {
    profiles.NoProfile: _row(
        translatable("Set up your first profile"),
        translatable("A profile says where you sign in and with which client ID."),
        BySurface(
            translatable("Set up a profile here, or edit {where}."),
            translatable("Add a profile with “xdr-login profiles add”, or edit {where}."),
        ),
        remedies=(Remedy.SET_UP, Remedy.OPEN_PROFILES, Remedy.TRY_AGAIN),
    ),
    profiles.UnknownProfile: _row(
        translatable("Profile not found"),
        (
            translatable("No profile is named “{detail}”. Did you mean {similar}?"),
            translatable("No profile is named “{detail}”. Your profiles: {known}."),
            translatable("No profile is named “{detail}”."),
        ),
        BySurface(
            translatable("Check {where}."),
            translatable("List your profiles with “xdr-login profiles list”."),
        ),
        remedies=(Remedy.OPEN_PROFILES, Remedy.TRY_AGAIN),
    ),
    profiles.AmbiguousName: _row(
        translatable("Several profiles have this name"),
        (
            translatable("“{detail}” matches several profiles. Choose one by its ID: {known}."),
            translatable("Choose a profile by its ID."),
        ),
        remedies=(Remedy.OPEN_PROFILES, Remedy.TRY_AGAIN),
    ),
    profiles.BrokenProfile: _row(
        translatable("Your profiles can't be read"),
        _PROBLEM_IN_FILE,
        translatable("Correct the file, then try again."),
        remedies=(Remedy.OPEN_PROFILES, Remedy.TRY_AGAIN),
    ),
    profiles.ProfilesNotSaved: _row(
        translatable("Your profiles can't be saved"),
        _PROBLEM_IN_FILE,
        translatable("Free up disk space or make the folder writable, then try again."),
        remedies=(Remedy.OPEN_PROFILES, Remedy.TRY_AGAIN),
    ),
    profiles.BrokenPolicy: _row(
        translatable("This computer's policy is invalid"),
        _PROBLEM_IN_FILE,
        translatable("No one can sign in on this computer until the policy is corrected."),
        translatable("Tell your administrator, then try again."),
    ),
    profiles.ProfileError: _row(
        translatable("Your profiles can't be used"),
        translatable("Check {where}, then try again."),
        remedies=(Remedy.OPEN_PROFILES, Remedy.TRY_AGAIN),
    ),
}

_PROXY_ROWS: dict[type[BaseException], Row] = {
    errors.ProxyFailure: _row(
        translatable("The proxy can't be used"),
        translatable("The proxy {by} couldn't connect you to {host}."),
        _CHECK_PROXY,
        remedies=_TRY_FIRST,
        managed_remedies=(Remedy.TRY_AGAIN,),
    ),
    errors.ProxyUnusable: _row(
        translatable("The proxy can't be used"),
        (
            translatable("XDR Login can't use the proxy {by}: {detail}."),
            translatable("XDR Login can't use the proxy: {detail}."),
        ),
        _CHECK_PROXY,
        translatable(
            "A proxy needs an address such as http://proxy.example:3128. SOCKS is not supported."
        ),
        remedies=_TRY_FIRST,
        managed_remedies=(Remedy.TRY_AGAIN,),
    ),
    errors.ProxyNotTrusted: _row(
        translatable("The proxy is not trusted"),
        translatable("This computer doesn't trust the certificate of the proxy {by}."),
        translatable("Ask your administrator for the CA certificate of the proxy."),
        _INSTALL_CERTIFICATE,
        remedies=_TRY_FIRST,
        member="ca_file",
    ),
    errors.ProxyWithoutTls: _row(
        translatable("The proxy can't be used"),
        translatable("XDR Login can't set up TLS with the proxy {by}."),
        translatable("The address of a plain HTTP proxy must begin with http://."),
        _CHECK_PROXY,
        remedies=_TRY_FIRST,
        managed_remedies=(Remedy.TRY_AGAIN,),
    ),
    errors.ProxyUnreachable: _row(
        translatable("Can't reach the proxy"),
        translatable(
            "Your connection to {host} goes through the proxy {by}, which isn't responding."
        ),
        translatable("Check your network or VPN."),
        _CHECK_PROXY,
        remedies=_TRY_FIRST,
        managed_remedies=(Remedy.TRY_AGAIN,),
    ),
    errors.ProxyRefused: _row(
        translatable("The proxy blocked the connection"),
        translatable("The proxy {by} doesn't let XDR Login connect to {host}."),
        translatable("The proxy says: “{detail}”."),
        translatable("Ask your administrator to allow this connection."),
    ),
    errors.ProxySignInNeeded: _row(
        translatable("The proxy requires a password"),
        translatable(
            "The proxy {by} requires a user name and password, and yours are missing or wrong."
        ),
        BySurface(
            translatable(
                "Enter the user name and password in your profile under “More options”, "
                "then try again."
            ),
            translatable(
                "Enter the user name and password with “xdr-login profiles edit NAME --proxy-user"
                " USER --proxy-password-stdin”, then try again."
            ),
        ),
        remedies=_EDIT_FIRST,
    ),
    errors.ProxySignInUnsupported: _row(
        translatable("Unsupported proxy authentication"),
        translatable("The proxy {by} accepts only {detail}. XDR Login supports only Basic."),
        translatable(
            "Ask your administrator for access without authentication, or for a local proxy "
            "that signs in for you."
        ),
        remedies=_TRY_FIRST,
        managed_remedies=(Remedy.TRY_AGAIN,),
    ),
}

_CONNECTION_ROWS: dict[type[BaseException], Row] = {
    errors.TransportFailure: _row(
        translatable("Can't reach the server"),
        translatable("There's no connection to {host}."),
        _CHECK_NETWORK,
    ),
    errors.HostNotFound: _row(
        translatable("Server not found"),
        translatable("No address was found for {host}."),
        translatable("Check your network or VPN, and the address in your profile."),
    ),
    errors.CertificateRejected: _row(
        translatable("The connection is not trusted"),
        translatable("This computer doesn't trust the certificate of {host}."),
        translatable(
            "If your network inspects traffic, ask your administrator for its CA certificate."
        ),
        _INSTALL_CERTIFICATE,
        remedies=_TRY_FIRST,
        member="ca_file",
    ),
    errors.AuthorityUnusable: _row(
        translatable("CA certificate file can't be used"),
        translatable("XDR Login can't use {where}: {reason}."),
        BySurface(
            translatable(
                "Correct “More options › {field}” in your profile, or ask your administrator."
            ),
            translatable(
                "Set a valid file with “xdr-login profiles edit NAME {option} FILE”, or ask your "
                "administrator."
            ),
        ),
        remedies=_EDIT_FIRST,
        member="ca_file",
    ),
    errors.NoAnswerInTime: _row(
        translatable("The server is not responding"),
        translatable("{host} didn't respond in time."),
        _CHECK_NETWORK,
    ),
    errors.PageInsteadOfAnswer: _row(
        translatable("Unexpected web page"),
        (
            translatable(
                "Your network or a proxy replied for {host} with a web page that leads to {by}."
            ),
            translatable("{host} replied with a web page."),
        ),
        (
            translatable("Open {by} in your browser and sign in to the network, then try again."),
            translatable(
                "Check the address in your profile. If your organization inspects traffic, open "
                "any page in your browser to see whether it requires a sign-in."
            ),
        ),
        remedies=_TRY_FIRST,
    ),
    errors.CaptivePortal: _row(
        translatable("Your network requires a sign-in"),
        (
            translatable("Your network shows a page from {by} instead of {host}."),
            translatable("Your network blocks {host} until you sign in."),
        ),
        translatable("Open any page in your browser, sign in to your network, then try again."),
    ),
    errors.UnexpectedRedirect: _row(
        translatable("Unexpected redirect"),
        (
            translatable("{host} redirected XDR Login to {by}."),
            translatable("{host} redirected XDR Login to another address."),
        ),
        translatable("XDR Login doesn't follow redirects, to keep your code private."),
        translatable("Check the address in your profile, or sign in to your network first."),
        remedies=_TRY_FIRST,
    ),
    errors.AnswerTooLarge: _row(
        translatable("Unexpected response from the server"),
        translatable("{host} sent more data than a sign-in server does."),
        _CHECK_ADDRESS,
        remedies=_TRY_FIRST,
    ),
    errors.Refusal: _row(
        translatable("The server rejected the request"),
        (
            translatable("{host} responded with an error: “{detail}”."),
            translatable("{host} responded with status {status} and gave no reason."),
            translatable("{host} responded with an error."),
        ),
        translatable("Try again. If it fails again, send the details to your administrator."),
        remedies=_TRY_FIRST,
    ),
    errors.IncompleteAnswer: _row(
        translatable("Unexpected response from the server"),
        (
            translatable("The response from {host} is incomplete or invalid ({detail})."),
            translatable("The response from {host} is incomplete or invalid."),
        ),
        _FAULT_OF_SERVER,
        remedies=_TRY_FIRST,
    ),
    errors.UnusableAnswer: _row(
        translatable("Unexpected response from the server"),
        (
            translatable("{host} didn't respond like a sign-in server ({detail})."),
            translatable("{host} didn't respond like a sign-in server."),
        ),
        _CHECK_ADDRESS,
        remedies=_TRY_FIRST,
    ),
    errors.Throttled: _row(
        translatable("Too many requests"),
        translatable("{host} limits how many requests your organization can send."),
        _SERVER_SAYS_DETAIL,
        (
            translatable("Wait {wait}, then try again."),
            translatable("Wait a few minutes, then try again."),
        ),
    ),
    errors.ServerFault: _row(
        translatable("The server has a problem"),
        translatable("{host} can't handle requests right now. Try again in a few minutes."),
        _SERVER_SAYS_DETAIL,
    ),
    errors.Trouble: _row(
        translatable("Connection failed"),
        translatable("The connection to {host} failed. Try again in a few minutes."),
    ),
}

_SERVER_ROWS: dict[type[BaseException], Row] = {
    errors.UnsafeAddress: _row(
        translatable("Unsafe address"),
        translatable("XDR Login rejected the address “{address}” ({reason})."),
        translatable("The address comes from the server or from your profile."),
        translatable("Correct it in your profile, or tell your administrator."),
        remedies=_TRY_FIRST,
    ),
    errors.MetadataMismatch: _row(
        translatable("The server has a different issuer"),
        translatable("{host} identifies itself as “{found}”, not as “{expected}”."),
        translatable("Check the issuer in your profile."),
        BySurface(
            translatable(
                "If your provider documents “{issuer_name}” as its issuer, enter it in "
                "“More options › {field}”."
            ),
            translatable(
                "If your provider documents “{issuer_name}” as its issuer, set it with "
                "“xdr-login profiles edit NAME {option} VALUE”."
            ),
        ),
        remedies=_EDIT_FIRST,
        member="expected_issuer",
    ),
    errors.MissingEndpoint: _row(
        translatable("Sign-in method not available"),
        translatable("{host} has no {endpoint}, which this sign-in method needs."),
        BySurface(
            translatable(
                "Check the issuer, set “More options › {field}”, or choose another sign-in "
                "method in your profile."
            ),
            translatable(
                "Check the issuer, set {option}, or choose another --grant with “xdr-login "
                "profiles edit NAME”."
            ),
        ),
        remedies=_EDIT_FIRST,
    ),
    errors.WrongIssuer: _row(
        translatable("The response came from another server"),
        (
            translatable(
                "Your browser returned a response from “{found}”, but XDR Login expected one "
                "from “{expected}”."
            ),
            translatable(
                "Your browser returned a response that doesn't name its server. XDR Login "
                "expected “{expected}”."
            ),
        ),
        translatable("XDR Login ignored the response. Sign in again."),
        translatable("If it happens again, tell your administrator."),
        remedies=(Remedy.SIGN_IN_AGAIN, Remedy.EDIT_PROFILE),
    ),
    errors.NotApprovedInTime: _row(
        translatable("Not approved in time"),
        translatable("Your browser didn't return to XDR Login."),
        _APPROVE_IN_BROWSER,
        remedies=(Remedy.SIGN_IN_AGAIN,),
    ),
    errors.NothingThere: _row(
        translatable("Nothing at this address ({status})"),
        translatable("{host} doesn't accept requests at {address}."),
        _SERVER_SAYS,
        translatable("Check the issuer and the endpoints in your profile."),
        remedies=_EDIT_FIRST,
    ),
    errors.NoUsableToken: _row(
        translatable("No usable token received"),
        translatable("{host} reported success, but sent no usable token: {detail}."),
        _SERVER_SAYS,
        _FAULT_OF_SERVER,
        translatable("A code or approval works only once, so sign in again."),
        remedies=(Remedy.SIGN_IN_AGAIN, Remedy.EDIT_PROFILE),
    ),
    errors.UnsupportedTokenType: _row(
        translatable("Unsupported token type"),
        translatable("{host} issued a token of type “{token_type}”, which XDR Login can't use."),
        translatable(
            "The server decides which type it issues. Ask its administrator to issue bearer "
            "tokens to your client, then sign in again."
        ),
        remedies=(Remedy.SIGN_IN_AGAIN, Remedy.EDIT_PROFILE),
    ),
    errors.TokenNotBound: _row(
        translatable("The token is not bound to this computer"),
        translatable(
            "{host} issued a bearer token, but this profile accepts only bound tokens (DPoP)."
        ),
        translatable(
            "Ask the server's administrator to bind the tokens of your client, then sign in again."
        ),
        remedies=(Remedy.SIGN_IN_AGAIN, Remedy.EDIT_PROFILE),
    ),
    errors.BindingNotOffered: _row(
        translatable("The server doesn't bind tokens"),
        translatable(
            "This profile accepts only bound tokens (DPoP), but the metadata of {host} doesn't "
            "offer them."
        ),
        BySurface(
            translatable("Ask the server's administrator, or change “{field}” in your profile."),
            translatable(
                "Ask the server's administrator, or run “xdr-login profiles edit NAME --dpop auto”."
            ),
        ),
        member="dpop",
        remedies=(Remedy.EDIT_PROFILE, Remedy.TRY_AGAIN),
    ),
    errors.CodeExpired: _row(
        translatable("The code has expired"),
        (
            translatable(
                "XDR Login couldn't check whether you approved the sign-in. {cause}. {cause_advice}"
            ),
            translatable("The sign-in wasn't approved in time."),
        ),
        _NEW_CODE,
        remedies=(Remedy.NEW_CODE,),
    ),
    errors.ExpiredToken: _row(
        translatable("The code has expired"),
        translatable("The server no longer accepts this code."),
        _NEW_CODE,
        remedies=(Remedy.NEW_CODE,),
    ),
    errors.AccessDenied: _row(
        translatable("Sign-in denied"),
        (
            translatable("Someone selected Deny on the approval page for code {code}."),
            translatable("Someone selected Deny on the approval page."),
        ),
        translatable("If that wasn't you, tell your administrator."),
        _SERVER_SAYS,
        remedies=(Remedy.SIGN_IN_AGAIN,),
    ),
    errors.InvalidClient: _row(
        translatable("Client ID not recognized"),
        translatable("{host} doesn't recognize this client ID, or the {secret} is wrong."),
        (
            translatable(
                "Check the region first: a client works only in the region where it was created. "
                "Your profile uses {region}."
            ),
            translatable("Check the client ID, the {secret} and the issuer in your profile."),
        ),
        _SERVER_SAYS,
        remedies=_EDIT_FIRST,
    ),
    errors.UnauthorizedClient: _row(
        translatable("Sign-in method not allowed"),
        translatable(
            "Choose another sign-in method in your profile, or ask your administrator to allow "
            "this one for your client."
        ),
        _SERVER_SAYS,
        remedies=_TRY_FIRST,
    ),
    errors.UnsupportedGrantType: _row(
        translatable("Sign-in method not available"),
        translatable("{host} doesn't support this sign-in method."),
        translatable("Choose another sign-in method in your profile."),
        _SERVER_SAYS,
        remedies=_TRY_FIRST,
    ),
    errors.InvalidScope: _row(
        translatable("The server rejected a scope"),
        translatable(
            "Your profile requests a scope that the server doesn't know or your client isn't "
            "allowed to have."
        ),
        translatable("Correct the scopes in your profile."),
        _SERVER_SAYS,
        remedies=_EDIT_FIRST,
    ),
    errors.InvalidGrant: _row(
        translatable("The code is no longer valid"),
        (_SERVER_SAYS, translatable("The code was used or revoked.")),
        _NEW_CODE,
        remedies=(Remedy.NEW_CODE,),
    ),
    errors.ApprovalLost: _row(
        translatable("The approval is no longer valid"),
        translatable("The approval was already used or has expired. Sign in again."),
        _SERVER_SAYS,
        remedies=(Remedy.SIGN_IN_AGAIN,),
    ),
    errors.InvalidRequest: _row(
        translatable("The server rejected the request"),
        translatable("Your profile may be missing a parameter that {host} requires."),
        _SERVER_SAYS,
        translatable("Check the extra parameters in your profile."),
        remedies=_TRY_FIRST,
    ),
    errors.UnknownTenant: _row(
        translatable("Organization not found"),
        translatable("{host} has no organization (tenant) with the ID in your issuer."),
        translatable("Correct the issuer in your profile: it contains the tenant ID."),
        _SERVER_SAYS,
        remedies=_EDIT_FIRST,
    ),
    errors.ForbiddenByPolicy: _row(
        translatable("Your organization doesn't allow this"),
        translatable("Your organization's policy blocks this kind of sign-in."),
        translatable("Ask your administrator for an exception."),
        _SERVER_SAYS,
    ),
    errors.ProofRejected: _row(
        translatable("The server rejected the proof"),
        translatable(
            "Your token is bound to a key of this computer (DPoP), but {host} doesn't accept the "
            "proof of it. If this computer's clock is wrong, correct it, then try again."
        ),
        _SERVER_SAYS,
        remedies=(Remedy.TRY_AGAIN, Remedy.SIGN_IN_AGAIN),
    ),
    errors.InvalidToken: _row(
        translatable("The token is no longer accepted"),
        translatable("{host} says that the token has expired or was revoked. Sign in again."),
        _SERVER_SAYS,
        remedies=(Remedy.SIGN_IN_AGAIN,),
    ),
    errors.InsufficientScope: _row(
        translatable("The token doesn't allow this"),
        translatable(
            "{host} requires a scope that this token doesn't have, or a policy forbids it."
        ),
        translatable("Add the scope to your profile, then sign in again."),
        _SERVER_SAYS,
        remedies=(Remedy.SIGN_IN_AGAIN, Remedy.EDIT_PROFILE),
    ),
    errors.NotRevocable: _row(
        translatable("The token can't be revoked"),
        translatable("{host} can't revoke this kind of token. Copies work until it expires."),
    ),
    errors.AuthorizationPending: _row(
        translatable("Not approved yet"),
        translatable("The server is still waiting for your approval."),
        _APPROVE_IN_BROWSER,
        remedies=(Remedy.SIGN_IN_AGAIN,),
    ),
    errors.SlowDown: _row(
        translatable("Too many requests"),
        translatable("Wait 30 seconds, then try again."),
        remedies=(Remedy.SIGN_IN_AGAIN,),
    ),
    errors.ErrorResponse: _row(
        translatable("The server rejected the sign-in"),
        translatable("{host} responded with “{error}”."),
        _SERVER_SAYS,
        translatable("Try again. If it fails again, send the details to your administrator."),
    ),
    errors.OAuthError: _row(translatable("Sign-in failed"), _TRY_AGAIN, _CHECK_PROFILE),
}

# What the numbers of Microsoft Entra say, where that is more than their kind of error.

_MANAGED_DEVICE = _row(
    translatable("A managed device is required"),
    translatable("Your organization allows this sign-in only on a device that it manages."),
    translatable(
        "If you sign in with a code, choose the sign-in method “Browser on this computer” in "
        "your profile. Otherwise, ask your administrator."
    ),
    _SERVER_SAYS,
    remedies=_TRY_FIRST,
)
_MORE_VERIFICATION = _row(
    translatable("More verification is required"),
    translatable("Your organization requires another step, such as multi-factor authentication."),
    translatable("Sign in again and complete this step in your browser."),
    _SERVER_SAYS,
    remedies=(Remedy.SIGN_IN_AGAIN,),
)
_NEEDS_CONSENT = _row(
    translatable("This app needs consent"),
    translatable("No one has consented to the permissions that your profile requests."),
    translatable("Ask your administrator to grant consent to this client ID."),
    _SERVER_SAYS,
    remedies=(Remedy.SIGN_IN_AGAIN, Remedy.EDIT_PROFILE),
)
_UNKNOWN_ACCOUNT = _row(
    translatable("Your account isn't in this organization"),
    translatable("{host} doesn't know this account in the organization of your profile."),
    translatable("Sign in with another account, or check the issuer in your profile."),
    _SERVER_SAYS,
    remedies=(Remedy.SIGN_IN_AGAIN, Remedy.EDIT_PROFILE),
)
_PASSWORD_CHANGED = _row(
    translatable("Your password has changed"),
    translatable("Your password has changed or expired since you signed in."),
    translatable("Sign in again."),
    _SERVER_SAYS,
    remedies=(Remedy.SIGN_IN_AGAIN,),
)
_SIGN_IN_REGULARLY = _row(
    translatable("Time to sign in again"),
    translatable("Your organization requires you to sign in again regularly."),
    translatable("Sign in again."),
    _SERVER_SAYS,
    remedies=(Remedy.SIGN_IN_AGAIN,),
)
_UNKNOWN_RESOURCE = _row(
    translatable("The server rejected a scope"),
    translatable("Your profile requests a scope of an app that your organization doesn't have."),
    translatable("Correct the scopes in your profile, or ask your administrator to add the app."),
    _SERVER_SAYS,
    remedies=_EDIT_FIRST,
)
_UNKNOWN_APP = _row(
    translatable("Client ID not recognized"),
    translatable("The organization of your profile has no app with this client ID."),
    translatable("Check the client ID, and the tenant ID in the issuer."),
    _SERVER_SAYS,
    remedies=_EDIT_FIRST,
)
_ENTER_SECRET = BySurface(
    translatable("Enter the current client secret in your profile, then try again."),
    translatable(
        "Enter the current client secret with “xdr-login profiles edit NAME "
        "--client-secret-stdin”, then try again."
    ),
)

_ENTRA_ROWS: dict[str, Row] = {
    "530084": _row(
        translatable("Token protection is required"),
        translatable(
            "Your organization accepts only tokens that are bound to a device (token protection). "
            "XDR Login can't get such tokens."
        ),
        translatable("Ask your administrator to exempt this app from token protection."),
        _SERVER_SAYS,
    ),
    **dict.fromkeys(("53000", "53001", "53002", "530002", "530003", "50097"), _MANAGED_DEVICE),
    **dict.fromkeys(("50072", "50074", "50076", "50079", "50158", "500121"), _MORE_VERIFICATION),
    **dict.fromkeys(("65001", "90094", "90095"), _NEEDS_CONSENT),
    **dict.fromkeys(("50020", "50034", "90072"), _UNKNOWN_ACCOUNT),
    **dict.fromkeys(("50055", "50132", "50133", "50135", "50144", "50173"), _PASSWORD_CHANGED),
    **dict.fromkeys(("50078", "70043", "70044", "700084"), _SIGN_IN_REGULARLY),
    **dict.fromkeys(("500011", "650053"), _UNKNOWN_RESOURCE),
    **dict.fromkeys(("700016", "70001", "700038", "7000229"), _UNKNOWN_APP),
    "50057": _row(
        translatable("Your account is disabled"),
        translatable("Your organization has disabled the account that you signed in with."),
        translatable("Ask your administrator, or sign in with another account."),
        _SERVER_SAYS,
        remedies=(Remedy.SIGN_IN_AGAIN,),
    ),
    "50105": _row(
        translatable("You're not assigned to this app"),
        translatable("Your organization lets only assigned users sign in to this app."),
        translatable("Ask your administrator to assign you to this app."),
        _SERVER_SAYS,
        remedies=(Remedy.SIGN_IN_AGAIN,),
    ),
    "50126": _row(
        translatable("Wrong user name or password"),
        translatable("The server didn't accept your user name or password."),
        translatable("Sign in again."),
        _SERVER_SAYS,
        remedies=(Remedy.SIGN_IN_AGAIN,),
    ),
    "700082": _row(
        translatable("Your sign-in went unused for too long"),
        translatable("Your sign-in went unused for too long, so it has expired."),
        translatable("Sign in again."),
        _SERVER_SAYS,
        remedies=(Remedy.SIGN_IN_AGAIN,),
    ),
    "7000215": _row(
        translatable("The client secret is wrong"),
        translatable("{host} recognizes this client ID, but not its secret."),
        _ENTER_SECRET,
        translatable("Microsoft Entra expects the secret's value, not its ID."),
        _SERVER_SAYS,
        remedies=_EDIT_FIRST,
    ),
    "7000222": _row(
        translatable("The client secret has expired"),
        translatable("The server no longer accepts this client secret."),
        translatable(
            "Create another client secret in Microsoft Entra, or ask your administrator for one."
        ),
        _ENTER_SECRET,
        _SERVER_SAYS,
        remedies=_EDIT_FIRST,
    ),
    "7000218": _row(
        translatable("This client needs a secret"),
        translatable("{host} doesn't accept this client without a client secret."),
        translatable("Allow public client flows for the app in Microsoft Entra."),
        BySurface(
            translatable("Or enter the client secret in your profile, then try again."),
            translatable(
                "Or enter the client secret with “xdr-login profiles edit NAME "
                "--client-secret-stdin”, then try again."
            ),
        ),
        _SERVER_SAYS,
        remedies=_EDIT_FIRST,
    ),
    errors.PUBLIC_CLIENT: _row(
        translatable("This client doesn't use a secret"),
        translatable("{host} says that this client is public, but your profile has a secret."),
        BySurface(
            translatable("Remove the client secret from your profile, then try again."),
            translatable(
                "Remove the client secret: “xdr-login profiles edit NAME --client-secret-stdin” "
                "with an empty line. Then try again."
            ),
        ),
        _SERVER_SAYS,
        remedies=_EDIT_FIRST,
    ),
}

_UNEXPECTED = _row(
    translatable("Something went wrong in XDR Login"),
    _TRY_AGAIN,
    translatable(
        "If it keeps happening, open an issue at github.com/xdr-login/xdr-login and attach the "
        "report from the log folder. The report contains no secrets."
    ),
)

_ROWS: dict[type[BaseException], Row] = {
    **_KEYRING_ROWS,
    **_SESSION_ROWS,
    **_PROFILE_ROWS,
    **_PROXY_ROWS,
    **_CONNECTION_ROWS,
    **_SERVER_ROWS,
    Exception: _UNEXPECTED,
}
