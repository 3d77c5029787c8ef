"""The sign-in in a terminal, as it is read there."""

import asyncio
import base64
import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import segno

from desktop.cli.sign_in import login, sign_in_output
from desktop.cli.sign_in.login import SignInOptions
from desktop.cli.sign_in.sign_in_output import JsonReporter, Reporter, TextReporter
from desktop.cli.terminal.columns import display_width
from desktop.cli.terminal.exits import Exit, handle_errors
from desktop.oauth.errors import TransportFailure
from desktop.options import Options
from desktop.services.model.profile import NoProfile, Profile, client_secret_key
from desktop.services.model.settings import Settings, save_settings
from desktop.services.model.states import AwaitingApproval
from desktop.services.network.environment import Environment
from desktop.services.secrets import keyring_vault
from desktop.services.secrets.keystore import KeyringLocked, KeyringMissing, Vault
from desktop.services.system import paths
from desktop.services.system.paths import settings_file
from desktop.services.system.worker import Worker
from desktop.services.wording.formats import format_time
from tests.pseudo_language import real_language
from tests.sample_states import in_browser, signed_in
from tests.services.harness import (
    ACCESS_TOKEN,
    DEVICE_CODE,
    HOST,
    PASSWORD,
    PENDING,
    PROFILE,
    REFRESH_TOKEN,
    TOKENS,
    FakeKeyring,
    HurriedClock,
    Server,
    saved_client_secret,
)
from tests.services.secrets.vaults import PlainModel


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
    keyring: FakeKeyring
    clock: TodaysClock
    capsys: pytest.CaptureFixture[str]
    options: GivenOptions
    exit_code: int = -1
    sign_in_options: SignInOptions = field(default_factory=SignInOptions)

    def run(self, *, display: bool = True) -> list[str]:
        """Sign in; gives the lines that were printed for the user."""
        if display:
            self._sign_in(TextReporter())
        else:
            self.exit_code = login.sign_in_without_display(self.options)
        written = self.capsys.readouterr()
        assert written.out == "", "what nobody asked for goes to stderr"
        return written.err.splitlines()

    def events(self) -> list[dict[str, object]]:
        """Sign in for a program; gives the events."""
        self._sign_in(JsonReporter())
        written = self.capsys.readouterr()
        assert written.err == ""
        return [json.loads(line) for line in written.out.splitlines()]

    def _sign_in(self, reporter: Reporter) -> None:
        def command(*, as_json: bool) -> int:
            assert as_json is isinstance(reporter, JsonReporter)
            return login._run(self.options, reporter, self.sign_in_options)

        self.exit_code = handle_errors(command)(as_json=isinstance(reporter, JsonReporter))
        assert self.server.open == 0
        assert self.options.closed


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    made = Terminal(Server(), FakeKeyring(), TodaysClock(), capsys, GivenOptions())
    made.server.answers = [TOKENS]

    async def open_http(_profile: Profile, /, **_given: object) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(made.server))

    def fake_environment(_worker: Worker) -> Environment:
        lock = asyncio.Lock()
        return Environment(made.keyring, open_http, made.clock, lambda _key: lock)

    monkeypatch.setattr(login, "real_environment", fake_environment)
    monkeypatch.setattr(keyring_vault, "open_vault", PlainModel)
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
    lines = console.run(display=False)
    assert console.exit_code == 0
    assert lines[:-3] == [
        "No display found. Signing in from the terminal.",
        "Your code:  CODE-1",
        f"Approve the sign-in: https://{HOST}/activate?user_code=CODE-1",
        "Check that the page shows this code. Never approve a code that someone sent you.",
    ]
    assert re.fullmatch(r"Waiting for approval\. The code expires in (10:00|9:5\d)\.", lines[-3])
    now = console.clock.utc()  # ahead of the real time, by the pauses between the polls
    times = {format_time(now + timedelta(seconds=each), now=now) for each in (570, 600)}
    assert lines[-2] in {f"✓ Signed in to Northwind SOC (expires {time})." for time in times}
    assert lines[-1] == "Next: xdr-login token"
    assert list(console.keyring.entries) == ["northwind"]


def test_a_sign_in_in_the_browser_explains_ssh(console: Terminal) -> None:
    console.options.profile_to_load = replace(PROFILE, grant="code")
    console.server.metadata = {"authorization_endpoint": f"https://{HOST}/authorize"}
    lines = console.run()
    assert console.exit_code == Exit.SIGN_IN_NEEDED
    assert lines[0] == "Open this link in a browser on this computer:"
    assert lines[1].startswith(f"https://{HOST}/authorize?")
    found = re.search(r"redirect_uri=http%3A%2F%2F127\.0\.0\.1%3A(\d+)%2Fcallback", lines[1])
    assert found is not None
    assert lines[2:5] == [
        "If your browser is on another computer, first run this there:",
        f"ssh -L {found[1]}:127.0.0.1:{found[1]} THIS-COMPUTER",
        "Approve only what you started yourself.",
    ]
    assert re.fullmatch(r"Waiting for approval\. The link expires in (10:00|9:5\d)\.", lines[5])
    assert lines[6].startswith("Not approved in time.")


def test_a_client_signs_in_as_itself_in_the_terminal(console: Terminal) -> None:
    profile = replace(PROFILE, grant="client-credentials")
    asyncio.run(
        console.keyring.save(client_secret_key(profile), saved_client_secret(PASSWORD, profile))
    )
    console.options.profile_to_load = profile
    line, _ = console.run()
    assert console.exit_code == 0
    assert line.startswith("✓ Signed in to Northwind SOC")


def test_no_secret_is_printed(console: Terminal) -> None:
    console.server.answers = [httpx.ConnectError("reset"), TOKENS]
    text = "\n".join(console.run())
    assert not [x for x in (ACCESS_TOKEN, REFRESH_TOKEN, DEVICE_CODE) if x in text]


def test_the_user_is_shown_and_no_expiry_if_there_is_none(console: Terminal) -> None:
    claims = "eyJhbGciOiJub25lIn0.eyJlbWFpbCI6ImRhbmFAbm9ydGh3aW5kLmV4YW1wbGUifQ."
    console.server.answers = [{"access_token": claims, "scope": ""}]
    assert console.run()[-2] == "✓ Signed in to Northwind SOC as dana@northwind.example."


def test_a_saved_token_needs_no_code(console: Terminal) -> None:
    console.run()
    requests = len(console.server.requests)
    lines = console.run()
    assert (console.exit_code, len(lines)) == (0, 2)
    assert lines[0].startswith("✓ Signed in to Northwind SOC")
    assert len(console.server.requests) == requests


def run_an_hour_later(console: Terminal) -> list[str]:
    console.clock._start -= timedelta(hours=1)
    console.run()
    console.clock._start += timedelta(hours=1)
    return console.run()


def test_an_expired_saved_token_is_renewed(console: Terminal) -> None:
    lines = run_an_hour_later(console)
    assert console.exit_code == 0
    assert lines[0] == "The saved token has expired. Renewing it."
    assert lines[-2].startswith("✓ Signed in to Northwind SOC")
    assert console.server.count_renewals() == 1


def test_an_expired_saved_token_without_renewal_is_replaced(console: Terminal) -> None:
    console.server.answers = [{key: TOKENS[key] for key in TOKENS if key != "refresh_token"}]
    lines = run_an_hour_later(console)
    assert console.exit_code == 0
    assert lines[0] == "The saved token has expired. Signing in again."
    assert "Your code:  CODE-2" in lines
    assert lines[-2].startswith("✓ Signed in to Northwind SOC")


def test_signed_out_by_the_server_it_signs_in_again(console: Terminal) -> None:
    console.server.rotation.revoked = True
    lines = run_an_hour_later(console)
    assert console.exit_code == 0
    assert lines[1] == "The server has signed you out. Signing in again."
    assert lines[-2].startswith("✓ Signed in to Northwind SOC")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(400),
        httpx.Response(401, text="<html>", headers={"content-type": "text/html"}),
        httpx.Response(400, json={"message": "gone"}),
    ],
    ids=["empty", "page", "json"],
)
def test_a_renewal_that_is_refused_without_a_reason_leads_to_a_new_code(
    console: Terminal, answer: httpx.Response
) -> None:
    console.server.rotation.troubles = [answer] * 2
    lines = run_an_hour_later(console)
    assert console.exit_code == 0
    assert lines[1] == "The server refuses to renew. Signing in again."
    assert "Your code:  CODE-2" in lines
    assert lines[-2].startswith("✓ Signed in to Northwind SOC")


def test_a_renewal_without_an_answer_says_what_may_have_happened(console: Terminal) -> None:
    console.server.rotation.troubles = [httpx.ReadError("cut")]
    lines = run_an_hour_later(console)
    assert console.exit_code == Exit.NETWORK
    assert lines[-1].startswith("No response to the renewal. The server may have renewed")


def test_a_renewal_that_fails_says_why(console: Terminal) -> None:
    console.server.rotation.troubles = [httpx.ConnectError("reset")]
    lines = run_an_hour_later(console)
    assert console.exit_code == Exit.NETWORK
    assert lines[-1].startswith("Can't reach the server.")


def test_a_server_without_refresh_tokens_is_told_at_once(console: Terminal) -> None:
    console.server.answers = [{**TOKENS, "refresh_token": None}]
    assert console.run()[-2].endswith(
        " This server issued no refresh token. Sign in again when your token expires."
    )
    console.keyring.entries.clear()
    assert console.events()[-1]["renewable"] is False


@pytest.mark.parametrize(
    ("answer", "exit_code", "words"),
    [
        (httpx.Response(404, html="<html>"), Exit.SERVER, "Nothing at this address (404). "),
        (httpx.Response(405), Exit.SERVER, "Nothing at this address (405). "),
        (httpx.Response(415), Exit.SERVER, "The server rejected the request. "),
        (httpx.Response(200, json={}), Exit.SERVER, "No usable token received. "),
        (
            httpx.Response(429, headers={"Retry-After": "3172"}),
            Exit.NETWORK,
            "Too many requests. ",
        ),
        (httpx.Response(502), Exit.NETWORK, "The code has expired. XDR Login couldn't check "),
    ],
)
def test_a_server_that_never_answers_as_one_ends_the_sign_in_with_its_own_words(
    console: Terminal, answer: httpx.Response, exit_code: Exit, words: str
) -> None:
    console.server.answers = [answer]
    lines = console.run()
    assert any(line.startswith(words) for line in lines[-2:])
    assert console.exit_code == exit_code
    assert not [line for line in lines if "wasn't approved" in line]
    assert (console.server.count_requests("/token") <= 3) == (answer.status_code != 502)


@pytest.mark.parametrize("lifetime", [0, -1, "0"])
def test_a_code_that_has_expired_when_it_is_issued_is_no_trouble_of_the_network(
    console: Terminal, lifetime: object
) -> None:
    console.server.device_answer = device(expires_in=lifetime)
    assert console.run()[-1] == (
        "Unexpected response from the server. The response from login.example is incomplete or "
        "invalid (no usable expires_in). This is a problem with the server, not with your network. "
        "Tell its administrator."
    )
    assert console.exit_code == Exit.SERVER


@pytest.mark.parametrize("lifetime", [0, -1, "0", -0.5])
def test_a_token_that_has_expired_when_it_is_issued_is_no_success(
    console: Terminal, lifetime: object
) -> None:
    console.server.answers = [{**TOKENS, "expires_in": lifetime}]
    assert console.run()[-1] == (
        "No usable token received. login.example reported success, but sent no usable token: "
        "expires_in is 0 or less. This is a problem with the server, not with your network. "
        "Tell its administrator. A code or approval works only once, so sign in again."
    )
    assert console.exit_code == Exit.SERVER
    assert console.server.count_requests("/device") == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            {"error": "access_denied"},
            [
                (
                    "Sign-in denied. Someone selected Deny on the approval page for code CODE-1. "
                    "If that wasn't you, tell your administrator."
                ),
                "access_denied · status 400",
            ],
        ),
        (
            {"error": "expired_token"},
            [
                (
                    "The code has expired. The server no longer accepts this code. Get a new code"
                    " and approve that one."
                ),
                "expired_token · status 400",
            ],
        ),
        (
            PENDING,
            [
                (
                    "The code has expired. The sign-in wasn't approved in time. Get a new code "
                    "and approve that one."
                )
            ],
        ),
    ],
)
def test_a_sign_in_that_fails_says_why(
    console: Terminal, answer: dict[str, str], words: list[str]
) -> None:
    console.server.answers = [answer]
    lines = console.run()
    declined = answer.get("error") == "access_denied"
    assert console.exit_code == (Exit.FORBIDDEN if declined else Exit.SIGN_IN_NEEDED)
    assert lines[-len(words) :] == words


def test_a_problem_is_reported_once(console: Terminal) -> None:
    lost = httpx.ConnectError("reset")
    console.server.answers = [PENDING, lost, lost, PENDING, lost, TOKENS]
    lines = console.run()
    said = "Can't reach the server. Your code is still valid. Retrying automatically."
    assert lines.count(said) == 2
    assert console.exit_code == 0


def test_a_problem_after_the_approval_does_not_mention_a_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    reporter = TextReporter()
    reporter.report_waiting(in_browser(approved=True), opens_browser=True)
    reporter.report_trouble(TransportFailure(HOST))
    said = capsys.readouterr().err
    assert "Can't reach the server. Retrying automatically." in said
    assert "Your code" not in said


WARNING = (
    "Warning: this link goes to evil.example, not to the server in your profile. "
    "Continue only if your administrator told you to expect it."
)


def test_a_link_to_another_host_has_a_warning(console: Terminal) -> None:
    console.server.device_answer = device(verification_uri="https://evil.example/x")
    assert WARNING in console.run()


def test_a_demo_continues_with_a_locked_keyring(
    console: Terminal,
) -> None:
    console.sign_in_options = SignInOptions(must_save=False)
    console.keyring.errors["load"] = KeyringLocked()
    lines = console.run()
    assert console.exit_code == 0
    assert lines[:2] == [
        "The keyring is locked. Unlock your keyring, then try again.",
        "Continuing without saving the token.",
    ]
    assert "The keyring is locked. The token was not saved." in lines
    assert lines[-1].startswith("✓ Signed in to")


def test_a_locked_keyring_ends_a_sign_in(console: Terminal) -> None:
    console.keyring.errors["load"] = KeyringLocked()
    assert console.run()[0].startswith("The keyring is locked. Unlock your keyring")
    assert console.exit_code == Exit.KEYRING
    assert console.server.count_requests("/device") == 0


def test_a_missing_keyring_is_reported_before_the_approval(
    console: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_keyring() -> Vault:
        raise KeyringMissing

    monkeypatch.setattr(keyring_vault, "open_vault", find_keyring)
    assert console.run()[0].startswith("No keyring found. ")
    assert console.exit_code == Exit.KEYRING
    assert console.server.count_requests("/device") == 0


def test_a_keyring_with_nothing_saved_is_unlocked_before_the_approval(
    console: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    class LockedVault(PlainModel):
        def get(self, entry: str) -> str | None:
            raise KeyringLocked(entry)

    monkeypatch.setattr(keyring_vault, "open_vault", LockedVault)
    assert console.run()[0].startswith("The keyring is locked. Unlock your keyring")
    assert console.exit_code == Exit.KEYRING
    assert console.server.count_requests("/device") == 0


def test_a_keyring_that_fails_at_the_end_is_an_error(console: Terminal) -> None:
    console.keyring.errors["save"] = KeyringLocked()
    assert console.run()[-1].startswith("The keyring is locked. Unlock your keyring")
    assert console.exit_code == Exit.KEYRING


def test_again_signs_in_despite_a_saved_token(console: Terminal) -> None:
    console.run()
    console.sign_in_options = SignInOptions(force=True)
    assert "Your code:  CODE-2" in console.run()
    assert console.exit_code == 0


# For a program


def test_json_has_one_event_per_line(console: Terminal) -> None:
    code, signed_in = console.events()
    assert console.exit_code == 0
    assert code == {
        "event": "code",
        "user_code": "CODE-1",
        "verification_uri": f"https://{HOST}/activate",
        "verification_uri_complete": f"https://{HOST}/activate?user_code=CODE-1",
        "expires_at": code["expires_at"],
        "browser_opened": False,
        "host_is_known": True,
    }
    assert signed_in == {
        "event": "signed_in",
        "profile": "northwind",
        "scope": "read",
        "expires_at": signed_in["expires_at"],
        "renewable": True,
    }
    for each in (code, signed_in):
        left = datetime.fromisoformat(str(each["expires_at"])) - datetime.now(UTC)
        assert timedelta(minutes=9) < left <= timedelta(minutes=11)


@pytest.mark.parametrize(
    ("answer", "code", "exit_code"),
    [
        ({"error": "access_denied"}, "declined", 4),
        ({"error": "expired_token"}, "sign_in_needed", 3),
        ({"error": "server_fault"}, "server", 7),
    ],
)
def test_json_has_the_error(
    console: Terminal, answer: dict[str, str], code: str, exit_code: int
) -> None:
    console.server.answers = [answer]
    error = console.events()[-1]
    assert (error["event"], error["code"], console.exit_code) == ("error", code, exit_code)
    assert set(error) == {"event", "code", "message"}


def test_temporary_problems_are_not_events(console: Terminal) -> None:
    console.server.answers = [PENDING, httpx.ConnectError("reset"), TOKENS]
    assert [each["event"] for each in console.events()] == ["code", "signed_in"]


def test_json_has_errors_of_the_profiles(console: Terminal) -> None:
    console.options.profile_to_load = NoProfile(paths.profiles_file())
    (error,) = console.events()
    assert (error["event"], error["code"]) == ("error", "failure")
    assert str(error["message"]).startswith("Set up your first profile.")


def test_json_has_the_cancellation(console: Terminal) -> None:
    console.options.profile_to_load = KeyboardInterrupt
    assert console.events() == [{"event": "error", "code": "cancelled", "message": "Canceled."}]
    assert console.exit_code == 130


# The browser


@pytest.fixture
def opened(console: Terminal, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The links that a browser was opened with."""
    links: list[str] = []

    def open_browser(link: str) -> bool:
        links.append(link)
        return "CODE" in link

    monkeypatch.setattr(login, "_open_browser", open_browser)
    console.sign_in_options = SignInOptions(open_browser=True)
    return links


def test_the_browser_is_opened_once_with_the_link(console: Terminal, opened: list[str]) -> None:
    console.server.answers = [PENDING, PENDING, TOKENS]
    assert "Opening the link in your browser." in console.run()
    assert opened == [f"https://{HOST}/activate?user_code=CODE-1"]


@pytest.mark.parametrize("works", [True, False])
def test_json_says_whether_a_browser_was_started(
    console: Terminal, opened: list[str], monkeypatch: pytest.MonkeyPatch, *, works: bool
) -> None:
    monkeypatch.setattr(login, "_open_browser", lambda _link: works)
    assert opened == []
    assert console.events()[0]["browser_opened"] is works


def test_another_host_is_not_opened_automatically(console: Terminal, opened: list[str]) -> None:
    console.server.device_answer = device(verification_uri="https://evil.example/x")
    assert "Opening the link in your browser." not in console.run()
    assert opened == []


def test_an_opened_browser_needs_no_hint_about_ssh(console: Terminal, opened: list[str]) -> None:
    console.options.profile_to_load = replace(PROFILE, grant="code")
    console.server.metadata = {"authorization_endpoint": f"https://{HOST}/authorize"}
    lines = console.run()
    assert lines[0] == "Opening this link in your browser:"
    assert (
        lines[2:4]
        == [
            "Approve only what you started yourself.",
            "Couldn't open a browser. Open the link yourself.",
        ]
        or lines[4] == "Couldn't open a browser. Open the link yourself."
    )
    assert not [line for line in lines if "ssh" in line]
    assert len(opened) == 1


@pytest.mark.parametrize(("over_ssh", "here"), [("", True), ("10.0.0.1 5 10.0.0.2 22", False)])
def test_over_ssh_no_browser_is_opened(
    monkeypatch: pytest.MonkeyPatch, over_ssh: str, *, here: bool
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setenv("SSH_CONNECTION", over_ssh)
    assert login._can_open_browser() is here


# A terminal


def test_without_a_profile_the_message_names_the_file(console: Terminal) -> None:
    console.options.profile_to_load = NoProfile(paths.profiles_file())
    lines = console.run()
    assert console.exit_code == 1
    assert lines[0].startswith("Set up your first profile. A profile says where you sign in")
    assert str(paths.profiles_file()) in lines[0]


def test_ctrl_c_cancels(console: Terminal) -> None:
    console.options.profile_to_load = KeyboardInterrupt
    assert console.run() == ["", "Canceled."]
    assert console.exit_code == 130


def test_a_bug_is_reported_without_secrets(console: Terminal) -> None:
    console.server.answers = [RuntimeError(f"device_code={DEVICE_CODE}")]
    lines = console.run()
    assert console.exit_code == 1
    assert lines[-1].startswith("Something went wrong in XDR Login. Try again")
    report = (paths.log_folder() / "xdr-login.log").read_text("utf-8")
    assert "RuntimeError: device_code=[redacted]" in report
    assert DEVICE_CODE not in report


def test_a_server_cannot_control_the_terminal(console: Terminal) -> None:
    user = json.dumps({"email": "dana\x1b[2J\x1b]0;owned\x07 \u202e"}).encode()
    claims = base64.urlsafe_b64encode(user).decode().rstrip("=")
    console.server.answers = [{**TOKENS, "access_token": f"eyJhbGciOiJub25lIn0.{claims}."}]
    text = "\n".join(console.run())
    assert "Signed in to Northwind SOC as dana" in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", text)


def test_the_session_is_closed_after_a_cancellation(console: Terminal) -> None:
    async def leave() -> None:
        signing_in = asyncio.ensure_future(login.sign_in(PROFILE, TextReporter(), SignInOptions()))
        await console.server.reached.wait()
        signing_in.cancel()
        await asyncio.wait({signing_in})
        assert asyncio.all_tasks() == {asyncio.current_task()}

    console.server.hold_requests("/token")
    asyncio.run(leave())
    assert console.server.open == 0


# The QR code


@pytest.fixture
def tty(console: Terminal, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[str]]:
    """Sign in on a terminal that is so many columns wide; gives the lines of the QR code."""

    def run(columns: int) -> list[str]:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        monkeypatch.setenv("COLUMNS", str(columns))
        lines = console.run()
        end = next(n for n, line in enumerate(lines) if "Your code:" in line)
        return [line for line in lines[:end] if line.strip()]

    return run


def test_a_terminal_shows_a_qr_code(tty: Callable[[int], list[str]]) -> None:
    lines = tty(80)
    size = segno.make_qr(f"https://{HOST}/activate?user_code=CODE-1", error="l").symbol_size()[0]
    assert len(lines) >= size // 2
    assert any("█" in line or "▀" in line for line in lines)


def test_a_narrow_terminal_shows_no_qr_code(tty: Callable[[int], list[str]]) -> None:
    assert tty(20) == []


def test_qr_prints_a_code_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    now = datetime.now(UTC)
    words = TextReporter(qr=True)
    words.report_waiting(waiting(now + timedelta(minutes=5)), opens_browser=False)
    assert "█" in capsys.readouterr().err


def test_a_link_to_this_computer_has_no_qr_code(capsys: pytest.CaptureFixture[str]) -> None:
    state = replace(waiting(datetime.now(UTC) + timedelta(minutes=5)), host="127.0.0.1")
    TextReporter(qr=True).report_waiting(state, opens_browser=False)
    assert "█" not in capsys.readouterr().err


# Plain output


def test_plain_output_spells_the_code_and_redraws_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    words = TextReporter(plain=True)
    state = replace(waiting(datetime.now(UTC) + timedelta(seconds=200)), user_code="AB-12")
    words.report_waiting(state, opens_browser=False)
    words.redraw()
    printed = capsys.readouterr().err
    assert "Your code:  AB-12\nSpelled: A, B, dash, 1, 2\n" in printed
    assert "\r" not in printed
    assert printed.isascii()


@pytest.mark.parametrize(("left", "words"), [(600, "10 minutes"), (45, "45 seconds")])
def test_plain_output_says_in_words_how_long_a_code_is_valid(
    left: float, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sign_in_output, "_seconds_left", lambda _state: left - 0.1)
    TextReporter(plain=True).report_waiting(waiting(datetime.now(UTC)), opens_browser=False)
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == f"Waiting for approval. The code expires in {words}."


def test_plain_output_tells_the_time_left_at_its_marks_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = TextReporter(plain=True)
    words.report_waiting(waiting(datetime.now(UTC) + timedelta(seconds=400)), opens_browser=False)
    capsys.readouterr()
    for left in (400, 301, 299, 298, 61, 59, 31, 29, 1, 0):
        monkeypatch.setattr(sign_in_output, "_seconds_left", lambda _state, left=left: left)
        words.redraw()
    assert capsys.readouterr().err.splitlines() == [
        "5 minutes left",
        "1 minute left",
        "30 seconds left",
    ]


def test_plain_output_has_no_sign_of_success(capsys: pytest.CaptureFixture[str]) -> None:
    TextReporter(plain=True).report_signed_in(PROFILE, signed_in(), next_command="")
    assert capsys.readouterr().err.startswith("Signed in to ")


@pytest.mark.parametrize(
    ("wish", "setting", "is_plain"),
    [(None, False, False), (None, True, True), ("1", False, True), ("0", True, False)],
)
def test_plain_output_comes_from_the_environment_or_the_settings(
    monkeypatch: pytest.MonkeyPatch, *, wish: str | None, setting: bool, is_plain: bool
) -> None:
    monkeypatch.delenv("ACCESSIBLE", raising=False)
    if wish is not None:
        monkeypatch.setenv("ACCESSIBLE", wish)
    save_settings(Settings(plain_output=setting), settings_file())
    assert login._prefers_plain() is is_plain


# The countdown


def waiting(expires_at: datetime) -> AwaitingApproval:
    now = datetime.now(UTC)
    return AwaitingApproval(
        user_code="CODE",
        verification_uri=f"https://{HOST}/activate",
        verification_uri_complete=None,
        host=HOST,
        host_is_known=True,
        requested_at=now,
        lifetime=600,
        expires_at=expires_at,
        poll_count=0,
        last_poll_at=None,
        next_at=now,
    )


def test_the_countdown_is_redrawn_in_place_and_erased(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "20")  # too narrow for the whole line, and for a QR code
    words = TextReporter()
    assert words.redraw_interval == 1
    words.report_waiting(waiting(datetime.now(UTC) + timedelta(seconds=90)), opens_browser=False)
    words.redraw()
    words.note("done")
    tail = capsys.readouterr().err.rpartition("\n")[0].split("\r")
    assert tail[1:] == ["Waiting for approv…", "Waiting for approv…", " " * 19, "done"]


def test_a_countdown_in_wide_characters_fits_the_terminal_and_is_erased_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "20")
    with real_language("ja"):
        words = TextReporter()
        words.report_waiting(
            waiting(datetime.now(UTC) + timedelta(seconds=90)), opens_browser=False
        )
        words.note("done")
    _, drawn, erased, _ = capsys.readouterr().err.rpartition("\n")[0].split("\r")
    assert display_width(drawn) == 19
    assert erased == " " * 19


def test_a_dumb_terminal_gets_no_countdown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    assert TextReporter().redraw_interval is None
