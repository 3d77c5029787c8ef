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
ENDPOINT_FIELDS = "the endpoints under “More options”"
NEXT_FIELD = "the next field"
SWITCH_CHOICES = "On, off, or as in the settings."
ONE_PER_LINE = "One a line, such as"
PROXY_SIGN_IN = (
    "into your profile, below “More options”; in a terminal, “xdr-login profiles edit NAME "
    "--proxy-user USER --proxy-password-stdin”"
)
ENTER_CLIENT_SECRET = "Type in the client password"

_OPTIONS = {
    "name": "NAME",
    "client_authentication": "--auth",
    "extra_parameters": "--extra",
    "verification_hosts": "--verification-host",
}


def field_reference(member: str) -> str:
    """Where the form has the field of `member`, which few need, and what it is in the file."""
    return f"“More options › {FIELD_NAMES[member]}” ({member})"


def option_name(member: str) -> str:
    """The option of the command line for `member`."""
    return _OPTIONS.get(member) or f"--{member.replace('_', '-')}"


def for_terminal(text: str) -> str:
    """`text`, with the options of the command line in place of the fields of the form."""
    for form, terminal in _TERMINAL_TERMS.items():
        text = text.replace(form, terminal)
    return text


_EDIT_COMMAND = "“xdr-login profiles edit NAME"
_TERMINAL_TERMS = {
    **{
        field_reference(each): f"{option_name(each)} (“xdr-login profiles edit”)"
        for each in FIELD_NAMES
    },
    ENDPOINT_FIELDS: (
        f"{option_name('device_authorization_endpoint')} and {option_name('token_endpoint')}"
    ),
    NEXT_FIELD: option_name("proxy_user"),
    SWITCH_CHOICES: "true or false; empty for what the settings say.",
    ONE_PER_LINE: "NAME=VALUE, such as",
    PROXY_SIGN_IN: f"into your profile: {_EDIT_COMMAND} --proxy-user USER --proxy-password-stdin”",
    ENTER_CLIENT_SECRET: f"Give the client password with {_EDIT_COMMAND} --client-secret-stdin”",
}
