"""A real Chromium with pages that tests open, and those that the app opens."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.rigs import requirements
from tests.rigs.process import wait_until

Result = TypeVar("Result")

FLAGS = (
    "--headless",
    "--no-sandbox",  # Chromium requires this to run as root, as on CI
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
"""Folders that Chromium writes to; they must not be those of a test."""

OPENER = """#!/bin/sh
# Stands in for the desktop's browser: records the address and exits.
printf '%s' "$1" > {folder}/$$.new
mv {folder}/$$.new {folder}/$$.address
"""


class Chromium:
    """A headless Chromium and the one thread that Playwright's synchronous API must stay in."""

    def __init__(self, executable: str) -> None:
        """Prepare the folder; the first page starts Chromium."""
        self.executable = executable
        self.folder = Path(tempfile.mkdtemp(prefix="chromium-"))
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="playwright")
        self._closing = contextlib.ExitStack()
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    def do(self, act: Callable[[], Result]) -> Future[Result]:
        """Run a function that calls Playwright in its thread."""
        return self._thread.submit(act)

    def new_page(self) -> Page:
        """Open a page with its own cookies. Call this in Playwright's thread."""
        if self._browser is None:
            self._browser = self._start_playwright().chromium.launch(
                executable_path=self.executable, args=FLAGS, env=environment_with_home(self.folder)
            )
            self._closing.callback(self._browser.close)
        return self._browser.new_context().new_page()

    def close(self) -> None:
        """Close the browser and end the thread."""
        self.do(self._closing.close).result()
        self._thread.shutdown()
        wait_until(lambda: not _processes_of(self.folder), "Chromium's end")
        shutil.rmtree(self.folder)

    def _start_playwright(self) -> Playwright:
        if self._playwright is None:
            self._playwright = self._closing.enter_context(sync_playwright())
        return self._playwright


class Person:
    """A user of a browser page, who acts in another thread than the test."""

    def __init__(self, chromium: Chromium, page: Page) -> None:
        """Use this page."""
        self._chromium = chromium
        self.page = page

    def do(self, act: Callable[[Page], Result]) -> Future[Result]:
        """Do something on the page: `person.do(lambda page: page.goto(uri))`.

        Wait with `.result()`, with `await asyncio.wrap_future(...)`, or with qtbot on `.done`.
        """
        return self._chromium.do(lambda: act(self.page))


@dataclass(frozen=True, slots=True)
class BrowserOpener:
    """The desktop's browser, in which the app opens addresses."""

    folder: Path
    chromium: Chromium
    pages: list[Page] = field(default_factory=list)

    @property
    def changes(self) -> dict[str, str]:
        """Return the environment variables for opening addresses here."""
        path = f"{self.folder}{os.pathsep}{os.environ['PATH']}"
        return {"BROWSER": str(self.folder / "xdg-open"), "PATH": path}

    def addresses(self) -> list[str]:
        """Return all opened addresses, in the order of process ids."""
        files = sorted(self.folder.glob("*.address"), key=lambda each: int(each.stem))
        return [each.read_text() for each in files]

    def attach(self) -> Person:
        """Wait until an address is opened, and open it in a page."""
        wait_until(lambda: bool(self.addresses()), "an address opened in the browser")
        address = self.addresses()[-1]
        page = self.chromium.do(self.chromium.new_page).result()
        self.pages.append(page)
        person = Person(self.chromium, page)
        person.do(lambda page: page.goto(address)).result()
        return person

    def close(self) -> None:
        """Close the pages that were opened."""
        for page in self.pages:
            self.chromium.do(page.context.close).result()
        shutil.rmtree(self.folder)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """Provide a Chromium for the whole run. Use `person` to get a page."""
    requirements.require_linux("browser")
    requirements.require("browser", "chromium")
    browser = Chromium(shutil.which("chromium") or "")
    yield browser
    browser.close()


@pytest.fixture
def person(chromium: Chromium) -> Iterator[Person]:
    """Open an empty page without cookies from other tests."""
    page = chromium.do(chromium.new_page).result()
    yield Person(chromium, page)
    chromium.do(page.context.close).result()


@pytest.fixture
def browser_opener(chromium: Chromium, monkeypatch: pytest.MonkeyPatch) -> Iterator[BrowserOpener]:
    """Let this process and its children open addresses in the Chromium of the test."""
    opener = BrowserOpener(Path(tempfile.mkdtemp(prefix="opener-")), chromium)
    _write_script(opener)
    for name, value in opener.changes.items():
        monkeypatch.setenv(name, value)
    yield opener
    opener.close()


def environment_with_home(folder: Path) -> dict[str, str | float | bool]:
    """Return this process' environment with `folder` as home for everything."""
    return {**os.environ, **dict.fromkeys(HOMES, str(folder))}


def _write_script(opener: BrowserOpener) -> None:
    # Qt prefers xdg-open to $BROWSER, so the script has that name and is first on PATH.
    script = opener.folder / "xdg-open"
    script.write_text(OPENER.format(folder=opener.folder))
    script.chmod(0o700)


def _processes_of(folder: Path) -> list[int]:
    """Find the browser's processes, which have their profile and HOME in this folder."""
    found = Path("/proc").glob("[0-9]*")
    return [int(process.name) for process in found if _names(process, folder)]


def _names(process: Path, folder: Path) -> bool:
    # Chromium overwrites its environment with its title, so the arguments are checked too.
    with contextlib.suppress(OSError):
        strings = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        return f"{folder}/profile".encode() in strings or f"HOME={folder}\0".encode() in strings
    return False
