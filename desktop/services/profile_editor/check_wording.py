"""Texts of a profile check. What can go wrong with a server is in `wording.messages`."""

from desktop.services.system.translation import translatable
from desktop.services.wording.field_names import BySurface

SERVER_REACHABLE = translatable("{host} responds.")
CERTIFICATE_TRUSTED = translatable("The certificate is trusted.")
LOCAL_CONNECTION = translatable("The connection is local.")
METADATA_FOUND = translatable("The server's metadata matches your profile.")
PRESENCE_CAN_BE_PROVEN = translatable("Your system can ask for your password or fingerprint.")
ENDPOINTS_IN_PROFILE = translatable("Your profile sets the endpoints.")

METHOD_OFFERED = {
    "device": translatable("The server supports sign-in by code."),
    "code": translatable("The server supports sign-in with the browser on this computer."),
    "client-credentials": translatable("The client signs in as itself. No user is involved."),
}
NO_AUTHORIZATION_ENDPOINT = translatable("{host} has no authorization endpoint.")
NO_AUTHORIZATION_ENDPOINT_REMEDY = BySurface(
    translatable("Choose another sign-in method, or set “More options › {field}”."),
    translatable(
        "Set {option}, or choose another --grant, with “xdr-login profiles edit {profile_id}”."
    ),
)
METHOD_NOT_OFFERED = translatable("{host} doesn't support this sign-in method.")
METHOD_NOT_LISTED = translatable(
    "{host} doesn't list this sign-in method. The next step shows whether it works."
)
SAFER_METHOD = translatable(
    "“{name}” is safer, and {host} supports it. Your client must be allowed to use it."
)
NEEDS_CLIENT_SECRET = translatable("This sign-in method needs the {secret}.")
ENTER_CLIENT_SECRET = BySurface(
    translatable("Enter the {secret}."),
    translatable(
        "Enter the {secret} with “xdr-login profiles edit {profile_id} --client-secret-stdin”."
    ),
)

CLIENT_ACCEPTED = translatable("The server accepts this client.")
CLIENT_KNOWN = translatable("The server recognizes this client.")
CLIENT_UNVERIFIED = translatable("The client is checked when you sign in.")
CLIENT_UNKNOWN = translatable("{host} doesn't recognize this client ID, or the {secret} is wrong.")
PUBLIC_CLIENT_UNKNOWN = translatable(
    "{host} doesn't recognize this client ID, or the client has a {secret}."
)
CLIENT_UNKNOWN_REMEDY = translatable("Check the client ID, the {secret} and the region.")
CLIENT_UNKNOWN_ANYWHERE = translatable("Check the client ID, the {secret} and the issuer.")
WRONG_CLIENT_SECRET = translatable("{host} recognizes this client ID, but the {secret} is wrong.")
CLIENT_SECRET_REQUIRED = translatable("{host} recognizes this client ID, but requires a {secret}.")
KNOWN_IN_OTHER_REGION = translatable(
    "{host} doesn't recognize this client ID, but it exists in {place}."
)
KNOWN_IN_OTHER_REGION_REMEDY = translatable("Switch to {place}.")

SCOPES_ALLOWED = translatable("The server allows the scopes you request.")
NO_SCOPES_REQUESTED = translatable("No scopes requested. The server's default applies.")
SCOPES_UNVERIFIED = translatable("The scopes are checked when you sign in.")
SCOPES_NOT_LISTED = translatable(
    "The server doesn't list {scopes}. The scopes are checked when you sign in."
)
SCOPES_REFUSED = translatable("{host} rejects {scopes}.")
SOME_SCOPES_REFUSED = translatable("{host} rejects at least one of {scopes}.")
SCOPES_REFUSED_REMEDY = translatable(
    "Correct the scopes in your profile, or ask your administrator to allow them for this client."
)
