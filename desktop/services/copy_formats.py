"""The shapes in which a token is copied, each ready to be pasted where it is needed."""

from enum import Enum


class CopyFormat(Enum):
    """A shape; the value is what the menu calls it."""

    TOKEN = "Token"  # noqa: S105 - a name
    HEADER = "Authorization header"
    CURL = "curl"
    POWERSHELL = "PowerShell"
    PYTHON = "Python (httpx)"
    ENVIRONMENT = "Environment line"
    JSON = "JSON"
