"""The words for what goes wrong with a proxy: a part of the one table."""

from desktop.oauth import errors
from desktop.services.wording.field_names import PROXY_SIGN_IN
from desktop.services.wording.message_rows import (
    EDIT_PROFILE_FIRST,
    TRY_AGAIN_FIRST,
    MessageRow,
    Remedy,
)


def _proxy_name(error: errors.ProxyFailure) -> str:
    return f"The proxy {error.by}" if error.by else "The proxy"


def _detail_suffix(error: errors.ProxyUnusable) -> str:
    return f": {error.detail}" if error.detail else ""


def _proxy_message(error: errors.ProxyRefused) -> str:
    return f" It answered “{error.detail}”." if error.detail else ""


def _proxy_advice(error: errors.ProxyFailure, otherwise: str) -> str:
    """Who can change which proxy is used: what to do `otherwise`, where it is the person."""
    if not error.policy_source:
        return otherwise
    return (
        f"Your administrator has set this proxy ({error.policy_source}): only they can change it."
    )


def _remedies(error: errors.ProxyFailure) -> tuple[Remedy, ...]:
    return (Remedy.TRY_AGAIN,) if error.policy_source else TRY_AGAIN_FIRST


def _credentials_text(error: errors.ProxySignInNeeded, _user_code: str) -> str:
    return (
        f"{_proxy_name(error)} wants a user name and a password, and has none that it "
        "accepts. Put both "
        f"{PROXY_SIGN_IN}. Then try again."
    )


_CHECK_PROXY = "Check the proxy in your profile too, or in the settings of this computer."
_PROXY_REQUIREMENTS = (
    "Your profile or this computer names it; it needs an address such as "
    "http://proxy.example:3128, and SOCKS is not supported."
)

PROXY_ROWS: dict[type[BaseException], MessageRow] = {
    errors.ProxyFailure: MessageRow(
        "The proxy cannot be used",
        lambda e, _: (
            f"{_proxy_name(e)} did not connect you with {e.host}. "
            f"{_proxy_advice(e, 'Check your network settings.')}"
        ),
        _remedies,
    ),
    errors.ProxyUnusable: MessageRow(
        "The proxy cannot be used",
        lambda e, _: (
            f"{_proxy_name(e)} is not one that this program can use{_detail_suffix(e)}. "
            f"{_proxy_advice(e, _PROXY_REQUIREMENTS)}"
        ),
        _remedies,
    ),
    errors.ProxyUnreachable: MessageRow(
        "The proxy cannot be reached",
        lambda e, _: (
            f"{_proxy_name(e)} does not answer, and the way to {e.host} leads through it. "
            "Check your "
            f"network or VPN. {_proxy_advice(e, _CHECK_PROXY)}"
        ),
        _remedies,
    ),
    errors.ProxyRefused: MessageRow(
        "The proxy refused the connection",
        lambda e, _: (
            f"{_proxy_name(e)} did not let this program through to "
            f"{e.host}.{_proxy_message(e)} Ask your "
            "administrator to allow it."
        ),
    ),
    errors.ProxySignInNeeded: MessageRow(
        "The proxy wants a password", _credentials_text, EDIT_PROFILE_FIRST
    ),
    errors.ProxySignInUnsupported: MessageRow(
        "The proxy wants another kind of sign-in",
        lambda e, _: (
            f"{_proxy_name(e)} accepts only "
            f"{e.detail or 'ways that this program does not know'}, and "
            "this program knows Basic. Ask your administrator for a way without, or for a proxy "
            "on this computer that signs in for you."
        ),
        _remedies,
    ),
}
