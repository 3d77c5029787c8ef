"""The error that endpoints raise, and the body it becomes."""

import uuid
from collections.abc import Mapping


class OAuthError(Exception):
    """An error answer of RFC 6749."""

    def __init__(
        self,
        error: str,
        description: str,
        *,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.status = status
        self.headers = dict(headers or {})

    def body(self) -> dict[str, str]:
        """Write the error as IROH does; `trace_id` is new each time."""
        return {
            "error": self.error,
            "error_code": self.error.replace(" ", "-").replace("_", "-"),
            "error_description": self.description,
            "error_uri": "https://developer.cisco.com/docs/cisco-xdr/",
            "trace_id": str(uuid.uuid4()),
        }
