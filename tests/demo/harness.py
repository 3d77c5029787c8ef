"""A demo server in this process, with a clock that tests turn and an analyst that they play."""

import re
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.types import ASGIApp

from desktop.demo import PUBLIC_CLIENT_ID, DemoOptions
from desktop.demo.app import create_app
from desktop.demo.clients import DEVICE_CODE
from desktop.demo.state import DemoState, make_state
from desktop.demo.tokens import Signer

BASE = "http://127.0.0.1:8000"
PAGE = "/iroh/oauth2/device"
TRACE_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Clock:
    """Stands still until told otherwise; seconds."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Harness:
    """One server and those who talk to it: a client app and, by `browser`, an analyst."""

    state: DemoState
    clock: Clock
    client: httpx.AsyncClient
    browser: httpx.AsyncClient

    async def device(self, **form: str) -> dict[str, Any]:
        """Ask for a code that is given."""
        answer = await self.client.post(
            "/iroh/oauth2/device_authorization", data={"client_id": PUBLIC_CLIENT_ID} | form
        )
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def token(self, **form: str) -> httpx.Response:
        """Send a token request as the public client, unless `form` says otherwise."""
        data = {"client_id": PUBLIC_CLIENT_ID} | form
        return await self.client.post("/iroh/oauth2/token", data=data)

    async def poll(self, device_code: str, **form: str) -> httpx.Response:
        """Ask for the token of a device code."""
        return await self.token(grant_type=DEVICE_CODE, device_code=device_code, **form)

    async def renew(self, refresh_token: str, **form: str) -> httpx.Response:
        """Ask for new tokens."""
        return await self.token(grant_type="refresh_token", refresh_token=refresh_token, **form)

    async def signed_in(self, **form: str) -> dict[str, Any]:
        """Go all the way to a token answer."""
        issued = await self.device(**form)
        self.decide(issued["user_code"], approve=True)
        answer = await self.poll(issued["device_code"])
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def decide(self, user_code: str, *, approve: bool) -> None:
        """Approve or deny behind the pages' back."""
        sign_in = self.state.device_codes.find(user_code)
        assert sign_in is not None
        sign_in.decide(approve=approve)

    async def whoami(self, access_token: str) -> httpx.Response:
        """Ask who a token speaks for."""
        headers = {"Authorization": f"Bearer {access_token}"}
        return await self.client.get("/iroh/profile/whoami", headers=headers)

    async def open_approval(self, user_code: str) -> httpx.Response:
        """Type a code into the code page, and continue."""
        return await self.browser.get(f"{PAGE}/approval", params={"user_code": user_code})


def make_harness(signer: Signer, **options: Any) -> Harness:  # noqa: ANN401 - DemoOptions' own
    """Put a harness together; the signing key is shared because making one takes a while."""
    clock = Clock()
    state = make_state(DemoOptions(**options), clock, signer=signer)
    return Harness(state, clock, *make_clients(create_app(state)))


def make_clients(app: ASGIApp) -> tuple[httpx.AsyncClient, httpx.AsyncClient]:
    """Make a client app, and a browser that follows redirects."""
    transport = httpx.ASGITransport(app)
    client = httpx.AsyncClient(transport=transport, base_url=BASE)
    return client, httpx.AsyncClient(transport=transport, base_url=BASE, follow_redirects=True)


def request_key(page: httpx.Response) -> str:
    """Read the key of a form."""
    found = re.search(r'name="request_key" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def assert_error(answer: httpx.Response, status: int, error: str) -> None:
    """Check a NormalizedError, its trace id and that nobody stores it."""
    body = answer.json()
    assert (answer.status_code, body["error"]) == (status, error), answer.text
    assert TRACE_ID.fullmatch(body["trace_id"])
    assert body["error_description"]
    assert answer.headers["cache-control"] == "no-store"
