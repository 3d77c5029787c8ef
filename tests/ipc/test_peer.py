"""Who is at the other end, where the kernel only tells a process."""

import subprocess
import sys

from desktop.ipc.peer import is_own_process


def test_a_process_of_this_user_is_told_from_one_that_has_ended() -> None:
    command = [sys.executable, "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert is_own_process(process.pid)
        process.kill()
        process.wait()
        assert not is_own_process(process.pid)
