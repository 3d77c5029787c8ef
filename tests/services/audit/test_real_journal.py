"""Events in the real journal of systemd, as journalctl reads them back."""

import json
import os
from pathlib import Path

import pytest

from desktop.services.model.audit_kinds import TOKEN_HANDED_OUT
from tests.rigs.journal import can_run_journal, run_with_journal

pytestmark = pytest.mark.skipif(not can_run_journal(), reason="needs root and systemd-journald")

ONE_EVENT = r"""
from desktop.services.audit.audit_log import AuditLog
from desktop.services.audit.record import Record
from desktop.services.audit.unix_logs import Journal
from desktop.services.model.audit import AuditEvent
from desktop.services.model.audit_kinds import TOKEN_COPIED, TOKEN_HANDED_OUT
from desktop.services.model.policy import NO_POLICY

log = AuditLog(lambda: "system")
log.record(
    AuditEvent(TOKEN_HANDED_OUT, profile="northwind", program="Größe", pid=4711, scopes=("a", "b")),
    NO_POLICY,
)
log.wait()
Journal().write(Record(TOKEN_COPIED, {"message": "m", "xdr_login.script": "a\nEVENT_ACTION=b"}))
"""
# A heartbeat on the event loop measures for how long recording has held it up.
MANY_HAND_OUTS = """
import asyncio, json, sys, time
from datetime import UTC, datetime
from pathlib import Path
from desktop.services.audit import lost_events
from desktop.services.audit.audit_log import AuditLog
from desktop.services.model.access_token import AccessToken
from desktop.services.model.profile import Profile
from desktop.services.session.audit.session_audit import NOT_ASKED, SessionAudit
from desktop.services.system.processes import find_program

PROFILE = Profile(id="northwind", name="N", client_id="c", issuer="https://a.example")
log = AuditLog(lambda: "system")
audit = SessionAudit(PROFILE, log)
token = AccessToken("secret", "bearer", datetime.now(UTC), ("read", "write"))
program, gaps = find_program(1), []

async def hand_out():
    for number in range(10_000):
        audit.note_handed_out(token, program, consent=NOT_ASKED)
        if number % 20 == 19:
            await asyncio.sleep(0.001)

async def beat(done):
    while not done.is_set():
        at = time.perf_counter()
        await asyncio.sleep(0)
        gaps.append(time.perf_counter() - at)

async def run():
    done = asyncio.Event()
    beating = asyncio.create_task(beat(done))
    began = time.perf_counter()
    await hand_out()
    took = time.perf_counter() - began
    done.set()
    await beating
    return took

took = asyncio.run(run())
log.wait()
result = {"took": took, "longest": max(gaps), "lost": lost_events.count()}
Path(sys.argv[1]).write_text(json.dumps(result))
"""


def test_journalctl_reads_an_event_back_with_all_its_fields() -> None:
    first, forged = run_with_journal(ONE_EVENT, environment=os.environ)
    assert first["MESSAGE_ID"] == TOKEN_HANDED_OUT.message_id
    assert first["MESSAGE"] == "Token given to a program: northwind, Größe, 4711"
    assert first["EVENT_ACTION"] == "token-handed-out"
    assert (first["PRIORITY"], first["SYSLOG_FACILITY"]) == ("6", "10")
    assert first["XDR_LOGIN_SCOPES"] == ["a", "b"]
    assert (first["PROCESS_PID"], first["USER_NAME"]) == ("4711", "root")
    assert first["_UID"] == "0", "what the journal itself adds, nobody can forge"
    assert forged["XDR_LOGIN_SCRIPT"] == "a\nEVENT_ACTION=b"
    assert forged.get("EVENT_ACTION") is None


def test_ten_thousand_hand_outs_hold_nothing_up_and_each_is_there_or_counted(
    tmp_path: Path,
) -> None:
    report = tmp_path / "report.json"
    found = run_with_journal(MANY_HAND_OUTS, str(report), environment=os.environ)
    result = json.loads(report.read_text("utf-8"))
    events = [each for each in found if each["EVENT_ACTION"] == "token-handed-out"]
    told = sum(int(each.get("XDR_LOGIN_LOST", 0)) for each in found)
    assert len(events) + told + result["lost"] == 10_000
    assert result["longest"] < 0.25, result
    own = [{name: each[name] for name in each if not name.startswith("_")} for each in found]
    assert "secret" not in json.dumps(own)
