"""The real journal of systemd, in a mount namespace of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.rigs.process import TIMEOUT, RigError

ROOT = Path(__file__).parents[2]
JOURNALD = next(
    (
        each
        for folder in ("/usr/lib", "/lib")
        if (each := Path(folder, "systemd/systemd-journald")).exists()
    ),
    None,
)
_SETTINGS = "[Journal]\nStorage=volatile\nRateLimitIntervalSec=0\nReadKMsg=no\nAudit=no\n"
# Without udev, init and the rest: journald needs only its sockets, and makes them itself.
_SCRIPT = """
set -e
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/log
mount -t tmpfs tmpfs /etc/systemd
mkdir -p /run/systemd/journal /run/log/journal
printf '%s' "$SETTINGS" > /etc/systemd/journald.conf
"$JOURNALD" 2> /var/log/journald &
journald=$!
trap 'kill $journald; wait $journald || true' EXIT
for _ in $(seq 300); do test -S /run/systemd/journal/socket && break; sleep 0.1; done
"$@" > /var/log/output 2>&1 || { cat /var/log/output /var/log/journald >&2; exit 1; }
journalctl --sync
journalctl --output json --all --identifier xdr-login
"""


def can_run_journal() -> bool:
    """Tell whether journald is installed, and this user may give it a namespace."""
    tools = ("unshare", "journalctl")
    return JOURNALD is not None and os.geteuid() == 0 and all(map(shutil.which, tools))


def run_with_journal(
    program: str, *arguments: str, environment: Mapping[str, str]
) -> Sequence[dict[str, Any]]:
    """Run a Python program beside a journal, and return what XDR Login has written there."""
    done = subprocess.run(
        [
            *("unshare", "--mount", "--propagation", "private"),
            *("sh", "-c", _SCRIPT, "sh", sys.executable, "-c", program, *arguments),
        ],
        cwd=ROOT,
        env={**environment, "SETTINGS": _SETTINGS, "JOURNALD": str(JOURNALD)},
        check=False,
        capture_output=True,
        text=True,
        timeout=4 * TIMEOUT,
    )
    if done.returncode:
        raise RigError(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]
