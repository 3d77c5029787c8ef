"""What the pages on top of the view say: pure functions, no Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.services.wording.formats import format_duration

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from desktop.oauth.app_grant import AppGrant
    from desktop.services.model.profile import Profile
    from desktop.services.session.token_permission import PermissionRequest
    from desktop.services.session.token_recipients import TokenRecipient
    from desktop.services.system.processes import Program
    from desktop.services.token.details import Claim, ScopeStatus, TokenDetails


def locked(source: str) -> str:
    """Why a setting cannot be changed."""
    return f"Set by your administrator, so it cannot be changed here ({source})."


# The details

NOT_VERIFIED = "Read from the token, not verified."
HIDDEN = "Whoever has it can act as you until it expires."
SHOWN = (
    "It hides itself after 20 seconds. Copying takes all of it, and takes it back from the "
    "clipboard later."
)
NO_LONGER_VALID = "There is no valid token to show."
NO_SERVER_ANSWER = "This server has no answer to that."
NO_CLAIMS = "This token says nothing that can be read: only the server knows what it means."


def exact_time(at: datetime) -> str:
    """`at` in the zone of the person, with its seconds and the name of the zone."""
    local = at.astimezone()
    return f"{local.day} {local:%B %Y, %H:%M:%S} {local.tzname()}"


def times(details: TokenDetails) -> tuple[tuple[str, str], ...]:
    """When the token was issued, ends, and is renewed."""
    if not details.renewable:
        renews = "not by itself"
    elif details.renews_at is None:
        renews = "when it is next used"
    else:
        renews = exact_time(details.renews_at)
    return (
        ("Issued", exact_time(details.issued_at)),
        ("Expires", "never" if details.expires_at is None else exact_time(details.expires_at)),
        ("Renews", renews),
    )


def parties(details: TokenDetails) -> tuple[tuple[str, str], ...]:
    """Who issued the token to whom, and where."""
    return (
        ("Token type", details.token_type),
        ("Client ID", details.client_id),
        ("Issuer", details.issuer),
        *details.endpoints,
    )


def claim_value(claim: Claim) -> str:
    """What a claim says; an instant in the zone of the person, with the number that it was."""
    return claim.value if claim.at is None else f"{exact_time(claim.at)} ({claim.value})"


def about_claims(details: TokenDetails) -> str:
    """How far the claims can be trusted."""
    if not details.claims:
        return NO_CLAIMS
    clock = " Times are by the server's clock." if details.clock_offset else ""
    return f"{NOT_VERIFIED}{clock}"


def scope_cells(scope: ScopeStatus) -> tuple[str, str]:
    """A row of the table of scopes: what was asked for, and what was granted."""
    asked = "left to the server" if scope.requested is None else "+ not asked for"
    return (
        scope.name if scope.requested else asked,
        f"✓ {scope.name}" if scope.granted else "✕ not granted",
    )


def spoken_scope(scope: ScopeStatus) -> str:
    """The same row for a screen reader."""
    if scope.requested is None:
        return f"{scope.name}: granted, as the server decided"
    if scope.requested and scope.granted:
        return f"{scope.name}: asked for and granted"
    return (
        f"{scope.name}: {'asked for, not granted' if scope.requested else 'granted, not asked for'}"
    )


# The programs that get the token

RECIPIENTS = "Programs that got this token"
_MAX_RECIPIENTS = 12  # on the page; `xdr-login status --json` has all
PERMISSION_TITLE = "A program wants your token"
PERMISSION_QUESTION = "May this program have your token?"
PERMISSION_NOTE = (
    "With it, it can act as you until the token expires. Refuse if you did not start it. Without "
    "an answer within a minute it gets none."
)


def recipient_rows(hand_outs: tuple[TokenRecipient, ...]) -> tuple[tuple[str, str], ...]:
    """When which program got the token, the latest first."""
    return tuple(
        (_time_of_day(each.at), _program_text(each.program)) for each in hand_outs[:_MAX_RECIPIENTS]
    )


def about_recipients(hand_outs: tuple[TokenRecipient, ...]) -> str:
    """What the list is, or that it is empty."""
    if not hand_outs:
        return "None since XDR Login was started. “xdr-login token” asks for it."
    if len(hand_outs) > _MAX_RECIPIENTS:
        return "The latest; “xdr-login status --json” lists more."
    return ""


def permission_request_rows(question: PermissionRequest) -> tuple[tuple[str, str], ...]:
    """What is known of who asks, and for what."""
    program = question.program
    rows = (
        ("Program", program.name),
        ("Where it is", program.path or "The system does not tell"),
        ("Runs in", program.interpreter),
        ("Process", str(program.pid or "")),
        ("Profile", question.profile_name),
    )
    return tuple(row for row in rows if row[1])


def spoken_permission_request(question: PermissionRequest) -> str:
    """The question for a screen reader."""
    return (
        f"{PERMISSION_QUESTION} {question.program.name}, for {question.profile_name}. "
        f"{PERMISSION_NOTE}"
    )


def _program_text(program: Program) -> str:
    where = f"\n{program.path}" if program.path and program.path != program.name else ""
    return f"{program.name}{where}"


def _time_of_day(at: datetime) -> str:
    return f"{at.astimezone():%H:%M:%S}"


GRANTED = "Granted to this app"
ABOUT_GRANT = "What you approved holds for this app on all your computers."
CONFIRM_REVOKE = "Revoke on all computers?"
SPOKEN_CONFIRM_REVOKE = (
    "Revoke on all computers? Press again to end all that you granted this app, on all of them. "
    "You are signed out then."
)


def grant_rows(grant: AppGrant) -> tuple[tuple[str, str], ...]:
    """What the server says of a grant."""
    if not grant.granted:
        return (("This app may", "nothing"),)
    since = "the server does not say" if grant.since is None else exact_time(grant.since)
    return (
        ("This app may", ", ".join(grant.scope) or "the server does not say what"),
        ("Since", since),
    )


# The settings

ASK_FOR_TOKENS = (
    "Scripts get it with “xdr-login token”. A window then asks which may; without one they get "
    "none."
)
AT_LOGIN = "Then a token is at hand before it is needed."
START_HIDDEN = "The window stays closed until you open it from the tray."
NOTIFICATIONS = "Of what needs you while the window is out of sight. Never with a secret."
THEME = "Light or dark."
BROWSER = "Where you approve the sign-in."
DEFAULT_BROWSER = "As the system"
THEMES = {"system": "As the system", "light": "Light", "dark": "Dark"}
IN_USE = "It is in use while this window is in sight, and for this long after it was copied."
CLIPBOARD = "A token that was copied is taken back, if it is still there."

_TYPICAL_LIFETIME = 600.0  # seconds: of a token of Cisco XDR
# A renewal comes in the last fifth of the lifetime, at a moment that is left to chance.
_TYPICAL_RENEWAL_SHARE = 0.89
_DAY = 86400.0  # seconds


def cost_of_keeping_fresh(lifetime: float | None, profile: Profile | None) -> str:
    """What it costs to renew all day. `lifetime` in seconds, of the token that there is."""
    between = max(60.0, (lifetime or _TYPICAL_LIFETIME) * _TYPICAL_RENEWAL_SHARE)
    daily = _DAY / between
    count = round(daily, -1) if daily >= 100 else max(1, round(daily))
    shared = (
        " All computers of your organization share 8,000 an hour."
        if profile is not None and profile.scope_guide == "xdr"
        else ""
    )
    return (
        f"Costs one request every {format_duration(between)} on each computer, day and night: "
        f"about {count:.0f} a day.{shared}"
    )


def browser_not_started(*, opened: bool) -> str:
    """That the browser which was chosen in the settings was not to be had."""
    if opened:
        return "The browser from your settings could not be started; the usual one was opened."
    return "No browser could be started. Copy the link and open it yourself."


def setting_not_saved(error: OSError, *, at_login: bool) -> str:
    """Why a setting could not be kept, in words."""
    why = error.strerror or str(error) or "no reason was given"
    if at_login:
        return f"Starting at login could not be changed: {why}."
    return f"The settings hold until you quit, but could not be saved: {why}."


def settings_unreadable(file: Path, why: str, *, kept: Path) -> str:
    """That the usual settings hold, and what becomes of the file."""
    from desktop.oauth.errors import printable

    return (
        f"The settings in {file} could not be read ({printable(why)}), so the usual ones hold. "
        f"When you change one here the file begins anew; the broken one is kept as {kept.name} "
        "beside it."
    )
