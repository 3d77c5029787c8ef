"""What browsers show: code, sign-in, approval and outcome (RFC 8628 section 3.3).

What decides something posts and is answered with a redirect, so that reloading never repeats it.
Each such form has a token that is good once, for its session and the code that it is about.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from desktop.demo.analyst import ANALYST
from desktop.demo.authorization_codes import CodeRequest, read_code_request, require_redirect_uri
from desktop.demo.clients import CLIENTS
from desktop.demo.device_codes import Status, normalize
from desktop.demo.endpoints import VERIFICATION_PATH
from desktop.demo.errors import OAuthError
from desktop.demo.requests import read_form
from desktop.demo.scopes import Scope, intersect
from desktop.demo.state import SESSION_LIFETIME, DemoState, state_of

SIGN_IN_PATH: Final = f"{VERIFICATION_PATH}/sign-in"
APPROVAL_PATH: Final = f"{VERIFICATION_PATH}/approval"
AUTHORIZE_PATH: Final = "/iroh/oauth2/authorize"
LONGEST_CODE: Final = 32
FOLDER: Final = Path(__file__).parent / "templates"
TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(FOLDER),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'{callback}; "
    "frame-ancestors 'none'; base-uri 'none'"
)
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": POLICY.format(callback=""),
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",  # RFC 6749 section 10.13: against clickjacking
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


# The approval of a code


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a browser: its session, the code that it is about, the form it sent."""

    request: Request
    state: DemoState
    session_id: str
    signed_in: bool
    user_code: str
    form: dict[str, str]

    def spend_token(self, form_name: str) -> bool:
        """Use up the token of a form and tell whether it was good."""
        spent = self.state.form_tokens.pop(self.form.get("csrf_token", ""))
        return spent == (self.session_id, f"{form_name} {normalize(self.user_code)}")

    def show_form(self, form_name: str, **context: object) -> Response:
        """Render the page of this form, with a new token."""
        purpose = f"{form_name} {normalize(self.user_code)}"
        token = self.state.form_tokens.add((self.session_id, purpose))
        context |= {"csrf_token": token, "user_code": self.user_code}
        return self._with_cookie(render(f"{form_name}.html", context))

    def redirect(self, path: str) -> Response:
        """Send the browser to another page about the same code."""
        query = urlencode({"user_code": self.user_code})
        return self._with_cookie(RedirectResponse(f"{path}?{query}", 303))

    def _with_cookie(self, response: Response) -> Response:
        response.set_cookie(
            cookie_name(self.request),
            self.session_id,
            max_age=int(SESSION_LIFETIME),
            path=VERIFICATION_PATH,
            httponly=True,
            samesite="lax",
        )
        return response


def cookie_name(request: Request) -> str:
    """Name the cookie after the port, which cookies do not tell apart."""
    return f"demo_session_{request.url.port or 80}"


async def open_visit(request: Request) -> Visit:
    """Read what a page needs of a request; a new browser gets a session."""
    state = state_of(request)
    form = await read_form(request) if request.method == "POST" else {}
    user_code = form.get("user_code") or request.query_params.get("user_code", "")
    session_id = request.cookies.get(cookie_name(request)) or secrets.token_urlsafe(32)
    signed_in = state.sessions.get(session_id) is not None
    return Visit(request, state, session_id, signed_in, user_code.strip()[:LONGEST_CODE], form)


async def show_code(request: Request) -> Response:
    """Ask for the code; one in the link is filled in and still confirmed (section 3.3.1)."""
    visit = await open_visit(request)
    return render("code.html", {"user_code": visit.user_code, "problem": ""})


async def show_sign_in(request: Request) -> Response:
    """Offer to continue as the demo analyst."""
    return (await open_visit(request)).show_form("sign_in")


async def sign_in(request: Request) -> Response:
    """Continue as the demo analyst, in a new session: that defeats session fixation."""
    visit = await open_visit(request)
    if not visit.spend_token("sign_in"):
        return render("message.html", {"message": "out of date"}, status=403)
    visit.state.sessions.pop(visit.session_id)
    session_id = visit.state.sessions.add(ANALYST.user_id)
    return replace(visit, session_id=session_id).redirect(APPROVAL_PATH)


async def show_approval(request: Request) -> Response:
    """Ask for approval, or show how the sign-in ended."""
    visit = await open_visit(request)
    found = visit.state.device_codes.find(visit.user_code)
    if found is None:
        problem = "Unknown code. It may have expired. Compare it with the one in the app."
        return render("code.html", {"user_code": visit.user_code, "problem": problem}, status=404)
    if not visit.signed_in:
        return visit.redirect(SIGN_IN_PATH)
    if found.status is not Status.PENDING:
        return render("message.html", {"message": found.status.value})
    age = format_age(visit.state.clock() - found.issued_at)
    context = describe_request(found.client_id, found.asked, found.granted)
    return replace(visit, user_code=found.user_code).show_form("approval", **context, age=age)


async def decide(request: Request) -> Response:
    """Approve or deny, whichever button was selected."""
    visit = await open_visit(request)
    decision = visit.form.get("decision")
    good_token = visit.spend_token("approval")
    if not (good_token and visit.signed_in and decision in ("approve", "deny")):
        return render("message.html", {"message": "out of date"}, status=403)
    found = visit.state.device_codes.find(visit.user_code)
    if found is not None:
        found.decide(approve=decision == "approve")
    return visit.redirect(APPROVAL_PATH)


# The approval without a code, after which the browser returns to the app (RFC 8252)


async def show_authorization(request: Request) -> Response:
    """Ask for approval, or decide at once where the options say so (RFC 6749 section 4.1.1)."""
    state, query = state_of(request), dict(request.query_params)
    redirect_uri = require_redirect_uri(query)
    try:
        asked = read_code_request(query, redirect_uri)
    except OAuthError as error:
        return _return_to_app(redirect_uri, query.get("state", ""), {"error": error.error})
    decision = state.options.automatic_decision
    if decision is not None:
        return _finish_authorization(state, asked, approve=decision)
    context = describe_request(asked.client_id, asked.asked, asked.granted)
    page = render("approval.html", context | {"request_key": state.codes.requests.add(asked)})
    # Browsers hold the redirect after a form to the same rule as the form.
    policy = POLICY.format(callback=f" http://{urlsplit(redirect_uri).netloc}")
    page.headers["Content-Security-Policy"] = policy
    return page


async def decide_authorization(request: Request) -> Response:
    """Approve or deny; only the page knows the key of the request, which is good once."""
    state, form = state_of(request), await read_form(request)
    asked = state.codes.requests.pop(form.get("request_key", ""))
    if asked is None:
        raise OAuthError("invalid_request", "This page is out of date. Start the sign-in again.")
    return _finish_authorization(state, asked, approve=form.get("decision") == "approve")


def _finish_authorization(state: DemoState, asked: CodeRequest, *, approve: bool) -> Response:
    if approve and asked.granted:
        answer = {"code": state.codes.issued.add(asked)}
    else:
        answer = {"error": "access_denied", "error_description": "The sign-in was denied."}
    return _return_to_app(asked.redirect_uri, asked.state, answer)


def _return_to_app(redirect_uri: str, state: str, answer: dict[str, str]) -> Response:
    query = urlencode(answer | ({"state": state} if state else {}))
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return RedirectResponse(f"{redirect_uri}?{query}", 303, headers)


# Templates


def render(template: str, context: Mapping[str, object], *, status: int = 200) -> Response:
    """Render a page; a name that its template needs and does not get is an error."""
    text = TEMPLATES.get_template(template).render(context, analyst=ANALYST)
    return HTMLResponse(text, status, SECURITY_HEADERS)


def describe_request(
    client_id: str, asked: Iterable[Scope], granted: Iterable[Scope]
) -> dict[str, Any]:
    """Collect what `approval.html` shows: the app, what would be granted, and what not."""
    return {
        "app": CLIENTS[client_id].name,
        "granted": granted,
        "left_out": [scope for scope in asked if not intersect([scope], granted)],
    }


def format_age(seconds: float) -> str:
    """Write how long ago something was."""
    minutes = int(seconds) // 60
    if minutes > 1:
        return f"{minutes} minutes ago"
    return "a minute ago" if minutes else "just now"


ROUTES: Final = (
    Route("/", RedirectResponse(VERIFICATION_PATH, 303)),
    Route(VERIFICATION_PATH, show_code),
    Route(SIGN_IN_PATH, show_sign_in),
    Route(SIGN_IN_PATH, sign_in, methods=["POST"]),
    Route(APPROVAL_PATH, show_approval),
    Route(APPROVAL_PATH, decide, methods=["POST"]),
    Route(AUTHORIZE_PATH, show_authorization),
    Route(AUTHORIZE_PATH, decide_authorization, methods=["POST"]),
    Mount("/static", StaticFiles(directory=FOLDER / "static")),
)
