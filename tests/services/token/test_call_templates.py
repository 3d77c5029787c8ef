"""Code for other tools is run, with values that contain special characters."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from desktop.services.model.api_calls import Language
from desktop.services.token.api_call import CallArguments, make_call
from desktop.services.token.call_templates import render_call
from tests.rigs import requirements

TOKEN = "acc-ess-token"
NASTY = "a'b\"c$(touch hit)`touch hit`\\n%PATH%!x\u2019 {y} @z;&|<>*?[1-3]\u00e9"


@dataclass
class Seen:
    """The last request to the server."""

    url: str
    requests: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture(scope="module")
def seen() -> Iterator[Seen]:
    """A server that records requests, and redirects below /away."""
    kept: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = {"method": self.command, "path": self.path, "headers": headers, "body": body}
            kept.append(asked)
            away = self.path.startswith("/away")
            self.send_response(302 if away else 200)
            if away:
                self.send_header("Location", f"http://localhost:{self.server.server_port}/stolen")  # type: ignore[attr-defined]
            self.send_header("Content-Length", "0" if away else "11")
            self.end_headers()
            if not away and self.command != "HEAD":
                self.wfile.write(b'{"ok":true}')

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer  # noqa: N815

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Seen(f"http://127.0.0.1:{server.server_port}", kept)
        server.shutdown()
        thread.join()


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with a program `xdr-login` that prints a token if it is called correctly."""
    folder = tmp_path / "it's here"
    folder.mkdir()
    program = folder / "xdr-login"
    program.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        "given = sys.argv[1:]\n"
        f"assert given[:3] == ['token', '--profile', {PROFILE!r}], given\n"
        "rest = given[3:]\n"
        "assert rest in ([], ['--format', 'header']), rest\n"
        f"print(('Authorization: Bearer ' if rest else '') + {TOKEN!r})\n"
    )
    program.chmod(0o755)
    return folder


PROFILE = "nord'wind $(touch hit)"
RUNNERS = {
    Language.CURL: ("sh", ".sh", "curl"),
    Language.PYTHON: (sys.executable, ".py", sys.executable),
    Language.JAVASCRIPT: ("node", ".mjs", "node"),
}


def run(language: Language, code: str, here: Path) -> subprocess.CompletedProcess[str]:
    """Run `code` with that folder on the path."""
    runner, ending, needed = RUNNERS[language]
    requirements.require("language", runner, needed)
    file = here / f"call{ending}"
    file.write_text(code, "utf-8")
    search = os.pathsep.join((str(here), os.environ["PATH"]))
    environment = os.environ | {"PATH": search, "no_proxy": "*"}
    return subprocess.run(
        [runner, str(file)],
        cwd=here,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.skipif(os.name != "posix", reason="starts a program by its first line")
@pytest.mark.parametrize("language", RUNNERS)
@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("GET", {"fields": (f"q={NASTY}",), "headers": ("X-Odd: a'b\"c$(touch hit)`x`\\ %d",)}),
        ("DELETE", {}),
        ("POST", {"fields": (f"q={NASTY}", "other=@x")}),
        ("PUT", {"fields": (f"q={NASTY}",), "as_form": True}),
        ("PATCH", {"input_file": "-bo'dy $(touch hit).json"}),
        ("POST", {"input_file": "-"}),
        ("HEAD", {}),
    ],
    ids=["get", "delete", "json", "form", "file", "odd-file", "head"],
)
def test_the_code_makes_the_call(
    language: Language, method: str, given: dict[str, Any], seen: Seen, here: Path
) -> None:
    if "input_file" in given:
        (here / given["input_file"]).write_bytes(b'{"a":\x00"\xff"}')
    call = make_call(
        seen.url, CallArguments(method, "/iroh/[1-2]/x?y={z}".replace("{z}", "z"), **given)
    )
    code = render_call(language, call, profile_id=PROFILE)
    assert TOKEN not in code
    seen.requests.clear()
    done = run(language, code, here)
    assert done.returncode == 0, done.stderr
    (asked,) = seen.requests
    assert asked["method"] == method
    assert asked["path"] == call.address.removeprefix(seen.url)
    assert asked["headers"]["authorization"] == f"Bearer {TOKEN}"
    assert asked["headers"]["accept"] == "application/json"
    if method != "HEAD":
        assert '{"ok":true}' in done.stdout
    for name, value in call.headers:
        assert asked["headers"][name.lower()] == value
    if call.body is None:
        assert asked["body"] == b""
    else:
        file = here / (call.body.file or "none")
        assert asked["body"] == (file.read_bytes() if call.body.file else call.body.text.encode())
    assert not (here / "hit").exists()


@pytest.mark.skipif(os.name != "posix", reason="starts a program by its first line")
@pytest.mark.parametrize("language", RUNNERS)
def test_the_token_goes_nowhere_else(language: Language, seen: Seen, here: Path) -> None:
    call = make_call(seen.url, CallArguments("GET", "/away"))
    seen.requests.clear()
    run(language, render_call(language, call, profile_id=PROFILE), here)
    stolen = [each for each in seen.requests if each["path"] == "/stolen"]
    assert seen.requests[0]["path"] == "/away"
    assert not any("authorization" in each["headers"] for each in stolen)


def test_powershell_quotes_special_characters() -> None:
    wish = CallArguments("POST", "/x", (f"q={NASTY}",), ("X-A: it's", "X-A: 2"))
    code = render_call(
        Language.POWERSHELL, make_call("https://login.example", wish), profile_id="nord'wind"
    )
    lines = code.splitlines()
    assert lines[0] == "$token = xdr-login token --profile 'nord''wind'"
    assert "$headers['X-A'] = 'it''s, 2'" in lines
    assert "  -ContentType 'application/json' `" in lines
    (body,) = [line for line in lines if line.startswith("  -Body ")]
    quoted = body.removeprefix("  -Body '").removesuffix("' `")
    assert json.loads(quoted.replace("''", "'")) == {"q": NASTY}
    assert lines[-1] == "  -Headers $headers -Uri 'https://login.example/x'"
    assert not any(line.endswith("` ") for line in lines)


def test_powershell_sends_a_file_and_a_call_without_a_body() -> None:
    home = "https://login.example"
    code = render_call(
        Language.POWERSHELL,
        make_call(home, CallArguments("PUT", "/x", input_file="it's.json")),
        profile_id="p",
    )
    assert "  -InFile 'it''s.json' `" in code.splitlines()
    plain = render_call(
        Language.POWERSHELL, make_call(home, CallArguments("GET", "/x")), profile_id="p"
    )
    assert "Body" not in plain
    assert "-Method Get" in plain
