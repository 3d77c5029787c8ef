"""The real polkitd on a system bus, with a session, in a mount namespace of its own."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder.linux import polkit_actions

from tests.rigs.process import KILL_WITH_PARENT, TIMEOUT, RigError

ROOT = Path(__file__).parents[2]
POLKITD = next(
    (
        each
        for folder in ("/usr/lib/polkit-1", "/usr/libexec", "/usr/lib/polkit-1-auth")
        if (each := Path(folder, "polkitd")).exists()
    ),
    None,
)
USER = 65534  # nobody: polkit asks anyone but root
AGENT = Path(__file__).with_name("polkit_agent.py")
_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={folder}/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
"""
# What systemd-logind writes about a session at the computer, and systemd about its processes.
_SESSION = "UID={user}\nUSER=nobody\nACTIVE=1\nSTATE=active\nREMOTE=0\nCLASS=user\nSEAT=seat0\n"
_OWNER = "NAME=nobody\nSTATE=active\nDISPLAY=x1\nSESSIONS=x1\nACTIVE_SESSIONS=x1\n"
_GROUP = "/user.slice/user-{user}.slice/session-x1.scope"
_SCRIPT = """
set -e
cd "$FOLDER"
mount -t tmpfs -o mode=755 tmpfs /usr/share/polkit-1/actions
mount -t tmpfs -o mode=755 tmpfs /run/systemd
mkdir /run/systemd/sessions /run/systemd/users /run/systemd/seats /run/systemd/machines
if test -e actions; then cp actions /usr/share/polkit-1/actions/test.policy; fi
cp session /run/systemd/sessions/x1
cp owner "/run/systemd/users/$USER_ID"
dbus-daemon --nofork --config-file=bus.conf 2> bus.log & daemons=$!
trap 'kill $daemons' EXIT
ready() { for _ in $(seq 300); do "$@" && return; sleep 0.02; done; cat ./*.log >&2; exit 1; }
ready test -S bus
export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$FOLDER/bus"
in_session='mount --bind "$FOLDER/group" "/proc/$$/cgroup" && exec "$@"'
if test -n "$POLKITD"; then
  "$POLKITD" --no-debug > polkitd.log 2>&1 & daemons="$daemons $!"
  ready sh -c 'dbus-send --system --print-reply --dest=org.freedesktop.DBus / \
    org.freedesktop.DBus.GetNameOwner string:org.freedesktop.PolicyKit1 > /dev/null 2>&1'
fi
if test -n "$ANSWER"; then
  sh -c "$in_session" sh "$PYTHON" "$AGENT" "$ANSWER" > agent.log 2>&1 & daemons="$daemons $!"
  ready grep -q registered agent.log
fi
if test -n "$IS_ROOT"; then become=""; else
  become="setpriv --reuid $USER_ID --regid $USER_ID --clear-groups"
fi
cd "$ROOT"
if test -n "$IS_REMOTE"; then $become "$@"; else sh -c "$in_session" sh $become "$@"; fi
"""


@dataclass(frozen=True, slots=True)
class PolkitRun:
    """What the program printed as JSON, and the calls that the agent got."""

    result: Any
    agent: list[str]


def can_run_polkit() -> bool:
    """Tell whether polkitd is installed, and this user may give it a namespace."""
    tools = ("unshare", "setpriv", "dbus-daemon", "dbus-send")
    return POLKITD is not None and os.geteuid() == 0 and all(map(shutil.which, tools))


def run_with_polkit(
    program: str,
    *,
    answer: str = "approve",
    has_polkit: bool = True,
    has_actions: bool = True,
    is_remote: bool = False,
    is_root: bool = False,
) -> PolkitRun:
    """Run a Python program of a user in a session at this computer.

    An agent gives `answer`: approve, deny, dismiss, or wait for the end. Without one there is none.
    """
    with tempfile.TemporaryDirectory(prefix="polkit-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        group = _GROUP.format(user=USER)
        texts = {
            "bus.conf": _BUS.format(folder=folder),
            "session": _SESSION.format(user=USER),
            "owner": _OWNER,
            "group": f"1:name=systemd:{group}\n0::{group}\n",
            **({"actions": polkit_actions()} if has_actions else {}),
        }
        for each, text in texts.items():
            (folder / each).write_text(text)
            (folder / each).chmod(0o644)
        given = {
            "FOLDER": name,
            "ROOT": str(ROOT),
            "PYTHON": sys.executable,
            "AGENT": str(AGENT),
            "ANSWER": answer,
            "POLKITD": str(POLKITD) if has_polkit else "",
            "USER_ID": str(USER),
            "IS_REMOTE": "1" if is_remote else "",
            "IS_ROOT": "1" if is_root else "",
            "HOME": name,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        done = subprocess.run(
            [
                *(*KILL_WITH_PARENT, "unshare", "--mount", "--propagation", "private"),
                *("--pid", "--fork", "--kill-child", "--mount-proc"),
                *("sh", "-c", _SCRIPT, "sh", sys.executable, "-c", program),
            ],
            cwd=ROOT,
            env=os.environ | given,
            check=False,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
        logs = {each.name: each.read_text() for each in sorted(folder.glob("*.log"))}
    if done.returncode:
        raise RigError(f"{done.stderr}\n{logs}")
    return PolkitRun(json.loads(done.stdout), logs.get("agent.log", "").splitlines()[1:])
