"""Whether a profile works, told step by step, before anything of it is saved."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from enum import Enum

from desktop.oauth.clock import Clock
from desktop.services.profiles import Profile
from desktop.services.surroundings import HttpOpener


class Step(Enum):
    """What is looked at, in this order; the value is its name on screen."""

    REACH = "Server"
    TRUST = "Connection"
    METADATA = "Description"
    WAY = "Way to sign in"
    CLIENT = "Client"
    SCOPES = "Scopes"


class Outcome(Enum):
    """How a step ended. `UNSURE` is what nobody can tell before somebody signs in."""

    GOOD = "works"
    UNSURE = "not certain"
    BAD = "does not work"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found at one step, in words; `remedy` says what to do, and is empty where nothing is.

    `preset` is the one to choose instead, where the client seems to be known there.
    """

    step: Step
    outcome: Outcome
    text: str
    remedy: str = ""
    preset: str = ""


async def check(
    profile: Profile,
    password: str | None,
    *,
    open_http: HttpOpener,
    clock: Clock,
    presets: Mapping[str, Mapping[str, object]],
    proxy_password: str | None = None,
) -> AsyncIterator[Finding]:
    """What works of `profile` and what does not, as it turns out; the first bad finding is the last.

    Nothing is saved, and neither profile nor passwords need be. It costs the server one device
    code, which nobody waits for. To break off is `aclose` of the iterator. `presets` are those of
    `load_presets`: where the client is not known, the other regions of the provider are asked, with
    the client ID alone. Unexpected errors are raised; expected ones are findings.
    """
    raise NotImplementedError
    yield
