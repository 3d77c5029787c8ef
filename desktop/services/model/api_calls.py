"""The methods of an API call, and the tools that it can be printed as code for."""

from enum import StrEnum

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
SAFE_METHODS = ("GET", "HEAD")  # RFC 9110 section 9.2.1: they change nothing


class Language(StrEnum):
    """The tools that there is code for."""

    CURL = "curl"
    POWERSHELL = "powershell"
    PYTHON = "python"
    JAVASCRIPT = "javascript"
