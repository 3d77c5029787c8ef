"""What the commands record without the running app, read back from the real journal."""

import json
import re
import sys
from pathlib import Path

import pytest

from tests.cli.commands import CommandHarness, environment
from tests.rigs.journal import can_run_journal, run_with_journal

pytestmark = pytest.mark.skipif(not can_run_journal(), reason="needs root and systemd-journald")

# Signs in, and gives the token to a program that replaces the command.
COMMANDS = """
import subprocess, sys
def run(*arguments):
    command = [sys.executable, "-m", "desktop", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    sys.stderr.write(done.stderr)
    return done
assert not run("login", "--profile", "soc", "--no-browser").returncode
assert not run("run", "--profile", "soc", "--", "true").returncode
assert not run("token", "--profile", "soc").returncode
assert not run("profiles", "remove", "soc", "--yes").returncode
"""


def test_what_commands_do_without_the_app_is_in_the_journal(home: CommandHarness) -> None:
    home.add_profile("soc")
    (home.file.parent / "settings.toml").write_text('audit = "system"\n')
    found = run_with_journal(COMMANDS, environment=environment(home.base))
    assert [each["EVENT_ACTION"] for each in found] == [
        "sign-in-started",
        "sign-in-approved",
        "token-handed-out",
        "token-handed-out",
        "signed-out",
        "profile-removed",
    ]
    started, approved, run, token, *_ = found
    assert started["TRANSACTION_ID"] == approved["TRANSACTION_ID"]
    assert approved["XDR_LOGIN_SCOPES"] == ["casebook", "profile"]
    assert (
        run["PROCESS_EXECUTABLE"]
        == token["PROCESS_EXECUTABLE"]
        == str(Path(sys.executable).resolve())
    )
    assert not re.search(r"eyJ[\w-]{8}", json.dumps(found)), "no token"
