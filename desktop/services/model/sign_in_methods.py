"""Which ways to sign in a server offers to a client, the safest first, and why (RFC 10027)."""

from collections.abc import Container
from dataclasses import dataclass

from desktop.oauth.metadata import FOR_CLIENT, FOR_CODE, FOR_DEVICE, ServerMetadata
from desktop.services.model.profile import GRANTS


@dataclass(frozen=True, slots=True)
class SignInMethod:
    """One way: `grant` is one of `GRANTS`, `name` what it is called, `why` what speaks for it."""

    grant: str
    name: str
    description: str


SIGN_IN_METHODS = (
    SignInMethod(
        "code",
        "Browser on this computer",
        "The safest: the answer comes back to this computer, so no code can be passed on.",
    ),
    SignInMethod(
        "device",
        "Code to compare",
        "For a browser elsewhere, such as on a phone: you compare the code before you approve it.",
    ),
    SignInMethod(
        "client-credentials",
        "Client password only",
        "Without a browser: whoever has the password acts as the client, and no person is named.",
    ),
)


def available_sign_in_methods(
    metadata: ServerMetadata, *, has_client_secret: bool, allowed: Container[str] = GRANTS
) -> tuple[SignInMethod, ...]:
    """The ways that `metadata` offers and `allowed` (the client's grants, a policy) lets through.

    A server that lists nothing is believed to offer what it names an endpoint for.
    """
    offered = {
        "code": _offers_code(metadata),
        "device": not metadata.missing(FOR_DEVICE),
        "client-credentials": has_client_secret and _offers_client_credentials(metadata),
    }
    return tuple(way for way in SIGN_IN_METHODS if offered[way.grant] and way.grant in allowed)


def unsupported_grants(metadata: ServerMetadata) -> tuple[str, ...]:
    """The grants that the server does not offer to anybody, as far as `metadata` says so.

    Where it lists no grants nobody knows whether a client can sign in as itself: some can.
    """
    offered = {way.grant for way in available_sign_in_methods(metadata, has_client_secret=True)}
    if not metadata.grant_types_supported and not metadata.missing(FOR_CLIENT):
        offered.add("client-credentials")
    return tuple(way.grant for way in SIGN_IN_METHODS if way.grant not in offered)


def _offers_code(metadata: ServerMetadata) -> bool:
    grants, responses = metadata.grant_types_supported, metadata.response_types_supported
    methods = metadata.code_challenge_methods_supported
    return (
        not metadata.missing(FOR_CODE)
        and (not grants or "authorization_code" in grants)
        and (not responses or "code" in responses)
        and (not methods or "S256" in methods)
    )


def _offers_client_credentials(metadata: ServerMetadata) -> bool:
    # Cisco XDR misspells it. Where nothing is listed it is not offered (RFC 8414 section 2).
    listed = {"client_credentials", "client_credential"} & set(metadata.grant_types_supported)
    return bool(listed) and not metadata.missing(FOR_CLIENT)
