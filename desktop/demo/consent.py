"""The page on which the analyst approves without a code to compare (RFC 6749 section 4.1.1).

It posts, and is answered with a redirect to the program on this computer (RFC 8252). The same can
be had without a page, by who has an access token.
"""

from dataclasses import replace
from typing import Final
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from desktop.demo.account import GRANT_PURPOSE
from desktop.demo.bearers import bearer_of
from desktop.demo.claims import ANALYST
from desktop.demo.clients import CODE
from desktop.demo.codes import CodeRequest
from desktop.demo.device import Challenge
from desktop.demo.errors import OAuthError
from desktop.demo.form import read_form, read_json
from desktop.demo.protocol import NO_STORE
from desktop.demo.rendering import POLICY, Renderer
from desktop.demo.scopes import decided_on, intersect, parse_scopes
from desktop.demo.state import DemoState

AUTHORIZE_PATH: Final = "/iroh/oauth2/authorize"
CALLBACK_PATH: Final = "/callback"
LOOPBACK: Final = {"127.0.0.1", "::1"}  # RFC 8252 section 7.3
CHALLENGE_LENGTH: Final = 43  # of S256: RFC 7636 section 4.2


class Consent:
    """The authorization endpoint of one server."""

    def __init__(self, state: DemoState) -> None:
        self._state = state
        self._renderer = Renderer()

    def routes(self) -> list[Route]:
        """Give the routes of the page."""
        return [
            Route(AUTHORIZE_PATH, self.page),
            Route(AUTHORIZE_PATH, self.decide, methods=["POST"]),
            Route("/iroh/oauth2/code", self.grant, methods=["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        """Ask the analyst, or decide at once where the options say so."""
        query = dict(request.query_params)
        redirect_uri = self._checked_redirect(query)
        try:
            asked = self._asked(query, redirect_uri)
        except OAuthError as error:
            return _back(redirect_uri, query.get("state", ""), {"error": error.error})
        options = self._state.options
        if options.outcome == "deny":
            return self._decided(asked, approve=False)
        if options.outcome == "approve" or options.approve_after is not None:
            return self._decided(asked, approve=True)
        return self._form(asked)

    async def decide(self, request: Request) -> Response:
        """Approve or deny; the name of the request is known to the page only, and good once."""
        form = await read_form(request)
        asked = self._state.codes.take(form.get("request", ""))
        if asked is None:
            raise OAuthError("invalid_request", "This page is out of date: start again.")
        return self._decided(asked, approve=form.get("decision") == "approve")

    async def grant(self, request: Request) -> Response:
        """Generate a code to grant an authorization; path and members are assumed.

        It needs a CSRF token that has not been used, and grants no more than the caller holds.
        """
        bearer = bearer_of(request, self._state.tokens)
        query = await read_json(request)
        token = query.get("csrf_token", "")
        if not self._state.csrf.spend(bearer.subject, GRANT_PURPOSE, token=token):
            words = "The CSRF token has been used, is too old, or is not yours."
            raise OAuthError("invalid_csrf_token", words, status=403)
        redirect_uri = self._checked_redirect(query)
        held = parse_scopes(" ".join(bearer.scopes))
        challenge = {"response_type": "code", "code_challenge_method": "S256"}
        asked = self._asked(challenge | query, redirect_uri)
        granted = intersect(asked.granted, held)
        if not granted or bearer.subject != ANALYST.user_id:
            raise OAuthError("access_denied", "The token cannot grant this.", status=403)
        answer = {"code": self._state.codes.issue(replace(asked, granted=granted))}
        given = {"redirect_uri": redirect_uri} | ({"state": asked.state} if asked.state else {})
        return JSONResponse(answer | given, headers=NO_STORE)

    def _checked_redirect(self, query: dict[str, str]) -> str:
        """Where the answer goes; without a good one, no browser is sent anywhere (4.1.2.1)."""
        redirect_uri = query.get("redirect_uri", "")
        known = query.get("client_id", "") in self._state.clients
        if not (known and _is_program_here(redirect_uri)):
            raise OAuthError("invalid_request", "The client or its redirect_uri is not known here.")
        return redirect_uri

    def _asked(self, query: dict[str, str], redirect_uri: str) -> CodeRequest:
        if CODE not in self._state.clients[query["client_id"]].grants:
            raise OAuthError("unauthorized_client", "The client is not set up for this grant.")
        if query.get("response_type") != "code":
            raise OAuthError("unsupported_response_type", "Only code is known here.")
        challenge = query.get("code_challenge", "")
        method = query.get("code_challenge_method")
        if method != "S256" or len(challenge) != CHALLENGE_LENGTH:
            raise OAuthError("invalid_request", "A code challenge by S256 is needed.")
        held = parse_scopes(self._state.options.held_scopes)
        try:
            scopes = parse_scopes(query.get("scope", "")) or held
        except ValueError as error:
            raise OAuthError("invalid_scope", str(error)) from error
        return CodeRequest(
            client_id=query["client_id"],
            redirect_uri=redirect_uri,
            state=query.get("state", ""),
            asked=scopes,
            granted=intersect(scopes, held),
            challenge=Challenge(challenge, method),
            expires_at=self._state.codes.page_expires_at(),
        )

    def _form(self, asked: CodeRequest) -> Response:
        page = self._renderer.page(
            "consent.html",
            analyst=ANALYST,
            app=self._state.clients[asked.client_id].name,
            **decided_on(asked.asked, asked.granted),
            request=self._state.codes.ask(asked),
        )
        # Browsers hold the redirect after a form to the same rule as the form.
        home = f"http://{urlsplit(asked.redirect_uri).netloc}"
        policy = POLICY.replace("form-action 'self'", f"form-action 'self' {home}")
        page.headers["Content-Security-Policy"] = policy
        return page

    def _decided(self, asked: CodeRequest, *, approve: bool) -> Response:
        if approve and asked.granted:
            answer = {"code": self._state.codes.issue(asked)}
        else:
            answer = {"error": "access_denied", "error_description": "The analyst declined."}
        return _back(asked.redirect_uri, asked.state, answer)


def _is_program_here(redirect_uri: str) -> bool:
    try:
        parts = urlsplit(redirect_uri)
        here = parts.scheme == "http" and parts.hostname in LOOPBACK and bool(parts.port)
    except ValueError:
        return False
    return here and (parts.path, parts.query, parts.fragment) == (CALLBACK_PATH, "", "")


def _back(redirect_uri: str, state: str, answer: dict[str, str]) -> Response:
    query = urlencode(answer | ({"state": state} if state else {}))
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return RedirectResponse(f"{redirect_uri}?{query}", 303, headers)
