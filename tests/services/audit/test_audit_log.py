"""Writing events: never in the way of the app, and none lost without being counted."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from desktop.services.audit import lost_events
from desktop.services.audit.audit_log import MOST_WAITING, AuditLog, system_logs, user_audit_log
from desktop.services.audit.record import Record, SystemLog
from desktop.services.audit.unix_logs import (
    Journal,
    Syslog,
    _encode_field,
    encode_syslog,
    journal_fields,
    journal_name,
)
from desktop.services.audit.windows_log import event_type
from desktop.services.model.audit import EVENT_MEMBERS, AuditEvent
from desktop.services.model.audit_kinds import (
    KINDS,
    POLICY_REFUSED,
    TOKEN_COPIED,
    TOKEN_HANDED_OUT,
    Severity,
)
from desktop.services.model.policy import NO_POLICY, Policy
from desktop.services.model.settings import Settings, save_settings
from desktop.services.system.paths import settings_file
from tests.services.audit.recorded import require_valid

ROOT = Path(__file__).parents[3]
AT = datetime(2026, 11, 3, 14, 5, 6, 789000, tzinfo=UTC)
EVENT = AuditEvent(TOKEN_HANDED_OUT, profile="northwind", program="git", pid=4711)

pwd = pytest.importorskip("pwd")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such sockets")


class FakeLog:
    """A log that keeps what is written, and can fail or hang."""

    name = "fake"

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.error: OSError | None = None
        self.gate = threading.Event()
        self.gate.set()

    def is_available(self) -> bool:
        return True

    def write(self, record: Record) -> None:
        self.gate.wait()
        if self.error is not None:
            raise self.error
        self.records.append(record)

    @property
    def actions(self) -> list[str]:
        return [each.kind.action for each in self.records]


@pytest.fixture
def fake() -> FakeLog:
    return FakeLog()


@pytest.fixture
def log(fake: FakeLog) -> AuditLog:
    return AuditLog(lambda: "system", logs=lambda: [fake])


def record_of(event: AuditEvent = EVENT) -> Record:
    return Record(event.kind, event.members(at=AT, user="ada"))


def test_an_event_is_written_with_its_time_and_the_account(log: AuditLog, fake: FakeLog) -> None:
    before = datetime.now(UTC)
    log.record(EVENT, NO_POLICY)
    log.wait()
    members = dict(fake.records[0].members)
    require_valid(members)
    at = datetime.fromisoformat(str(members["@timestamp"]))
    assert abs((at - before).total_seconds()) < 10
    assert members["user.name"] == pwd.getpwuid(os.getuid()).pw_name
    assert members["message"] == "Token given to a program: northwind, git, 4711"


@pytest.mark.parametrize(
    ("own", "locked", "written"),
    [("off", None, 0), ("system", None, 1), ("off", "system", 1), ("system", "off", 0)],
)
def test_the_policy_decides_before_the_user(
    fake: FakeLog, own: str, locked: str | None, written: int
) -> None:
    log = AuditLog(lambda: own, logs=lambda: [fake])
    log.record(EVENT, NO_POLICY if locked is None else Policy(settings={"audit": locked}))
    log.wait()
    assert len(fake.records) == written


def test_a_command_reads_the_setting_of_the_user() -> None:
    assert not user_audit_log().is_on(NO_POLICY)
    save_settings(Settings(audit="system"), settings_file())
    assert user_audit_log().is_on(NO_POLICY)


def test_a_log_that_hangs_holds_nothing_up_and_what_is_too_much_is_counted(
    log: AuditLog, fake: FakeLog
) -> None:
    fake.gate.clear()
    for _ in range(MOST_WAITING + 51):  # one of them is being written
        log.record(EVENT, NO_POLICY)
    assert not fake.records
    fake.gate.set()
    log.wait()
    written = fake.actions.count("token-handed-out")
    assert MOST_WAITING <= written <= MOST_WAITING + 1
    log.record(EVENT, NO_POLICY)
    log.wait()
    told = [
        each.members["xdr_login.lost"] for each in fake.records if "xdr_login.lost" in each.members
    ]
    assert sum(int(str(each)) for each in told) == MOST_WAITING + 51 - written


def test_lost_events_are_counted_until_the_log_is_back_and_can_say_so(
    log: AuditLog, fake: FakeLog
) -> None:
    fake.error = FileNotFoundError()
    for _ in range(3):
        log.record(EVENT, NO_POLICY)
    log.wait()
    assert lost_events.count() == 3
    fake.error = None
    log.record(EVENT, NO_POLICY)
    log.wait()
    assert fake.actions == ["token-handed-out", "events-lost"]
    assert fake.records[-1].members["xdr_login.lost"] == 3
    require_valid(dict(fake.records[-1].members))
    assert lost_events.count() == lost_events.take() == 0


def test_the_next_log_is_tried_where_the_first_fails(fake: FakeLog) -> None:
    broken = FakeLog()
    broken.error = ConnectionRefusedError()
    log = AuditLog(lambda: "system", logs=lambda: [broken, fake])
    log.record(EVENT, NO_POLICY)
    log.wait()
    assert fake.actions == ["token-handed-out"]
    assert lost_events.count() == 0


def test_a_count_that_cannot_be_kept_is_in_the_log_file(
    own_folders: Path, expect_log: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = own_folders / "blocked"
    blocked.touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(blocked))
    expect_log("2 audit events lost")
    lost_events.add(2)
    assert lost_events.count() == 0


def test_a_program_that_ends_leaves_its_event_behind(tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as reading:
        reading.bind(str(tmp_path / "journal"))
        reading.settimeout(20)
        program = f"""
from pathlib import Path
from desktop.services.audit.audit_log import AuditLog
from desktop.services.audit.unix_logs import Journal
from desktop.services.model.audit import AuditEvent
from desktop.services.model.audit_kinds import TOKEN_COPIED
from desktop.services.model.policy import NO_POLICY
log = AuditLog(lambda: "system", logs=lambda: [Journal(Path({str(tmp_path / "journal")!r}))])
log.record(AuditEvent(TOKEN_COPIED, profile="northwind"), NO_POLICY)
"""
        subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, timeout=60)
        assert b"EVENT_ACTION=token-copied\n" in reading.recv(65536)


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A socket that nobody reads from, and that takes nothing more."""
    path = tmp_path / "full"
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as unread:
        unread.bind(str(path))
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as filling:
            filling.setblocking(False)
            with suppress(BlockingIOError):
                while True:
                    filling.sendto(b"x", str(path))
            yield path


def test_a_log_that_does_not_read_is_waited_for_once(
    full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.services.audit.unix_logs._PATIENCE", 0.05)
    journal = Journal(full)
    assert journal.is_available()
    with pytest.raises(TimeoutError):
        journal.write(record_of())
    with pytest.raises(BlockingIOError):
        journal.write(record_of())


def test_syslog_gets_one_line_that_it_can_parse(tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as reading:
        reading.bind(str(tmp_path / "log"))
        syslog = Syslog(tmp_path / "log")
        assert syslog.is_available()
        syslog.write(record_of())
        line = reading.recv(65536).decode("ascii")
    assert line.startswith("<86>"), "authpriv, info"
    text = encode_syslog(record_of(AuditEvent(POLICY_REFUSED)), at=AT).decode("ascii")
    head, _, body = text.partition(": @cee: ")
    assert head == f"<85>Nov  3 14:05:06 xdr-login[{os.getpid()}]"
    require_valid(json.loads(body))


def test_without_any_log_there_is_none(tmp_path: Path) -> None:
    assert not Journal(tmp_path / "none").is_available()
    assert not Syslog(tmp_path / "none").is_available()


def test_a_value_with_line_breaks_cannot_forge_another_field() -> None:
    forged = Record(
        TOKEN_COPIED, {"message": "m", "xdr_login.script": "a\nEVENT_ACTION=signed-out"}
    )
    fields = dict(journal_fields(forged))
    encoded = _encode_field("XDR_LOGIN_SCRIPT", fields["XDR_LOGIN_SCRIPT"])
    length = len("a\nEVENT_ACTION=signed-out").to_bytes(8, "little")
    assert encoded == b"XDR_LOGIN_SCRIPT\n" + length + b"a\nEVENT_ACTION=signed-out\n"


def test_kinds_differ_in_everything_people_filter_by() -> None:
    for name in ("action", "message_id", "code"):
        assert len({getattr(each, name) for each in KINDS}) == len(KINDS), name
    assert all(len(bytes.fromhex(each.message_id)) == 16 for each in KINDS)
    assert all(1 <= each.code <= 1000 for each in KINDS), "others have no text in EventCreate.exe"


def test_an_event_fits_where_readers_cut_off() -> None:
    scopes = tuple(f"scope-{number}:{'x' * 500}" for number in range(400))
    long = dict.fromkeys(("program", "executable", "script", "account"), "\u202ey" * 9999)
    record = record_of(AuditEvent(TOKEN_HANDED_OUT, scopes=scopes, **long))  # type: ignore[arg-type]
    require_valid(dict(record.members))
    assert len(encode_syslog(record, at=AT)) < 8192
    assert record.members["xdr_login.scopes"][-1] == "…"  # type: ignore[index]


def test_every_event_is_valid_with_nothing_and_with_everything() -> None:
    values: dict[type, object] = {str: "x", int: 7, tuple: ("a", "b")}
    names = [name for name in AuditEvent.__dataclass_fields__ if name not in {"kind", "outcome"}]
    every = {name: values[type(getattr(EVENT, name))] for name in names}
    for kind in KINDS:
        require_valid(AuditEvent(kind).members(at=AT, user="ada"))
        full = AuditEvent(kind, **every).members(at=AT, user="ada")  # type: ignore[arg-type]
        require_valid(full)
        assert set(full) == set(EVENT_MEMBERS)


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has its own")
def test_linux_has_two_logs() -> None:
    logs: list[SystemLog] = list(system_logs())
    assert [each.name for each in logs] == ["systemd journal", "syslog"]


def test_warnings_are_warnings_on_windows_too() -> None:
    assert [event_type(each) for each in Severity] == [2, 4, 4]


def test_names_in_the_journal_are_those_of_the_schema_in_capitals() -> None:
    assert journal_name("@timestamp") == "TIMESTAMP"
    assert journal_name("process.parent.pid") == "PROCESS_PARENT_PID"
