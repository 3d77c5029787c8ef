"""The one error that the endpoints raise, and the body it becomes."""

import uuid
from collections.abc import Mapping


class OAuthError(Exception):
    """An RFC 6749 error answer; the endpoint that raised it sends nothing else."""

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


def normalized_error(error: str, description: str) -> dict[str, str]:
    """Give the NormalizedError body of the facts; `trace_id` is new for each answer."""
    return {
        "error": error,
        "error_code": error.replace(" ", "-").replace("_", "-"),
        "error_description": description,
        "error_uri": "https://developer.cisco.com/docs/cisco-xdr/",
        "trace_id": str(uuid.uuid4()),
    }
