"""What the form of a profile calls the members of its file: whoever names one says both."""

FIELD_NAMES = {
    "preset": "Provider and region",
    "client_id": "Client ID",
    "name": "Name",
    "scope": "Scopes",
    "issuer": "Issuer",
    "expected_issuer": "Name of the issuer",
    "grant": "Way to sign in",
    "client_authentication": "How the client proves itself",
    "redirect_uri": "Redirect address",
    "extra_parameters": "Extra parameters",
    "device_authorization_endpoint": "Address for codes",
    "authorization_endpoint": "Address for the browser",
    "token_endpoint": "Address for tokens",
    "letter": "Letter",
    "color": "Color",
    "proxy": "Proxy",
    "proxy_user": "Proxy user",
    "ca_file": "Authorities file",
    "keep_fresh": "Keep the token fresh",
    "in_use_minutes": "Renew while in use",
    "clipboard_seconds": "Clear clipboard after",
}


def field(member: str) -> str:
    """Where the form has the field of `member`, which few need, and what it is in the file."""
    return f"“More options › {FIELD_NAMES[member]}” ({member})"
