"""`xdr-login doctor`: everything that a sign-in needs, in a report that can be passed on."""

from __future__ import annotations

import asyncio
import getpass
import re
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import click

from desktop.cli.doctor.doctor_checks import Check, Outcome, check_computer
from desktop.cli.doctor.doctor_servers import check_servers
from desktop.cli.terminal.exits import Exit
from desktop.cli.terminal.output import (
    CommandWithExamples,
    json_option,
    print_json,
    print_message,
    print_result,
)
from desktop.services.network.real_environment import real_environment
from desktop.services.system.logs import redacted
from desktop.services.system.worker import Worker

_COLORS = {Outcome.OK: "green", Outcome.WARNING: "yellow", Outcome.FAIL: "red"}


@click.command(
    cls=CommandWithExamples,
    examples="""\
xdr-login doctor                           a line a check, with what to do
xdr-login doctor --json > report.json      the same for support
xdr-login doctor || xdr-login profiles check
""",
)
@json_option
def doctor(*, as_json: bool) -> int:
    """Check everything that a sign-in needs: keyring, network, TLS, proxy, clock and more.

    The report has no secret in it, nor your user name or home folder, so you can pass it on. The
    servers of your profiles are asked for their public description and for nothing else. The exit
    code is 1 where a check has failed.
    """
    found = asyncio.run(_run_checks(lambda check: None if as_json else _print_check(check)))
    failed = sum(each.outcome is Outcome.FAIL for each in found)
    if as_json:
        print_json({"works": not failed, "checks": [_members(each) for each in found]})
    else:
        count = f"{failed} of {len(found)} checks failed" if failed else "Nothing is in the way"
        print_message(f"\n{count}.")
    return Exit.FAILURE if failed else Exit.OK


async def _run_checks(tell: Callable[[Check], None]) -> list[Check]:
    found = []
    async for check in _all_checks():
        clean = Check(
            check.name,
            check.outcome,
            without_personal_data(check.text),
            without_personal_data(check.remedy),
        )
        tell(clean)
        found.append(clean)
    return found


async def _all_checks() -> AsyncIterator[Check]:
    worker = Worker("doctor")
    async for check in check_computer(worker):
        yield check
    for check in await check_servers(real_environment(worker), worker):
        yield check


def without_personal_data(text: str) -> str:
    """`text` without secrets, and without what names the person of this computer."""
    text = redacted(text)
    names = set()
    with suppress(RuntimeError):
        home = Path.home()
        text = text.replace(str(home), "~")
        names.add(home.name)
    with suppress(OSError, KeyError, ImportError):  # an account without a name
        names.add(getpass.getuser())
    for name in filter(None, names):
        text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", "[user]", text)
    return text


def _print_check(check: Check) -> None:
    mark = check.outcome.value.ljust(max(len(each.value) for each in Outcome))
    print_result(f"{mark}  {check.name}: {check.text}", color=_COLORS[check.outcome])
    if check.remedy:
        print_result(f"{' ' * len(mark)}  {check.remedy}")


def _members(check: Check) -> dict[str, str]:
    return {
        "name": check.name,
        "outcome": check.outcome.value,
        "text": check.text,
        "remedy": check.remedy,
    }
