"""`xdr-login doctor`: check everything a sign-in needs, in a report that is safe to share."""

from __future__ import annotations

import asyncio
import getpass
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from desktop.cli.doctor.doctor_checks import Check, Outcome, check_computer
from desktop.cli.doctor.doctor_servers import check_servers
from desktop.cli.terminal.exits import Exit
from desktop.cli.terminal.output import print_json, print_message
from desktop.cli.terminal.tables import print_outcome
from desktop.services.network.real_environment import real_environment
from desktop.services.system.logs import redacted
from desktop.services.system.paths import NoHomeFolder, home_folder
from desktop.services.system.translation import translatable, translate, translate_plural
from desktop.services.system.worker import Worker
from desktop.services.wording.formats import with_label

_COLORS = {Outcome.OK: "green", Outcome.WARNING: "yellow", Outcome.FAIL: "red"}
_OUTCOMES = {
    Outcome.OK: translatable("ok"),
    Outcome.WARNING: translatable("warning"),
    Outcome.FAIL: translatable("fail"),
}
_LABELS = {
    "program": translatable("version"),
    "language": translatable("language"),
    "configuration": translatable("profiles and settings"),
    "keyring": translatable("keyring"),
    "agent": translatable("app"),
    "display": translatable("display"),
    "clipboard": translatable("clipboard"),
    "tray": translatable("tray"),
    "browser": translatable("browser"),
    "menu": translatable("menu entry"),
    "state": translatable("state folder"),
    "log": translatable("log"),
    "audit": translatable("audit log"),
    "presence": translatable("password prompt"),
    "network": translatable("network"),
    "proxy": translatable("proxy"),
    "TLS": translatable("TLS"),
    "clock": translatable("clock"),
}


def doctor(*, as_json: bool) -> int:
    found = asyncio.run(_run_checks(lambda check: None if as_json else _print_check(check)))
    failed = any(each.outcome is Outcome.FAIL for each in found)
    if as_json:
        print_json({"works": not failed, "checks": [_members(each) for each in found]})
    else:
        print_message(f"\n{_summary(found)}")
    return Exit.FAILURE if failed else Exit.OK


async def _run_checks(report: Callable[[Check], None]) -> list[Check]:
    found = []
    async for check in _all_checks():
        clean = replace(
            check,
            text=without_personal_data(check.text),
            remedy=without_personal_data(check.remedy),
            profiles=without_personal_data(check.profiles),
        )
        report(clean)
        found.append(clean)
    return found


def _summary(found: Sequence[Check]) -> str:
    failed = sum(each.outcome is Outcome.FAIL for each in found)
    warnings = sum(each.outcome is Outcome.WARNING for each in found)
    if failed:
        return translate_plural(
            "{count} of {total} checks failed. Fix it, then run xdr-login doctor again.",
            "{count} of {total} checks failed. Fix them, then run xdr-login doctor again.",
            failed,
            total=len(found),
        )
    if warnings:
        return translate_plural(
            "All checks passed, with {count} warning.",
            "All checks passed, with {count} warnings.",
            warnings,
        )
    return translate("All checks passed.")


async def _all_checks() -> AsyncIterator[Check]:
    worker = Worker("doctor")
    async for check in check_computer(worker):
        yield check
    for check in await check_servers(real_environment(worker), worker):
        yield check


def without_personal_data(text: str) -> str:
    """Remove secrets, the user name and the home folder from `text`."""
    text = redacted(text)
    names = set()
    with suppress(NoHomeFolder):
        home = home_folder()
        if home.name:  # in a container it may be the root
            text = text.replace(str(home), "~")
        names.add(home.name)
    with suppress(OSError, KeyError, ImportError):  # an account without a name
        names.add(getpass.getuser())
    for name in names - {"", "root"}:  # which names nobody, and is a word in our own texts
        text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", "[user]", text)
    return text


def _print_check(check: Check) -> None:
    shown = translate(_LABELS[check.name])
    if check.address:
        shown = translate(
            "{check} ({profile}, {server})",
            check=shown,
            profile=check.profiles,
            server=check.address,
        )
    print_outcome(
        _OUTCOMES[check.outcome],
        with_label(shown, check.text),
        check.remedy,
        outcomes=_OUTCOMES.values(),
        color=_COLORS[check.outcome],
    )


def _members(check: Check) -> dict[str, str | None]:
    return {
        "name": f"{check.name} ({check.host})" if check.host else check.name,
        "address": check.address or None,
        "profiles": check.profiles or None,
        "outcome": check.outcome.value,
        "text": check.text,
        "remedy": check.remedy,
    }
