"""The sign-in in a terminal, as it is read there."""

import asyncio
import io
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import segno

from desktop.cli import terminal
from desktop.options import Options
from desktop.services import paths
from desktop.services.background import Worker
from desktop.services.keystore import KeyringLocked
from desktop.services.profiles import NoProfile, Profile, client_password_key
from desktop.services.surroundings import Surroundings
from tests.services.world import (
    ACCESS_TOKEN,
    DEVICE_CODE,
    HOST,
    PASSWORD,
    PENDING,
    PROFILE,
    REFRESH_TOKEN,
    TOKENS,
    HurriedClock,
    Keyring,
    Server,
    bound,
)


class TodaysClock(HurriedClock):
    """A hurried clock that begins now: the terminal tells the time by the system's."""

    def __init__(self) -> None:
        super().__init__()
        self._start = datetime.now(UTC)

    def utc(self) -> datetime:
        return self._start + timedelta(seconds=self.elapsed)


class GivenOptions(Options):
    """Options whose profile is there already."""

    profile_to_load: Profile | Exception | type[BaseException] = PROFILE
    closed = False

    def load_profile(self) -> Profile:
        if isinstance(self.profile_to_load, Profile):
            return self.profile_to_load
        raise self.profile_to_load

    def close(self) -> None:
        self.closed = True


@dataclass
class Terminal:
    """A terminal in which one can sign in again and again."""

    server: Server
    keyring: Keyring
    clock: TodaysClock
    capsys: pytest.CaptureFixture[str]
    options: GivenOptions
    exit_code: int = -1

    def run(self, why: str = "") -> list[str]:
        """Sign in; gives the lines that were printed."""
        self.exit_code = terminal.run(self.options, why=why)
        assert self.server.open == 0
        assert self.options.closed
        return self.capsys.readouterr().out.splitlines()


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    made = Terminal(Server(), Keyring(), TodaysClock(), capsys, GivenOptions())
    made.server.answers = [TOKENS]

    async def open_http(_profile: Profile, /, **_given: object) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(made.server))

    def fake_surroundings(_worker: Worker) -> Surroundings:
        lock = asyncio.Lock()
        return Surroundings(made.keyring, open_http, made.clock, lambda _key: lock)

    monkeypatch.setattr(terminal, "surroundings", fake_surroundings)
    return made


def device(**changes: object) -> dict[str, object]:
    return {
        "device_code": DEVICE_CODE,
        "user_code": "CODE",
        "verification_uri": f"https://{HOST}/activate",
        "expires_in": 600,
        **changes,
    }


def test_a_sign_in_reads_like_this(console: Terminal) -> None:
    lines = console.run(why="There is no display")
    assert console.exit_code == 0
    assert lines[:-2] == [
        "There is no display: signing in here, in the terminal.",
        "Your code:  CODE-1",
        f"Approve it: https://{HOST}/activate?user_code=CODE-1",
        "Check that the page shows this code. Never approve a code that someone sent you.",
    ]
    assert re.fullmatch(r"Waiting for approval\. The code expires in (10:00|9:5\d)\.", lines[-2])
    assert re.fullmatch(
        r"Signed in to Northwind SOC · scopes: read · (10:0\d|9:5\d) left", lines[-1]
    )
    assert list(console.keyring.kept) == ["northwind"]


def test_a_browser_on_this_computer_is_told_what_it_takes(console: Terminal) -> None:
    console.options.profile_to_load = replace(PROFILE, grant="code")
    console.server.metadata = {"authorization_endpoint": f"https://{HOST}/authorize"}
    lines = console.run()
    assert console.exit_code == 1
    found = re.fullmatch(
        r"It comes back to http://127\.0\.0\.1:(\d+)/callback\. From another computer, "
        r"as over ssh, that is",
        lines[2],
    )
    assert found is not None
    port = found[1]
    assert lines[0] == "Open this in a browser on this computer:"
    assert lines[1].startswith(f"https://{HOST}/authorize?")
    assert lines[3:5] == [
        "impossible unless its port is forwarded first; there, in another terminal:",
        f"ssh -L {port}:127.0.0.1:{port} THIS-COMPUTER",
    ]
    assert re.fullmatch(
        r"Waiting for approval, for (10:00|9:5\d)\. Approve only what you started here\.", lines[5]
    )
    assert lines[6].startswith("Nobody approved it in time.")


def test_a_client_signs_in_as_itself_in_the_terminal(console: Terminal) -> None:
    profile = replace(PROFILE, grant="client-credentials")
    asyncio.run(console.keyring.save(client_password_key(profile), bound(PASSWORD, profile)))
    console.options.profile_to_load = profile
    (line,) = console.run()
    assert console.exit_code == 0
    assert line.startswith("Signed in to Northwind SOC")


def test_nothing_that_is_printed_is_a_secret(console: Terminal) -> None:
    console.server.answers = [httpx.ConnectError("reset"), TOKENS]
    text = "\n".join(console.run())
    assert not [x for x in (ACCESS_TOKEN, REFRESH_TOKEN, DEVICE_CODE) if x in text]


def test_who_signed_in_is_said_and_what_never_expires_too(console: Terminal) -> None:
    claims = "eyJhbGciOiJub25lIn0.eyJlbWFpbCI6ImRhbmFAbm9ydGh3aW5kLmV4YW1wbGUifQ."
    console.server.answers = [{"access_token": claims, "scope": ""}]
    assert console.run()[-1] == (
        "Signed in to Northwind SOC as dana@northwind.example · scopes: none · does not expire"
    )


def test_a_stored_token_needs_no_code(console: Terminal) -> None:
    console.run()
    requests = len(console.server.requests)
    lines = console.run()
    assert (console.exit_code, len(lines)) == (0, 1)
    assert lines[0].startswith("Signed in to Northwind SOC")
    assert len(console.server.requests) == requests


def run_an_hour_later(console: Terminal) -> list[str]:
    console.clock._start -= timedelta(hours=1)
    console.run()
    console.clock._start += timedelta(hours=1)
    return console.run()


def test_a_stored_token_that_has_expired_is_renewed(console: Terminal) -> None:
    lines = run_an_hour_later(console)
    assert console.exit_code == 0
    assert lines[0] == "The saved token has expired: renewing it."
    assert lines[-1].startswith("Signed in to Northwind SOC")
    assert console.server.renewals() == 1


def test_a_stored_token_that_cannot_be_renewed_is_replaced(console: Terminal) -> None:
    console.server.answers = [{key: TOKENS[key] for key in TOKENS if key != "refresh_token"}]
    lines = run_an_hour_later(console)
    assert console.exit_code == 0
    assert lines[0] == "The saved token has expired: signing in again."
    assert "Your code:  CODE-2" in lines
    assert lines[-1].startswith("Signed in to Northwind SOC")


def test_signed_out_by_the_server_it_signs_in_again(console: Terminal) -> None:
    console.server.rotation.revoked = True
    lines = run_an_hour_later(console)
    assert console.exit_code == 0
    assert lines[1] == "The server has signed you out: signing in again."
    assert lines[-1].startswith("Signed in to Northwind SOC")


def test_a_renewal_that_fails_says_why_and_gives_1(console: Terminal) -> None:
    console.server.rotation.troubles = [httpx.ConnectError("reset")]
    lines = run_an_hour_later(console)
    assert console.exit_code == 1
    assert lines[-1].startswith("The server cannot be reached.")


def test_a_token_that_is_dead_on_arrival_is_not_asked_for_for_ever(console: Terminal) -> None:
    console.server.answers = [{**TOKENS, "expires_in": 0}]
    console.clock._start -= timedelta(minutes=1)
    assert console.run()[-1].endswith("0:00 left")
    assert console.server.asked("/device") == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            {"error": "access_denied"},
            [
                (
                    "The sign-in was declined. Someone pressed Deny on the approval page for code "
                    "CODE-1. If that was not you, tell your administrator."
                ),
                "(access_denied · status 400)",
            ],
        ),
        (
            {"error": "expired_token"},
            [
                (
                    "The code has expired. The server has retired it. Nothing is wrong: get a new "
                    "code "
                    "and approve that one."
                ),
                "(expired_token · status 400)",
            ],
        ),
        (
            PENDING,
            [
                (
                    "The code has expired. Nobody approved it in time. Nothing is wrong: get a new "
                    "code and approve that one."
                )
            ],
        ),
    ],
)
def test_a_sign_in_that_fails_says_why_and_gives_1(
    console: Terminal, answer: dict[str, str], words: list[str]
) -> None:
    console.server.answers = [answer]
    lines = console.run()
    assert console.exit_code == 1
    assert lines[-len(words) :] == words


def test_trouble_is_said_once_and_passes(console: Terminal) -> None:
    lost = httpx.ConnectError("reset")
    console.server.answers = [PENDING, lost, lost, PENDING, lost, TOKENS]
    lines = console.run()
    said = "The server cannot be reached. Your code stays valid: asking again by itself."
    assert lines.count(said) == 2
    assert console.exit_code == 0


def test_a_link_to_another_host_is_warned_of(console: Terminal) -> None:
    console.server.device_answer = device(verification_uri="https://evil.example/x")
    assert "Careful: evil.example is not the host of your profile." in console.run()


def test_a_keyring_that_is_locked_is_said_and_signing_in_goes_on(console: Terminal) -> None:
    console.keyring.errors["load"] = KeyringLocked()
    lines = console.run()
    assert console.exit_code == 0
    assert lines[:2] == [
        (
            "The keyring is locked. Unlock it, then try again. You can also sign in without "
            "saving the "
            "token: it is then gone when you quit."
        ),
        "Going on without saving the token.",
    ]
    assert "The keyring is locked: the token was not saved." in lines
    assert lines[-1].startswith("Signed in to")


def test_without_a_profile_it_says_where_one_belongs(console: Terminal) -> None:
    console.options.profile_to_load = NoProfile(paths.profiles_file())
    lines = console.run()
    assert console.exit_code == 1
    assert lines[0].startswith("Set up your first profile. A profile says where you sign in")
    assert str(paths.profiles_file()) in lines[0]


def test_ctrl_c_is_a_cancel(console: Terminal) -> None:
    console.options.profile_to_load = KeyboardInterrupt
    assert console.run() == ["", "Cancelled."]
    assert console.exit_code == 130


def test_a_fault_of_the_program_is_said_and_reported_without_secrets(console: Terminal) -> None:
    console.server.answers = [ZeroDivisionError(f"device_code={DEVICE_CODE}")]
    lines = console.run()
    assert console.exit_code == 1
    assert lines[-1].startswith("Something unexpected happened. It is a fault of this program")
    report = (paths.log_folder() / "xdr-login.log").read_text("utf-8")
    assert "ZeroDivisionError: device_code=[redacted]" in report
    assert DEVICE_CODE not in report


def test_what_the_terminal_cannot_show_does_not_end_the_sign_in(
    console: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(output, "ascii"))
    console.options.profile_to_load = replace(PROFILE, name="Nørthwind")
    console.run()
    assert console.exit_code == 0
    assert b"Signed in to N?rthwind ? scopes: read" in output.getvalue()


def test_the_output_may_be_any_stream_of_text(
    console: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = io.StringIO()
    monkeypatch.setattr(sys, "stdout", output)
    console.run()
    assert "Signed in to Northwind SOC · scopes: read" in output.getvalue()


def test_a_server_cannot_write_to_the_terminal_as_it_likes(console: Terminal) -> None:
    console.server.answers = [{**TOKENS, "scope": "read\x1b[2J\x1b]0;owned\x07 \u202ewrite"}]
    text = "\n".join(console.run())
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", text)


def test_the_session_is_closed_when_the_person_leaves(console: Terminal) -> None:
    async def leave() -> None:
        signing_in = asyncio.ensure_future(terminal._sign_in(PROFILE))
        await console.server.reached.wait()
        signing_in.cancel()
        await asyncio.wait({signing_in})
        assert asyncio.all_tasks() == {asyncio.current_task()}

    console.server.close("/token")
    asyncio.run(leave())
    assert console.server.open == 0


# The QR code


@pytest.fixture
def tty(console: Terminal, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[str]]:
    """Sign in on a terminal that is so many columns wide; gives the lines of the QR code."""

    def run(columns: int) -> list[str]:
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        monkeypatch.setenv("COLUMNS", str(columns))
        lines = console.run()
        end = next(n for n, line in enumerate(lines) if line.startswith("Check that"))
        return [line for line in lines[2:end] if line.strip()]

    return run


def test_a_terminal_shows_a_qr_code(tty: Callable[[int], list[str]]) -> None:
    lines = tty(80)
    size = segno.make_qr(f"https://{HOST}/activate?user_code=CODE-1", error="l").symbol_size()[0]
    assert len(lines) >= size // 2
    assert any("█" in line or "▀" in line for line in lines)


def test_a_terminal_that_is_too_narrow_shows_none(tty: Callable[[int], list[str]]) -> None:
    assert tty(20) == []
