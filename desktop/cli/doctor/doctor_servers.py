"""What `xdr-login doctor` looks at on the way to the servers of the profiles."""

from __future__ import annotations

import asyncio
from functools import partial
from urllib.parse import urlsplit

from desktop.cli.doctor.doctor_checks import Check, Outcome, failed_check
from desktop.oauth import errors
from desktop.oauth.addresses import host_of, is_loopback
from desktop.oauth.client import Client, ClientAuthentication, ClientConnection
from desktop.oauth.http import clock_offset, get
from desktop.oauth.metadata import metadata_addresses
from desktop.services.configuration.load import load_configuration
from desktop.services.model.profile import Profile, ProfileError
from desktop.services.network.environment import Environment
from desktop.services.network.http_client import find_system_proxy
from desktop.services.session.provider import detect_portal
from desktop.services.system.worker import Worker
from desktop.services.wording.durations import format_duration

_CLOCK_TOLERANCE = 60.0  # seconds; what providers forgive in what is signed


async def check_servers(world: Environment, worker: Worker) -> list[Check]:
    """Of every server that a profile names, each asked once; expected errors are checks."""
    try:
        profiles = (await worker.run(load_configuration)).good.values()
    except ProfileError:
        return []  # told already
    by_server = {_server_address(each): each for each in profiles}
    found = await asyncio.gather(
        *(_check_server(each, world, worker) for each in by_server.values())
    )
    return [check for checks in found for check in checks]


def _server_address(profile: Profile) -> str:
    return profile.issuer or profile.token_endpoint


async def _check_server(profile: Profile, world: Environment, worker: Worker) -> list[Check]:
    host = host_of(_server_address(profile))
    proxy = await _check_proxy(profile, worker)
    try:
        http = await world.open_http(profile)
    except errors.OAuthError as error:
        return [proxy, failed_check(f"TLS ({host})", error)]
    async with http:
        client = Client(profile.client_id, None, ClientAuthentication.NONE)
        connection = ClientConnection(http, world.clock, client)
        try:
            return [proxy, *await _check_connection(profile, connection)]
        except errors.ProxyFailure as error:
            return [failed_check(f"proxy ({host})", error)]
        except errors.CertificateRejected as error:
            portal = await detect_portal(connection, error)
            answers = Check(f"network ({host})", Outcome.OK, f"{host} answers.")
            found = [answers, failed_check(f"TLS ({host})", error)]
            return [proxy, *([failed_check(f"network ({host})", portal)] if portal else found)]
        except errors.Trouble as error:
            why = await detect_portal(connection, error) or error
            return [proxy, failed_check(f"network ({host})", why)]


async def _check_proxy(profile: Profile, worker: Worker) -> Check:
    host = host_of(_server_address(profile))
    used = "none" if is_loopback(host) else profile.proxy  # no proxy is asked for this computer
    if used == "system":
        used = await worker.run(partial(find_system_proxy, _server_address(profile)))
    if used in {"", "none"}:
        return Check(f"proxy ({host})", Outcome.OK, "None is used.")
    try:
        parts = urlsplit(used)  # an address may have the name of a person in it
    except ValueError:
        return Check(f"proxy ({host})", Outcome.FAIL, "Its address makes no sense.")
    return Check(
        f"proxy ({host})", Outcome.OK, f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}."
    )


async def _check_connection(profile: Profile, connection: ClientConnection) -> list[Check]:
    """Raises a `Trouble`."""
    host, clock = host_of(_server_address(profile)), connection.clock
    address = metadata_addresses(profile.issuer)[0] if profile.issuer else profile.token_endpoint
    sent, begun = clock.utc(), clock.monotonic()
    answer = await get(connection.http, address)
    took = clock.monotonic() - begun
    is_safe = address.startswith("https:")
    return [
        Check(f"network ({host})", Outcome.OK, f"It answers after {took * 1000:.0f} ms."),
        Check(
            f"TLS ({host})",
            Outcome.OK,
            "Its certificate is trusted." if is_safe else "It does not leave this computer.",
        ),
        _check_clock(host, clock_offset(answer.headers, sent=sent, received=clock.utc())),
    ]


def _check_clock(host: str, offset: float | None) -> Check:
    name = f"clock ({host})"
    if offset is None:
        return Check(name, Outcome.OK, "The server does not tell the time.")
    if abs(offset) <= _CLOCK_TOLERANCE:
        return Check(name, Outcome.OK, "It agrees with that of the server.")
    direction = "ahead of" if offset > 0 else "behind"
    text = f"This computer is {format_duration(abs(offset))} {direction} the server."
    return Check(name, Outcome.WARNING, text, "Let the system set its clock by the network.")
