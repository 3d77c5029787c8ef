"""The words for what goes wrong with a server: the first part of the one table."""

from desktop.oauth import errors
from desktop.services.wording.durations import format_duration
from desktop.services.wording.field_names import field_reference
from desktop.services.wording.message_rows import (
    EDIT_PROFILE_FIRST,
    TRY_AGAIN_FIRST,
    MessageRow,
    Remedy,
)
from desktop.services.wording.proxy_messages import PROXY_ROWS


def _declined_text(_error: errors.AccessDenied, user_code: str) -> str:
    code = f" for code {user_code}" if user_code else ""
    return (
        f"Someone pressed Deny on the approval page{code}. "
        "If that was not you, tell your administrator."
    )


def quoted_server_message(error: errors.ErrorResponse) -> str:
    """What the server added in its own words, as a sentence; empty for nothing."""
    return f" The server says: “{error.description}”" if error.description else ""


def _unknown_client_text(error: errors.ErrorResponse, _user_code: str) -> str:
    return (
        f"{error.host} does not know this client ID, or the client password is wrong. "
        "A client of one region is unknown in the others: check the region first."
        f"{quoted_server_message(error)}"
    )


def _expected_issuer_hint(error: errors.MetadataMismatch) -> str:
    # An address that differs is another server; a text is how some name themselves.
    if "://" in error.found or "://" not in error.expected:
        return ""
    return (
        f" If the server is known to name itself so, put “{error.found}” into "
        f"{field_reference('expected_issuer')} too."
    )


SERVER_ROWS: dict[type[BaseException], MessageRow] = {
    **PROXY_ROWS,
    # The link to the server
    errors.TransportFailure: MessageRow(
        "The server cannot be reached",
        lambda e, _: f"No connection to {e.host}. Check your network, VPN or proxy.",
    ),
    errors.HostNotFound: MessageRow(
        "The server was not found",
        lambda e, _: (
            f"The name {e.host} is not known on this network. Check your network or VPN, "
            "and the address in your profile."
        ),
    ),
    errors.CertificateRejected: MessageRow(
        "The connection is not trusted",
        lambda e, _: (
            f"This computer does not trust the certificate of {e.host}. If your network inspects "
            "traffic, its authority must be installed on this computer, or its file be named in "
            f"your profile as {field_reference('ca_file')}: ask your administrator."
        ),
        TRY_AGAIN_FIRST,
    ),
    errors.AuthorityUnusable: MessageRow(
        "The certificate file cannot be used",
        lambda e, _: (
            f"{e.where} should hold the authorities that your network needs: {e.reason}. "
            f"Correct {field_reference('ca_file')} in your profile, or ask your administrator."
        ),
        EDIT_PROFILE_FIRST,
    ),
    errors.NoAnswerInTime: MessageRow(
        "The server does not answer",
        lambda e, _: f"{e.host} did not answer in time. Check your network, VPN or proxy.",
    ),
    errors.PageInsteadOfAnswer: MessageRow(
        "A page answered instead of the server",
        lambda e, _: (
            f"Your network, or a proxy in it, answered for {e.host} with a web page"
            f"{f' that leads to {e.by}' if e.by else ''}. "
            "Open a browser and sign in to the network first."
        ),
    ),
    errors.CaptivePortal: MessageRow(
        "Your network wants you to sign in first",
        lambda e, _: (
            f"It shows a page{f' of {e.by}' if e.by else ''} in place of every other, "
            f"so {e.host} cannot be reached. Open any page in your browser, sign in to the network "
            "there, then try again."
        ),
    ),
    errors.UnexpectedRedirect: MessageRow(
        "The server points elsewhere",
        lambda e, _: (
            f"{e.host} redirects to {e.by or 'another address'}. That is never followed, because "
            "it would carry your code there. Your network may want you to sign in to it first."
        ),
        TRY_AGAIN_FIRST,
    ),
    errors.AnswerTooLarge: MessageRow(
        "The answer is too large",
        lambda e, _: f"{e.host} sent more than a sign-in server does. Check the address.",
        TRY_AGAIN_FIRST,
    ),
    errors.UnusableAnswer: MessageRow(
        "The answer makes no sense",
        lambda e, _: (
            f"{e.host} did not answer as a sign-in server does"
            f"{f' ({e.detail})' if e.detail else ''}. Check the address in your profile."
        ),
        TRY_AGAIN_FIRST,
    ),
    errors.Throttled: MessageRow(
        "Too many requests",
        lambda e, _: (
            f"{e.host} has had too many requests from your organization and asks to wait"
            f"{f' {format_duration(e.retry_after)}' if e.retry_after else ''}."
        ),
    ),
    errors.ServerFault: MessageRow(
        "The server has a problem",
        lambda e, _: f"{e.host} cannot answer just now. Try again in a few minutes.",
    ),
    errors.Trouble: MessageRow(
        "The server cannot be used just now",
        lambda e, _: f"Something went wrong on the way to {e.host}.",
    ),
    # The profile does not fit the server
    errors.UnsafeAddress: MessageRow(
        "An address was refused",
        lambda e, _: (
            f"“{e.address}” is not safe to use: {e.reason}. It comes from the server or from your "
            "profile: check the profile, and tell your administrator if it is right."
        ),
        TRY_AGAIN_FIRST,
    ),
    errors.MetadataMismatch: MessageRow(
        "The server speaks for someone else",
        lambda e, _: (
            f"{e.host} should describe “{e.expected}” but describes “{e.found}”. "
            f"Check the address in your profile.{_expected_issuer_hint(e)}"
        ),
        EDIT_PROFILE_FIRST,
    ),
    errors.MissingEndpoint: MessageRow(
        "The server does not offer this sign-in",
        lambda e, _: (
            f"{e.host} names no {e.endpoint}. Check the address, give it in your profile as "
            f"{field_reference(e.endpoint)}, or choose another way to sign in there."
        ),
        EDIT_PROFILE_FIRST,
    ),
    errors.WrongIssuer: MessageRow(
        "Another server answered in your browser",
        lambda e, _: (
            f"The answer should come from “{e.expected}” but "
            f"{f'names “{e.found}”' if e.found else 'names nobody'}. It was not used. Sign in "
            "again, and tell your administrator if it happens again."
        ),
        (Remedy.SIGN_IN_AGAIN, Remedy.EDIT_PROFILE),
    ),
    errors.NotApprovedInTime: MessageRow(
        "Nobody approved it in time",
        "Your browser did not come back here. Nothing is wrong: sign in again and approve there.",
        (Remedy.SIGN_IN_AGAIN,),
    ),
    errors.UnsupportedTokenType: MessageRow(
        "This token cannot be used",
        lambda e, _: f"{e.host} issued a token of type “{e.token_type}”, not a bearer token.",
        TRY_AGAIN_FIRST,
    ),
    # What the server answered
    errors.CodeExpired: MessageRow(
        "The code has expired",
        "Nobody approved it in time. Nothing is wrong: get a new code and approve that one.",
        (Remedy.NEW_CODE,),
    ),
    errors.ExpiredToken: MessageRow(
        "The code has expired",
        "The server has retired it. Nothing is wrong: get a new code and approve that one.",
        (Remedy.NEW_CODE,),
    ),
    errors.AccessDenied: MessageRow(
        "The sign-in was declined", _declined_text, (Remedy.SIGN_IN_AGAIN,)
    ),
    errors.InvalidClient: MessageRow(
        "The client is not known here", _unknown_client_text, EDIT_PROFILE_FIRST
    ),
    errors.UnauthorizedClient: MessageRow(
        "This client may not sign in this way",
        lambda e, _: (
            "An administrator has to allow it for this client, or you choose another way to sign "
            f"in in your profile.{quoted_server_message(e)}"
        ),
        TRY_AGAIN_FIRST,
    ),
    errors.UnsupportedGrantType: MessageRow(
        "The server does not offer this sign-in",
        lambda e, _: (
            f"{e.host} refuses it: choose another way to sign in in your "
            f"profile.{quoted_server_message(e)}"
        ),
        TRY_AGAIN_FIRST,
    ),
    errors.InvalidScope: MessageRow(
        "A scope was refused",
        lambda e, _: (
            "The profile asks for a scope that the server does not know or this client may not "
            f"have.{quoted_server_message(e)}"
        ),
        EDIT_PROFILE_FIRST,
    ),
    errors.InvalidGrant: MessageRow(
        "The code is no longer valid",
        "The server does not know it any more: it was used, or revoked. Get a new one.",
        (Remedy.NEW_CODE,),
    ),
    errors.ApprovalLost: MessageRow(
        "The approval is no longer valid",
        lambda e, _: (
            "The server does not take what it sent to your browser: it was used, or took too long. "
            f"Sign in again.{quoted_server_message(e)}"
        ),
        (Remedy.SIGN_IN_AGAIN,),
    ),
    errors.InvalidRequest: MessageRow(
        "The server misses something",
        lambda e, _: (
            f"{e.host} did not accept the request. The profile may lack a parameter that it wants."
            f"{quoted_server_message(e)}"
        ),
        TRY_AGAIN_FIRST,
    ),
    errors.ForbiddenByPolicy: MessageRow(
        "Your organization does not allow this",
        lambda e, _: (
            "A policy of your organization forbids this kind of sign-in. "
            f"Ask your administrator.{quoted_server_message(e)}"
        ),
    ),
    errors.InvalidToken: MessageRow(
        "The token is no longer accepted",
        lambda e, _: (
            f"For {e.host} it has expired or was revoked. Sign in again.{quoted_server_message(e)}"
        ),
        (Remedy.SIGN_IN_AGAIN,),
    ),
    errors.InsufficientScope: MessageRow(
        "The token may not do this",
        lambda e, _: (
            f"{e.host} asks for a scope that this token was not granted, or a policy forbids it. "
            f"Add the scope to your profile and sign in again.{quoted_server_message(e)}"
        ),
        (Remedy.SIGN_IN_AGAIN, Remedy.EDIT_PROFILE),
    ),
    errors.NotRevocable: MessageRow(
        "The token cannot be revoked",
        lambda e, _: (
            f"{e.host} does not revoke tokens of this kind: it is valid there until it expires."
        ),
    ),
    errors.AuthorizationPending: MessageRow(
        "Not approved yet",
        "The server still waits for the approval.",
        (Remedy.SIGN_IN_AGAIN,),
    ),
    errors.SlowDown: MessageRow(
        "Asked too often",
        lambda e, _: f"{e.host} wants to be asked less often. Wait a moment.",
        (Remedy.SIGN_IN_AGAIN,),
    ),
    errors.ErrorResponse: MessageRow(
        "The server refused the sign-in",
        lambda e, _: (
            f"{e.host} answered “{e.error}”.{quoted_server_message(e)} "
            "Give your administrator the details if it happens again."
        ),
    ),
    errors.OAuthError: MessageRow("The sign-in did not work", "Try again."),
}
