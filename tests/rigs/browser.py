"""A real Chromium: one that a test drives, and one that the app opens and a test attaches to."""

import contextlib
import os
import shlex
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.rigs import parts
from tests.rigs.process import wait_until

Result = TypeVar("Result")

FLAGS = (
    "--headless",
    "--no-sandbox",  # Chromium refuses to run as root, as CI does, with one
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)

HOMES = (
    *("HOME", "TMPDIR", "XDG_RUNTIME_DIR"),
    *("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"),
)
"""Where Chromium and its helpers write; they must not do so in a test's own folders."""

OPENER = """#!/bin/sh
# Stands in for the desktop's browser: opens the address in a fresh Chromium that can be driven.
folder={folder}/$$
mkdir -p "$folder"
printf '%s' "$1" > "$folder/address"
export {homes}
exec {chromium} {flags} --remote-debugging-port=0 --user-data-dir="$folder/profile" "$1" \
    > "$folder/log" 2>&1
"""


class Chromium:
    """A headless Chromium and the one thread that Playwright's synchronous API must stay in."""

    def __init__(self, executable: str) -> None:
        """Start nothing yet: the first page does."""
        self.executable = executable
        self.folder = Path(tempfile.mkdtemp(prefix="chromium-"))
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="playwright")
        self._closing = contextlib.ExitStack()
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    def do(self, act: Callable[[], Result]) -> Future[Result]:
        """Run something that calls Playwright, in Playwright's thread."""
        return self._thread.submit(act)

    def new_page(self) -> Page:
        """Open a page with cookies of its own. Call in Playwright's thread."""
        if self._browser is None:
            self._browser = self._started().chromium.launch(
                executable_path=self.executable, args=FLAGS, env=at_home_in(self.folder)
            )
            self._closing.callback(self._browser.close)
        return self._browser.new_context().new_page()

    def attach(self, port: int) -> Page:
        """Take over the page of a Chromium that somebody else started. Call as `new_page`."""
        browser = self._started().chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
        self._closing.callback(browser.close)
        return browser.contexts[0].pages[0]

    def close(self) -> None:
        """End the browser and the thread."""
        self.do(self._closing.close).result()
        self._thread.shutdown()
        wait_until(lambda: not _processes_of(self.folder), "Chromium's end")
        shutil.rmtree(self.folder)

    def _started(self) -> Playwright:
        if self._playwright is None:
            self._playwright = self._closing.enter_context(sync_playwright())
        return self._playwright


class Person:
    """Somebody in front of a browser page; what they do runs beside the test, not in its way."""

    def __init__(self, chromium: Chromium, page: Page) -> None:
        """Sit down in front of this page."""
        self._chromium = chromium
        self.page = page

    def do(self, act: Callable[[Page], Result]) -> Future[Result]:
        """Let the person act: `person.do(lambda page: page.goto(uri))`.

        Wait with `.result()`, with `await asyncio.wrap_future(...)`, or with qtbot on `.done`.
        """
        return self._chromium.do(lambda: act(self.page))


@dataclass(frozen=True, slots=True)
class Opener:
    """The browser of a desktop, for the app to open addresses in."""

    folder: Path
    chromium: Chromium

    @property
    def changes(self) -> dict[str, str]:
        """What a process needs in its environment to open addresses here."""
        path = f"{self.folder}{os.pathsep}{os.environ['PATH']}"
        return {"BROWSER": str(self.folder / "xdg-open"), "PATH": path}

    def addresses(self) -> list[str]:
        """Every address that was opened, in the order of process ids."""
        return [(opening / "address").read_text() for opening in self._openings()]

    def attach(self) -> Person:
        """Wait until an address is opened, and put a person in front of the page."""
        wait_until(lambda: bool(self._ports()), "an address opened in the browser")
        port = self._ports()[-1]
        return Person(self.chromium, self.chromium.do(lambda: self.chromium.attach(port)).result())

    def close(self) -> None:
        """End the browsers that were opened."""
        for opening in self._openings():
            wait_until(partial(_are_ended, opening), "the opened browser's end")
        shutil.rmtree(self.folder)

    def _openings(self) -> list[Path]:
        return sorted(
            (path.parent for path in self.folder.glob("*/address")), key=lambda each: int(each.name)
        )

    def _ports(self) -> list[int]:
        files = [opening / "profile" / "DevToolsActivePort" for opening in self._openings()]
        lines = [path.read_text().splitlines() for path in files if path.exists()]
        return [int(each[0]) for each in lines if each]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """Provide a Chromium for the whole run; use `person` to get a page in it."""
    parts.require_linux("browser")
    parts.require("browser", "chromium")
    browser = Chromium(shutil.which("chromium") or "")
    yield browser
    browser.close()


@pytest.fixture
def person(chromium: Chromium) -> Iterator[Person]:
    """Put a person in front of an empty page, with nothing remembered from other tests."""
    page = chromium.do(chromium.new_page).result()
    yield Person(chromium, page)
    chromium.do(page.context.close).result()


@pytest.fixture
def browser_opener(chromium: Chromium, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opener]:
    """Let this process and its children open addresses in a Chromium a test can attach to."""
    opener = Opener(Path(tempfile.mkdtemp(prefix="opener-")), chromium)
    _write_script(opener)
    for name, value in opener.changes.items():
        monkeypatch.setenv(name, value)
    yield opener
    opener.close()


def at_home_in(folder: Path) -> dict[str, str | float | bool]:
    """Take this process' environment with the folder as home for everything."""
    return {**os.environ, **dict.fromkeys(HOMES, str(folder))}


def _write_script(opener: Opener) -> None:
    # Qt asks xdg-open before it looks at $BROWSER, so the script goes by that name, first on PATH.
    script = opener.folder / "xdg-open"
    flags = shlex.join(FLAGS)
    chromium = shlex.quote(opener.chromium.executable)
    homes = " ".join(f'{name}="$folder"' for name in HOMES)
    text = OPENER.format(folder=opener.folder, homes=homes, chromium=chromium, flags=flags)
    script.write_text(text)
    script.chmod(0o700)


def _are_ended(folder: Path) -> bool:
    """End what still runs of the browser of this folder; tell whether nothing did."""
    still = _processes_of(folder)
    for process_id in still:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process_id, signal.SIGKILL)  # its profile is thrown away anyhow
    return not still


def _processes_of(folder: Path) -> list[int]:
    """Find the browser's processes for this folder: in it are their profile and their HOME."""
    found = Path("/proc").glob("[0-9]*")
    return [int(process.name) for process in found if _names(process, folder)]


def _names(process: Path, folder: Path) -> bool:
    # Chromium writes over its environment to show a title, so the arguments count as well.
    with contextlib.suppress(OSError):
        told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        return f"{folder}/profile".encode() in told or f"HOME={folder}\0".encode() in told
    return False
