"""Pages of a list, and the headers that say where the next one is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request

from desktop.demo.errors import OAuthError
from desktop.demo.services.records import Record

_MOST_RECORDS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Page:
    """A part of `records`: up to `limit`, from `offset` or after the record `search_after`."""

    records: Sequence[Record]
    limit: int
    offset: int = 0
    search_after: str = ""

    @property
    def items(self) -> Sequence[Record]:
        """The records of the page."""
        start = self.offset
        if self.search_after:
            ids = [record["id"] for record in self.records]
            start = ids.index(self.search_after) + 1 if self.search_after in ids else len(ids)
        return self.records[start : start + self.limit]

    @property
    def next_offset(self) -> int | None:
        """The offset of the next page; `None` on the last."""
        after = self.offset + self.limit
        if self.search_after:
            return after if len(self.items) == self.limit else None
        return after if len(self.records) > after else None


def read_page(records: Sequence[Record], given: Mapping[str, object], *, limit: int) -> Page:
    """Read which page is wanted; `limit` is the default. Raises OAuthError invalid_request."""
    return Page(
        records,
        limit=_read_number(given.get("limit", limit), "limit"),
        offset=_read_number(given.get("offset", 0), "offset"),
        search_after=str(given.get("search_after", "")),
    )


def _read_number(value: object, name: str) -> int:
    text = str(value)
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and int(text) <= _MOST_RECORDS):
        description = f"The parameter {name} must be a number from 0 to {_MOST_RECORDS}."
        raise OAuthError("invalid_request", description)
    return int(text)


def ctia_headers(page: Page) -> dict[str, str]:
    """Make the headers of CTIA, whose source is public: X-Next is a query without question mark.

    https://github.com/threatgrid/ctia, paginated-ok, and ductile.pagination.
    """
    headers = {"X-Total-Hits": str(len(page.records))}
    if page.items:
        headers["X-Sort"] = f'["{page.items[-1]["id"]}"]'
    if page.offset and not page.search_after:
        offset = max(0, page.offset - page.limit)
        headers["X-Previous"] = urlencode({"limit": page.limit, "offset": offset})
    if page.next_offset is not None and page.items:
        following = {"limit": page.limit, "offset": page.next_offset}
        headers["X-Next"] = urlencode(following | {"search_after": page.items[-1]["id"]})
    return headers


def link_headers(request: Request, page: Page) -> dict[str, str]:
    """Make the header that many APIs have for the next page (RFC 8288 section 3)."""
    if page.next_offset is None:
        return {}
    following = request.url.include_query_params(limit=page.limit, offset=page.next_offset)
    return {"Link": f'<{following}>; rel="next"'}
