"""The list of programs that got a token is short, in memory, and contains no token."""

from datetime import UTC, datetime, timedelta

from desktop.services.session.token_recipients import (
    MAX_RECIPIENTS,
    TokenRecipient,
    TokenRecipients,
)
from desktop.services.system.processes import UNKNOWN_PROGRAM, Program

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_only_the_last_recipients_are_kept() -> None:
    recipients = TokenRecipients()
    counts: list[int] = []
    recipients.on_change = lambda: counts.append(len(recipients.all()))
    for number in range(MAX_RECIPIENTS + 10):
        recipients.add(TokenRecipient(AT, UNKNOWN_PROGRAM, str(number % 2)))
    assert len(recipients.all()) == MAX_RECIPIENTS == counts[-1]
    assert {each.profile for each in recipients.for_profile("1")} == {"1"}
    assert len(recipients.for_profile("1")) == MAX_RECIPIENTS // 2


def test_only_the_process_that_got_the_token_is_known() -> None:
    recipients, program = TokenRecipients(), Program("curl", pid=7, identity="a")
    recipients.add(TokenRecipient(AT, program, "x"))
    assert recipients.has_recent(program, "x", since=AT)
    assert not recipients.has_recent(program, "y", since=AT)
    assert not recipients.has_recent(program, "x", since=AT + timedelta(seconds=1))
    assert not recipients.has_recent(Program("curl", pid=8, identity="a"), "x", since=AT)
    assert not recipients.has_recent(Program("curl", pid=7, identity="b"), "x", since=AT)


def test_an_unknown_program_is_never_known() -> None:
    recipients = TokenRecipients()
    recipients.add(TokenRecipient(AT, UNKNOWN_PROGRAM, "x"))
    assert not recipients.has_recent(UNKNOWN_PROGRAM, "x", since=AT)


def test_nobody_is_known_after_a_lock_but_all_are_listed() -> None:
    recipients, program = TokenRecipients(), Program("curl", pid=7, identity="a")
    recipients.add(TokenRecipient(AT, program, "x"))
    recipients.end_uses()
    assert not recipients.has_recent(program, "x", since=AT)
    assert len(recipients.all()) == 1
    recipients.add(TokenRecipient(AT, program, "x"))
    assert recipients.has_recent(program, "x", since=AT)


def test_whoever_got_another_token_is_not_known() -> None:
    recipients, program = TokenRecipients(), Program("curl", pid=7, identity="a")
    recipients.add(TokenRecipient(AT, program, "x", "secure-endpoint"))
    assert not recipients.has_recent(program, "x", since=AT)
