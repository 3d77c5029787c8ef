"""What a check of a profile says: one table. What goes wrong with a server says `messages`."""

from desktop.services.wording.field_names import TYPE_IN, field

ANSWERS = "{host} answers."
TRUSTED = "This computer trusts its certificate."
STAYS_HERE = "It does not leave this computer."
DESCRIBES = "It describes itself as the profile expects."
DESCRIBED = "The profile names the endpoints itself."

WAYS = {
    "device": "It offers sign-in by code.",
    "code": "It offers sign-in with the browser of this computer.",
    "client-credentials": "Nobody signs in: the client itself does.",
}
NO_WAY = "{host} does not say where one signs in."
NO_WAY_REMEDY = f"Choose another way to sign in, or give {field('authorization_endpoint')}."
NOT_OFFERED = "{host} does not offer it."
NOT_LISTED = "{host} does not list this way to sign in; whether it offers it shows now."
SAFER = "“{name}” is safer, and {host} offers it. The client must be allowed to use it."
NEEDS_PROOF = "This way works only with the client password."
NEEDS_PROOF_REMEDY = f"{TYPE_IN}."

ACCEPTED = "It accepts this client."
KNOWN = "It knows this client."
PERHAPS_ACCEPTED = "Whether it accepts this client shows when you sign in."
UNKNOWN = "{host} does not know this client ID, or the client password is wrong."
UNKNOWN_PUBLIC = "{host} does not know this client ID, or the client has a password."
UNKNOWN_REMEDY = "Check the client ID, the password and the region."
WRONG_PROOF = "{host} knows this client ID, but not with this password."
WRONG_PROOF_REMEDY = f"{TYPE_IN} anew."
WANTS_PROOF = "{host} knows this client ID, but not without a password."
ELSEWHERE = "{host} does not know this client ID, but it is known in {place}."
ELSEWHERE_REMEDY = "Choose {place}."

ALLOWED = "It allows the scopes that you ask for."
NONE_ASKED = "None are asked for: the server decides."
PERHAPS_ALLOWED = "Whether it allows them shows when you sign in."
NOT_NAMED = "It does not mention {scopes}; whether it allows them shows when you sign in."
REFUSED = "{host} refuses {scopes}."
REFUSED_ALL = "{host} refuses at least one of {scopes}."
REFUSED_REMEDY = "Take it out, or ask an administrator to allow it for this client."
