"""What must be true whatever happens.

A rule that is broken is noted, not raised: the code under test might catch it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktop.oauth.clock import SHORTEST_INTERVAL, Moment, now
from desktop.services.model.errors import SignedOutByServer
from desktop.services.model.profile import tokens_binding, tokens_key
from desktop.services.model.states import Failed, SignedIn, SignedOut, State
from desktop.services.secrets.keyring_vault import SERVICE
from desktop.services.secrets.keystore import KeystoreError, load_value
from desktop.services.secrets.secret_encoding import decode_tokens
from tests.services.harness import PROFILE
from tests.simulation.words import find_missing_advice, find_missing_words

if TYPE_CHECKING:
    from desktop.services.session.sessions import ProfileStatus
    from tests.simulation.network import Flight
    from tests.simulation.program import Program
    from tests.simulation.server import Family
    from tests.simulation.simulation import Simulation

# Seconds for which an answer may still come (SECURITY.md), so that a secret that works once is not
# sent again.
ANSWER_MAY_COME = 30.0
LONGEST_RETRY_AFTER = 3600.0


@dataclass
class _Pace:
    """How soon the next request with a device code, or the next renewal, may be sent."""

    interval: float
    retry_after: float = 0.0
    ended: Moment | None = None


class Invariants:
    """Watches a simulation; `violations` are what went wrong, each beginning with its rule."""

    def __init__(self, simulation: Simulation) -> None:
        self.violations: list[str] = []
        self._simulation = simulation
        self._flights: dict[str, list[Flight]] = defaultdict(list)
        self._paces: dict[object, _Pace] = {}
        self._before: dict[Program, tuple[State, Family | None]] = {}
        self._renewed: dict[Program, Family] = {}  # what each program tried to renew last
        self._said: set[str] = set()

    def violate(self, rule: str, text: str) -> None:
        """Note that a rule was broken."""
        if rule in self._simulation.known:
            return
        self._simulation.note("!!!", f"{rule}: {text}")
        self.violations.append(f"{rule}: {text}")

    # Requests

    def on_sent(self, flight: Flight) -> None:
        """Check a request before it leaves."""
        if not flight.secret:
            return
        earlier = self._flights[flight.secret]
        if any(each.outcome == "sent" for each in earlier):
            self.violate("one at a time", f"{flight.secret} is sent twice at once")
        if any(self._may_be_answered(each) for each in earlier):
            self.violate("sent again", f"{flight.secret}, and the first may still be answered")
        earlier.append(flight)
        self._check_pace(flight)
        if "refresh_token" in flight.form:
            self._renewed[flight.program] = self._simulation.server.family_of(flight.secret)
            self._check_reuse(flight)

    def on_ended(self, flight: Flight) -> None:
        """Learn from an answer how soon the next request may be sent."""
        if not flight.secret:
            return
        pace, response = self._pace_of(flight), flight.response
        pace.ended = now(self._simulation.clock)
        pace.retry_after = 0.0
        if response is not None:
            pace.retry_after = float(response.headers.get("retry-after", 0))
            if "slow_down" in response.text:
                pace.interval += 5

    def _may_be_answered(self, earlier: Flight) -> bool:
        is_over = earlier.program.was_killed or earlier.program.is_ending
        # The server goes on while this computer sleeps.
        age = self._simulation.clock.world() - earlier.left_at
        return earlier.outcome == "given up" and not is_over and age < ANSWER_MAY_COME

    def _pace_of(self, flight: Flight) -> _Pace:
        code = self._simulation.server.codes.get(flight.secret)
        if code is None:  # a renewal: `Retry-After` counts for this process
            return self._paces.setdefault(flight.program, _Pace(0.0))
        return self._paces.setdefault(code, _Pace(code.interval))

    def _check_pace(self, flight: Flight) -> None:
        pace, clock = self._pace_of(flight), self._simulation.clock
        if pace.ended is None:
            return
        waited = pace.ended.elapsed(clock) + 1e-3
        wanted = max(pace.interval, min(pace.retry_after, LONGEST_RETRY_AFTER))
        # No clock tells a sleep from a wall clock that was set forward, but a second is a second.
        too_soon = pace.interval and clock.monotonic() - pace.ended.monotonic < SHORTEST_INTERVAL
        if waited < wanted or too_soon:
            self.violate("too fast", f"{flight.secret} after {waited:.1f} s instead of {wanted}")

    def _check_reuse(self, flight: Flight) -> None:
        family = self._simulation.server.family_of(flight.secret)
        first = family.used.get(flight.secret)
        if first is None or first.outcome != "answered" or self._keyring_failed_since(first):
            return
        if not first.program.was_killed or self._is_newer_saved(family, flight.secret):
            self.violate(
                "used twice", f"{flight.secret}, although {first.program.name} got another"
            )

    def _is_newer_saved(self, family: Family, refresh: str) -> bool:
        known = [each.refresh for each in family.all]
        saved = self.saved_refresh_token()
        return saved in known and known.index(saved) > known.index(refresh)

    # Tokens

    def saved_refresh_token(self) -> str | None:
        """Return the refresh token that the next start will find."""
        simulation, key = self._simulation, tokens_key(PROFILE)
        if not (simulation.folder / "index" / f"{key}.saved").exists():
            return None
        value = load_value(_Raw(simulation.keyring.entries, simulation.longest_entry), key)
        found = decode_tokens(value, issued_for=tokens_binding(PROFILE)) if value else None
        return found.tokens.refresh_token if found else None

    def check_tokens(self) -> None:
        """Check that the newest tokens are somewhere, or that people were told why they are not."""
        simulation = self._simulation
        programs = [each for each in simulation.programs if each.is_alive]
        if not simulation.server.families or any(each.is_busy for each in programs):
            return
        saved = self.saved_refresh_token()
        if saved is not None:
            simulation.server.family_of(saved).saved_at = simulation.loop.time()
        family = simulation.server.families[-1]
        newest = family.current
        if newest is None or family.asked or not simulation.server.is_live(family):
            return
        if saved is None and simulation.keyring.troubled_at < family.saved_at:
            self.violate("lost", f"{newest.refresh}, and the keyring is empty")
        is_safe = saved == newest.refresh or self._was_replaced(family, saved)
        if is_safe or self._has_excuse(newest.flight):
            return
        holders = [each for each in programs if each.refresh_token == newest.refresh]
        if not holders:
            self.violate("lost", newest.refresh)
        elif not all(_says_not_saved(each.state) for each in holders):
            self.violate("not saved", f"{newest.refresh}, and nobody is told")

    def _was_replaced(self, family: Family, saved: str | None) -> bool:
        """Whether the keyring holds another sign-in: of two at the same time, one counts."""
        return saved is not None and self._simulation.server.family_of(saved) is not family

    def _has_excuse(self, flight: Flight) -> bool:
        """Whether the program could not keep what the server issued in answer to `flight`."""
        is_lost = flight.outcome != "answered" or flight.program.was_killed
        was_told = _says_not_saved(flight.program.state)
        return is_lost or was_told or self._keyring_failed_since(flight)

    def _keyring_failed_since(self, flight: Flight) -> bool:
        return self._simulation.keyring.troubled_at >= flight.sent_at

    # States

    def on_state(self, program: Program, status: ProfileStatus) -> None:
        """Check a new state: it has words, and nobody is signed out without a reason."""
        state, clock = status.state, self._simulation.clock
        self._simulation.note(program.name, _short(state))
        if (said := _short(state)) not in self._said:  # the words of alike states differ in numbers
            self._said.add(said)
            if missing := find_missing_words(status, clock.utc()):
                self.violate("no words", f"{said}: {', '.join(missing)}")
        before, family = self._before.get(program, (state, None))
        is_out = isinstance(before, SignedIn) and _is_signed_out(state)
        if is_out and family is not None and not self._may_be_signed_out(program, family, state):
            self.violate("signed out", f"{program.name}: {said}, and nobody asked for it")
        held = program.refresh_token
        if held is not None:
            family = self._simulation.server.family_of(held)
        self._before[program] = state, family

    def check_words_of_error(self, error: Exception) -> None:
        """Check the words of an error that is reported where a token was requested."""
        if missing := find_missing_advice(error):
            self.violate("no words", f"{type(error).__name__}: {', '.join(missing)}")

    def _may_be_signed_out(self, program: Program, family: Family, state: State) -> bool:
        is_live = self._simulation.server.is_live
        if isinstance(state, Failed) and isinstance(state.error, SignedOutByServer):
            return not is_live(self._renewed.get(program, family))
        # What one process cannot save, the others miss.
        keyring_failed = self._simulation.keyring.troubled_at >= family.saved_at
        return not is_live(family) or family.asked or keyring_failed


class _Raw:
    """The keyring as it is, without steps and moods."""

    def __init__(self, entries: dict[str, str], longest: int | None) -> None:
        self.longest = longest
        self._entries = entries

    def get(self, entry: str) -> str | None:
        return self._entries.get(f"{entry}@{SERVICE}: {entry}")

    def set(self, entry: str, text: str) -> None:
        raise NotImplementedError

    def remove(self, entry: str) -> None:
        raise NotImplementedError


def _is_signed_out(state: State) -> bool:
    """Whether a state says that nobody is signed in; a keyring that fails does not say so."""
    by_keyring = isinstance(state, Failed) and isinstance(state.error, KeystoreError)
    return isinstance(state, (SignedOut, Failed)) and not by_keyring


def _says_not_saved(state: State) -> bool:
    return isinstance(state, SignedIn) and state.save_error is not None


def _short(state: State) -> str:
    errors = [getattr(state, name, None) for name in ("error", "trouble", "save_error")]
    flags = ("renewing", "signing_out", "approved", "still_saved", "opening")
    said = [type(state).__name__, *(name for name in flags if getattr(state, name, False))]
    if isinstance(state, SignedOut) and state.removed_at is not None:
        said.append(state.revocation.name)
    return " ".join([*said, *(type(error).__name__ for error in errors if error is not None)])
