"""The authorization code over loopback, and client credentials, at npm's oidc-provider."""

import pytest

from tests.end_to_end.conftest import (
    Start,
    saved,
    saved_token,
    store_client_password,
    write_profile,
)
from tests.rigs.browser import Opener
from tests.rigs.oidc_provider import Client, OidcProvider, abort, approve_here
from tests.rigs.secret_service import SecretStore


def profile_for(provider: OidcProvider, client: Client, **members: str) -> None:
    """Write the profile of `client`."""
    standard = {"name": "Contoso", "scope": "openid offline_access", "grant": "code"}
    write_profile(issuer=provider.issuer, client_id=client.id, **(standard | members))


@pytest.mark.parametrize(
    ("kind", "authentication"),
    [("public", "none"), ("public", "auto"), ("basic", "auto"), ("post", "client_secret_post")],
)
def test_every_kind_of_client_signs_in_by_a_browser_on_this_computer(
    kind: str,
    authentication: str,
    start: Start,
    oidc_provider: OidcProvider,
    secret_service: SecretStore,
    browser_opener: Opener,
) -> None:
    client: Client = getattr(oidc_provider, kind)
    profile_for(oidc_provider, client, client_authentication=authentication)
    if client.secret is not None:
        store_client_password(secret_service, client.secret)
    app = start(secret_service)
    screen = app.wait_for("Continue in your browser")
    assert screen.codes == []
    app.press("Return")  # the primary action has the focus: Open browser
    browser_opener.attach().do(approve_here).result()
    app.wait_for("Signed in")
    token = saved_token(secret_service)
    assert token["access_token"]
    assert token["refresh_token"]
    assert app.leave() == 0
    printed = app.program.printed()
    assert "code_challenge" not in printed
    assert client.secret is None or client.secret not in printed


def test_giving_up_in_the_browser_is_told_in_the_window(
    start: Start,
    oidc_provider: OidcProvider,
    secret_service: SecretStore,
    browser_opener: Opener,
) -> None:
    profile_for(oidc_provider, oidc_provider.public)
    app = start(secret_service)
    app.click("Open browser")
    browser_opener.attach().do(abort).result()
    app.wait_for("The sign-in was declined")
    assert saved(secret_service) == {}


def test_a_client_signs_in_as_itself_without_any_browser(
    start: Start,
    oidc_provider: OidcProvider,
    secret_service: SecretStore,
    browser_opener: Opener,
) -> None:
    client = oidc_provider.basic
    profile_for(oidc_provider, client, grant="client-credentials", scope="")
    store_client_password(secret_service, client.secret or "")
    app = start(secret_service)
    app.wait_for("Signed in")
    first = saved_token(secret_service)
    assert first["refresh_token"] is None
    assert browser_opener.addresses() == []
    assert app.leave() == 0
