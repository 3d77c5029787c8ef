"""Rules for all tests: own folders, no real keyring, no network, no unexpected warnings."""

import ipaddress
import logging
import os
import re
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.rigs.memory import folder_in_memory

pytest_plugins = [
    "tests.rigs.display",
    "tests.rigs.secret_service",
    "tests.rigs.browser",
    "tests.rigs.oidc_provider",
    "tests.rigs.mutter",
    "tests.rigs.sway",
    "tests.rigs.tray",
    "tests.rigs.authority",
    "tests.rigs.proxy",
    "tests.rigs.chroot",
    "tests.rigs.signing",
    "tests.rigs.wine",
    "tests.rigs.orca",
]

RIGS = {
    "display",
    "secret_service",
    "real_keyring",
    "bare_bus",
    "chromium",
    "oidc_provider",
    "start_oidc_provider",
    "mutter",
    "sway",
    "start_proxy",
    "chroot",
    "windows",
    "analyst_with_app",
    "orca",
}

FOLDERS = {
    "HOME": "home",
    "XDG_CONFIG_HOME": "config",
    "XDG_DATA_HOME": "data",
    "XDG_STATE_HOME": "state",
    "XDG_CACHE_HOME": "cache",
    "XDG_RUNTIME_DIR": "run",
    "USERPROFILE": "home",
    # On Windows platformdirs asks the system for these folders unless they are overridden.
    "WIN_PD_OVERRIDE_APPDATA": "roaming",
    "WIN_PD_OVERRIDE_LOCAL_APPDATA": "local",
}

_outside: list[str] = []
_session = ExitStack()
_expected = pytest.StashKey[list[re.Pattern[str]]]()


class OutsideError(AssertionError):
    """A test tried to reach another host."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of `dev.py test`."""
    parser.addoption("--fast", action="store_true", help="skip tests that use rigs")
    parser.addoption("--fuzz", action="store_true", help="try many more texts on each parser")
    parser.addoption("--packages", action="store_true", help="test the packages in dist/ instead")
    parser.addoption(
        "--windows", action="store_true", help="test the Windows installers in dist/ instead"
    )
    parser.addoption("--simulation", action="store_true", help="simulate 10,000 seeds")
    parser.addoption("--seed", type=int, metavar="N", help="simulate this seed; -s prints it")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With --fast, skip tests that start real programs."""
    if config.getoption("--fast"):
        for item in items:
            if RIGS.intersection(getattr(item, "fixturenames", ())):
                item.add_marker(pytest.mark.skip(reason="--fast skips tests that use rigs"))


def pytest_configure(config: pytest.Config) -> None:
    """Prepare the process before the app or Qt is imported."""
    if not (config.getoption("--packages") or config.getoption("--windows")):
        # Builders need a time for their files, and copies of the sources have no git history.
        os.environ.setdefault("SOURCE_DATE_EPOCH", "1767225600")
    own = Path(_session.enter_context(tempfile.TemporaryDirectory(prefix="xdr-tests-")))
    os.environ.update(_make_folders(own))
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["DBUS_SESSION_BUS_ADDRESS"] = "disabled:"  # otherwise libraries start their own
    os.environ.pop("DISPLAY", None)
    _ignore_durations()
    sys.addaudithook(_refuse_the_network)


def pytest_unconfigure() -> None:
    """Remove the folders that `pytest_configure` made."""
    _session.close()


@pytest.fixture(autouse=True)
def own_folders(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give each test its own home, config, data, state, cache and runtime folders."""
    # Not tmp_path: a socket's whole path must fit in some hundred characters.
    with tempfile.TemporaryDirectory(
        prefix="xdr-", dir=folder_in_memory(), ignore_cleanup_errors=True
    ) as folder:
        for name, value in _make_folders(Path(folder)).items():
            monkeypatch.setenv(name, value)
        yield Path(folder)


@pytest.fixture
def expect_log(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Require a log record at WARNING or above: `expect_log("keyring is locked")`."""
    patterns = request.node.stash.setdefault(_expected, [])
    return lambda pattern: patterns.append(re.compile(pattern))


@pytest.fixture(autouse=True)
def no_unexpected_log(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    """Fail a test with warnings or errors in the log that `expect_log` did not announce."""
    yield
    patterns = request.node.stash.get(_expected, [])
    messages = [f"{record.name}: {record.getMessage()}" for record in _loud_records(caplog)]
    unexpected = [text for text in messages if not any(each.search(text) for each in patterns)]
    assert not unexpected, f"unexpected in the log: {unexpected}"
    absent = [each.pattern for each in patterns if not any(map(each.search, messages))]
    assert not absent, f"expected in the log and not found: {absent}"


@pytest.fixture(autouse=True)
def no_network() -> Iterator[None]:
    """Fail a test that tried to reach another host, even if the code hid the error."""
    _outside.clear()
    yield
    assert not _outside, f"reached for the network: {_outside}"


def _make_folders(parent: Path) -> dict[str, str]:
    paths = {name: parent / folder for name, folder in FOLDERS.items()}
    for path in paths.values():
        path.mkdir(mode=0o700, exist_ok=True)
    return {name: str(path) for name, path in paths.items()}


def _ignore_durations() -> None:
    """Turn off the time limits of hypothesis, which fail on a busy computer."""
    profile = settings.get_profile(settings.get_current_profile_name())
    without_limits = settings(profile, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("without limits", without_limits)
    settings.load_profile("without limits")


def _loud_records(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    phases = (*caplog.get_records("setup"), *caplog.get_records("call"))
    return [record for record in phases if record.levelno >= logging.WARNING]


def _refuse_the_network(event: str, arguments: tuple[object, ...]) -> None:
    host: object = None
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        kind, address = arguments[0], arguments[1]
        if isinstance(kind, socket.socket) and kind.family in {socket.AF_INET, socket.AF_INET6}:
            host = address[0] if isinstance(address, tuple) else None
    if host is not None and not _is_this_machine(host):
        _outside.append(str(host))
        raise OutsideError(f"a test may not reach {host!r}")


def _is_this_machine(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
