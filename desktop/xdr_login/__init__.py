"""Access tokens of XDR Login for Python programs, without a secret in the program.

    import httpx
    import xdr_login

    client = httpx.Client(auth=xdr_login.Auth())
    print(client.get("https://visibility.amp.cisco.com/iroh/profile/whoami").json())

Everything comes from the running app or, if none runs, from the command `xdr-login`. A `profile` is
an id or a name; `None` means that of the environment variable `XDR_LOGIN_PROFILE`, otherwise the
first one. Every error is an `XdrLoginError`. Importing this loads nothing else.
"""

# A script pays for each module before it begins, so all others are loaded when they are needed.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._auth import Auth
    from ._errors import (
        Declined,
        Forbidden,
        ForeignHost,
        KeyringError,
        Locked,
        NetworkError,
        ServerError,
        SignInNeeded,
        UsageError,
        XdrLoginError,
    )
    from ._live_token import LiveToken

__all__ = [
    "Auth",
    "Declined",
    "Forbidden",
    "ForeignHost",
    "KeyringError",
    "LiveToken",
    "Locked",
    "NetworkError",
    "ServerError",
    "SignInNeeded",
    "UsageError",
    "XdrLoginError",
    "services",
    "token",
]


def token(profile: str | None = None, min_validity: float = 60) -> str:
    """Return an access token that is valid for `min_validity` more seconds, renewed if necessary.

    It is not renewed in the first half of its life, since you may ask for more time than the
    server grants. Blocks, for 160 seconds at most while XDR Login waits for your permission. Raises
    `SignInNeeded`, `Forbidden`, `Declined`, `Locked`, `NetworkError`, `KeyringError`,
    `ServerError`, `UsageError` or another `XdrLoginError`.
    """
    from ._requests import fetch_token

    return fetch_token(profile, min_validity)


def services(profile: str | None = None) -> dict[str, str]:
    """Return the API services of the profile: base addresses, without a slash at the end, by name.

    They are the only servers that get its token from `Auth`. For example:
    `{"platform": "https://visibility.amp.cisco.com/iroh"}`. Blocks. Raises `UsageError` or another
    `XdrLoginError`.
    """
    from ._requests import fetch_services

    return fetch_services(profile).addresses


if not TYPE_CHECKING:  # a type checker would take any name

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        places = {"Auth": "_auth", "LiveToken": "_live_token"}
        module = __import__(f"{__name__}.{places.get(name, '_errors')}", fromlist=[name])
        found = globals()[name] = getattr(module, name)  # the next use finds it at once
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
