"""The words for every error."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.oauth import errors
from desktop.services.model import errors as session
from desktop.services.model import profile as profiles
from desktop.services.model.profile import Profile
from desktop.services.model.states import Failed
from desktop.services.profile_editor import check_wording
from desktop.services.secrets import keystore
from desktop.services.token.failure_report import failure_report
from desktop.services.wording import messages
from desktop.services.wording.field_names import for_terminal
from desktop.services.wording.messages import Remedy, advice_for, facts_of

HOST = "login.example"
FILE = Path("profiles.toml")
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
PROFILE = Profile(id="northwind", name="Northwind SOC", client_id="client-1", provider="Example")
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJkYW5hIn0.c2lnbmF0dXJl"


def kinds_of(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for kind in root.__subclasses__():
        if kind.__module__.startswith("desktop."):
            yield from kinds_of(kind)


KINDS = [
    *kinds_of(errors.OAuthError),
    *kinds_of(keystore.KeystoreError),
    *kinds_of(profiles.ProfileError),
    *kinds_of(session.SessionError),
    Exception,
]


def bare(kind: type[Exception]) -> Exception:
    """An error with nothing but what it cannot do without."""
    arguments: dict[type[Exception], tuple[Any, ...]] = {
        errors.Trouble: (HOST,),
        errors.ErrorResponse: ("some_code",),
        errors.AuthorityUnusable: ("/etc/authority.pem", "it holds no certificate in PEM"),
        errors.UnsafeAddress: ("http://login.example", "not https"),
        errors.MetadataMismatch: (HOST, "https://a.example", "https://b.example"),
        errors.MissingEndpoint: (HOST, "token_endpoint"),
        errors.WrongIssuer: (HOST, "https://a.example", "https://b.example"),
        errors.UnsupportedTokenType: (HOST, "mac"),
        profiles.ProfileError: (FILE,),
        session.ClientSecretMissing: ("northwind",),
        session.RedirectUriUnavailable: ("http://127.0.0.1:8080/callback",),
        session.ForbiddenByPolicy: ("policy.toml",),
    }
    found = next((arguments[each] for each in kind.__mro__ if each in arguments), ())
    return kind(*found, host=HOST) if issubclass(kind, errors.ErrorResponse) else kind(*found)


def full(kind: type[Exception]) -> Exception:
    """An error with all that a server may have added."""
    if issubclass(kind, errors.Trouble):
        return kind(
            HOST, detail="no usable answer", status=429, retry_after=3172.0, trace_id="trace-1"
        )
    if issubclass(kind, errors.ErrorResponse):
        return kind(
            "some_code", host=HOST, description="Some words.", status=400, trace_id="trace-1"
        )
    if issubclass(kind, keystore.KeystoreError):
        return kind("the store is full")
    if issubclass(kind, profiles.ProfileError):
        return kind(FILE, "line 3")
    return bare(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_has_a_row_of_its_own(kind: type[Exception]) -> None:
    assert kind in messages._ROWS


def test_the_table_has_no_rows_for_nothing() -> None:
    assert set(messages._ROWS) == set(KINDS)


@pytest.mark.parametrize("make", [bare, full])
@pytest.mark.parametrize("kind", KINDS)
def test_every_advice_is_readable(kind: type[Exception], make: Any) -> None:  # noqa: ANN401
    error = make(kind)
    for user_code in ("", "WDJB-MJHT"):
        advice = advice_for(error, user_code=user_code)
        words = f"{advice.title} {advice.text}"
        assert "None" not in words
        assert "  " not in words
        assert not [each.__name__ for each in KINDS[:-1] if each.__name__ in words]
        assert not re.search(r"[{}<>]|Error\b", words)
        assert advice.title[0].isupper()
        assert not advice.title.endswith(".")
        assert unicodedata.category(advice.text[-1]).startswith("P")
        assert advice.remedies
        assert len(set(advice.remedies)) == len(advice.remedies)
        assert len(advice.title) <= 40, "it is a heading of a narrow window"


@pytest.mark.parametrize(
    ("error", "title", "text", "remedies"),
    [
        (
            errors.AccessDenied("access_denied", host=HOST),
            "The sign-in was declined",
            (
                "Someone pressed Deny on the approval page for code WDJB-MJHT. "
                "If that was not you, tell your administrator."
            ),
            [Remedy.SIGN_IN_AGAIN],
        ),
        (
            errors.CodeExpired(),
            "The code has expired",
            "Nobody approved it in time. Nothing is wrong: get a new code and approve that one.",
            [Remedy.NEW_CODE],
        ),
        (
            errors.HostNotFound(HOST),
            "The server was not found",
            (
                "The name login.example is not known on this network. Check your network or VPN, "
                "and the address in your profile."
            ),
            [Remedy.TRY_AGAIN],
        ),
        (
            errors.CertificateRejected(HOST),
            "The connection is not trusted",
            (
                "This computer does not trust the certificate of login.example. If your network "
                "inspects traffic, its authority must be installed on this computer, or its file "
                "be named in your profile as “More options › Authorities file” (ca_file): ask "
                "your administrator."
            ),
            [Remedy.TRY_AGAIN, Remedy.EDIT_PROFILE],
        ),
        (
            errors.Throttled(HOST, retry_after=3172),
            "Too many requests",
            (
                "login.example has had too many requests from your organization and asks to wait "
                "53 minutes."
            ),
            [Remedy.TRY_AGAIN],
        ),
        (
            errors.Throttled(HOST),
            "Too many requests",
            "login.example has had too many requests from your organization and asks to wait.",
            [Remedy.TRY_AGAIN],
        ),
        (
            errors.InvalidClient("invalid_client", host=HOST, description="unknown client"),
            "The client is not known here",
            (
                "login.example does not know this client ID, or the client password is wrong. A "
                "client "
                "of one region is unknown in the others: check the region first. The server says: "
                "“unknown client”"
            ),
            [Remedy.EDIT_PROFILE, Remedy.TRY_AGAIN],
        ),
        (
            errors.ForbiddenByPolicy("access_denied", host=HOST),
            "Your organization does not allow this",
            "A policy of your organization forbids this kind of sign-in. Ask your administrator.",
            [Remedy.TRY_AGAIN],
        ),
        (
            errors.InvalidToken("invalid_token", host=HOST, description="revoked"),
            "The token is no longer accepted",
            (
                "For login.example it has expired or was revoked. Sign in again. "
                "The server says: “revoked”"
            ),
            [Remedy.SIGN_IN_AGAIN],
        ),
        (
            errors.InsufficientScope("insufficient_scope", host=HOST),
            "The token may not do this",
            (
                "login.example asks for a scope that this token was not granted, or a policy "
                "forbids it. Add the scope to your profile and sign in again."
            ),
            [Remedy.SIGN_IN_AGAIN, Remedy.EDIT_PROFILE],
        ),
        (
            errors.NotRevocable("unsupported_token_type", host=HOST),
            "The token cannot be revoked",
            (
                "login.example does not revoke tokens of this kind: it is valid there until it "
                "expires."
            ),
            [Remedy.TRY_AGAIN],
        ),
        (
            errors.UnexpectedRedirect(HOST),
            "The server points elsewhere",
            (
                "login.example redirects to another address. That is never followed, because it "
                "would "
                "carry your code there. Your network may want you to sign in to it first."
            ),
            [Remedy.TRY_AGAIN, Remedy.EDIT_PROFILE],
        ),
        (
            keystore.KeyringMissing("no bus"),
            "No keyring to save the token in",
            (
                "This computer has no keyring that can be used, and tokens are never written to a "
                "plain file. Unlock or install GNOME Keyring or KWallet. You can also sign in "
                "without: the token is then gone when you quit."
            ),
            [Remedy.WITHOUT_KEYRING, Remedy.TRY_AGAIN],
        ),
        (
            keystore.KeyringLocked(),
            "The keyring is locked",
            (
                "Unlock it, then try again. You can also sign in without saving the token: it is "
                "then "
                "gone when you quit."
            ),
            [Remedy.TRY_AGAIN, Remedy.WITHOUT_KEYRING],
        ),
        (
            keystore.KeyringTimedOut(),
            "The keyring does not answer",
            (
                "It may be waiting for its password in another window. Unlock it, then try again. "
                "You "
                "can also sign in without saving the token."
            ),
            [Remedy.TRY_AGAIN, Remedy.WITHOUT_KEYRING],
        ),
        (
            session.ClientSecretMissing("northwind"),
            "The client password is missing",
            (
                "Your profile says that its client has a password, and the keyring holds none for "
                "it. Type it into the profile, or run “xdr-login profiles edit northwind "
                "--client-secret-stdin” in a terminal. Then try again."
            ),
            [Remedy.EDIT_PROFILE, Remedy.TRY_AGAIN],
        ),
        (
            profiles.NoProfile(FILE),
            "Set up your first profile",
            (
                "A profile says where you sign in, and as which client. The window has a form for "
                "it, and in a terminal “xdr-login profiles add” makes one; it is kept in "
                "profiles.toml (docs/profiles.md)."
            ),
            [Remedy.SET_UP, Remedy.OPEN_PROFILES, Remedy.TRY_AGAIN],
        ),
        (
            profiles.UnknownProfile(FILE, "southwind"),
            "There is no such profile",
            "No profile is called “southwind”. Yours are in profiles.toml.",
            [Remedy.OPEN_PROFILES, Remedy.TRY_AGAIN],
        ),
        (
            profiles.BrokenProfile(FILE, "Invalid value (at line 3, column 8)"),
            "The profiles cannot be read",
            "profiles.toml: Invalid value (at line 3, column 8). Correct it, then try again.",
            [Remedy.OPEN_PROFILES, Remedy.TRY_AGAIN],
        ),
        (
            ZeroDivisionError("division by zero"),
            "Something unexpected happened",
            (
                "It is a fault of this program, not yours. A report without secrets was written "
                "to the "
                "log folder. Try again; if it happens again, send us the report."
            ),
            [Remedy.TRY_AGAIN],
        ),
    ],
)
def test_the_words_are_these(
    monkeypatch: pytest.MonkeyPatch, error: Exception, title: str, text: str, remedies: list[Remedy]
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    advice = advice_for(error, user_code="WDJB-MJHT")
    assert (advice.title, advice.text, list(advice.remedies)) == (title, text, remedies)


@pytest.mark.parametrize(
    ("platform", "words"),
    [
        ("linux", "Unlock or install GNOME Keyring or KWallet."),
        ("win32", "Start the service “Credential Manager”, or ask your administrator to."),
        ("darwin", "Open Keychain Access and unlock the keychain “login”."),
    ],
)
def test_what_helps_to_a_keyring_is_told_by_platform(
    monkeypatch: pytest.MonkeyPatch, platform: str, words: str
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    advice = advice_for(keystore.KeyringMissing())
    assert advice.help == words
    assert words in advice.text


def test_a_server_that_names_itself_by_a_text_can_be_told_to_the_profile() -> None:
    text = advice_for(errors.MetadataMismatch(HOST, f"https://{HOST}", "Acme Login")).text
    assert text.endswith(
        "If the server is known to name itself so, put “Acme Login” into “More options › Name "
        "of the issuer” (expected_issuer) too."
    )


@pytest.mark.parametrize(
    ("expected", "found"),
    [(f"https://{HOST}", "https://evil.example"), ("IROH Auth", "Acme Login")],
)
def test_another_server_is_not_excused(expected: str, found: str) -> None:
    text = advice_for(errors.MetadataMismatch(HOST, expected, found)).text
    assert "expected_issuer" not in text


def test_the_labels_of_the_remedies_are_these() -> None:
    assert [remedy.value for remedy in Remedy] == [
        "Sign in again",
        "Get a new code",
        "Try again",
        "Continue without saving",
        "Set up a profile",
        "Edit profile",
        "Open profiles folder",
    ]


def test_an_error_without_a_row_has_that_of_its_nearest_kin() -> None:
    class Novel(errors.HostNotFound):
        pass

    assert advice_for(Novel(HOST)).title == "The server was not found"


def test_the_facts_are_code_status_and_trace() -> None:
    error = errors.InvalidClient("invalid_client", host=HOST, status=401, trace_id="t-1")
    assert facts_of(error) == "invalid_client · status 401 · trace t-1"
    assert facts_of(errors.TransportFailure(HOST)) == ""


def test_an_error_of_somebody_else_with_odd_members_has_words_too() -> None:
    class Odd(Exception):
        error = 7
        detail = {"a": 1}  # noqa: RUF012 - as odd as it gets
        status = object()
        trace_id = b"x"

    assert advice_for(Odd()).title == "Something unexpected happened"
    assert "Odd" in failure_report(Failed(Odd()), None, NOW)


def test_the_details_say_what_support_asks_for() -> None:
    error = errors.InvalidClient(
        "invalid_client", host=HOST, description="unknown client", status=401, trace_id="t-1"
    )
    lines = failure_report(Failed(error, "WDJB-MJHT"), PROFILE, NOW).splitlines()
    assert lines[0].startswith("XDR Login 0.")
    assert lines[1:5] == [
        "Time: 2026-11-23T03:00:00+00:00",
        "Profile: Northwind SOC, Example, client ID client-1",
        "The client is not known here (InvalidClient)",
        "invalid_client · status 401 · trace t-1",
    ]
    assert lines[-1] == "unknown client"


def test_the_details_need_no_profile() -> None:
    assert "Profile:" not in failure_report(Failed(errors.CodeExpired()), None, NOW)


@pytest.mark.parametrize(
    "error",
    [
        keystore.KeyringFault(f"cannot store {{'access_token': '{TOKEN}'}}"),
        keystore.KeyringFault(f"refresh_token=opaque-SECRET and Bearer {TOKEN}"),
        errors.Trouble(HOST, detail=f"password: opaque-SECRET {TOKEN}"),
        errors.ErrorResponse("x", host=HOST, description=f"device_code=opaque-SECRET {TOKEN}"),
        errors.ErrorResponse(TOKEN, host=HOST),
        profiles.BrokenProfile(FILE, 'client_secret = "opaque-SECRET with spaces"'),
    ],
)
def test_the_details_hold_no_secret(error: Exception) -> None:
    text = failure_report(Failed(error), PROFILE, NOW)
    assert TOKEN not in text
    assert "SECRET" not in text


@given(st.text(max_size=400), st.sampled_from([errors.ServerFault, errors.InvalidScope]))
def test_what_a_server_says_is_fit_to_print(said: str, kind: Any) -> None:  # noqa: ANN401
    if kind is errors.ServerFault:
        error = errors.ServerFault(HOST, detail=said, trace_id=said)
    else:
        error = kind(said, host=HOST, description=said, trace_id=said)
    advice = advice_for(error)
    shown = f"{advice.title}{advice.text}{advice.facts}".replace("\n", "")
    assert not [c for c in shown if unicodedata.category(c)[0] == "C"]
    assert len(shown) < 1000


def test_a_failed_sign_out_says_why_the_token_is_still_there() -> None:
    error = session.SignOutFailed()
    error.__cause__ = keystore.KeyringLocked()
    advice = advice_for(error)
    assert advice.title == "The token is still in the keyring"
    assert advice.text == (
        "You are not signed out: the keyring did not let go of it. The keyring is locked. "
        "Try again."
    )
    assert advice.remedies == (Remedy.TRY_AGAIN,)


def test_a_sign_out_by_the_server_says_what_the_server_said_and_its_facts() -> None:
    error = session.SignedOutByServer()
    error.__cause__ = errors.InvalidGrant(
        "invalid_grant", host=HOST, description="grant revoked", status=400, trace_id="t-1"
    )
    advice = advice_for(error)
    assert advice.title == "The server has signed you out"
    assert advice.text == (
        "It renews your token no more: somebody revoked it, or it was not used for too long. "
        "Sign in again. The server says: “grant revoked”"
    )
    assert advice.remedies == (Remedy.SIGN_IN_AGAIN,)
    assert advice.facts == "invalid_grant · status 400 · trace t-1"


@pytest.mark.parametrize(
    ("error", "title", "text", "remedy"),
    [
        (
            session.NoToken("lab"),
            "There is no token",
            (
                "You are not signed in, or no longer. "
                "Sign in (xdr-login login --profile lab), then try again."
            ),
            Remedy.SIGN_IN_AGAIN,
        ),
        (
            session.RenewalTimedOut(),
            "The new token takes long",
            (
                "The old one has expired, and the server has not sent another yet. "
                "It is still being asked: try again in a moment."
            ),
            Remedy.TRY_AGAIN,
        ),
        (
            session.SignedOutElsewhere(),
            "You have signed out",
            "You did so in another window or terminal of this program. Sign in again to go on.",
            Remedy.SIGN_IN_AGAIN,
        ),
    ],
)
def test_what_keeps_a_token_from_being_copied_has_its_words(
    error: session.SessionError, title: str, text: str, remedy: Remedy
) -> None:
    advice = advice_for(error)
    assert (advice.title, advice.text, advice.remedies) == (title, text, (remedy,))


@pytest.mark.parametrize("kind", KINDS)
def test_a_terminal_names_options_and_no_field_of_the_form(kind: type[Exception]) -> None:
    text = for_terminal(advice_for(bare(kind)).text)
    assert "More options" not in text
    assert "Type in" not in text


def test_what_a_check_says_names_options_in_a_terminal() -> None:
    said = [
        text
        for name, text in vars(check_wording).items()
        if name.isupper() and name != "METHOD_OFFERED"
    ]
    assert not [text for text in said if "More options" in for_terminal(text)]
    assert for_terminal(check_wording.NO_AUTHORIZATION_ENDPOINT_REMEDY) == (
        "Choose another way to sign in, or give --authorization-endpoint (“xdr-login profiles "
        "edit”)."
    )
