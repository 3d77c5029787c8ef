"""What a check of a profile says: one table. What goes wrong with a server says `messages`."""

from desktop.services.wording.field_names import ENTER_CLIENT_SECRET, field_reference

SERVER_REACHABLE = "{host} answers."
CERTIFICATE_TRUSTED = "This computer trusts its certificate."
LOCAL_CONNECTION = "It does not leave this computer."
METADATA_FOUND = "It describes itself as the profile expects."
ENDPOINTS_IN_PROFILE = "The profile names the endpoints itself."

METHOD_OFFERED = {
    "device": "It offers sign-in by code.",
    "code": "It offers sign-in with the browser of this computer.",
    "client-credentials": "Nobody signs in: the client itself does.",
}
NO_AUTHORIZATION_ENDPOINT = "{host} does not say where one signs in."
NO_AUTHORIZATION_ENDPOINT_REMEDY = (
    f"Choose another way to sign in, or give {field_reference('authorization_endpoint')}."
)
METHOD_NOT_OFFERED = "{host} does not offer it."
METHOD_NOT_LISTED = "{host} does not list this way to sign in; whether it offers it shows now."
SAFER_METHOD = "“{name}” is safer, and {host} offers it. The client must be allowed to use it."
NEEDS_CLIENT_SECRET = "This way works only with the client password."
NEEDS_CLIENT_SECRET_REMEDY = f"{ENTER_CLIENT_SECRET}."

CLIENT_ACCEPTED = "It accepts this client."
CLIENT_KNOWN = "It knows this client."
CLIENT_UNVERIFIED = "Whether it accepts this client shows when you sign in."
CLIENT_UNKNOWN = "{host} does not know this client ID, or the client password is wrong."
PUBLIC_CLIENT_UNKNOWN = "{host} does not know this client ID, or the client has a password."
CLIENT_UNKNOWN_REMEDY = "Check the client ID, the password and the region."
WRONG_CLIENT_SECRET = "{host} knows this client ID, but not with this password."
WRONG_CLIENT_SECRET_REMEDY = f"{ENTER_CLIENT_SECRET} anew."
CLIENT_SECRET_REQUIRED = "{host} knows this client ID, but not without a password."
KNOWN_IN_OTHER_REGION = "{host} does not know this client ID, but it is known in {place}."
KNOWN_IN_OTHER_REGION_REMEDY = "Choose {place}."

SCOPES_ALLOWED = "It allows the scopes that you ask for."
NO_SCOPES_REQUESTED = "None are asked for: the server decides."
SCOPES_UNVERIFIED = "Whether it allows them shows when you sign in."
SCOPES_NOT_LISTED = "It does not mention {scopes}; whether it allows them shows when you sign in."
SCOPES_REFUSED = "{host} refuses {scopes}."
SOME_SCOPES_REFUSED = "{host} refuses at least one of {scopes}."
SCOPES_REFUSED_REMEDY = "Take it out, or ask an administrator to allow it for this client."
