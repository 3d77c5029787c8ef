from dataclasses import replace

import pytest

from desktop.oauth.metadata import ServerMetadata
from desktop.services.model.profile import GRANTS
from desktop.services.model.sign_in_methods import (
    SIGN_IN_METHODS,
    available_sign_in_methods,
    unsupported_grants,
)

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
# As the live server of Cisco XDR has it.
XDR = ServerMetadata(
    issuer="IROH Auth",
    device_authorization_endpoint="https://a.example/device",
    authorization_endpoint="https://a.example/authorize",
    token_endpoint="https://a.example/token",
    code_challenge_methods_supported=("S256", "plain"),
    grant_types_supported=("authorization_code", "client_credential", DEVICE_CODE),
    response_types_supported=("code", "token"),
)


def offered(metadata: ServerMetadata, *, has_client_secret: bool = True) -> list[str]:
    return [
        way.grant
        for way in available_sign_in_methods(metadata, has_client_secret=has_client_secret)
    ]


def test_the_safest_method_comes_first_and_each_has_a_description() -> None:
    assert offered(XDR) == ["code", "device", "client-credentials"]
    assert {way.grant for way in SIGN_IN_METHODS} == set(GRANTS)
    assert all(way.description.endswith(".") for way in SIGN_IN_METHODS)


def test_a_client_without_a_secret_cannot_sign_in_as_itself() -> None:
    assert offered(XDR, has_client_secret=False) == ["code", "device"]


@pytest.mark.parametrize("listed", [(), ("authorization_code",)])
def test_client_credentials_are_offered_only_if_the_server_lists_them(
    listed: tuple[str, ...],
) -> None:
    assert "client-credentials" not in offered(replace(XDR, grant_types_supported=listed))


@pytest.mark.parametrize(
    "change",
    [
        {"authorization_endpoint": ""},
        {"token_endpoint": ""},
        {"grant_types_supported": (DEVICE_CODE,)},
        {"response_types_supported": ("token",)},
        {"code_challenge_methods_supported": ("plain",)},
    ],
)
def test_the_browser_is_offered_only_if_the_server_supports_it_with_s256(
    change: dict[str, object],
) -> None:
    assert "code" not in offered(replace(XDR, **change))  # type: ignore[arg-type]


def test_a_server_without_a_list_offers_what_it_has_endpoints_for() -> None:
    metadata = replace(
        XDR,
        grant_types_supported=(),
        response_types_supported=(),
        code_challenge_methods_supported=(),
    )
    assert offered(metadata) == ["code", "device"]
    assert offered(replace(metadata, device_authorization_endpoint="")) == ["code"]


def test_grants_that_a_server_does_not_mention_are_not_unsupported() -> None:
    assert unsupported_grants(XDR) == ()
    assert unsupported_grants(replace(XDR, grant_types_supported=())) == (), "nobody knows"
    listed = replace(XDR, grant_types_supported=(DEVICE_CODE,))
    assert unsupported_grants(listed) == ("code", "client-credentials")
    assert unsupported_grants(ServerMetadata()) == ("code", "device", "client-credentials")


def test_forbidden_grants_are_not_offered() -> None:
    found = available_sign_in_methods(XDR, has_client_secret=True, allowed={"device"})
    assert [way.grant for way in found] == ["device"]
