"""The registered clients: example data, in the shape that Cisco XDR gives to real ones."""

from collections.abc import Mapping
from dataclasses import dataclass

CODE = "authorization_code"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


def _example_secret(name: str) -> str:
    """Give 54 url-safe characters that nobody can mistake for a real password."""
    return f"example-only-not-a-secret-{name}-".ljust(54, "0")


PUBLIC_CLIENT_ID = "client-0a6e1f5c-7d1b-4c39-9b52-5f1d0c2e8a01"
CONFIDENTIAL_CLIENT_ID = "client-0a6e1f5c-7d1b-4c39-9b52-5f1d0c2e8a02"
CONFIDENTIAL_CLIENT_SECRET = _example_secret("confidential")
POST_ONLY_CLIENT_ID = "client-0a6e1f5c-7d1b-4c39-9b52-5f1d0c2e8a03"
POST_ONLY_CLIENT_SECRET = _example_secret("post-only")
BASIC_ONLY_CLIENT_ID = "client-0a6e1f5c-7d1b-4c39-9b52-5f1d0c2e8a04"
BASIC_ONLY_CLIENT_SECRET = _example_secret("basic-only")
SERVICE_CLIENT_ID = "client-0a6e1f5c-7d1b-4c39-9b52-5f1d0c2e8a05"
SERVICE_CLIENT_SECRET = _example_secret("service")


@dataclass(frozen=True, slots=True)
class Client:
    """One registered client; `secret` is None for a public one (RFC 6749 section 2.1)."""

    client_id: str
    name: str
    secret: str | None
    methods: frozenset[str]
    grants: frozenset[str]


def registered_clients() -> Mapping[str, Client]:
    """Give the demo's clients by id: one for each way that a real client can be set up."""
    device = frozenset({DEVICE_CODE, "refresh_token"})
    both = frozenset({"basic", "post"})
    in_browser = device | {CODE}
    everything = in_browser | {"client_credentials"}
    clients = (
        Client(PUBLIC_CLIENT_ID, "XDR Login", None, frozenset({"none"}), in_browser),
        Client(CONFIDENTIAL_CLIENT_ID, "XDR Login", CONFIDENTIAL_CLIENT_SECRET, both, everything),
        Client(
            POST_ONLY_CLIENT_ID, "XDR Login", POST_ONLY_CLIENT_SECRET, frozenset({"post"}), device
        ),
        Client(
            BASIC_ONLY_CLIENT_ID,
            "XDR Login",
            BASIC_ONLY_CLIENT_SECRET,
            frozenset({"basic"}),
            device,
        ),
        Client(
            SERVICE_CLIENT_ID,
            "Night report",
            SERVICE_CLIENT_SECRET,
            both,
            frozenset({"client_credentials"}),
        ),
    )
    return {client.client_id: client for client in clients}
