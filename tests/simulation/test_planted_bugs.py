"""The simulation finds bugs: each of these is planted, and found within `SEEDS` lives."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext

import pytest

from desktop.oauth import http
from desktop.oauth.client import ClientConnection
from desktop.oauth.clock import first_of
from desktop.oauth.errors import InvalidGrant, Trouble
from desktop.oauth.grants.polling import Pace
from desktop.oauth.grants.token import refresh
from desktop.oauth.model.token_set import TokenSet
from desktop.services.model.errors import SignedOutByServer
from desktop.services.secrets import keystore
from desktop.services.secrets.keystore import Vault
from desktop.services.secrets.token_store import TokenStore
from desktop.services.session import provider
from desktop.services.session.provider import Provider
from desktop.services.wording import messages
from tests.simulation.simulation import simulate

SEEDS = 400


def find(rule: str) -> int | None:
    """Return the first seed that breaks `rule`."""
    for seed in range(SEEDS):
        if any(each.startswith(f"{rule}:") for each in simulate(seed).violations):
            return seed
    return None


def remove_the_lock(patch: pytest.MonkeyPatch) -> None:
    """Two processes renew at the same time."""

    def no_lock(_store: TokenStore) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    patch.setattr(TokenStore, "lock", no_lock)


def empty_the_old_slot_first(patch: pytest.MonkeyPatch) -> None:
    """Swap two writes: the old value is removed before the new one has its head."""

    def save_value(vault: Vault, key: str, value: str) -> None:
        first, *parts = keystore._split(value, vault.longest)
        heads = keystore._read_heads(vault, key)
        slot, number = (heads[0].other_slot, heads[0].generation + 1) if heads else ("a", 1)
        head = keystore._Head(slot, number, len(parts), keystore._digest(value), first)
        keystore._clear_slot(vault, key, slot)
        keystore._clear_slot(vault, key, head.other_slot)
        for count, part in enumerate(parts, start=1):
            vault.set(keystore._part_name(key, slot, count), part)
        vault.set(keystore._entry_name(key, slot), head.text())

    patch.setattr(keystore, "save_value", save_value)


def ignore_the_interval(patch: pytest.MonkeyPatch) -> None:
    """Poll every second."""
    patch.setattr(Pace, "pause", property(lambda _pace: 1.0))


def send_a_slow_renewal_twice(patch: pytest.MonkeyPatch) -> None:
    """Send the refresh token again if there is no answer within five seconds."""

    async def twice(connection: ClientConnection, endpoint: str, *, held: TokenSet) -> TokenSet:
        first = asyncio.ensure_future(refresh(connection, endpoint, held=held))
        await first_of(asyncio.wait({first}), asyncio.sleep(5))
        if first.done():
            return first.result()
        try:
            return await refresh(connection, endpoint, held=held)
        finally:
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)

    patch.setattr(provider, "refresh", twice)


def give_up_too_soon(patch: pytest.MonkeyPatch) -> None:
    """Wait for an answer only as long as for a connection."""
    patch.setattr(http, "_FORM_TIMEOUT", (10.0, 10.0, 10.0, 10.0))


def take_trouble_for_a_refusal(patch: pytest.MonkeyPatch) -> None:
    """Sign out when the server cannot be reached."""

    async def refuse(connection: ClientConnection, endpoint: str, *, held: TokenSet) -> TokenSet:
        try:
            return await refresh(connection, endpoint, held=held)
        except Trouble as error:
            raise InvalidGrant("invalid_grant") from error

    patch.setattr(provider, "refresh", refuse)


def forget_the_words(patch: pytest.MonkeyPatch) -> None:
    """Leave one state without words."""
    patch.delitem(messages._ROWS, SignedOutByServer)


def leave_connections_open(patch: pytest.MonkeyPatch) -> None:
    """Quit without closing the connections."""

    async def leave(_provider: Provider) -> None:
        pass

    patch.setattr(Provider, "close", leave)


@pytest.mark.parametrize(
    ("plant", "rule"),
    [
        (remove_the_lock, "one at a time"),
        (empty_the_old_slot_first, "lost"),
        (ignore_the_interval, "too fast"),
        (send_a_slow_renewal_twice, "one at a time"),
        (give_up_too_soon, "sent again"),
        (take_trouble_for_a_refusal, "signed out"),
        (forget_the_words, "no words"),
        (leave_connections_open, "left"),
    ],
)
def test_a_planted_bug_is_found(
    plant: Callable[[pytest.MonkeyPatch], None], rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    found = find(rule)
    sys.stdout.write(f"{plant.__name__}: found with seed {found}\n")
    assert found is not None
