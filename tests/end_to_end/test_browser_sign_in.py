"""Signing in without a user code, at npm's oidc-provider and at the demo server."""

import subprocess

import pytest
from playwright.sync_api import Page

from desktop.demo import PUBLIC_CLIENT_ID
from desktop.demo.clients import SERVICE_CLIENT_ID, SERVICE_CLIENT_SECRET
from tests.cli.commands import COMMAND, age
from tests.end_to_end.conftest import (
    Start,
    keyring_entries,
    saved_token,
    store_client_password,
    write_profile,
)
from tests.rigs.browser import BrowserOpener
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.oidc_provider import Client, OidcProvider, abort, approve_without_code
from tests.rigs.process import wait_until
from tests.rigs.secret_service import SecretStore


def profile_for(provider: OidcProvider, client: Client, **members: str) -> None:
    """Write the profile of `client`."""
    standard = {"name": "Contoso", "scope": "openid offline_access", "grant": "code"}
    write_profile(issuer=provider.issuer, client_id=client.id, **(standard | members))


@pytest.mark.parametrize(
    ("kind", "authentication"),
    [("public", "none"), ("public", "auto"), ("basic", "auto"), ("post", "client_secret_post")],
)
def test_every_kind_of_client_signs_in_with_a_browser_on_this_computer(
    kind: str,
    authentication: str,
    start: Start,
    oidc_provider: OidcProvider,
    secret_service: SecretStore,
    browser_opener: BrowserOpener,
) -> None:
    client: Client = getattr(oidc_provider, kind)
    profile_for(oidc_provider, client, client_authentication=authentication)
    if client.secret is not None:
        store_client_password(secret_service, client.secret)
    app = start(secret_service)
    screen = app.wait_for("Continue in your browser")
    assert screen.codes == []
    app.press("Return")  # the primary action has the focus: Open browser
    browser_opener.attach().do(approve_without_code).result()
    app.wait_for("Copy token")
    token = saved_token(secret_service)
    assert token["access_token"]
    assert token["refresh_token"]
    assert app.quit() == 0
    printed = app.program.read_output()
    assert "code_challenge" not in printed
    assert client.secret is None or client.secret not in printed


def test_canceling_in_the_browser_is_shown_in_the_window(
    start: Start,
    oidc_provider: OidcProvider,
    secret_service: SecretStore,
    browser_opener: BrowserOpener,
) -> None:
    profile_for(oidc_provider, oidc_provider.public)
    app = start(secret_service)
    app.click("Open browser")
    browser_opener.attach().do(abort).result()
    app.wait_for("Sign-in denied")
    assert keyring_entries(secret_service) == {}


def test_a_client_signs_in_without_a_browser(
    start: Start,
    oidc_provider: OidcProvider,
    secret_service: SecretStore,
    browser_opener: BrowserOpener,
) -> None:
    client = oidc_provider.basic
    profile_for(oidc_provider, client, grant="client-credentials", scope="")
    store_client_password(secret_service, client.secret or "")
    app = start(secret_service)
    app.wait_for("Copy token")
    first = saved_token(secret_service)
    assert first["refresh_token"] is None
    assert browser_opener.addresses() == []
    assert app.quit() == 0


# With the demo server, whose issuer is a text, as in Cisco XDR


def demo_profile_for(server: DemoServer, **members: str) -> None:
    """Write the profile of a client of `server`."""
    write_profile(name="Northwind SOC", issuer=server.url, expected_issuer="IROH Auth", **members)


def approve_at_the_demo(page: Page) -> None:
    """Approve as the demo analyst and wait until the browser is back at the app."""
    page.click("#approve")
    page.get_by_text("You can close this page").wait_for()


def test_the_demo_analyst_approves_without_a_code(
    start: Start, secret_service: SecretStore, browser_opener: BrowserOpener
) -> None:
    with DemoServer(DemoOptions()) as server:
        demo_profile_for(
            server, client_id=PUBLIC_CLIENT_ID, grant="code", scope="enrich:read admin"
        )
        app = start(secret_service)
        app.click("Open browser")
        browser_opener.attach().do(approve_at_the_demo).result()
        screen = app.wait_for("Copy token")
        assert screen.shows("Requested but not granted: admin")
        assert saved_token(secret_service)["scope"] == ["enrich:read"]
        assert app.quit() == 0


def test_a_client_token_renews_while_the_window_is_visible(
    start: Start, secret_service: SecretStore
) -> None:
    with DemoServer(DemoOptions(token_lifetime=12)) as server:
        demo_profile_for(server, client_id=SERVICE_CLIENT_ID, grant="client-credentials")
        store_client_password(secret_service, SERVICE_CLIENT_SECRET)
        login = [*COMMAND, "login"]
        subprocess.run(login, env=secret_service.environment, check=True, capture_output=True)
        age(secret_service, "soc", 7)  # so that it is renewed soon
        first = saved_token(secret_service)["access_token"]
        app = start(secret_service)
        app.wait_for("Copy token")

        def renewed() -> bool:
            requests = [
                each for each in server.history() if each.grant_type == "client_credentials"
            ]
            return len(requests) > 1

        wait_until(renewed, "another token", app.program)
        assert app.quit() == 0  # saves before it quits
        assert saved_token(secret_service)["access_token"] != first
        assert {each.grant_type for each in server.history()} == {"", "client_credentials"}
