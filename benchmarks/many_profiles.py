"""Many profiles: what each one costs, from the start to the menu of the tray.

Apps with one profile and with many take turns, so that other load affects all of them.
"""

import json
import secrets
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.report import Measurement
from desktop.oauth.model.token_set import Account, TokenSet
from desktop.services.configuration.profile_reader import load_profiles
from desktop.services.model.profile import Profile, tokens_binding, tokens_key
from desktop.services.secrets.secret_encoding import SavedTokens, encode_tokens
from tests.rigs.display import run_display
from tests.rigs.secret_service import run_bus
from tests.rigs.status_notifier import run_notifier_host

_NUMBERS = (10, 50, 200, 1000)
_MOST_RUNS = 5
_MOST_GROWTH = 0.2 / 200  # of a start, for each profile
_CHANGE = 0.5  # milliseconds of CPU time for a new state
_SHARED = 1500  # kB of menus that one profile does not need
_TIMEOUT = 120.0  # seconds
_TOKEN_SIZE = 1500  # bytes; 2,000 characters


def measure(python: str, runs: int) -> list[Measurement]:
    """Return the medians of up to five runs: a run with 1,000 profiles takes seconds."""
    runs = min(runs, _MOST_RUNS)
    found: dict[int, list[dict[str, float]]] = {
        number: [] for number in (1, *_NUMBERS)
    }  # by profiles
    with run_display() as display, run_bus() as bus, run_notifier_host(bus):
        environment = {**display.environment, **bus.changes}
        for _ in range(runs):
            for number, reports in found.items():
                reports.append(_run(python, environment, number))
    figures = {
        number: {name: median(each[name] for each in reports) for name in reports[0]}
        for number, reports in found.items()
    }
    return [each for number in _NUMBERS for each in _summary(figures[1], figures, number, runs)]


def _run(python: str, environment: Mapping[str, str], number: int) -> dict[str, float]:
    """Return what the app reported with so many profiles."""
    with TemporaryDirectory() as folder:
        own = {
            name: str(Path(folder, name))
            for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")
        }
        profiles = Path(own["XDG_CONFIG_HOME"], "xdr-login", "profiles.toml")
        write_profiles(number, profiles)
        tokens = Path(folder, "tokens.json")
        write_tokens(profiles, tokens)
        done = subprocess.run(
            [python, "-m", "benchmarks.many_profiles_app", str(tokens)],
            env={**environment, **own, "XDG_RUNTIME_DIR": folder},
            check=True,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
        )
    lines = (line.split() for line in done.stdout.splitlines())
    return {name: float(value) for name, value in lines}


def _summary(
    one: Mapping[str, float], figures: Mapping[int, Mapping[str, float]], number: int, runs: int
) -> list[Measurement]:
    many = figures[number]

    def compare(name: str, figure: str, goal: float) -> Measurement:
        ratio = many[figure] / one[figure]
        title = f"{name}, {number:,} profiles"
        return Measurement(title, "ms", many[figure], one[figure], ratio, goal, runs)

    def alone(name: str, unit: str, value: float, goal: float) -> Measurement:
        return Measurement(f"{name}, {number:,} profiles", unit, value, None, None, goal, runs)

    each = (many["memory"] - one["memory"]) / (number - 1)  # with the menus that all share
    return [
        compare("start, CPU", "start", max(1.2, 1 + _MOST_GROWTH * number)),
        compare("start, longest block", "standstill", 1.2),
        alone("all change", "ms", many["change"] * number, 100 + _CHANGE * number),
        alone("tray menu", "ms", many["menu"], 50),
        alone("list, first time", "ms", many["switcher"], 100),
        alone("manage", "ms", many["manage"], 500),
        alone("memory of each", "kB", each * 1000, 100 + _SHARED / number),
    ]


def write_profiles(number: int, file: Path) -> None:
    """Write so many profiles to `file`."""
    tables = (
        f'[profiles.customer-{n:04}]\nname = "Customer {n:04}"\nissuer = "https://login.example"\n'
        f'client_id = "client-{n:04}"\nscope = ["enrich:read", "casebook"]\n'
        for n in range(number)
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(tables), "utf-8")


def write_tokens(profiles: Path, file: Path) -> None:
    """Write a token for each of the `profiles` to `file`."""
    good = load_profiles(profiles).good.values()
    file.write_text(json.dumps({tokens_key(each): _saved_token(each) for each in good}), "utf-8")


def _saved_token(profile: Profile) -> str:
    at = datetime.now(UTC)
    tokens = TokenSet(
        access_token=secrets.token_urlsafe(_TOKEN_SIZE),
        refresh_token=secrets.token_urlsafe(),
        token_type="Bearer",
        scope=profile.scope,
        requested_scope=profile.scope,
        issued_at=at,
        expires_at=at + timedelta(hours=2),
        account=Account(),
    )
    return encode_tokens(SavedTokens(tokens, {}), issued_for=tokens_binding(profile))
