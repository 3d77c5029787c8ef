"""Signing in with npm's oidc-provider and its pages."""

from collections.abc import Callable, Iterator

import pytest

from tests.end_to_end.conftest import (
    Start,
    keyring_entries,
    saved_token,
    store_client_password,
    write_profile,
)
from tests.rigs.browser import BrowserOpener
from tests.rigs.oidc_provider import (
    Client,
    OidcProvider,
    Settings,
    approve,
    deny,
    require,
    run_oidc_provider,
)
from tests.rigs.process import wait_until
from tests.rigs.secret_service import SecretStore

StartProvider = Callable[[Settings], OidcProvider]


@pytest.fixture(scope="module")
def provider() -> Iterator[OidcProvider]:
    """Run a provider with a polling interval of one second."""
    require()
    with run_oidc_provider(Settings(interval=1)) as running_provider:
        yield running_provider


def profile_for(provider: OidcProvider, client: Client, authentication: str) -> None:
    """Write the profile of `client`."""
    write_profile(
        name="Contoso",
        issuer=provider.issuer,
        client_id=client.id,
        client_authentication=authentication,
        scope="openid offline_access",
    )


@pytest.mark.parametrize(
    ("kind", "authentication"),
    [("public", "auto"), ("basic", "auto"), ("post", "auto"), ("post", "client_secret_post")],
)
def test_every_kind_of_client_signs_in(
    kind: str,
    authentication: str,
    start: Start,
    provider: OidcProvider,
    secret_service: SecretStore,
    browser_opener: BrowserOpener,
) -> None:
    client: Client = getattr(provider, kind)
    profile_for(provider, client, authentication)
    if client.secret is not None:
        store_client_password(secret_service, client.secret)
    app = start(secret_service)
    app.code()
    app.click("Open browser")
    browser_opener.attach().do(approve).result()
    app.wait_for("Copy token")
    token = saved_token(secret_service)
    assert token["access_token"]
    assert token["refresh_token"]
    assert app.quit() == 0
    if client.secret is not None:
        assert client.secret not in app.program.read_output()


def test_a_wrong_client_secret_is_reported_before_a_code_is_shown(
    start: Start, provider: OidcProvider, secret_service: SecretStore
) -> None:
    profile_for(provider, provider.basic, "client_secret_basic")
    store_client_password(secret_service, "wrong")
    app = start(secret_service)
    app.wait_for("Client ID not recognized")
    app.click("▸  Technical details")
    app.wait_for("invalid_client")


def test_a_missing_client_secret_is_reported_with_a_remedy(
    start: Start, provider: OidcProvider, secret_service: SecretStore
) -> None:
    profile_for(provider, provider.basic, "client_secret_basic")
    app = start(secret_service)
    screen = app.wait_for("The client secret is missing")
    assert screen.shows("Enter the client secret in your profile, then try again.")


def test_a_denial_is_reported(
    start: Start, provider: OidcProvider, secret_service: SecretStore, browser_opener: BrowserOpener
) -> None:
    profile_for(provider, provider.public, "none")
    app = start(secret_service)
    app.code()
    app.click("Open browser")
    browser_opener.attach().do(deny).result()
    app.wait_for("Sign-in denied")
    assert keyring_entries(secret_service) == {}


def test_an_expired_code_is_reported(
    start: Start, start_oidc_provider: StartProvider, secret_service: SecretStore
) -> None:
    provider = start_oidc_provider(Settings(interval=1, device_code_ttl=3))
    profile_for(provider, provider.public, "none")
    app = start(secret_service)
    app.code()
    screen = app.wait_for("The code has expired")
    assert screen.focus == "Get a new code"


def test_slow_down_adds_five_seconds_to_the_interval(
    start: Start,
    start_oidc_provider: StartProvider,
    secret_service: SecretStore,
    browser_opener: BrowserOpener,
) -> None:
    interval, step = 1, 5  # RFC 8628 section 3.5
    provider = start_oidc_provider(Settings(interval=interval, slow_down_at=2))
    profile_for(provider, provider.public, "none")
    app = start(secret_service)
    app.code()
    wait_until(lambda: len(provider.poll_gaps()) >= 1, "slow_down", provider.program)
    app.click("Open browser")
    browser_opener.attach().do(approve).result()
    app.wait_for("Copy token")
    usual, *slower = provider.poll_gaps()
    assert usual < interval + step
    assert slower
    assert min(slower) >= interval + step
    assert app.quit() == 0
