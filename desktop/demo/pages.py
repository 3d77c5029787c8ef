"""The pages that the analyst sees: code, sign-in, approval, outcome (RFC 8628 section 3.3).

Each form posts and is answered with a redirect, so that reloading never repeats a decision.
Each carries a single-use CSRF token bound to the session and to the code that it is about.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from desktop.demo.claims import ANALYST
from desktop.demo.device import DeviceGrant, Status, TooManyMissesError, normalized
from desktop.demo.form import read_form
from desktop.demo.protocol import VERIFICATION_PATH
from desktop.demo.rendering import Renderer, asset_routes, spoken
from desktop.demo.scopes import decided_on
from desktop.demo.sessions import SESSION_LIFETIME, Session
from desktop.demo.state import DemoState

SIGN_IN_PATH: Final = f"{VERIFICATION_PATH}/sign-in"
APPROVAL_PATH: Final = f"{VERIFICATION_PATH}/approval"
RESULT_PATH: Final = f"{VERIFICATION_PATH}/result"
LONGEST_CODE: Final = 32
CSRF_LIFETIME: Final = 600.0  # seconds


@dataclass(frozen=True, slots=True)
class Message:
    """A page that only says something; `kind` chooses its mark: good, bad, late or none."""

    kind: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a browser: its session, the code that it is about, the form it sent."""

    request: Request
    session: Session
    user_code: str
    form: dict[str, str]


class Pages:
    """The pages of one server."""

    def __init__(self, state: DemoState) -> None:
        self._state = state
        self._renderer = Renderer()

    def routes(self) -> list[Route]:
        """Give the routes of the pages and of what they refer to."""
        return [
            Route("/", self.home),
            Route(VERIFICATION_PATH, self.code_page),
            Route(VERIFICATION_PATH, self.take_code, methods=["POST"]),
            Route(SIGN_IN_PATH, self.sign_in_page),
            Route(SIGN_IN_PATH, self.sign_in, methods=["POST"]),
            Route(APPROVAL_PATH, self.approval_page),
            Route(APPROVAL_PATH, self.decide, methods=["POST"]),
            Route(RESULT_PATH, self.result_page),
            *asset_routes(),
        ]

    async def home(self, _request: Request) -> Response:
        """Lead to the page where codes are entered."""
        return RedirectResponse(VERIFICATION_PATH, 303)

    async def code_page(self, request: Request) -> Response:
        """Ask for the code; one given in the link is filled in and still confirmed (3.3.1)."""
        return self._code_form(await self._visit(request))

    async def take_code(self, request: Request) -> Response:
        """Go on with a code that is known; say so when it is not."""
        visit = await self._visit(request)
        if not self._spend(visit, "code"):
            return self._message(visit, _STALE, status=403)
        try:
            grant = self._state.devices.find(visit.user_code)
        except TooManyMissesError:
            return self._message(visit, _TOO_MANY, status=429)
        if grant is None:
            problem = "That code is not known. Compare it with the one in the app."
            return self._code_form(visit, problem=problem, status=400)
        return self._go(visit, APPROVAL_PATH, grant.user_code)

    async def sign_in_page(self, request: Request) -> Response:
        """Offer to continue as the demo analyst."""
        visit = await self._visit(request)
        return self._page(visit, "sign_in.html", purpose="sign-in")

    async def sign_in(self, request: Request) -> Response:
        """Continue as the demo analyst, in a session with a new id."""
        visit = await self._visit(request)
        if not self._spend(visit, "sign-in"):
            return self._message(visit, _STALE, status=403)
        session = self._state.sessions.sign_in(visit.session)
        signed_in = Visit(request, session, visit.user_code, visit.form)
        return self._go(signed_in, APPROVAL_PATH, visit.user_code)

    async def approval_page(self, request: Request) -> Response:
        """Show what is asked for; leads to the sign-in page or the outcome where due."""
        visit = await self._visit(request)
        if not visit.session.signed_in:
            return self._go(visit, SIGN_IN_PATH, visit.user_code)
        grant = self._known(visit)
        if isinstance(grant, Response):
            return grant
        if grant.status is not Status.PENDING:
            return self._go(visit, RESULT_PATH, grant.user_code)
        return self._approval_form(visit, grant)

    async def decide(self, request: Request) -> Response:
        """Approve or deny, whichever button was pressed."""
        visit = await self._visit(request)
        decision = visit.form.get("decision")
        spent = self._spend(visit, "approval")
        if not (spent and visit.session.signed_in and decision in ("approve", "deny")):
            return self._message(visit, _STALE, status=403)
        grant = self._known(visit)
        if isinstance(grant, Response):
            return grant
        self._state.devices.decide(grant.user_code, approve=decision == "approve")
        return self._go(visit, RESULT_PATH, grant.user_code)

    async def result_page(self, request: Request) -> Response:
        """Say how it ended; the truth of this moment, also after a reload."""
        visit = await self._visit(request)
        if not visit.session.signed_in:
            return self._go(visit, SIGN_IN_PATH, visit.user_code)
        grant = self._known(visit)
        if isinstance(grant, Response):
            return grant
        if grant.status is Status.PENDING:
            return self._go(visit, APPROVAL_PATH, grant.user_code)
        return self._message(visit, _RESULTS[grant.status])

    def _code_form(self, visit: Visit, *, problem: str = "", status: int = 200) -> Response:
        return self._page(visit, "code.html", purpose="code", problem=problem, status=status)

    def _approval_form(self, visit: Visit, grant: DeviceGrant) -> Response:
        return self._page(
            visit,
            "approval.html",
            purpose="approval",
            app=self._state.clients[grant.client_id].name,
            grant=grant,
            **decided_on(grant.asked, grant.granted),
            asked=spoken(self._state.devices.age(grant)),
        )

    def _known(self, visit: Visit) -> DeviceGrant | Response:
        """Give the sign-in that a visit is about, or the page that says why not."""
        try:
            grant = self._state.devices.find(visit.user_code)
        except TooManyMissesError:
            return self._message(visit, _TOO_MANY, status=429)
        return grant or self._message(visit, _UNKNOWN, status=404)

    async def _visit(self, request: Request) -> Visit:
        form = await read_form(request) if request.method == "POST" else {}
        given = form.get("user_code") or request.query_params.get("user_code", "")
        session = self._state.sessions.find(request.cookies.get(_cookie_name(request)))
        session = session or self._state.sessions.open()
        return Visit(request, session, given.strip()[:LONGEST_CODE], form)

    def _spend(self, visit: Visit, form_name: str) -> bool:
        token = visit.form.get("csrf_token", "")
        purpose = _purpose(form_name, visit)
        return self._state.csrf.spend(visit.session.session_id, purpose, token=token)

    def _page(
        self, visit: Visit, template: str, *, purpose: str, status: int = 200, **context: object
    ) -> Response:
        token = self._state.csrf.issue(
            visit.session.session_id, _purpose(purpose, visit), lifetime=CSRF_LIFETIME
        )
        response = self._renderer.page(
            template,
            status=status,
            csrf_token=token,
            user_code=visit.user_code,
            analyst=ANALYST,
            **context,
        )
        return _with_cookie(response, visit)

    def _message(self, visit: Visit, message: Message, *, status: int = 200) -> Response:
        response = self._renderer.page(
            "message.html", status=status, message=message, analyst=ANALYST, again=VERIFICATION_PATH
        )
        return _with_cookie(response, visit)

    def _go(self, visit: Visit, path: str, user_code: str) -> Response:
        query = urlencode({"user_code": user_code})
        return _with_cookie(RedirectResponse(f"{path}?{query}", 303), visit)


def _purpose(form_name: str, visit: Visit) -> str:
    """Bind a token to its form and, where something is decided, to the code on that page."""
    return f"{form_name} {normalized(visit.user_code)}" if form_name == "approval" else form_name


def _cookie_name(request: Request) -> str:
    """Cookies do not tell ports apart, so the name does: demo servers may run side by side."""
    return f"demo_session_{request.url.port or 80}"


def _with_cookie(response: Response, visit: Visit) -> Response:
    response.set_cookie(
        _cookie_name(visit.request),
        visit.session.session_id,
        max_age=int(SESSION_LIFETIME),
        path=VERIFICATION_PATH,
        httponly=True,
        samesite="lax",
    )
    return response


_RESULTS: Final = {
    Status.APPROVED: Message(
        "good", "Approved", "XDR Login collects its token in a moment. You can close this page."
    ),
    Status.REDEEMED: Message(
        "good", "Approved", "You can close this page, XDR Login has your token."
    ),
    Status.DENIED: Message(
        "bad",
        "Declined",
        "XDR Login gets no token. If you did not start this, tell your administrator.",
    ),
    Status.EXPIRED: Message(
        "late", "This code has expired", "Go back to XDR Login and ask for a new one."
    ),
}
_UNKNOWN: Final = Message(
    "late", "This code is not known", "It may have expired. Compare it with the one in the app."
)
_TOO_MANY: Final = Message(
    "late", "Too many wrong codes", "Wait a minute, then enter the code that the app shows."
)
_STALE: Final = Message(
    "late", "This page is out of date", "Nothing was decided. Start again with the code."
)
