"""What browsers show: code, approval and outcome (RFC 8628 section 3.3).

What decides something posts and is answered with a redirect, so that reloading never repeats it.
Each such form has a random key that works once, for the request on its page. Other sites cannot
read the key, so they cannot forge the form.
"""

from collections.abc import Iterable, Mapping
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
from desktop.demo.device_codes import Status
from desktop.demo.endpoints import VERIFICATION_PATH
from desktop.demo.errors import OAuthError
from desktop.demo.requests import read_form
from desktop.demo.scopes import Scope, intersect
from desktop.demo.state import DemoState, state_of

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


async def show_code(request: Request) -> Response:
    """Ask for the code; one in the link is filled in and still confirmed (section 3.3.1)."""
    return render("code.html", {"user_code": _typed_code(request), "problem": ""})


async def show_approval(request: Request) -> Response:
    """Ask for approval, or show how the sign-in ended."""
    state, typed = state_of(request), _typed_code(request)
    found = state.device_codes.find(typed)
    if found is None:
        problem = "Unknown code. It may have expired. Compare it with the one in the app."
        return render("code.html", {"user_code": typed, "problem": problem}, status=404)
    if found.status is not Status.PENDING:
        return render("message.html", {"message": found.status.value})
    context = describe_request(found.client_id, found.asked, found.granted) | {
        "action": APPROVAL_PATH,
        "age": format_age(state.clock() - found.issued_at),
        "request_key": state.approval_pages.add(found.user_code),
        "user_code": found.user_code,
    }
    return render("approval.html", context)


async def decide(request: Request) -> Response:
    """Approve or deny, whichever button was selected."""
    state, form = state_of(request), await read_form(request)
    user_code = state.approval_pages.pop(form.get("request_key", ""))
    decision = form.get("decision")
    if user_code is None or decision not in ("approve", "deny"):
        return render("message.html", {"message": "out of date"}, status=403)
    found = state.device_codes.find(user_code)
    if found is not None:
        found.decide(approve=decision == "approve")
    return RedirectResponse(f"{APPROVAL_PATH}?{urlencode({'user_code': user_code})}", 303)


def _typed_code(request: Request) -> str:
    return request.query_params.get("user_code", "").strip()[:LONGEST_CODE]


# The approval without a code, after which the browser returns to the app (RFC 8252)


async def show_authorization(request: Request) -> Response:
    """Ask for approval, or approve at once where the options say so (RFC 6749 section 4.1.1)."""
    state, query = state_of(request), dict(request.query_params)
    redirect_uri = require_redirect_uri(query)
    try:
        asked = read_code_request(query, redirect_uri)
    except OAuthError as error:
        return _return_to_app(redirect_uri, query.get("state", ""), {"error": error.error})
    if state.options.approve_after is not None:
        return _finish_authorization(state, asked, approve=True)
    context = describe_request(asked.client_id, asked.asked, asked.granted) | {
        "action": AUTHORIZE_PATH,
        "request_key": state.codes.requests.add(asked),
    }
    page = render("approval.html", context)
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
    minutes = int(seconds) // 60
    if minutes > 1:
        return f"{minutes} minutes ago"
    return "a minute ago" if minutes else "just now"


ROUTES: Final = (
    Route("/", RedirectResponse(VERIFICATION_PATH, 303)),
    Route(VERIFICATION_PATH, show_code),
    Route(APPROVAL_PATH, show_approval),
    Route(APPROVAL_PATH, decide, methods=["POST"]),
    Route(AUTHORIZE_PATH, show_authorization),
    Route(AUTHORIZE_PATH, decide_authorization, methods=["POST"]),
    Mount("/static", StaticFiles(directory=FOLDER / "static")),
)
