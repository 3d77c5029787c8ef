"""Pages as responses: templates, the headers that fence them in, and the style sheet."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    import jinja2

A_MOMENT: Final = 4  # seconds
FOLDER: Final = Path(__file__).parent / "templates"
ASSETS: Final = {"demo.css": "text/css", "favicon.svg": "image/svg+xml"}
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
FENCE: Final = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",  # RFC 6749 section 10.13: against clickjacking
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Renderer:
    """Turns templates into answers; Jinja2 is loaded with the first page."""

    def page(self, template: str, *, status: int = 200, **context: object) -> Response:
        """Render one page; a name that the template needs and does not get is an error."""
        text = self._environment.get_template(template).render(context)
        return HTMLResponse(text, status, FENCE)

    @cached_property
    def _environment(self) -> "jinja2.Environment":
        import jinja2  # late: the first page can wait for it, the first code not

        loader = jinja2.FileSystemLoader(FOLDER)
        return jinja2.Environment(
            loader=loader,
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )


def asset_routes() -> list[Route]:
    """Give the routes of the files that pages refer to."""
    return [Route(f"/{name}", _asset, name=name) for name in ASSETS]


async def _asset(request: Request) -> Response:
    name = request.url.path.lstrip("/")
    return FileResponse(FOLDER / name, media_type=ASSETS[name])


def spoken(seconds: float) -> str:
    """Say how long ago something was."""
    minutes, rest = divmod(int(seconds), 60)
    if minutes > 1:
        return f"{minutes} minutes ago"
    if minutes == 1:
        return "a minute ago"
    return f"{rest} seconds ago" if rest > A_MOMENT else "just now"
