"""The API services of a profile: the only addresses that may get its access token.

The list is closed. An address counts only if it is written like that of a service: what merely
means the same host to some program is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from desktop.frozen import frozen
from desktop.oauth.addresses import ascii_address, checked_address, host_of, origin_of
from desktop.oauth.errors import UnsafeAddress, printable
from desktop.services.model.copy_formats import EXAMPLE_API_URL, example_url_for
from desktop.services.model.profile import Profile, is_same_server
from desktop.services.system.translation import translatable, translate
from desktop.services.wording.formats import format_values, join_sentences

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktop.oauth.metadata import ServerMetadata

SERVER = "server"
"""The name of the server that issues the token, where no service of the profile is on it."""

_DEFAULT_PORTS = {"https": 443, "http": 80}


class ServiceError(ValueError):
    """An address or a name that no service of the profile has; its text tells the user why."""


class UnknownService(ServiceError):
    """The profile has no service with that name, or the policy does not allow it."""


class ForeignAddress(ServiceError):
    """The address is not on a server that may get the token."""


@frozen
class ApiService:
    """A named base address, which ends without a slash."""

    name: str
    address: str

    @property
    def origin(self) -> str:
        """The scheme and the server, such as https://login.example."""
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}"


@frozen
class Place:
    """A `path` below `base`, which is on the server of `service`."""

    service: ApiService
    base: str
    path: str


def server_origin(profile: Profile) -> str:
    """Return the server that issues the token of `profile`, such as https://login.example.

    Raises `UnsafeAddress`.
    """
    parts = urlsplit(checked_address(profile.issuer or profile.token_endpoint))
    return f"{parts.scheme}://{parts.netloc}"


def services_of(profile: Profile) -> tuple[ApiService, ...]:
    """List the services that may get the token of `profile`, the default first.

    The server that issues the token is one of them, also where the profile does not name it. Empty
    only if the policy allows none of them.
    """
    allowed = profile.policy.services
    return tuple(each for each in _all_services(profile) if not allowed or each.name in allowed)


def service_addresses(profile: Profile) -> dict[str, str]:
    """List the addresses of the services by name, for programs, which compare hosts."""
    return {each.name: ascii_address(each.address) for each in services_of(profile)}


def service_with_known_routes(profile: Profile) -> str:
    """Name the service that issues tokens, if its routes are known, as those of Cisco XDR are."""
    if profile.scope_guide != "xdr" and profile.preset:
        return ""
    server = server_origin(profile)
    home = (each.name for each in services_of(profile) if is_same_server(each.address, server))
    return next(home, "")


def locate(profile: Profile, written: str) -> Place:
    """Find what `written` names: a path, a service and a path, or a whole address.

    A path alone is one of the server that issues the token. Raises `ServiceError`.
    """
    if written.startswith("/"):
        server = server_origin(profile)
        return Place(service_for(profile, server), server, written)
    before, colon, path = written.partition(":")
    if not colon or any(each in before for each in "/?#"):
        example = next((each.name for each in services_of(profile)), SERVER)
        raise ServiceError(
            translate(
                "Not a path: “{path}”. Use a path of the server such as /iroh/profile/whoami, of "
                "an API service such as {service}:/path, or a full address.",
                path=printable(written, 60),
                service=example,
            )
        )
    if before.lower() in _DEFAULT_PORTS:
        service = service_for(profile, written)
        parts = urlsplit(written)
        query = f"?{parts.query}" if parts.query else ""
        return Place(service, service.origin, f"{parts.path or '/'}{query}")
    service = find_service(profile, before)
    if not path.startswith("/"):
        raise ServiceError(
            translate(
                "Not a path: “{path}”. Start the path with a slash, such as {service}:/path.",
                path=printable(written, 60),
                service=service.name,
            )
        )
    return Place(service, service.address, path)


def find_service(profile: Profile, name: str) -> ApiService:
    """Find the service `name` of `profile`; raises `UnknownService`."""
    found = services_of(profile)
    for each in found:
        if each.name == name:
            return each
    names = [each.name for each in found]
    if any(each.name == name for each in _all_services(profile)):
        raise UnknownService(
            join_sentences(
                translate("Your organization does not allow the API service “{name}”.", name=name),
                _available(names),
            )
        )
    parts = (
        translate(
            "“{profile}” has no API service “{name}”.", profile=profile.name, name=_shown(name)
        ),
        _suggestion(name, names),
        _available(names),
    )
    raise UnknownService(join_sentences(*parts))


def service_for(profile: Profile, address: str) -> ApiService:
    """Find the service whose server `address` is on; of several, the one whose base is closest.

    Raises `ForeignAddress`, which names the host and says how to add it.
    """
    parts = _checked_parts(address)
    origin = origin_of(address)
    found = [each for each in services_of(profile) if origin_of(each.address) == origin]
    if not found:
        raise ForeignAddress(_foreign_message(profile, address, parts))
    if not any(_netloc(urlsplit(each.address)) == _netloc(parts) for each in found):
        raise ForeignAddress(
            translate(
                "Write the host of “{address}” as {host}.",
                address=_shown(address),
                host=urlsplit(found[0].address).netloc,
            )
        )
    within = [each for each in found if _is_within(parts.path, urlsplit(each.address).path)]
    return max(within, key=lambda each: len(each.address), default=found[0])


def chosen_service(profile: Profile, name: str) -> ApiService | None:
    """Return the service `name`, or the default of `profile`; `None` if there is none."""
    found = services_of(profile)
    return next((each for each in found if each.name == name), next(iter(found), None))


def command_url(profile: Profile, metadata: ServerMetadata | None, chosen: str) -> str:
    """Return what a copied command requests at the service `chosen`.

    At the default service this is a request that is safe and needs few scopes.
    """
    service = chosen_service(profile, chosen)
    if service is None:
        return EXAMPLE_API_URL
    if service != services_of(profile)[0]:
        return service.address
    url = example_url_for(profile, metadata)
    allowed = profile.policy.services
    is_listed = any(is_same_server(url, each.address) for each in services_of(profile))
    return service.address if allowed and not is_listed else url


def _all_services(profile: Profile) -> tuple[ApiService, ...]:
    named = [ApiService(name, each.rstrip("/")) for name, each in profile.services.items()]
    server = server_origin(profile)
    if not any(origin_of(each.address) == origin_of(server) for each in named):
        named.append(ApiService(SERVER, server))
    return tuple(named)


def _available(names: list[str]) -> str:
    return translate("Available services: {names}.", names=format_values(names)) if names else ""


def _is_within(path: str, base: str) -> bool:
    return path == base or path.startswith(f"{base}/")


def _checked_parts(address: str) -> SplitResult:
    """Split an address that can be sent; raises `ForeignAddress`."""
    try:
        parts = urlsplit(checked_address(address))
    except UnsafeAddress as error:
        reason = translate(error.reason)
    else:
        if "#" not in address:
            return parts
        reason = translate("contains a fragment")
    raise ForeignAddress(
        translate("Can't call “{address}”: {reason}.", address=_shown(address), reason=reason)
    )


def _netloc(parts: SplitResult) -> str:
    """Return host and port as written, but in lower case and without a usual port."""
    usual = f":{_DEFAULT_PORTS.get(parts.scheme)}"
    return parts.netloc.lower().removesuffix(usual)


def _foreign_message(profile: Profile, address: str, parts: SplitResult) -> str:
    host = host_of(address)
    if any(origin_of(each.address) == origin_of(address) for each in _all_services(profile)):
        return join_sentences(
            translate("Your organization does not allow API calls to {host}.", host=host),
            _available([each.name for each in services_of(profile)]),
        )
    if elsewhere := find_in_other_region(profile, address):
        return _wrong_region_message(profile, host, *elsewhere)
    shown = f"{parts.scheme}://{_netloc(parts)}"
    return translate(_FOREIGN_HOST, host=host, profile=profile.name, id=profile.id, address=shown)


_FOREIGN_HOST = translatable(
    "{host} is not an API service of “{profile}”, so it doesn't get the token. If you trust it, "
    "add it: xdr-login profiles edit {id} --service NAME={address}"
)


def find_in_other_region(profile: Profile, address: str) -> tuple[str, str] | None:
    """Find which service in which region of the profile's provider `address` is on. Blocks."""
    from desktop.services.configuration.profile_reader import load_presets  # slow, and rare

    presets = load_presets()
    own = presets.get(profile.preset, {})
    for id_, preset in presets.items():
        services, region = preset.get("services"), preset.get("region")
        is_other = id_ != profile.preset and preset.get("provider") == own.get("provider")
        for name, base in services.items() if isinstance(services, dict) else ():
            if is_other and region and not base.startswith("{") and is_same_server(address, base):
                return name, str(region)
    return None


def _wrong_region_message(profile: Profile, host: str, service: str, region: str) -> str:
    parts = [
        translate(
            "{host} is the host of “{service}” in {region}.",
            host=host,
            region=translate(region),
            service=service,
        )
    ]
    if profile.region:
        parts.append(translate("This profile is for {region}.", region=translate(profile.region)))
    if any(each.name == service for each in services_of(profile)):
        parts.append(translate("Use {service}:/path instead.", service=service))
    return join_sentences(*parts)


def _suggestion(name: str, known: Iterable[str]) -> str:
    import difflib  # needed by few

    similar = difflib.get_close_matches(name.lower(), list(known), n=1)
    return translate("Did you mean “{name}”?", name=similar[0]) if similar else ""


def _shown(text: str) -> str:
    return printable(text, 80)
