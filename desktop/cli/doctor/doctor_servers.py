"""The checks of `xdr-login doctor` on the servers of the profiles."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

from desktop.cli.doctor.doctor_checks import Check, failed_check, failure, warning
from desktop.oauth import errors
from desktop.oauth.addresses import ascii_address, host_of, is_loopback, origin_of
from desktop.oauth.client import Client, ClientConnection
from desktop.oauth.http import clock_offset, get
from desktop.oauth.metadata import metadata_addresses
from desktop.oauth.model.client_authentication import ClientAuthentication
from desktop.oauth.redaction.known_secrets import KnownSecrets
from desktop.services.configuration.load import load_configuration
from desktop.services.model.profile import Profile, ProfileError
from desktop.services.network.environment import Environment
from desktop.services.network.http_client import find_system_proxy
from desktop.services.secrets.profile_secrets import load_known_secrets
from desktop.services.session.provider import detect_portal
from desktop.services.system.translation import translate, translate_plural
from desktop.services.system.worker import Worker
from desktop.services.wording.formats import format_duration

_KEYRING_TIMEOUT = 8.0  # seconds
_CLOCK_TOLERANCE = 60.0  # seconds; providers accept such a difference in signed tokens


async def check_servers(environment: Environment, worker: Worker) -> list[Check]:
    """Check every server of the profiles once; expected errors become failed checks."""
    try:
        profiles = (await worker.run(load_configuration)).good.values()
    except ProfileError:
        return []  # reported by the check of the configuration
    by_server: dict[str, list[Profile]] = {}
    for each in profiles:
        by_server.setdefault(_server_address(each), []).append(each)
    found = await asyncio.gather(
        *(_check_server(first, environment, worker) for first, *_ in by_server.values())
    )
    return [
        replace(check, address=_host_and_port(address), profiles=_names(of_server))
        for checks, (address, of_server) in zip(found, by_server.items(), strict=True)
        for check in checks
    ]


def _host_and_port(address: str) -> str:
    return origin_of(address).partition("://")[2]


def _names(profiles: list[Profile]) -> str:
    """Return the id of the first profile, and how many others there are."""
    first, *others = (each.id for each in profiles)
    if not others:
        return first
    return translate_plural(
        "{profile} and {count} other", "{profile} and {count} others", len(others), profile=first
    )


def _server_address(profile: Profile) -> str:
    return profile.issuer or profile.token_endpoint


async def _check_server(profile: Profile, environment: Environment, worker: Worker) -> list[Check]:
    host = host_of(_server_address(profile))
    proxy = await _check_proxy(profile, worker)
    try:
        http = await environment.open_http(profile)
    except errors.OAuthError as error:
        return [proxy, failed_check("TLS", error, host=host)]
    async with http:
        client = Client(profile.client_id, None, ClientAuthentication.NONE)
        secrets = await _load_secrets(profile, environment)
        connection = ClientConnection(http, environment.clock, client, secrets=secrets)
        try:
            return [proxy, *await _check_connection(profile, connection)]
        except errors.ProxyFailure as error:
            return [failed_check("proxy", error, host=host)]
        except errors.CertificateRejected as error:
            portal = await detect_portal(connection, error)
            if portal:
                return [proxy, failed_check("network", portal, host=host)]
            reachable = Check("network", translate("reachable"), host=host)
            return [proxy, reachable, failed_check("TLS", error, host=host)]
        except errors.Trouble as error:
            why = await detect_portal(connection, error) or error
            return [proxy, failed_check("network", why, host=host)]


async def _load_secrets(profile: Profile, environment: Environment) -> KnownSecrets:
    """Load what the server may repeat in the report; the keyring may hang."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_KEYRING_TIMEOUT):
            return await load_known_secrets(environment.keystore, profile)
    return KnownSecrets()


async def _check_proxy(profile: Profile, worker: Worker) -> Check:
    host = host_of(_server_address(profile))
    used = "none" if is_loopback(host) else profile.proxy  # never through a proxy
    if used == "system":
        used = await worker.run(partial(find_system_proxy, _server_address(profile)))
    if used in {"", "none"}:
        return Check("proxy", translate("not used"), host=host)
    try:
        parts = urlsplit(ascii_address(used))
    except ValueError:
        remedy = translate("Check the proxy in your profile or system settings.")
        return failure("proxy", translate("invalid address"), remedy, host)
    address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"  # without its user
    return Check("proxy", address, host=host)


async def _check_connection(profile: Profile, connection: ClientConnection) -> list[Check]:
    """Connect once; raises `Trouble`."""
    host, clock = host_of(_server_address(profile)), connection.clock
    address = metadata_addresses(profile.issuer)[0] if profile.issuer else profile.token_endpoint
    sent, begun = clock.utc(), clock.monotonic()
    answer = await get(connection.http, address, secrets=connection.secrets)
    took = round((clock.monotonic() - begun) * 1000)
    is_safe = address.startswith("https:")
    tls = translate("certificate trusted") if is_safe else translate("not used on this computer")
    return [
        Check("network", translate("reachable in {count} ms", count=took), host=host),
        Check("TLS", tls, host=host),
        _check_clock(host, clock_offset(answer.headers, sent=sent, received=clock.utc())),
    ]


def _check_clock(host: str, offset: float | None) -> Check:
    name = "clock"
    if offset is None:
        return Check(name, translate("unknown, the server sends no time"), host=host)
    if abs(offset) <= _CLOCK_TOLERANCE:
        return Check(name, translate("correct"), host=host)
    duration = format_duration(abs(offset))
    text = (
        translate("your clock is {duration} fast", duration=duration)
        if offset > 0
        else translate("your clock is {duration} slow", duration=duration)
    )
    remedy = translate("Turn on automatic time, or programs may reject valid tokens.")
    return warning(name, text, remedy, host)
