import re
import signal
import socket
import subprocess
import sys
import tomllib

import httpx
import pytest

from tests.cli.commands import COMMAND, run


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent differently there")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_ends_cleanly(ending: signal.Signals) -> None:
    with subprocess.Popen(
        [*COMMAND, "demo", "--token-lifetime", "40"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        words = "".join(iter(process.stdout.readline, "Press Ctrl+C to stop.\n"))
        urls = re.findall(r"http://127\.0\.0\.1:\d+", words)
        assert "Nothing here is real" in words
        assert re.search(r"\n    conure +http://127\.0\.0\.1:\d+\n", words)
        lines = words.partition("add this to profiles.toml:\n")[2].splitlines()
        added = tomllib.loads("\n".join(each for each in lines if each.startswith("  ")))
        exchange = added["profiles"]["demo"]["exchanges"]["secure-endpoint"]
        assert httpx.post(exchange["url"]).status_code == 401
        assert httpx.get(f"{urls[0]}/.well-known/oauth-authorization-server").status_code == 200
        process.send_signal(ending)
        try:
            _, errors = process.communicate(timeout=20)
        finally:
            process.kill()  # what ignores the signal would be waited for without end
    assert (process.returncode, errors) == (0, "")


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("demo", f"--port={port}")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"Can't listen on 127.0.0.1:{port}: " in done.stderr
