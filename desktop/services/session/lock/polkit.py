"""Presence on Linux: polkit asks for the password or fingerprint of the user.

https://www.freedesktop.org/software/polkit/docs/latest/eggdbus-interface-org.freedesktop.PolicyKit1.Authority.html
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from jeepney import DBusAddress, DBusErrorResponse, new_method_call
from jeepney.io.asyncio import DBusRouter, open_dbus_router
from jeepney.io.common import RouterClosed
from jeepney.wrappers import unwrap_msg

from desktop.frozen import frozen
from desktop.services.model.errors import (
    NoAuthenticationAgent,
    PolkitBroken,
    PolkitMissing,
    PresenceDeclined,
    PresenceFailed,
    PresenceNotAllowedHere,
    PresenceNotInstalled,
    PresenceOfRoot,
    PresenceTimedOut,
)
from desktop.services.session.lock.presence import Purpose
from desktop.services.system.translation import translate

ACTIONS = "io.github.xdr_login.XDRLogin"
"""What the names of the actions begin with; packaging installs the file that defines them."""
PROMPT_TIMEOUT = 60.0
"""Seconds in which the prompt must be answered."""

SYSTEM_BUS = "unix:path=/run/dbus/system_bus_socket"
"""The address of the system bus. Not that of a variable: whoever starts us could answer there."""

_CALL_TIMEOUT = 10.0  # seconds for a call that asks nobody; polkit may have to be started
_AUTHORITY = DBusAddress(
    "/org/freedesktop/PolicyKit1/Authority",
    "org.freedesktop.PolicyKit1",
    "org.freedesktop.PolicyKit1.Authority",
)
_ASK_NOBODY, _ASK = 0, 1  # AllowUserInteraction
_MISSING = (
    "org.freedesktop.DBus.Error.ServiceUnknown",
    "org.freedesktop.DBus.Error.NameHasNoOwner",
    "org.freedesktop.DBus.Error.Spawn.",
)
# Polkit has no error of its own for this.
_UNKNOWN_ACTION = "is not registered"
_CONNECTION_ERRORS = (OSError, EOFError, RouterClosed, KeyError, ValueError, RuntimeError)
"""Of an address that is invalid, a socket that is gone, and a bus that ends."""


@frozen
class _Answer:
    """Polkit's answer. `can_ask` means that somebody would have to authenticate."""

    is_authorized: bool
    can_ask: bool
    details: Mapping[str, str]


class PolkitPresence:
    """Asks polkit for an authorization of this process, which only the user can give.

    Each call opens its own connection: proofs are rare, and nothing waits for the bus in between.
    """

    def __init__(self, *, timeout: float = PROMPT_TIMEOUT) -> None:
        self._timeout = timeout

    async def check(self) -> None:
        """Raise `PresenceUnavailable`. Whether the desktop shows a prompt, only `prove` tells."""
        _require_user()
        async with _connected() as bus:
            await _ask_nobody(bus, Purpose.USE_TOKEN)

    async def prove(self, purpose: Purpose) -> None:
        _require_user()
        async with _connected() as bus:
            # An administrator's rule may have decided. What is left must be asked.
            if not (await _ask_nobody(bus, purpose)).is_authorized:
                await self._ask_user(bus, purpose)

    async def _ask_user(self, bus: DBusRouter, purpose: Purpose) -> None:
        question = secrets.token_hex(16)
        try:
            async with asyncio.timeout(self._timeout):
                answer = await _check_authorization(bus, purpose, _ASK, question)
        except TimeoutError:
            await _withdraw(bus, question)
            raise PresenceTimedOut from None
        except asyncio.CancelledError:
            await _withdraw(bus, question)
            raise
        if answer.is_authorized:
            return
        if "polkit.dismissed" in answer.details:
            raise PresenceDeclined
        if answer.can_ask:  # somebody would have to be asked, and no agent did
            raise NoAuthenticationAgent
        raise PresenceFailed


def _require_user() -> None:
    if os.geteuid() == 0:  # polkit authorizes root without asking
        raise PresenceOfRoot


@asynccontextmanager
async def _connected() -> AsyncIterator[DBusRouter]:
    """Connect to the system bus; raises `PolkitMissing` or `PolkitBroken`."""
    try:
        async with open_dbus_router(SYSTEM_BUS) as bus:
            yield bus
    except DBusErrorResponse as error:
        raise _explain(error) from error
    except TimeoutError as error:
        raise PolkitBroken(translate("no answer")) from error
    except _CONNECTION_ERRORS as error:
        raise PolkitMissing from error


def _explain(error: DBusErrorResponse) -> Exception:
    message = str(error.data[0]) if error.data else ""
    if _UNKNOWN_ACTION in message:
        return PresenceNotInstalled()
    if error.name.startswith(_MISSING):
        return PolkitMissing()
    return PolkitBroken(message or error.name)


async def _ask_nobody(bus: DBusRouter, purpose: Purpose) -> _Answer:
    """Ask polkit what it would do; raises `PresenceNotAllowedHere`."""
    async with asyncio.timeout(_CALL_TIMEOUT):
        answer = await _check_authorization(bus, purpose, _ASK_NOBODY)
    if not (answer.is_authorized or answer.can_ask):
        raise PresenceNotAllowedHere
    return answer


async def _check_authorization(
    bus: DBusRouter, purpose: Purpose, flags: int, question: str = ""
) -> _Answer:
    # By its name on the bus, nobody else can be mistaken for this process. Details, such as the
    # program that asks, can only be passed by root.
    subject = ("system-bus-name", {"name": ("s", bus.unique_name)})
    details: dict[str, str] = {}
    body = (subject, f"{ACTIONS}.{purpose.value}", details, flags, question)
    call = new_method_call(_AUTHORITY, "CheckAuthorization", "(sa{sv})sa{ss}us", body)
    ((is_authorized, is_challenge, given),) = unwrap_msg(await bus.send_and_get_reply(call))
    return _Answer(is_authorized, is_challenge, given)


async def _withdraw(bus: DBusRouter, question: str) -> None:
    """Close the prompt, which would otherwise stay open and mean nothing any more."""
    await bus.send(new_method_call(_AUTHORITY, "CancelCheckAuthorization", "s", (question,)))
