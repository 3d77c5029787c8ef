"""Texts of the pages on top of the view: pure functions, no Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.services.model.access_token import BOUND
from desktop.services.system.translation import (
    isolated,
    translatable,
    translate,
    translate_plural,
)
from desktop.services.wording.formats import (
    format_clock_time,
    format_countdown,
    format_exact_time,
    format_pasted,
    join_sentences,
)

if TYPE_CHECKING:
    from pathlib import Path

    from desktop.oauth.grants.app_grant import AppGrant
    from desktop.services.model.profile import Profile
    from desktop.services.session.token_permission import PermissionRequest
    from desktop.services.session.token_recipients import TokenRecipient
    from desktop.services.system.processes import Program
    from desktop.services.token.details import Claim, ScopeStatus, TokenDetails


def locked(source: str) -> str:
    return translate("Managed by your administrator ({source}).", source=source)


# The details

NOT_VERIFIED = translatable("Read from the token, not verified.")
NOT_VERIFIED_SERVER_TIMES = translatable(
    "Read from the token, not verified. Times are by the server's clock."
)
HIDDEN = translatable("Anyone with this token can act as you until it expires.")
SHOWN = translatable("Hides again in 20 seconds.")
NO_LONGER_VALID = translatable("There's no valid token to show. Renew it or sign in again.")
ONLY_COPIED = translatable(
    "This profile asks you to confirm that it's you each time. Copy the token instead."
)
NO_SERVER_ANSWER = translatable("This server doesn't provide this information.")
NO_CLAIMS = translatable("Only the server can read this token, so there are no claims to show.")


def times(details: TokenDetails) -> tuple[tuple[str, str], ...]:
    """When the token was issued, expires, and is renewed."""
    if not details.renewable:
        renews = translate("Not automatically")
    elif details.renews_at is None:
        renews = translate("When you copy the token")
    else:
        renews = format_exact_time(details.renews_at)
    expires_at = details.expires_at
    return (
        (translate("Issued"), format_exact_time(details.issued_at)),
        (translate("Expires"), format_exact_time(expires_at) if expires_at else translate("Never")),
        (translate("Renews"), renews),
    )


EXCHANGED = translatable("Tokens of other services")


def exchanged_rows(details: TokenDetails) -> tuple[tuple[str, str], ...]:
    """Which tokens are held for this one, and when they expire."""
    return tuple(
        (
            each.name,
            translate("Expires {time}", time=format_exact_time(each.expires_at))
            if each.expires_at
            else translate("Expires with your sign-in"),
        )
        for each in details.exchanged
    )


def parties(details: TokenDetails) -> tuple[tuple[str, str], ...]:
    """Who issued the token to whom, and where."""
    return (
        (translate("Token type"), _token_type(details.token_type)),
        (translate("Client ID"), details.client_id),
        (translate("Issuer"), details.issuer),
        *((translate(name), address) for name, address in details.endpoints),
    )


def _token_type(token_type: str) -> str:
    if token_type != BOUND:
        return token_type
    return translate("{type} (bound to this computer)", type=token_type)


def claim_value(claim: Claim) -> str:
    """The value of a claim; an instant in the local time zone, with its number."""
    return claim.value if claim.at is None else f"{format_exact_time(claim.at)} ({claim.value})"


def about_claims(details: TokenDetails) -> str:
    """How far the claims can be trusted."""
    if not details.claims:
        return translate(NO_CLAIMS)
    return translate(NOT_VERIFIED_SERVER_TIMES if details.clock_offset else NOT_VERIFIED)


def scope_cells(scope: ScopeStatus) -> tuple[str, str]:
    """A row of the table of scopes: requested and granted."""
    if scope.requested:
        requested = scope.name
    elif scope.requested is None:
        requested = translate("server's default")
    else:
        requested = translate("+ not requested")
    return requested, f"✓ {isolated(scope.name)}" if scope.granted else translate("✕ not granted")


def spoken_scope(scope: ScopeStatus) -> str:
    """The same row for a screen reader."""
    if scope.requested is None:
        return translate("{scope}: granted by the server's default", scope=scope.name)
    if not scope.requested:
        return translate("{scope}: granted, not requested", scope=scope.name)
    if scope.granted:
        return translate("{scope}: requested and granted", scope=scope.name)
    return translate("{scope}: requested, not granted", scope=scope.name)


def more_scopes(count: int) -> str:
    """How many scopes are not in the table."""
    return translate_plural(
        "{count} more. Select Copy details for the full list.",
        "{count} more. Select Copy details for the full list.",
        count,
    )


# The programs that get the token

RECIPIENTS = translatable("Recent token use")
_MAX_RECIPIENTS = 12  # on the page; `xdr-login status --json` has all
PERMISSION_TITLE = translatable("Allow access to your token?")


def permission_question(program: Program) -> str:
    if _is_unknown(program):
        return translate("Let an unknown program use your token?")
    return translate("Let {program} use your token?", program=program.name)


PERMISSION_NOTE = translatable(
    "The program can act as you until the token expires. Deny if you didn't start it."
)
ASKS_EVERY_TIME = translatable(
    "XDR Login can't tell which script or command this is, so it asks every time."
)
CONFIRM_NEXT = translatable(
    "If you allow access, your system asks for your password or fingerprint next."
)
FOR_TERMINAL_NOTE = translatable(
    "“In this terminal” covers every program in it until you close it or XDR Login locks."
)
ABOUT_FOR_TERMINAL = translatable(
    "Every program in this terminal, until you close it, XDR Login locks, or 12 hours pass."
)
_SPOKEN_TIMEOUT = translatable("If you don't answer within a minute, access is denied.")
DENIED_AFTER_A_MINUTE = translatable("Denied automatically after a minute.")


def permission_note(question: PermissionRequest) -> str:
    """What an answer means, and why it is not kept where that is so."""
    sentences = [translate(PERMISSION_NOTE)]
    if question.terminal_key is not None and question.can_be_remembered:
        sentences.append(translate(FOR_TERMINAL_NOTE))
    elif question.terminal_key is None and question.key is None:
        sentences.insert(0, translate(ASKS_EVERY_TIME))
    if question.presence != "never":
        sentences.append(translate(CONFIRM_NEXT))
    return join_sentences(*sentences)


def about_for_an_hour(question: PermissionRequest) -> str:
    """What the answer for an hour applies to."""
    return translate(
        "Only {program}, wherever it runs, until XDR Login locks.", program=question.program.name
    )


def denied_in(seconds: float) -> str:
    """Say when the question counts as denied."""
    return translate("Denied automatically in {time}.", time=format_countdown(seconds))


def recipient_rows(recipients: tuple[TokenRecipient, ...]) -> tuple[tuple[str, str], ...]:
    """When which program got the token, the latest first."""
    return tuple(
        (format_clock_time(each.at, seconds=True), _recipient_text(each))
        for each in recipients[:_MAX_RECIPIENTS]
    )


def about_recipients(recipients: tuple[TokenRecipient, ...]) -> str:
    """That the list is empty or not complete."""
    if not recipients:
        return translate("No program has used this token since XDR Login started.")
    if len(recipients) > _MAX_RECIPIENTS:
        return translate("These are the latest. “xdr-login status --json” lists more.")
    return ""


def permission_request_rows(question: PermissionRequest) -> tuple[tuple[str, str], ...]:
    """What is known about the program that asks, and for which profile."""
    program = question.program
    rows = (
        (translate("Program"), program.path or translate("Path unknown")),
        (translate("Runs in"), program.interpreter),
        (translate("Started by"), _starter(program)),
        (translate("Profile"), question.profile_name),
        (translate("Token"), question.exchange),
        (translate("Process ID"), str(program.pid or "")),
    )
    return tuple(row for row in rows if row[1])


def spoken_permission_request(question: PermissionRequest) -> str:
    """The question for a screen reader."""
    template = translatable("Let {program} use your token for {profile}?")
    if question.exchange and _is_unknown(question.program):
        template = translatable("Let an unknown program use your token “{token}” for {profile}?")
    elif question.exchange:
        template = translatable("Let {program} use your token “{token}” for {profile}?")
    elif _is_unknown(question.program):
        template = translatable("Let an unknown program use your token for {profile}?")
    ask = translate(
        template,
        program=question.program.name,
        token=question.exchange,
        profile=question.profile_name,
    )
    starter = _starter(question.program)
    by = translate("Started by {starter}.", starter=starter) if starter else ""
    return join_sentences(ask, by, permission_note(question), translate(_SPOKEN_TIMEOUT))


def _starter(program: Program) -> str:
    """What started the program, and the terminal in which that was; empty if unknown."""
    from desktop.services.system.terminal.terminal_session import app_name  # loaded already

    parent, terminal = app_name(program.parent), program.terminal
    if terminal is None:
        return parent
    if parent in {"", terminal.app}:
        return terminal.app or translate("A terminal")
    if not terminal.app:
        return translate("{program} in a terminal", program=parent)
    return translate("{program} in {terminal}", program=parent, terminal=terminal.app)


def _recipient_text(recipient: TokenRecipient) -> str:
    program = _program_text(recipient.program)
    if not recipient.exchange:
        return program
    return f"{program}\n{translate('Token: {name}', name=recipient.exchange)}"


def _program_text(program: Program) -> str:
    where = f"\n{program.path}" if program.path and program.path != program.name else ""
    name = translate(program.name) if _is_unknown(program) else program.name
    return f"{name}{where}"


def _is_unknown(program: Program) -> bool:
    from desktop.services.system.processes import UNKNOWN_PROGRAM  # loaded already

    return program == UNKNOWN_PROGRAM


GRANTED = translatable("Access you've granted")
ABOUT_GRANT = translatable("Applies on all your computers.")
CONFIRM_REVOKE = translatable("Revoke everywhere?")
SPOKEN_CONFIRM_REVOKE = translatable(
    "Revoke everywhere? This ends this app's access on all your computers and signs you out. Press "
    "again to revoke."
)


def grant_rows(grant: AppGrant) -> tuple[tuple[str, str], ...]:
    if not grant.granted:
        return ((translate("Granted scopes"), translate("Nothing")),)
    unknown = translate("Not reported by the server")
    since = unknown if grant.since is None else format_exact_time(grant.since)
    return (
        (translate("Granted scopes"), format_pasted(grant.scope) or unknown),
        (translate("Since"), since),
    )


# The settings

AT_LOGIN = translatable("So a token is ready when you need it.")
DEFAULT_BROWSER = translatable("System default")

_TYPICAL_LIFETIME = 600.0  # seconds: of a token of Cisco XDR
# A renewal comes at a random moment in the last fifth of the lifetime.
_TYPICAL_RENEWAL_SHARE = 0.89
_DAY = 86400.0  # seconds


def cost_of_keeping_fresh(lifetime: float | None, profile: Profile | None) -> str:
    """How many requests renewing all day takes. `lifetime` is the current token's, in seconds."""
    between = max(60.0, (lifetime or _TYPICAL_LIFETIME) * _TYPICAL_RENEWAL_SHARE)
    daily = _DAY / between
    count = round(daily, -1) if daily >= 100 else max(1, round(daily))
    text = translate_plural(
        "Uses about {count} request a day on this computer.",
        "Uses about {count} requests a day on this computer.",
        int(count),
    )
    if profile is not None and profile.scope_guide == "xdr":
        limit = translate("Your organization's limit is 8,000 an hour.")
        return join_sentences(text, limit)
    return text


def browser_not_started(*, opened: bool) -> str:
    """That the browser chosen in the settings could not be started."""
    if opened:
        return translate(
            "The browser from your settings couldn't be started, so your default browser was "
            "opened."
        )
    return translate("Couldn't open a browser. Copy the link and open it yourself.")


def setting_not_saved(error: OSError, *, at_login: bool) -> str:
    reason = error.strerror or str(error) or translate("unknown error")
    if at_login:
        return translate("Couldn't change “Start at login”: {reason}.", reason=reason)
    return translate(
        "Your settings apply until you quit, but couldn't be saved: {reason}.", reason=reason
    )


def settings_unreadable(file: Path, why: str, *, kept: Path) -> str:
    """That the defaults apply, and what becomes of the file."""
    from desktop.oauth.errors import printable

    return translate(
        "The settings in {file} couldn't be read ({reason}), so the defaults apply. If you "
        "change a setting here, a new file is written and the old one is kept as {backup}.",
        file=file,
        reason=printable(why),
        backup=kept.name,
    )
