"""The words for what goes wrong with a proxy: a part of the one table."""

from desktop.oauth import errors
from desktop.services.wording.field_names import PROXY_SIGN_IN
from desktop.services.wording.message_rows import ONLY_THE_PROFILE, PROFILE_REMEDIES, Remedy, Row


def _named(error: errors.ProxyFailure) -> str:
    return f"The proxy {error.by}" if error.by else "The proxy"


def _kind(error: errors.ProxyUnusable) -> str:
    return f": {error.detail}" if error.detail else ""


def _answered(error: errors.ProxyRefused) -> str:
    return f" It answered “{error.detail}”." if error.detail else ""


def _who_can(error: errors.ProxyFailure, otherwise: str) -> str:
    """Who can change which proxy is used: what to do `otherwise`, where it is the person."""
    if not error.set_in:
        return otherwise
    return f"Your administrator has set this proxy ({error.set_in}): only they can change it."


def _remedies(error: errors.ProxyFailure) -> tuple[Remedy, ...]:
    return (Remedy.TRY_AGAIN,) if error.set_in else PROFILE_REMEDIES


def _sign_in_text(error: errors.ProxySignInNeeded, _user_code: str) -> str:
    return (
        f"{_named(error)} wants a user name and a password, and has none that it accepts. Put both "
        f"{PROXY_SIGN_IN}. Then try again."
    )


_CHECK_IT = "Check the proxy in your profile too, or in the settings of this computer."
_USABLE = (
    "Your profile or this computer names it; it needs an address such as "
    "http://proxy.example:3128, and SOCKS is not supported."
)

PROXY_ROWS: dict[type[BaseException], Row] = {
    errors.ProxyFailure: Row(
        "The proxy cannot be used",
        lambda e, _: (
            f"{_named(e)} did not connect you with {e.host}. "
            f"{_who_can(e, 'Check your network settings.')}"
        ),
        _remedies,
    ),
    errors.ProxyUnusable: Row(
        "The proxy cannot be used",
        lambda e, _: (
            f"{_named(e)} is not one that this program can use{_kind(e)}. {_who_can(e, _USABLE)}"
        ),
        _remedies,
    ),
    errors.ProxyUnreachable: Row(
        "The proxy cannot be reached",
        lambda e, _: (
            f"{_named(e)} does not answer, and the way to {e.host} leads through it. Check your "
            f"network or VPN. {_who_can(e, _CHECK_IT)}"
        ),
        _remedies,
    ),
    errors.ProxyRefused: Row(
        "The proxy refused the connection",
        lambda e, _: (
            f"{_named(e)} did not let this program through to {e.host}.{_answered(e)} Ask your "
            "administrator to allow it."
        ),
    ),
    errors.ProxySignInNeeded: Row("The proxy wants a password", _sign_in_text, ONLY_THE_PROFILE),
    errors.ProxySignInUnsupported: Row(
        "The proxy wants another kind of sign-in",
        lambda e, _: (
            f"{_named(e)} accepts only {e.detail or 'ways that this program does not know'}, and "
            "this program knows Basic. Ask your administrator for a way without, or for a proxy "
            "on this computer that signs in for you."
        ),
        _remedies,
    ),
}
