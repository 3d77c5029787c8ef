"""How a client proves to the server that it is itself."""

from enum import StrEnum


class ClientAuthentication(StrEnum):
    """The registered method names (RFC 7591 section 2), and `AUTO`: try which one works."""

    AUTO = "auto"
    NONE = "none"
    BASIC = "client_secret_basic"
    POST = "client_secret_post"
