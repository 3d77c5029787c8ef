"""What the form of a profile calls the members of its file, and what a terminal calls them."""

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

# What is said of the form, and has other words in a terminal: see `for_terminal`.
ENDPOINTS = "the endpoints under “More options”"
NEXT_FIELD = "the next field"
CHOICES = "On, off, or as in the settings."
ONE_A_LINE = "One a line, such as"
PROXY_SIGN_IN = (
    "into your profile, below “More options”; in a terminal, “xdr-login profiles edit NAME "
    "--proxy-user USER --proxy-password-stdin”"
)
TYPE_IN = "Type in the client password"

_OPTIONS = {
    "name": "NAME",
    "client_authentication": "--auth",
    "extra_parameters": "--extra",
    "verification_hosts": "--verification-host",
}


def field(member: str) -> str:
    """Where the form has the field of `member`, which few need, and what it is in the file."""
    return f"“More options › {FIELD_NAMES[member]}” ({member})"


def option(member: str) -> str:
    """The option of the command line for `member`."""
    return _OPTIONS.get(member) or f"--{member.replace('_', '-')}"


def for_terminal(text: str) -> str:
    """`text`, with the options of the command line in place of the fields of the form."""
    for form, terminal in _IN_TERMINAL.items():
        text = text.replace(form, terminal)
    return text


_EDIT = "“xdr-login profiles edit NAME"
_IN_TERMINAL = {
    **{field(each): f"{option(each)} (“xdr-login profiles edit”)" for each in FIELD_NAMES},
    ENDPOINTS: f"{option('device_authorization_endpoint')} and {option('token_endpoint')}",
    NEXT_FIELD: option("proxy_user"),
    CHOICES: "true or false; empty for what the settings say.",
    ONE_A_LINE: "NAME=VALUE, such as",
    PROXY_SIGN_IN: f"into your profile: {_EDIT} --proxy-user USER --proxy-password-stdin”",
    TYPE_IN: f"Give the client password with {_EDIT} --client-secret-stdin”",
}
