"""The logs that are reached through a local socket: systemd's journal, and syslog."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from desktop.services.audit.record import AUTHPRIV, IDENTIFIER, Record

_PATIENCE = 1.0  # seconds


class Journal:
    """The journal of systemd, in its native protocol.

    https://systemd.io/JOURNAL_NATIVE_PROTOCOL/
    """

    name = "systemd journal"

    def __init__(self, path: Path = Path("/run/systemd/journal/socket")) -> None:
        self._socket = _DatagramSocket(path)

    def is_available(self) -> bool:
        return self._socket.path.exists()

    def write(self, record: Record) -> None:
        """Write one datagram. An event is always small enough for one."""
        fields = b"".join(_encode_field(*each) for each in journal_fields(record))
        self._socket.send(fields)


class Syslog:
    """The socket of syslog, in the format of RFC 3164 without a host, as syslog(3) writes it.

    The members are JSON after the mark of Lumberjack, which rsyslog and syslog-ng know.
    """

    name = "syslog"

    def __init__(self, path: Path = Path("/dev/log")) -> None:
        self._socket = _DatagramSocket(path)

    def is_available(self) -> bool:
        return self._socket.path.exists()

    def write(self, record: Record) -> None:
        self._socket.send(encode_syslog(record, at=datetime.now(UTC).astimezone()))


def journal_fields(record: Record) -> Iterator[tuple[str, str]]:
    """List the fields of the journal: the names in capitals, one field for each value of a list."""
    yield "MESSAGE", record.message
    yield "MESSAGE_ID", record.kind.message_id
    yield "PRIORITY", str(int(record.kind.severity))
    yield "SYSLOG_FACILITY", str(AUTHPRIV)
    yield "SYSLOG_IDENTIFIER", IDENTIFIER
    for name, value in record.members.items():
        if name == "message":
            continue
        field = journal_name(name)
        for each in value if isinstance(value, list) else [value]:
            yield field, str(each)


def journal_name(member: str) -> str:
    """Name the field of the journal for a member: `event.action` is `EVENT_ACTION`."""
    return member.lstrip("@").replace(".", "_").upper()


def encode_syslog(record: Record, *, at: datetime) -> bytes:
    """Encode a message. `at` is local, since RFC 3164 has no time zone."""
    priority = AUTHPRIV * 8 + record.kind.severity
    # Months in English whatever the locale, and days padded with a space.
    stamp = f"{_MONTHS[at.month - 1]} {at.day:2} {at:%H:%M:%S}"
    text = f"<{priority}>{stamp} {IDENTIFIER}[{os.getpid()}]: @cee: {record.as_json()}"
    return text.encode("ascii")


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _encode_field(name: str, value: str) -> bytes:
    content = value.encode("utf-8", "replace")
    if b"\n" not in content:
        return b"%s=%s\n" % (name.encode("ascii"), content)
    # With the length, so that a line of the value cannot pass for another field.
    return b"%s\n%s%s\n" % (name.encode("ascii"), len(content).to_bytes(8, "little"), content)


class _DatagramSocket:
    """Sends datagrams to `path`.

    A log that does not read is waited for once, and not again before it has taken something.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._patience = _PATIENCE

    def send(self, content: bytes) -> None:
        """Send `content`; raises `OSError`."""
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as made:
            made.settimeout(self._patience)
            try:
                made.sendto(content, os.fspath(self.path))
            except (TimeoutError, BlockingIOError):
                self._patience = 0.0
                raise
        self._patience = _PATIENCE
