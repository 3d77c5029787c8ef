"""A token for libraries that take one only as a string."""

from typing import Self

from ._requests import fetch_token


class LiveToken(str):
    """An access token that is current whenever it is formatted.

    For libraries that take a token once and build the header from it for each request. These give
    the token of that moment, renewed if less than `min_validity` seconds are left: `str(token)`,
    `f"Bearer {token}"`, `"Bearer {}".format(token)`, `"Bearer %s" % token`, `"Bearer " + token` and
    `token + "…"`. What they return is a plain string, which stays as it is.

    Everything else, such as `"".join(…)`, `token.encode()`, slices and comparisons, sees the token
    from when this was made, which ends after some minutes. Who gets the token is up to the library:
    only `Auth` compares the server with the services of the profile.

    Making and formatting it blocks and raises what `xdr_login.token` raises.
    """

    __slots__ = ("_min_validity", "_profile")

    _profile: str | None
    _min_validity: float

    def __new__(cls, profile: str | None = None, min_validity: float = 60) -> Self:
        made = super().__new__(cls, fetch_token(profile, min_validity))
        made._profile, made._min_validity = profile, min_validity
        return made

    def __str__(self) -> str:
        return fetch_token(self._profile, self._min_validity)

    def __format__(self, specification: str) -> str:
        return format(str(self), specification)

    def __add__(self, other: str) -> str:
        return str(self) + other

    def __radd__(self, other: str) -> str:
        return other + str(self)

    def __repr__(self) -> str:
        return f"LiveToken(profile={self._profile!r})"

    def __reduce__(self) -> tuple[type, tuple[str | None, float]]:
        return LiveToken, (self._profile, self._min_validity)
