"""The routes of the services: few, none changes anything, and each needs a token."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from desktop.demo.analyst import ANALYST
from desktop.demo.endpoints import NO_STORE, invalid_token, read_bearer, require_bearer
from desktop.demo.errors import OAuthError
from desktop.demo.requests import read_object
from desktop.demo.services import SECURE_ENDPOINT
from desktop.demo.services.paging import Page, ctia_headers, link_headers, read_page
from desktop.demo.services.records import INCIDENTS, INDICATORS, WORKFLOWS, Record
from desktop.demo.state import state_of
from desktop.demo.tokens import whole

CTIA_LIMIT: Final = 100
WORKFLOW_LIMIT: Final = 10

# Private and global intelligence


async def search_incidents(request: Request) -> Response:
    """Give a page of the tenant's incidents, as CTIA does."""
    require_bearer(request)
    return _ctia_page(read_page(INCIDENTS, request.query_params, limit=CTIA_LIMIT))


async def search_indicators(request: Request) -> Response:
    """Give a page of global indicators, as CTIA does."""
    require_bearer(request)
    return _ctia_page(read_page(INDICATORS, request.query_params, limit=CTIA_LIMIT))


async def show_incident(request: Request) -> Response:
    require_bearer(request)
    return JSONResponse(_find(INCIDENTS, request.path_params["id"]))


def _ctia_page(page: Page) -> Response:
    return JSONResponse(list(page.items), headers=ctia_headers(page))


def _find(records: Sequence[Record], id_: str) -> Record:
    for record in records:
        if record["id"] == id_:
            return record
    raise OAuthError("not_found", "There is no record with this ID.", status=404)


# Conure and Automate; members and paging are assumed


async def search_incidents_by_body(request: Request) -> Response:
    """Give a page of incidents; the query is a JSON object."""
    require_bearer(request)
    return _ctia_page(read_page(INCIDENTS, await read_object(request), limit=CTIA_LIMIT))


async def list_workflows(request: Request) -> Response:
    require_bearer(request)
    page = read_page(WORKFLOWS, request.query_params, limit=WORKFLOW_LIMIT)
    return JSONResponse(list(page.items), headers=link_headers(request, page))


# Secure Endpoint


async def exchange_token(request: Request) -> Response:
    """Exchange the token of Cisco XDR for one of Secure Endpoint."""
    bearer, state = require_bearer(request), state_of(request)
    answer = {
        "access_token": state.endpoint_tokens.add(bearer.subject),
        "token_type": "bearer",
        "expires_in": whole(state.options.token_lifetime),
    }
    return JSONResponse(answer, headers=NO_STORE)


async def list_organizations(request: Request) -> Response:
    """List what the caller may see; the token of Cisco XDR itself is not accepted here."""
    if state_of(request).endpoint_tokens.get(read_bearer(request)) is None:
        raise invalid_token("The token is not one of Secure Endpoint.")
    organization = {"organizationIdentifier": ANALYST.org_id, "name": ANALYST.org_name}
    return JSONResponse({"meta": {"start": 0, "size": 1, "total": 1}, "data": [organization]})


ROUTES: Final[Mapping[str, tuple[Route, ...]]] = {
    "private-intel": (
        Route("/ctia/incident/search", search_incidents),
        Route("/ctia/incident/{id}", show_incident),
    ),
    "intel": (Route("/ctia/indicator/search", search_indicators),),
    "conure": (
        Route("/v2/incident/search", search_incidents_by_body, methods=["POST"]),
        Route("/v2/incident/{id}", show_incident),
    ),
    "automate": (Route("/api/v1/workflows", list_workflows),),
    SECURE_ENDPOINT: (
        Route("/v3/access_tokens", exchange_token, methods=["POST"]),
        Route("/v3/organizations", list_organizations),
    ),
}
"""The routes of each service but `platform`, which are in `endpoints.py`."""
