"""The state of a controlled server: that of the demo server with other tokens."""

from collections.abc import Callable
from dataclasses import dataclass, fields

from desktop.demo.scopes import Scope
from desktop.demo.state import DemoState, make_state
from desktop.demo.tokens import Answer, Grant, Signer, TokenIssuer
from tests.rigs.demo_server.options import DemoOptions


class ControlledTokenIssuer(TokenIssuer):
    """Treats refresh tokens and the size of tokens as the options say."""

    def __init__(self, options: DemoOptions, clock: Callable[[], float], signer: Signer) -> None:
        super().__init__(options, clock, signer)
        self._refresh = options.refresh
        self._token_size = options.token_size
        self._refresh_size = options.refresh_size

    def issue(self, client_id: str, scopes: tuple[Scope, ...], *, thumbprint: str = "") -> Answer:
        """Leave the refresh token out where there is to be none."""
        answer = super().issue(client_id, scopes, thumbprint=thumbprint)
        if self._refresh == "none":
            del answer["refresh_token"]
        return answer

    def revoke_all(self) -> None:
        """End every grant, as an administrator does who removes a client."""
        for key in self._grants.live():
            self._grants.pop(key)

    def _rotate(self, grant: Grant) -> None:
        if self._refresh == "rotate":
            super()._rotate(grant)

    def _make_secret(self) -> str:
        return super()._make_secret().ljust(self._refresh_size, "x")

    def _claims(self, key: str, grant: Grant, scopes: tuple[Scope, ...]) -> Answer:
        claims = super()._claims(key, grant, scopes)
        missing = self._token_size - len(self._signer.sign(claims))
        # base64 makes four characters of three bytes
        padding = {"padding": "demo" * (missing * 3 // 16 + 1)} if missing > 0 else {}
        return claims | padding


@dataclass(frozen=True, slots=True)
class ControlledState(DemoState):
    """The state of one server."""

    tokens: ControlledTokenIssuer


def make_controlled_state(
    options: DemoOptions, clock: Callable[[], float], *, signer: Signer | None = None
) -> ControlledState:
    """Start with an empty state."""
    state = make_state(options, clock, signer=signer)
    parts = {each.name: getattr(state, each.name) for each in fields(state)}
    tokens = ControlledTokenIssuer(options, clock, state.signer)
    return ControlledState(**parts | {"tokens": tokens})
