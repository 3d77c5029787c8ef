"""The network between the programs and the server: it delays, loses, breaks and invents answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import httpx

if TYPE_CHECKING:
    from tests.simulation.program import Program
    from tests.simulation.server import Issued
    from tests.simulation.simulation import Simulation

# Not sent; sent and not received; carried out and the answer lost; answered by something else.
FAULTS = (
    *("refused", "no connection"),
    *("request lost", "request reset"),
    *("answer lost", "answer reset", "gateway"),
    *("slow request", "slow answer", "very slow answer"),
    *("500", "503", "429", "page"),
)
_STATUSES = {"500": 500, "503": 503, "429": 429, "gateway": 504}


@dataclass(eq=False)
class Flight:
    """One request and what became of it.

    `outcome` is "sent", then "answered" once the program has the server's own answer, "broken" if
    none can come any more, or "given up" if the program stopped waiting for it.
    """

    program: Program
    path: str
    form: dict[str, str]
    sent_at: float
    left_at: float  # for the world, which goes on while this computer sleeps
    outcome: str = "sent"
    carried_out: bool = False
    issued: Issued | None = None
    response: httpx.Response | None = None
    arrived: asyncio.Future[httpx.Response] = field(default_factory=asyncio.Future)

    @property
    def secret(self) -> str:
        """The device code or refresh token in the request; empty for none."""
        return self.form.get("device_code") or self.form.get("refresh_token") or ""


class Network:
    """The network of one computer; `fault_rate` is the share of requests that meet a fault.

    `fails_at` is the number of a request that meets a certain fault, counted from 1; 0 for none.
    """

    def __init__(self, simulation: Simulation, random: Random, *, fault_rate: float) -> None:
        self.is_down = False
        self.fault_rate = fault_rate
        self.requests = 0
        self.fails_at = (0, "")
        self._simulation = simulation
        self._random = random

    async def send(self, program: Program, request: httpx.Request) -> httpx.Response:
        """Send a request as a connection of httpx does, with its timeouts."""
        timeouts = request.extensions["timeout"]
        fault = self._draw_fault()
        await asyncio.sleep(self._random.uniform(0.001, 0.1))
        if fault == "no connection":
            await asyncio.sleep(timeouts["connect"])
            raise httpx.ConnectTimeout(fault)
        if fault == "refused":
            raise httpx.ConnectError(fault)
        form = dict(parse_qsl(request.content.decode()))
        sent_at, left_at = self._simulation.loop.time(), self._simulation.clock.world()
        flight = Flight(program, request.url.path, form, sent_at, left_at)
        self._simulation.note(program.name, f"-> {_shown(flight)}" + (fault and f" ({fault})"))
        self._simulation.invariants.on_sent(flight)
        self._travel(flight, fault)
        try:
            async with asyncio.timeout(timeouts["read"]):
                return await flight.arrived
        except TimeoutError as error:
            raise httpx.ReadTimeout("timed out") from error
        finally:
            if flight.outcome == "sent":
                flight.outcome = "given up"
            self._simulation.note(program.name, f"<- {_shown(flight)} {_shown_end(flight)}")
            self._simulation.invariants.on_ended(flight)

    def _draw_fault(self) -> str:
        self.requests += 1
        if self.requests == self.fails_at[0]:
            return self.fails_at[1]
        if self.is_down:
            return self._random.choice(("refused", "no connection"))
        return self._random.choice(FAULTS) if self._random.random() < self.fault_rate else ""

    def _travel(self, flight: Flight, fault: str) -> None:
        there, back = self._random.uniform(0.001, 0.5), self._random.uniform(0.001, 0.5)
        if fault in {"slow request", "slow answer"}:
            there, back = there + 8 * ("request" in fault), back + 8 * ("answer" in fault)
        if fault == "very slow answer":
            back += self._random.uniform(9, 35)
        if fault == "request reset":
            self._later(there, lambda: self._break(flight))
        elif fault in {"500", "503", "429", "page"}:
            self._later(there + back, lambda: self._answer(flight, self._fault_response(fault)))
        elif fault != "request lost":
            self._later(there, lambda: self._reach_server(flight, fault, back))

    def _reach_server(self, flight: Flight, fault: str, back: float) -> None:
        if flight.outcome == "given up" and self._random.random() < 0.5:
            return  # the server saw in time that the connection was closed
        flight.carried_out = True
        status, members = self._simulation.server.respond(flight)
        response = httpx.Response(status, json=members)
        if fault == "answer reset":
            self._later(back, lambda: self._break(flight))
        elif fault == "gateway":
            self._later(back, lambda: self._answer(flight, self._fault_response(fault)))
        elif fault != "answer lost":
            self._later(back, lambda: self._answer(flight, response, by_server=True))

    def _answer(self, flight: Flight, response: httpx.Response, *, by_server: bool = False) -> None:
        if flight.arrived.done():
            return
        flight.outcome, flight.response = "answered" if by_server else "broken", response
        flight.arrived.set_result(response)
        flight.program.take_step()

    def _break(self, flight: Flight) -> None:
        if not flight.arrived.done():
            flight.outcome = "broken"
            flight.arrived.set_exception(httpx.ReadError("reset"))

    def _fault_response(self, fault: str) -> httpx.Response:
        if fault == "page":
            page = "<!doctype html><html><title>Sign in to this network</title></html>"
            return httpx.Response(200, html=page)
        pause = str(self._random.choice((3, 20, 90)))
        headers = {"retry-after": pause} if fault in {"503", "429"} else {}
        return httpx.Response(_STATUSES[fault], headers=headers, json={})

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        self._simulation.loop.call_later(seconds, call)


class Transport(httpx.AsyncBaseTransport):
    """The connections of one HTTP client."""

    def __init__(self, program: Program) -> None:
        self._program = program
        program.connections += 1

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        return await self._program.simulation.network.send(self._program, request)

    async def aclose(self) -> None:
        """Close the connections."""
        self._program.connections -= 1


def _shown(flight: Flight) -> str:
    return " ".join(filter(None, (flight.path, flight.form.get("token"), flight.secret)))


def _shown_end(flight: Flight) -> str:
    if flight.response is None:
        return flight.outcome
    return f"{flight.outcome}: {flight.response.status_code} {flight.response.text[:60]}"
