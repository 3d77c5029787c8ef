"""The words for what goes wrong with a proxy: a part of the one table."""

from desktop.oauth import errors
from desktop.services.message_rows import PROFILE_REMEDIES, Row


def _named(error: errors.ProxyFailure) -> str:
    return f"The proxy {error.by}" if error.by else "The proxy"


def _kind(error: errors.ProxyUnusable) -> str:
    return f": {error.detail}" if error.detail else ""


def _answered(error: errors.ProxyRefused) -> str:
    return f" It answered “{error.detail}”." if error.detail else ""


def _sign_in_text(error: errors.ProxySignInNeeded, _user_code: str) -> str:
    return (
        f"{_named(error)} wants a user name and a password, and has none that it accepts. Write "
        "“proxy_user” into your profile and store the password with “xdr-login profiles "
        "edit NAME --proxy-password-stdin” in a terminal, then try again."
    )


PROXY_ROWS: dict[type[BaseException], Row] = {
    errors.ProxyFailure: Row(
        "The proxy cannot be used",
        lambda e, _: f"{_named(e)} did not connect you with {e.host}. Check your network settings.",
        PROFILE_REMEDIES,
    ),
    errors.ProxyUnusable: Row(
        "The proxy cannot be used",
        lambda e, _: (
            f"{_named(e)} that your profile or this computer names is not one that this program "
            f"can use{_kind(e)}. It needs an address such as http://proxy.example:3128; SOCKS is "
            "not supported."
        ),
        PROFILE_REMEDIES,
    ),
    errors.ProxyUnreachable: Row(
        "The proxy cannot be reached",
        lambda e, _: (
            f"{_named(e)} does not answer, and the way to {e.host} leads through it. Check your "
            "network or VPN, and the proxy in your profile or in the settings of this computer."
        ),
        PROFILE_REMEDIES,
    ),
    errors.ProxyRefused: Row(
        "The proxy refused the connection",
        lambda e, _: (
            f"{_named(e)} did not let this program through to {e.host}.{_answered(e)} Ask your "
            "administrator to allow it."
        ),
    ),
    errors.ProxySignInNeeded: Row("The proxy wants a password", _sign_in_text, PROFILE_REMEDIES),
    errors.ProxySignInUnsupported: Row(
        "The proxy wants another kind of sign-in",
        lambda e, _: (
            f"{_named(e)} accepts only {e.detail or 'ways that this program does not know'}, and "
            "this program knows Basic. Ask your administrator for a way without, or for a proxy "
            "on this computer that signs in for you."
        ),
        PROFILE_REMEDIES,
    ),
}
