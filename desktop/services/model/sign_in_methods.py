"""The sign-in methods that a server offers to a client, the safest first (RFC 10027)."""

from collections.abc import Container

from desktop.frozen import frozen
from desktop.oauth.metadata import FOR_CLIENT, FOR_CODE, FOR_DEVICE, ServerMetadata
from desktop.services.model.profile import GRANTS
from desktop.services.system.translation import translatable


@frozen
class SignInMethod:
    """A sign-in method: `grant` is one of `GRANTS`; the name and the description are for users."""

    grant: str
    name: str
    description: str


SIGN_IN_METHODS = (
    SignInMethod(
        "code",
        translatable("Browser on this computer"),
        translatable(
            "The safest method. The approval returns to this computer, so there is no code that "
            "someone could trick you into approving."
        ),
    ),
    SignInMethod(
        "device",
        translatable("Code on any device"),
        translatable(
            "Use a browser on any device, such as your phone. Compare the code before you approve."
        ),
    ),
    SignInMethod(
        "client-credentials",
        translatable("Client credentials (no user)"),
        translatable(
            "The client signs in as itself. No browser and no user are involved. Anyone who has "
            "the secret can do the same."
        ),
    ),
)


def available_sign_in_methods(
    metadata: ServerMetadata, *, has_client_secret: bool, allowed: Container[str] = GRANTS
) -> tuple[SignInMethod, ...]:
    """Return the methods that `metadata` offers and `allowed` (by client and policy) includes.

    A server that lists no grants is assumed to offer what it has an endpoint for.
    """
    offered = {
        "code": _offers_code(metadata),
        "device": not metadata.missing(FOR_DEVICE),
        "client-credentials": has_client_secret and _offers_client_credentials(metadata),
    }
    return tuple(
        method for method in SIGN_IN_METHODS if offered[method.grant] and method.grant in allowed
    )


def unsupported_grants(metadata: ServerMetadata) -> tuple[str, ...]:
    """Return the grants that, according to `metadata`, the server offers to no client.

    If it lists no grants, client credentials may still work.
    """
    offered = {
        method.grant for method in available_sign_in_methods(metadata, has_client_secret=True)
    }
    if not metadata.grant_types_supported and not metadata.missing(FOR_CLIENT):
        offered.add("client-credentials")
    return tuple(method.grant for method in SIGN_IN_METHODS if method.grant not in offered)


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
    # Cisco XDR writes client_credential. An empty list does not include it (RFC 8414 section 2).
    listed = {"client_credentials", "client_credential"} & set(metadata.grant_types_supported)
    return bool(listed) and not metadata.missing(FOR_CLIENT)
