"""oidc-provider from npm: a certified authorization server, independent of the app."""

import contextlib
import hashlib
import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from filelock import FileLock
from playwright.sync_api import Page

from tests.rigs import requirements
from tests.rigs.process import Program, run_program, wait_until

HERE = Path(__file__).parent
CACHE = HERE.parents[2] / ".cache" / "oidc-provider"

_NPM_ENVIRONMENT = dict(os.environ)
"""The user's own, read before tests get their own home folders."""


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client of the provider."""

    id: str
    authentication: str
    secret: str | None = None


PUBLIC = Client("xdr-public", "none")
BASIC = Client("xdr-basic", "client_secret_basic", "basic:secret/with +%26 signs")
POST = Client("xdr-post", "client_secret_post", "post-secret-of-the-tests")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of the provider; lifetimes in seconds."""

    device_code_ttl: int = 600
    access_token_ttl: int = 3600
    refresh_token_ttl: int = 86400
    interval: int | None = None
    """oidc-provider sends no `interval`; a number adds it to the response."""
    slow_down_at: int = 0
    """The token request that gets slow_down, from 1; the provider never sends it otherwise."""
    dpop: str = "off"
    """Whether tokens are bound to a key (RFC 9449): off, required, or nonce."""


@dataclass(frozen=True, slots=True)
class OidcProvider:
    """A running provider."""

    issuer: str
    program: Program
    public: Client = PUBLIC
    basic: Client = BASIC
    post: Client = POST

    def poll_gaps(self) -> list[float]:
        """Return the seconds between token requests, as the provider received them."""
        lines = self.program.read_output().split("\n")[:-1]
        times = [float(line.split()[1]) for line in lines if line.startswith("poll ")]
        return [later - earlier for earlier, later in itertools.pairwise(times)]


@pytest.fixture(scope="session")
def oidc_provider() -> Iterator[OidcProvider]:
    """Run oidc-provider with its default lifetimes for the whole run."""
    require()
    with run_oidc_provider(Settings()) as provider:
        yield provider


@pytest.fixture
def start_oidc_provider() -> Iterator[Callable[[Settings], OidcProvider]]:
    """Start providers with other settings: `start_oidc_provider(Settings(device_code_ttl=2))`."""
    require()
    with contextlib.ExitStack() as stack:
        yield lambda settings: stack.enter_context(run_oidc_provider(settings))


@contextlib.contextmanager
def run_oidc_provider(settings: Settings) -> Iterator[OidcProvider]:
    """Run the provider on a free port; can be used without pytest."""
    folder = install()
    asked = asdict(settings) | {"clients": [asdict(client) for client in (PUBLIC, BASIC, POST)]}
    command = ["node", str(folder / "server.mjs"), json.dumps(asked)]
    with run_program(command, os.environ) as program:
        wait_until(lambda: bool(_ready_line(program)), "oidc-provider's issuer", program)
        yield OidcProvider(json.loads(_ready_line(program))["issuer"], program)


def approve(page: Page, *, account: str = "analyst") -> None:
    """Confirm the code, sign in and approve."""
    _sign_in(page, account)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="Sign-in Success").wait_for()


def approve_without_code(page: Page, *, account: str = "analyst") -> None:
    """Sign in and approve without a code, and wait until the browser is back at the app."""
    _fill_in(page, account)
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("You can close this page").wait_for()


def deny(page: Page) -> None:
    """Abort, like a user who doesn't recognize the code."""
    abort(page)
    page.get_by_text("The Sign-in request was interrupted").wait_for()


def abort(page: Page) -> None:
    """Click the button that aborts."""
    page.get_by_role("button", name="[ Abort ]").or_(
        page.get_by_role("link", name="[ Cancel ]")
    ).click()


def install() -> Path:
    """Install the provider once for each version of package.json; return its folder."""
    key = hashlib.sha256((HERE / "package.json").read_bytes()).hexdigest()[:16]
    folder = CACHE / key
    CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE / "lock"):  # several test runs may install it
        if not (folder / "installed").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            shutil.copy(HERE / "package.json", folder)
            _npm_install(folder)
            (folder / "installed").touch()
        _copy_server(folder)
    return folder


def _copy_server(folder: Path) -> None:
    """Copy server.mjs next to node_modules atomically, because another run may read it."""
    new = folder / "server.mjs.new"
    shutil.copy(HERE / "server.mjs", new)
    new.replace(folder / "server.mjs")


def _sign_in(page: Page, account: str) -> None:
    page.get_by_role("button", name="Continue").click()
    _fill_in(page, account)


def _fill_in(page: Page, account: str) -> None:
    page.get_by_placeholder("Enter any login").fill(account)
    page.get_by_placeholder("and password").fill("any password will do")
    page.get_by_role("button", name="Sign-in").click()


def _npm_install(folder: Path) -> None:
    # No lock file, because it would contain the package registry of this computer.
    quiet = ["--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(
        [shutil.which("npm") or "npm", "install", *quiet],
        cwd=folder,
        env=_NPM_ENVIRONMENT,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        requirements.skip_or_fail(
            f"the oidc_provider rig could not be installed: {done.stderr[-500:]}"
        )


def _ready_line(program: Program) -> str:
    lines = program.read_output().split("\n")[:-1]
    return next((line for line in lines if line.startswith("{")), "")


def require() -> None:
    """Skip or fail the test if the provider can't run."""
    requirements.require("oidc_provider", "node", "npm")
