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
    """The API services of the profile with the id `profile`: addresses by name.

    `issued_for` says which server and client its tokens are of, empty without the running app.
    `is_bound` says that each request needs a proof, which the running app makes (RFC 9449).
    """

    def __init__(
        self,
        profile: str,
        addresses: dict[str, str],
        issued_for: str = "",
        *,
        is_bound: bool = False,
    ) -> None:
        self.profile = profile
        self.addresses = addresses
        self.issued_for = issued_for
        self.is_bound = is_bound

    def headers_for(self, method: str, url: str, nonce: str = "") -> dict[str, str]:
        """Fetch the headers of one request; `nonce` is what its server has demanded, if anything.

        Raises as `xdr_login.token`.
        """
        if not self.is_bound:
            return {"Authorization": f"Bearer {self.fetch_token()}"}
        given = {"nonce": nonce} if nonce else {}
        answer = _require(self._send("proof", method=method, url=url, **given))
        return {"Authorization": str(answer["authorization"]), "DPoP": str(answer["dpop"])}

    def fetch_token(self) -> str:
        """Fetch a token that is meant for these services: raises as `xdr_login.token`.

        By the id of the profile, because another one may be the first by now.
        """
        return self._fetch() or _run_token(self.profile, 60)

    def replace_token(self, refused: str) -> str:
        """Fetch a token after a server has refused the one with the digest `refused`.

        It may be the same: without the running app, in the first half of its life.
        """
        if self.is_bound:
            answer = self._send("token", min_validity=60, refused=refused)
            return str(_require(answer)["access_token"])
        return self._fetch(refused=refused) or _run_token(self.profile, _LONGEST_VALIDITY)

    def find_in_other_region(self, origin: str) -> list[str]:
        """Return which service in which region `origin` is; empty if it is none.

        Only the running app knows it.
        """
        answer = _send("services", timeout=_SERVICES_TIMEOUT, profile=self.profile, foreign=origin)
        found = answer.get("elsewhere")
        return [str(each) for each in found] if isinstance(found, list) else []

    def _fetch(self, **given: object) -> str:
        """Ask the running app; empty if there is none."""
        return str(self._send("token", min_validity=60, format="raw", **given).get("text", ""))

    def _send(self, command: str, **given: object) -> "Members":
        if self.issued_for:  # the profile may have been changed to another server since
            given["issued_for"] = self.issued_for
        return _send(command, timeout=TIMEOUT, profile=self.profile, **given)


def fetch_token(profile: str | None, min_validity: float) -> str:
    """Fetch a token: see `xdr_login.token`."""
    name = _profile_name(profile)
    seconds = int(-(-min(max(min_validity, 0), _LONGEST_VALIDITY) // 1))
    return _ask_for_token(name, seconds) or _run_token(name, seconds)


def digest_of(token: str) -> str:
    """Digest a token, to compare and keep it where the token itself would be shown."""
    from hashlib import sha256

    return sha256(token.encode()).hexdigest()


def fetch_services(profile: str | None) -> Services:
    """Fetch the API services of a profile: see `xdr_login.services`."""
    name, issued_for, is_bound = _profile_name(profile), "", False
    answer = _send("services", timeout=_SERVICES_TIMEOUT, profile=name)
    if answer:
        id_, found = answer["profile"], answer["services"]
        issued_for = str(answer.get("issued_for", ""))
        is_bound = answer.get("bound") is True
    else:
        import json

        shown = json.loads(_run("profiles", "show", "--json", "--", *filter(None, [name])))
        id_, found = shown["id"], shown["services"]
    assert isinstance(found, dict)  # noqa: S101 - for the type checker
    addresses = {str(key): str(found[key]) for key in found}
    return Services(str(id_), addresses, issued_for, is_bound=is_bound)


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


def _require(answer: "Members") -> "Members":
    """Return `answer`, unless it is empty because the app is not running."""
    if not answer:
        raise _not_running()
    return answer


def _not_running() -> Exception:
    from ._errors import XdrLoginError

    return XdrLoginError("XDR Login is not running. Start it and try again.")


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
    from ._errors import error_by_exit_code

    if not sys.executable or getattr(sys, "frozen", False):  # the Python of another program
        raise _not_running()
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
        message = done.stderr.strip() or _reported_error(done.stdout)
        raise error_by_exit_code(done.returncode, message)
    return done.stdout.strip()


def _reported_error(output: str) -> str:
    """Find the message of an error in `output`, where commands with `--json` print it."""
    import json

    try:
        return str(json.loads(output)["message"])
    except (ValueError, LookupError, TypeError):
        return ""
