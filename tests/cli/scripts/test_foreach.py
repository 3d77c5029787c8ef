"""`xdr-login foreach`: real children, their output and their ends."""

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from tests.cli.commands import COMMAND, CommandHarness, age, environment
from tests.end_to_end.agent import run_agent
from tests.rigs.process import wait_until

ROOT = Path(__file__).parents[3]
PROFILES = ("contoso", "northwind", "southwind")
NOT_ON_WINDOWS = pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")


@pytest.fixture
def tenants(home: CommandHarness) -> CommandHarness:
    """A home with three profiles that are signed in, and one that is not."""
    for id_ in PROFILES:
        home.add_profile(id_)
        home.sign_in(id_)
    home.add_profile("unused")
    return home


def code(text: str) -> tuple[str, ...]:
    """The arguments that make Python run `text`."""
    return ("--", sys.executable, "-c", textwrap.dedent(text))


def lines_of(text: str) -> dict[str, list[str]]:
    """The lines by their label."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        label, _, rest = line.partition(": ")
        found.setdefault(label, []).append(rest)
    return found


@contextmanager
def started(
    tenants: CommandHarness,
    *arguments: str,
    prefix: tuple[str, ...] = (),
    process_group: int | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """Run the command; it does not outlive the test."""
    with subprocess.Popen(
        [*prefix, *COMMAND, "foreach", *arguments],
        env=environment(tenants.base),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=process_group,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_each_signed_in_profile_gets_a_run_of_its_own(tenants: CommandHarness) -> None:
    show = "import os, json; print(json.dumps(dict(os.environ)))"
    done = tenants.run("foreach", *code(show))
    assert (done.returncode, done.stderr) == (0, "")
    found = {label: json.loads(text) for label, (text,) in lines_of(done.stdout).items()}
    assert set(found) == set(PROFILES)
    for id_, variables in found.items():
        assert variables["XDR_PROFILE"] == variables["XDR_LOGIN_PROFILE"] == id_
    assert len({each["XDR_ACCESS_TOKEN"] for each in found.values()}) == 3


def test_only_named_profiles_run_each_once(tenants: CommandHarness) -> None:
    named = ("--profile", "northwind", "--profile", "CONTOSO", "--profile", "northwind")
    done = tenants.run("foreach", *named, *code("print('ran')"))
    assert done.returncode == 0
    assert sorted(done.stdout.splitlines()) == ["contoso: ran", "northwind: ran"]
    done = tenants.run("--profile", "southwind", "foreach", *code("print('ran')"))
    assert done.stdout == "southwind: ran\n"
    # This variable names one profile; the command is for all.
    done = tenants.run("foreach", *code("print('ran')"), XDR_LOGIN_PROFILE="southwind")
    assert len(done.stdout.splitlines()) == 3


def test_nothing_runs_if_one_name_is_unknown(tenants: CommandHarness) -> None:
    named = ("--profile", "northwind", "--profile", "contosso")
    done = tenants.run("foreach", *named, *code("print('ran')"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "contosso" in done.stderr
    assert "contoso" in done.stderr.replace("contosso", "")


def test_streams_stay_apart_and_an_unfinished_line_is_ended(tenants: CommandHarness) -> None:
    text = "import sys; print('out', end=''); print('problem', file=sys.stderr, end='')"
    done = tenants.run("foreach", *code(text))
    assert sorted(done.stdout.splitlines()) == [f"{each}: out" for each in PROFILES]
    assert sorted(done.stderr.splitlines()) == [f"{each}: problem" for each in PROFILES]


def test_lines_stay_whole_when_programs_write_at_once(tenants: CommandHarness) -> None:
    text = """\
        import os
        for _ in range(2000):
            os.write(1, b"a" * 40)
            os.write(1, b"b" * 40 + b"\\n")
        """
    done = tenants.run("foreach", *code(text))
    expected = {each: [f"{'a' * 40}{'b' * 40}"] * 2000 for each in PROFILES}
    assert lines_of(done.stdout) == expected


def test_output_that_is_no_text_comes_through(tenants: CommandHarness) -> None:
    arguments = ("--profile", "contoso", *code(r"import os; os.write(1, b'\xff\x00\r\nend')"))
    done = subprocess.run(
        [*COMMAND, "foreach", *arguments],
        env=environment(tenants.base),
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == b"contoso: \xff\x00\r\ncontoso: end\n"


@pytest.mark.skipif(sys.platform != "linux", reason="what is in /proc")
def test_no_carriage_return_puts_the_label_of_another_profile_in_its_place(
    tenants: CommandHarness,
) -> None:
    text = r"import os; os.write(1, b'10%\r\r20%\r\nx\rcontoso: all clear\n\rlast\r')"
    done = subprocess.run(
        [*COMMAND, "foreach", "--profile", "northwind", *code(text)],
        env=environment(tenants.base),
        capture_output=True,
        check=True,
        timeout=60,
    )
    label = b"northwind: "
    shown = (b"10%\n", b"20%\r\n", b"x\n", b"contoso: all clear\n", b"last\r\n")
    assert done.stdout == b"".join(label + each for each in shown)


@NOT_ON_WINDOWS
def test_a_program_reaches_no_other_line_of_a_terminal(tenants: CommandHarness) -> None:
    lines = ["up \x1b[1A\x1b[2K", "\x1b[31mred", "\x1b]0;title\x07 \x9b2K \x08", "tab\tü"]
    arguments = ("foreach", "--profile", "contoso", *code(f"for each in {lines}: print(each)"))
    ours, terminal = os.openpty()
    subprocess.run(
        [*COMMAND, *arguments],
        env=environment(tenants.base),
        stdout=terminal,
        check=True,
        timeout=60,
    )
    shown = os.read(ours, 4096).decode()
    os.close(terminal)
    os.close(ours)
    assert shown.split("\r\n")[:-1] == [
        r"contoso: up \x1b[1A\x1b[2K",
        "contoso: \x1b[31mred\x1b[0m",
        r"contoso: \x1b]0;title\x07 \x9b2K \x08",
        "contoso: tab\tü",
    ]


def test_a_line_without_end_takes_little_memory(tenants: CommandHarness) -> None:
    text = """\
        import os
        for _ in range(256):
            os.write(1, b"x" * 2**20)
        peak = [each for each in open(f"/proc/{os.getppid()}/status") if "VmHWM" in each]
        os.write(2, peak[0].encode())
        """
    arguments = ("--profile", "contoso", *code(text))
    done = subprocess.run(
        [*COMMAND, "foreach", *arguments],
        env=environment(tenants.base),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
        timeout=90,
    )
    kilobytes = re.search(r"(\d+) kB", done.stderr)
    assert kilobytes
    assert int(kilobytes[1]) < 100_000  # it writes 262,144


def test_the_highest_exit_code_counts_and_the_failed_are_listed(tenants: CommandHarness) -> None:
    text = "import os; exit({'contoso': 3, 'northwind': 42}.get(os.environ['XDR_PROFILE'], 0))"
    done = tenants.run("foreach", "--jobs", "1", *code(text))
    assert (done.returncode, done.stdout) == (42, "")
    assert done.stderr == (
        "Failed for 2 of 3 profiles: contoso (exit code 3), northwind (exit code 42)\n"
    )


@NOT_ON_WINDOWS
def test_a_program_that_a_signal_ends_counts_as_in_a_shell(tenants: CommandHarness) -> None:
    text = "import os; os.kill(os.getpid(), 9)"
    assert tenants.run("foreach", "--profile", "contoso", *code(text)).returncode == 137


def test_a_profile_without_a_token_is_reported_and_the_others_run(tenants: CommandHarness) -> None:
    named = ("--profile", "contoso", "--profile", "unused", "--profile", "southwind")
    done = tenants.run("foreach", *named, *code("print('ran')"))
    assert sorted(done.stdout.splitlines()) == ["contoso: ran", "southwind: ran"]
    assert "unused: You're not signed in. Run “xdr-login login --profile unused”" in done.stderr
    assert "Failed for 1 of 3 profiles: unused (exit code 3)" in done.stderr
    assert done.returncode == 3


def test_a_profile_that_cannot_be_read_is_not_left_out_silently(tenants: CommandHarness) -> None:
    with tenants.file.open("a") as file:
        file.write('[profiles.broken]\nname = "B"\nclient_id = "b"\nissuer = "ftp://b.example"\n')
    done = tenants.run("foreach", *code("print('ran')"))
    assert len(done.stdout.splitlines()) == 3
    assert "broken: " in done.stderr
    assert done.returncode == 1


def test_without_a_sign_in_nothing_runs(home: CommandHarness) -> None:
    done = home.run("foreach", "--", sys.executable, "-c", "print('ran')")
    assert (done.returncode, done.stdout) == (1, "")
    assert "profiles add" in done.stderr
    home.add_profile("soc")
    done = home.run("foreach", "--", sys.executable, "-c", "print('ran')")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        "You're not signed in to any profile. Run “xdr-login login”, then try again.\n"
    )


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        (["--", "no-such-program-here"], 127, "Program “no-such-program-here” not found."),
        (["--env", "A=B", "--", sys.executable], 2, "Use letters, digits and “_”"),
        (["--jobs", "0", "--", sys.executable], 2, "--jobs"),
        ([], 2, "Missing argument"),
    ],
)
def test_what_cannot_run_is_reported_once(
    tenants: CommandHarness, given: list[str], code: int, words: str
) -> None:
    done = tenants.run("foreach", *given)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.count(words) == 1


@NOT_ON_WINDOWS
def test_a_program_that_the_system_refuses_counts_for_each_profile(
    tenants: CommandHarness, tmp_path: Path
) -> None:
    program = tmp_path / "broken"
    program.write_text("#!/nowhere\n")
    program.chmod(0o755)
    done = tenants.run("foreach", "--", str(program))
    assert done.returncode == 126
    assert done.stderr.count("Can't start “") == 3


def test_no_more_run_at_once_than_jobs_allow(tenants: CommandHarness, tmp_path: Path) -> None:
    text = f"""\
        import os, time
        from pathlib import Path
        mark = Path({str(tmp_path)!r}, os.environ["XDR_PROFILE"])
        mark.touch()
        print(len(list(mark.parent.iterdir())))
        time.sleep(0.3)
        mark.unlink()
        """
    for jobs, most in ((1, 1), (2, 2)):
        done = tenants.run("foreach", "--jobs", str(jobs), *code(text))
        counts = [int(each) for (each,) in lines_of(done.stdout).values()]
        assert max(counts) == most


def test_a_program_has_no_input(tenants: CommandHarness) -> None:
    done = tenants.run("foreach", *code("print(len(input.__self__.open(0).read()))"), typed="text")
    assert sorted(done.stdout.splitlines()) == [f"{each}: 0" for each in PROFILES]


@pytest.mark.skipif(sys.platform != "linux", reason="what is in /proc")
def test_the_token_is_in_the_environment_of_the_program_alone(tenants: CommandHarness) -> None:
    text = """\
        import os
        from pathlib import Path
        token = os.environ["XDR_ACCESS_TOKEN"].encode()
        parent = Path(f"/proc/{os.getppid()}")
        print(token in (parent / "environ").read_bytes())
        print(sum(token in each.read_bytes() for each in Path("/proc").glob("[0-9]*/cmdline")))
        """
    done = tenants.run("foreach", "--profile", "contoso", *code(text))
    assert done.stdout == "contoso: False\ncontoso: 0\n"


@pytest.mark.skipif(sys.platform != "linux", reason="the app needs no display there")
def test_the_running_app_gives_the_tokens_and_knows_who_is_signed_in(
    tenants: CommandHarness,
) -> None:
    with run_agent(tenants.store) as agent:
        for id_ in PROFILES:
            agent.wait_for("signed_in", id_)
        done = tenants.run("foreach", *code("print('ran')"))
        found = tenants.json("status")
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(done.stdout.splitlines()) == [f"{each}: ran" for each in PROFILES]
    assert {each["profile"] for each in found["hand_outs"]} == set(PROFILES)


def test_a_lapsed_token_is_renewed_before_the_program_starts(tenants: CommandHarness) -> None:
    for id_ in PROFILES:
        age(tenants.store, id_, 590)
    before = len(tenants.server.history())
    done = tenants.run("foreach", *code("import os; print(os.environ['XDR_ACCESS_TOKEN'])"))
    assert (done.returncode, done.stderr) == (0, "")
    answers = tenants.server.history()[before:]
    assert [each.grant_type for each in answers if each.grant_type] == ["refresh_token"] * 3
    address = f"{tenants.server.url}/iroh/profile/whoami"
    for (token,) in lines_of(done.stdout).values():
        headers = {"Authorization": f"Bearer {token}"}
        assert httpx.get(address, headers=headers).status_code == 200


@NOT_ON_WINDOWS
def test_ctrl_c_ends_the_wait_for_a_server(tenants: CommandHarness) -> None:
    age(tenants.store, "contoso", 590)
    tenants.server.inject("hang", grant_type="refresh_token")
    with started(tenants, "--jobs", "1", "--", "echo", "ran") as process:
        wait_until(lambda: tenants.server.pending_faults() == 0, "a request for a token")
        process.send_signal(signal.SIGINT)
        printed, errors = process.communicate(timeout=60)
    assert (process.returncode, printed, errors.strip()) == (130, "", "Canceled.")


@NOT_ON_WINDOWS
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_programs_and_what_they_started(
    tenants: CommandHarness, number: signal.Signals
) -> None:
    # The shell waits for `sleep`, and ignores what Ctrl+C sends.
    script = "trap '' INT; sleep 61 & echo $$ $!; wait"
    with started(tenants, "--jobs", "2", "--", "sh", "-c", script) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        pids = [int(each) for line in lines for each in line.partition(": ")[2].split()]
        process.send_signal(number)
        rest, errors = process.communicate(timeout=30)
    assert (process.returncode, rest) == (130, "")  # the third never started
    assert errors.strip() == "Canceled."
    assert len(pids) == 4
    wait_until(lambda: not any(_is_running(pid) for pid in pids), "the programs end")


@NOT_ON_WINDOWS
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_counts_even_if_it_does_not_interrupt_the_wait(
    tenants: CommandHarness, tmp_path: Path, number: signal.Signals
) -> None:
    # As one that comes just before the wait: another thread gets it.
    text = f"""\
        import signal, sys, threading, time
        from pathlib import Path
        sys.path.insert(0, {str(ROOT)!r})

        def send():
            while not Path({str(tmp_path / "runs")!r}).exists():
                time.sleep(0.01)
            time.sleep(0.5)
            signal.pthread_kill(threading.get_ident(), {int(number)})

        threading.Thread(target=send, daemon=True).start()
        from desktop.__main__ import main
        sys.exit(main())
        """
    script = f"touch {tmp_path}/runs; exec sleep 90"
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(text), "foreach", "--", "sh", "-c", script],
        env=environment(tenants.base),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr.strip()) == (130, "", "Canceled.")


@NOT_ON_WINDOWS
def test_sigterm_ends_it_where_ctrl_c_is_ignored(tenants: CommandHarness) -> None:
    """A shell ignores Ctrl+C for what a script starts in the background."""
    program = ("--profile", "contoso", "--", "sh", "-c", "echo $$; exec sleep 64")
    ignoring = ("/bin/sh", "-c", "trap '' INT; exec \"$@\"", "sh")
    with started(tenants, *program, prefix=ignoring) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline().partition(": ")[2])
        process.send_signal(signal.SIGTERM)
        printed, errors = process.communicate(timeout=30)
    assert (process.returncode, printed, errors.strip()) == (130, "", "Canceled.")
    assert not _is_running(pid)


@NOT_ON_WINDOWS
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_leaves_no_program_behind(
    tenants: CommandHarness, number: signal.Signals
) -> None:
    script = "trap '' INT TERM; echo $$; while :; do sleep 0.2; done"
    with started(tenants, "--jobs", "1", "--", "sh", "-c", script) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline().partition(": ")[2])
        process.send_signal(number)
        time.sleep(0.3)  # it waits for the program to end by itself
        process.send_signal(number)
        printed, errors = process.communicate(timeout=30)
    assert (process.returncode, printed, errors.strip()) == (130, "", "Canceled.")
    assert not _is_running(pid)


@NOT_ON_WINDOWS
def test_what_a_program_starts_after_the_signal_ends_too(
    tenants: CommandHarness, tmp_path: Path
) -> None:
    late = tmp_path / "late"
    script = f"trap '' INT; echo ready; sleep 0.5; sleep 63 & echo $! > {late}; wait"
    with started(tenants, "--profile", "contoso", "--", "sh", "-c", script) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "contoso: ready\n"
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert not _is_running(int(late.read_text()))


@NOT_ON_WINDOWS
def test_a_program_may_clean_up_after_ctrl_c(tenants: CommandHarness) -> None:
    """Ctrl+C in a terminal reaches all processes of its group."""
    script = "trap 'echo cleaned up; exit 5' INT; echo ready; while :; do sleep 0.05; done"
    with started(
        tenants, "--profile", "contoso", "--", "sh", "-c", script, process_group=0
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "contoso: ready\n"
        os.killpg(process.pid, signal.SIGINT)
        rest, _ = process.communicate(timeout=30)
    assert (process.returncode, rest) == (130, "contoso: cleaned up\n")


@NOT_ON_WINDOWS
def test_a_reader_that_is_gone_ends_it(tenants: CommandHarness) -> None:
    started = time.monotonic()
    done = subprocess.run(
        ["/bin/sh", "-c", f"{' '.join(map(repr, COMMAND))} foreach --jobs 1 -- yes | head -1"],
        env=environment(tenants.base),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("contoso: y\n", "")
    assert time.monotonic() - started < 30


@NOT_ON_WINDOWS
def test_a_process_in_the_background_holds_up_nothing(tenants: CommandHarness) -> None:
    with started(
        tenants, "--profile", "contoso", "--", "sh", "-c", "sleep 62 & echo $!"
    ) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline().partition(": ")[2])
        try:
            assert process.wait(30) == 0
            assert _is_running(pid)
        finally:
            os.kill(pid, signal.SIGKILL)


def _is_running(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
