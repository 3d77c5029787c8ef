"""The rules for the exchanges of a profile, and how its file names them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from desktop.oauth.addresses import ascii_address, checked_address, has_hidden_characters
from desktop.oauth.errors import UnsafeAddress, printable
from desktop.services.model.exchanges import BEARER, EXCHANGE, Table
from desktop.services.model.members import Fault, Member
from desktop.services.system.translation import translatable, translate
from desktop.services.wording.formats import format_values

EXCHANGE_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


def read_exchanges(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, object]]:
    """Read tables from a file: without spaces around texts, and with hosts in ASCII."""
    return {
        name: {member: _plain(member, value) for member, value in table.items()}
        for name, table in tables.items()
    }


def _plain(name: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    member = EXCHANGE.get(name)
    return ascii_address(value.strip()) if member and member.is_address else value.strip()


def find_exchange_faults(tables: Mapping[str, Table]) -> Iterator[Fault]:
    """Yield what is wrong with exchanges."""
    for name, table in tables.items():
        if EXCHANGE_NAME.fullmatch(name):
            yield from _faults_of(f"exchanges.{name}", table)
        else:
            yield _fault(
                translatable(
                    "{field} can't contain the name “{name}”. Names have at most 31 characters, "
                    "start with a letter and contain only a-z, 0-9 and “-”"
                ),
                name=printable(name, 40),
            )


def _faults_of(path: str, table: Table) -> Iterator[Fault]:
    for key in sorted(table.keys() - EXCHANGE.keys()):
        yield _fault(
            translatable("`{key}` is unknown; keys are {known}"),
            key=printable(f"{path}.{key}", 80),
            known=format_values(EXCHANGE),
        )
    for name, member in EXCHANGE.items():
        if name in table:
            yield from _faults_of_value(f"{path}.{name}", member, table[name])
    if table.get("kind") == BEARER and not table.get("url"):
        yield _fault(translatable("`{key}` is missing"), key=f"{path}.url")


def _faults_of_value(key: str, member: Member, value: Any) -> Iterator[Fault]:  # noqa: ANN401 - of its kind
    if fault := member.find_fault(value):
        yield _fault(translatable("{problem}"), problem=fault.describe(f"`{key}`"))
        return
    if any(map(has_hidden_characters, value if isinstance(value, list) else [value])):
        yield _fault(translatable("`{key}` contains invisible characters"), key=key)
    elif member.is_address and value and (reason := _address_problem(value)):
        message = translatable("`{key}` is not a safe address ({reason})")
        yield _fault(message, key=key, reason=reason)


def _address_problem(address: str) -> str:
    try:
        checked_address(address)
    except UnsafeAddress as error:
        return translate(error.reason)
    # RFC 6749 section 3.2: the token endpoint has none.
    return translate("contains a fragment") if "#" in address else ""


def _fault(message: str, **values: str) -> Fault:
    return Fault("exchanges", message, values)
