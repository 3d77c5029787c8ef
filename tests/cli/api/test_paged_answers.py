"""`xdr-login api --paginate`: all pages of a list, and who gets the token for them."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import click
import pytest

from desktop.cli.api import paged_answers
from desktop.cli.terminal.exits import Exit
from desktop.oauth.redaction.known_secrets import KnownSecrets
from tests.cli.demo_harness import DemoHarness, write_profile


@dataclass
class Pages:
    """A server with one page per path; `asked` are the paths and tokens of the requests."""

    pages: dict[str, tuple[int, str, dict[str, str]]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def add(
        self, path: str, body: str, following: str = "", *, status: int = 200, **headers: str
    ) -> None:
        link = {"Link": f'<{following}>; rel="next"'} if following else {}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = (status, body, link | named)


@pytest.fixture
def pages(served: DemoHarness) -> Iterator[Pages]:
    made = Pages()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append((self.path, self.headers["Authorization"]))
            status, body, headers = made.pages[self.path]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("localhost", 0), Handler) as server:
        made.port = server.server_port
        thread = Thread(target=server.serve_forever)
        thread.start()
        write_profile(served.server.url, services={"list": made.url})
        yield made
        server.shutdown()
        thread.join()


def test_arrays_become_one_array(served: DemoHarness, pages: Pages) -> None:
    pages.add("/items", '[{"n": 1.0},\n 2]\n', "/items?page=2")
    pages.add("/items?page=2", " [] ", f"{pages.url}/items?page=3")
    pages.add("/items?page=3", '[12345678901234567890, "\u00e9"]')
    found = served.run("api", "GET", "list:/items", "--paginate")
    assert (found.return_value, found.stderr) == (Exit.OK, "")
    assert found.stdout == '[{"n": 1.0},\n 2,12345678901234567890, "\u00e9"]\n'
    assert [path for path, _ in pages.asked] == ["/items", "/items?page=2", "/items?page=3"]
    assert {token for _, token in pages.asked} == {f"Bearer {served.tokens[0]}"}
    assert len(served.validities) == 1


def test_empty_arrays_are_one_empty_array(served: DemoHarness, pages: Pages) -> None:
    pages.add("/items", "[]", "/items?page=2")
    pages.add("/items?page=2", "[ ]")
    assert served.run("api", "GET", "list:/items", "--paginate").stdout == "[]\n"


def test_ctia_pages_are_found_by_their_cursor(served: DemoHarness, pages: Pages) -> None:
    pages.add("/x?limit=1", "[1]", X_Next="limit=1&offset=1&search_after=a", X_Total_Hits="2")
    pages.add("/x?limit=1&offset=1&search_after=a", "[2]", X_Total_Hits="2")
    found = served.run("api", "GET", "list:/x", "-f", "limit=1", "--paginate")
    assert (found.return_value, found.stdout) == (Exit.OK, "[1,2]\n")


def test_other_answers_follow_each_other(served: DemoHarness, pages: Pages) -> None:
    pages.add("/1", '{"a": 1}\n', "/2")
    pages.add("/2", "[1]", "/3")
    pages.add("/3", "[2]", "/4")
    pages.add("/4", "text")
    found = served.run("api", "GET", "list:/1", "--paginate")
    assert found.stdout == '{"a": 1}\n[1,2]\ntext\n'


@pytest.mark.usefixtures("terminal")
def test_a_terminal_gets_them_formatted_and_without_secrets(
    served: DemoHarness, pages: Pages
) -> None:
    pages.add("/1", '[{"a": 1}]', "/2")
    pages.add("/2", f'["{served.tokens[0]}"]')
    found = served.run("api", "GET", "list:/1", "--paginate")
    assert found.stdout.startswith('[\n  {\n    "a": 1\n  },\n  "[redacted]')
    assert served.tokens[0] not in found.output


@pytest.mark.usefixtures("terminal")
def test_a_terminal_gets_only_so_much(
    served: DemoHarness, pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paged_answers, "LARGEST_ON_SCREEN", 10)
    pages.add("/1", "[111111]", "/2")
    pages.add("/2", "[222222]", "/3")
    found = served.run("api", "GET", "list:/1", "--paginate")
    assert (found.return_value, "redirect the output" in found.stderr) == (Exit.FAILURE, True)
    assert json.loads(found.stdout) == [111111, 222222]


# Who gets the token


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example/items",
        "//evil.example/items",
        "http://127.0.0.1:1/items",
        "http://localhost.evil.example/items",
        "http://localhost@evil.example/items",
        "\\\\evil.example/items",
        "ftp://localhost/items",
        "https://[",
        "http://localhost:99999/items",
    ],
)
def test_a_next_page_elsewhere_gets_no_token(
    served: DemoHarness, pages: Pages, following: str
) -> None:
    pages.add("/items", "[1]", following)
    found = served.run("api", "GET", "list:/items", "--paginate")
    assert (found.return_value, found.stdout) == (Exit.FAILURE, "[1]\n")
    assert found.stderr.startswith("Stopped before the next page. ")
    assert len(pages.asked) == 1


def test_a_next_page_on_another_port_of_the_same_host_gets_no_token(
    served: DemoHarness, pages: Pages
) -> None:
    elsewhere = Pages(port=pages.port + 1 if pages.port < 65535 else 1)
    pages.add("/items", "[1]", f"{elsewhere.url}/items")
    found = served.run("api", "GET", "list:/items", "--paginate")
    assert found.return_value == Exit.FAILURE
    assert "localhost is not an API service of “Northwind SOC”" in found.stderr


def test_a_redirect_of_a_page_is_not_followed(served: DemoHarness, pages: Pages) -> None:
    pages.add("/1", "[1]", "/2")
    pages.add("/2", "", status=302, Location="/3")
    found = served.run("api", "GET", "list:/1", "--paginate")
    assert (found.return_value, found.stdout) == (Exit.FAILURE, "[1]\n")
    assert "Redirects are not followed" in found.stderr
    assert [path for path, _ in pages.asked] == ["/1", "/2"]


# What ends too early


def test_an_error_of_the_first_page_is_printed_as_always(served: DemoHarness, pages: Pages) -> None:
    pages.add("/1", '{"error": "x"}', status=403)
    found = served.run("api", "GET", "list:/1", "--paginate")
    assert (found.return_value, found.stdout) == (Exit.FORBIDDEN, '{"error": "x"}')


def test_an_error_of_a_later_page_leaves_valid_json(served: DemoHarness, pages: Pages) -> None:
    pages.add("/1", "[1]", "/2")
    pages.add("/2", '{"message": "slow down"}', status=429)
    found = served.run("api", "GET", "list:/1", "--paginate")
    assert (found.return_value, found.stdout) == (Exit.NETWORK, "[1]\n")
    assert "localhost answered 429 Too Many Requests: “slow down”" in found.stderr


def test_a_token_that_ends_between_pages_is_renewed(served: DemoHarness, pages: Pages) -> None:
    served.tokens.append("newer")
    pages.add("/1", "[1]", "/2")
    pages.add("/2", "", status=401)
    found = served.run("api", "GET", "list:/1", "--paginate")
    assert (found.return_value, found.stdout) == (Exit.SIGN_IN_NEEDED, "[1]\n")
    assert [token for _, token in pages.asked][-1] == "Bearer newer"
    assert len(served.validities) == 2


def test_a_page_that_repeats_ends_it(served: DemoHarness, pages: Pages) -> None:
    pages.add("/1", "[1]", "/2")
    pages.add("/2", "[2]", "/1")
    found = served.run("api", "GET", "list:/1", "--paginate")
    assert (found.return_value, found.stdout) == (Exit.FAILURE, "[1,2]\n")
    assert found.stderr == "Stopped: the server sent the same page again.\n"


def test_there_is_a_limit_of_pages(
    served: DemoHarness, pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paged_answers, "MOST_PAGES", 2)
    for number in (1, 2, 3):
        pages.add(f"/{number}", f"[{number}]", f"/{number + 1}")
    found = served.run("api", "GET", "list:/1", "--paginate")
    assert (found.return_value, found.stdout) == (Exit.FAILURE, "[1,2]\n")
    assert found.stderr == "Stopped after 2 pages.\n"


def test_there_is_a_limit_of_the_size_of_a_page(
    served: DemoHarness, pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paged_answers, "_LARGEST_PAGE", 5)
    pages.add("/1", "[1]", "/2")
    pages.add("/2", "[22222]")
    found = served.run("api", "GET", "list:/1", "--paginate")
    assert (found.return_value, found.stdout) == (Exit.FAILURE, "[1]\n")
    assert found.stderr == "Stopped: a page is larger than 16 MB.\n"


@pytest.mark.parametrize("element", ["{}", "1", '{"id": "x", "tags": ["a", "b"], "n": 1.5}'])
def test_a_large_page_takes_little_more_memory_than_its_text(element: str) -> None:
    body = f"[{','.join([element] * (500_000 // len(element)))}]".encode()
    pages = paged_answers.JoinedPages(is_terminal=True)
    tracemalloc.start()
    try:
        pages.add(body, KnownSecrets())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(body)


@pytest.mark.parametrize(
    "text",
    ["[1 2]", "[1,]", "[,1]", "[1", "[1]]", "[1] 2", "[1}", "[", "", "[{]", "\ufeff[1]", "[tru]"],
)
def test_what_only_looks_like_an_array_is_printed_unchanged(
    text: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    pages = paged_answers.JoinedPages(is_terminal=False)
    pages.add(text.encode(), KnownSecrets())
    pages.finish()
    assert capsysbinary.readouterr().out == f"{text}\n".encode()


@pytest.mark.parametrize(
    "arguments",
    [
        ("POST", "/x", "--paginate", "--yes"),
        ("HEAD", "/x", "--paginate"),
        ("GET", "/x", "--paginate", "--include"),
        ("GET", "/x", "--paginate", "--as", "curl"),
        ("GET", "https://evil.example/", "--paginate"),
    ],
)
def test_only_a_get_has_pages(served: DemoHarness, arguments: tuple[str, ...]) -> None:
    found = served.run("api", *arguments)
    assert isinstance(found.exception, click.UsageError)
    assert served.validities == []
