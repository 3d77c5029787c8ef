"""The kinds of events in the audit log, by the names of the Elastic Common Schema (ECS 8.17).

Apart from `audit`, so that a session can name a kind without loading the event that it becomes
only where the log is on.
"""

from enum import IntEnum

from desktop.frozen import frozen


class Severity(IntEnum):
    """The severity as in syslog (RFC 5424 section 6.2.1)."""

    WARNING = 4
    NOTICE = 5
    INFO = 6


@frozen
class EventKind:
    """A kind of event.

    `message_id` is the one in the journal and `code` the event ID of Windows, from 1 to 1000.
    Neither may ever change: people filter by them. `text` begins the message, in English.
    """

    action: str
    message_id: str
    code: int
    text: str
    category: str = "authentication"
    type: str = "info"
    outcome: str = "success"
    severity: Severity = Severity.INFO


SIGN_IN_STARTED = EventKind(
    "sign-in-started",
    "817e655a2b156252ed05e479495ff5bd",
    1,
    "Sign-in started",
    type="start",
    outcome="unknown",
)
SIGN_IN_APPROVED = EventKind(
    "sign-in-approved",
    "c65568730aab2423738af5686d9fba53",
    2,
    "Sign-in approved",
    severity=Severity.NOTICE,
)
SIGN_IN_DECLINED = EventKind(
    "sign-in-declined",
    "4188fd4cfbd74ab4e3cf1ff4b7571e64",
    3,
    "Sign-in declined",
    type="end",
    outcome="failure",
    severity=Severity.NOTICE,
)
SIGN_IN_EXPIRED = EventKind(
    "sign-in-expired",
    "c5cf77bd80de11b88259fc1473de6634",
    4,
    "Sign-in not approved in time",
    type="end",
    outcome="failure",
)
SIGN_IN_FAILED = EventKind(
    "sign-in-failed",
    "71d709fd73052ab73e065d86f45c29ce",
    5,
    "Sign-in failed",
    type="end",
    outcome="failure",
    severity=Severity.NOTICE,
)
UNEXPECTED_HOST = EventKind(
    "unexpected-verification-host",
    "5e953c6ee94590732217937166e3e92c",
    6,
    "The approval page is on a host that is not the provider's",
    outcome="unknown",
    severity=Severity.WARNING,
)
TOKEN_HANDED_OUT = EventKind(
    "token-handed-out", "86b10f33bc5bb0187626266d53cecc89", 7, "Token given to a program"
)
TOKEN_REFUSED = EventKind(
    "token-refused",
    "5e5d01a02623ae17e1611fbe16171c98",
    8,
    "Token refused to a program",
    outcome="failure",
    severity=Severity.NOTICE,
)
TOKEN_COPIED = EventKind(
    "token-copied", "6cb8fea59ece3c5529e006f16ea3ebce", 9, "Token copied to the clipboard"
)
TOKEN_SHOWN = EventKind(
    "token-shown", "db8438b01e8f4d474781820b17c4aa14", 10, "Token shown on screen"
)
TOKEN_RENEWED = EventKind("token-renewed", "5a741308666df435c97b5b1535abf830", 11, "Token renewed")
RENEWAL_REFUSED = EventKind(
    "renewal-refused",
    "5c80cda31c5f0223a1a2f77bf5be30d5",
    12,
    "The server refused to renew the token",
    outcome="failure",
    severity=Severity.WARNING,
)
SIGNED_OUT = EventKind(
    "signed-out",
    "a485777f368b1e81b612d2a52af846f7",
    13,
    "Signed out",
    type="end",
    severity=Severity.NOTICE,
)
POLICY_REFUSED = EventKind(
    "policy-refused",
    "5999d1eb89287e90b9f2fabb6d747721",
    14,
    "Refused by policy",
    category="configuration",
    outcome="failure",
    severity=Severity.NOTICE,
)
PROFILE_CHANGED = EventKind(
    "profile-changed",
    "7c08a73ce0fc234ff1c309cc31ffa46c",
    15,
    "Profile saved",
    category="configuration",
    type="change",
    severity=Severity.NOTICE,
)
PROFILE_IMPORTED = EventKind(
    "profile-imported",
    "d7a3c1a74de4ca51d481b67cd28a745c",
    16,
    "Profile imported",
    category="configuration",
    type="creation",
    severity=Severity.NOTICE,
)
PROFILE_REMOVED = EventKind(
    "profile-removed",
    "7b9ee240bd1ed4f1c735d5702981750e",
    17,
    "Profile removed",
    category="configuration",
    type="deletion",
    severity=Severity.NOTICE,
)
APP_LOCKED = EventKind(
    "locked",
    "b318bdcdb06d05a243fe67f95b83823a",
    19,
    "XDR Login locked",
    category="session",
    type="end",
    severity=Severity.NOTICE,
)
APP_UNLOCKED = EventKind(
    "unlocked",
    "5744fcd87fa5e91c96881d84be50d017",
    20,
    "XDR Login unlocked",
    category="session",
    type="start",
    severity=Severity.NOTICE,
)
EVENTS_LOST = EventKind(
    "events-lost",
    "097cae7d9ea1718b91d33dceba54d2c8",
    18,
    "Earlier events could not be written",
    category="configuration",
    outcome="failure",
    severity=Severity.WARNING,
)

KINDS = tuple(each for each in list(vars().values()) if isinstance(each, EventKind))
"""All kinds of events."""
