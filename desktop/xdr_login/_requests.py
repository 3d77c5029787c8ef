"""Requests to the running app, or to the command `xdr-login` if none runs."""

import os
import sys

from . import _desktop

TYPE_CHECKING = False  # `typing` is slow to load
if TYPE_CHECKING:
    from desktop.ipc.exchange import connect, exchange
    from desktop.ipc.messages import Members, RefusedByAgent
    from desktop.ipc.token_message import TIMEOUT, encode_request, parse_answer
else:
    from ._desktop.ipc.exchange import connect, exchange
    from ._desktop.ipc.token_message import TIMEOUT, encode_request, parse_answer

_LONGEST_VALIDITY = 86400  # seconds, as in `ipc.agent`
_SERVICES_TIMEOUT = 10.0  # seconds


class Services:
    """The API services of the profile with the id `profile`: addresses by name."""

    def __init__(self, profile: str, addresses: dict[str, str]) -> None:
        self.profile = profile
        self.addresses = addresses


def fetch_token(profile: str | None, min_validity: float) -> str:
    """Fetch a token: see `xdr_login.token`."""
    name = _profile_name(profile)
    seconds = int(-(-min(max(min_validity, 0), _LONGEST_VALIDITY) // 1))
    return _ask_for_token(name, seconds) or _run_token(name, seconds)


def replace_token(profile: str, refused: str) -> str:
    """Fetch a token after a server has refused the token `refused`; it may be the same.

    Without the running app it is the same in the first half of its life.
    """
    from hashlib import sha256

    digest = sha256(refused.encode()).hexdigest()
    given = {"profile": profile, "min_validity": 60, "format": "raw", "refused": digest}
    text = _send("token", timeout=TIMEOUT, **given).get("text")
    if isinstance(text, str):
        return text
    return _run_token(profile, _LONGEST_VALIDITY)


def fetch_services(profile: str | None) -> Services:
    """Fetch the API services of a profile: see `xdr_login.services`."""
    name = _profile_name(profile)
    answer = _send("services", timeout=_SERVICES_TIMEOUT, profile=name)
    if answer:
        id_, found = answer["profile"], answer["services"]
    else:
        import json

        shown = json.loads(_run("profiles", "show", "--json", "--", *filter(None, [name])))
        id_, found = shown["id"], shown["services"]
    assert isinstance(found, dict)  # noqa: S101 - for the type checker
    return Services(str(id_), {str(key): str(found[key]) for key in found})


def _profile_name(given: str | None) -> str:
    """Return the name or id of the profile; empty for the first one."""
    return given or os.environ.get("XDR_LOGIN_PROFILE", "")


def _ask_for_token(profile: str, seconds: int) -> str:
    """Ask the running app; empty if there is none."""
    try:
        request = encode_request(profile, seconds, "raw")
        answer = parse_answer(exchange(connect(TIMEOUT), request))
    except OSError as error:
        if isinstance(error, BlockingIOError) or sys.platform == "win32":
            # Many programs ask at once, or there is a pipe: this waits, and speaks to both.
            given = {"profile": profile, "min_validity": seconds, "format": "raw"}
            answer = str(_send("token", timeout=TIMEOUT, **given).get("text", ""))
        else:
            return ""
    if answer is None or isinstance(answer, str):
        return answer or ""
    raise _error_of(answer)


def _send(command: str, *, timeout: float, **members: object) -> "Members":
    """Send a command to the running app; empty if there is none, or only an older version."""
    if TYPE_CHECKING:
        from desktop.ipc.client import NoAnswer, NotRunning, send_command
        from desktop.ipc.messages import RefusedByAgent
    else:
        from ._desktop.ipc.client import NoAnswer, NotRunning, send_command
        from ._desktop.ipc.messages import RefusedByAgent
    try:
        return send_command(command, timeout=timeout, **members)
    except (NotRunning, NoAnswer):
        return {}
    except RefusedByAgent as refusal:
        raise _error_of(refusal) from None


def _error_of(refusal: "RefusedByAgent") -> Exception:
    from ._errors import error_by_name

    return error_by_name(refusal.code, str(refusal))


def _run_token(profile: str, seconds: int) -> str:
    chosen = [f"--profile={profile}"] if profile else []
    return _run("token", *chosen, f"--min-validity={seconds}")


def _run(*arguments: str) -> str:
    """Run the command `xdr-login` and return its output.

    It is not looked for by its name: it is the file of this installation, and with `-P` Python
    imports nothing from the current folder.
    """
    from ._errors import XdrLoginError, error_by_exit_code

    if not sys.executable or getattr(sys, "frozen", False):  # the Python of another program
        raise XdrLoginError("XDR Login is not running. Start it and try again.")
    import subprocess

    command = os.path.join(_desktop.__path__[0], "__main__.py")
    done = subprocess.run(  # noqa: S603 - fixed arguments, no shell
        [sys.executable, "-P", command, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="replace",
        # No console window opens for a program without one.
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    if done.returncode != 0:
        message = done.stderr.strip() or _message_in(done.stdout)
        raise error_by_exit_code(done.returncode, message)
    return done.stdout.strip()


def _message_in(output: str) -> str:
    """Return the message of an error in JSON, which stands on stdout; empty if there is none."""
    import json

    try:
        return str(json.loads(output)["message"])
    except (ValueError, LookupError, TypeError):
        return ""
