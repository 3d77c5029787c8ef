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
from desktop.oauth.answers import error_kind
from desktop.services.model import errors as session
from desktop.services.model import profile as profiles
from desktop.services.model.profile import Profile
from desktop.services.model.states import Failed
from desktop.services.profile_editor import check_wording
from desktop.services.secrets import keystore
from desktop.services.system.paths import NoHomeFolder
from desktop.services.system.translation import without_isolates
from desktop.services.token.details import failure_report
from desktop.services.wording import messages
from desktop.services.wording.error_codes import error_code
from desktop.services.wording.field_names import BySurface, Surface, field_name
from desktop.services.wording.messages import Remedy, advice_for, facts_of
from tests.oauth.harness import HELD

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
    *kinds_of(NoHomeFolder),
    Exception,
]


def bare(kind: type[Exception]) -> Exception:
    """An error with nothing but what it cannot do without."""
    arguments: dict[type[Exception], tuple[Any, ...]] = {
        errors.Trouble: (HOST,),
        errors.ErrorResponse: ("some_code",),
        errors.AuthorityUnusable: ("/etc/authority.pem", "the file contains no PEM certificate"),
        errors.UnsafeAddress: ("http://login.example", "not an https address"),
        errors.MetadataMismatch: (HOST, "https://a.example", "https://b.example"),
        errors.MissingEndpoint: (HOST, "token_endpoint"),
        errors.WrongIssuer: (HOST, "https://a.example", "https://b.example"),
        errors.NoUsableToken: (HOST, "no usable access_token"),
        errors.UnsupportedTokenType: (HOST, "mac"),
        errors.TokenNotBound: (HOST, HELD),
        errors.BindingNotOffered: (HOST,),
        session.PolkitBroken: ("The connection is closed",),
        session.ForeignServer: ("https://login.example",),
        profiles.ProfileError: (FILE,),
        session.ClientSecretMissing: ("northwind",),
        session.RedirectUriUnavailable: ("http://127.0.0.1:8080/callback",),
        session.ForbiddenByPolicy: ("policy.toml",),
        session.UnknownExchange: ("orders", "northwind"),
        session.ExchangeRefused: ("orders",),
    }
    found = next((arguments[each] for each in kind.__mro__ if each in arguments), ())
    if issubclass(kind, errors.NothingThere):
        return kind(f"https://{HOST}/token", host=HOST, status=404)
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


def test_every_parameter_of_a_message_gets_a_value() -> None:
    rows = [*messages._ROWS.items(), *messages._ENTRA_ROWS.items()]
    error = profiles.UnknownProfile(FILE)
    for key, row in rows:
        known = messages._values(error, row, "", Surface.WINDOW)
        templates = {row.title, *each_template((*row.text, *row.help))}
        unknown = {name for each in templates for name in messages._parameters(each)} - set(known)
        assert not unknown, f"{key}: {unknown}"


def each_template(text: object) -> Iterator[str]:
    if isinstance(text, BySurface):
        yield from (text.on(each) for each in Surface)
    elif isinstance(text, str):
        yield text
    elif isinstance(text, tuple):
        for part in text:
            yield from each_template(part)


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
            "Sign-in denied",
            (
                "Someone selected Deny on the approval page for code WDJB-MJHT. "
                "If that wasn't you, tell your administrator."
            ),
            [Remedy.SIGN_IN_AGAIN],
        ),
        (
            errors.CodeExpired(),
            "The code has expired",
            "The sign-in wasn't approved in time. Get a new code and approve that one.",
            [Remedy.NEW_CODE],
        ),
        (
            errors.HostNotFound(HOST),
            "Server not found",
            (
                "No address was found for login.example. Check your network or VPN, and the "
                "address in your profile."
            ),
            [Remedy.TRY_AGAIN],
        ),
        (
            errors.CertificateRejected(HOST),
            "The connection is not trusted",
            (
                "This computer doesn't trust the certificate of login.example. If your network "
                "inspects traffic, ask your administrator for its CA certificate. Install it on "
                "this computer, or set “More options › CA certificate file” in your profile."
            ),
            [Remedy.TRY_AGAIN, Remedy.EDIT_PROFILE],
        ),
        (
            errors.Throttled(HOST, retry_after=3172),
            "Too many requests",
            (
                "login.example limits how many requests your organization can send. "
                "Wait 53 minutes, then try again."
            ),
            [Remedy.TRY_AGAIN],
        ),
        (
            errors.Throttled(HOST),
            "Too many requests",
            (
                "login.example limits how many requests your organization can send. "
                "Wait a few minutes, then try again."
            ),
            [Remedy.TRY_AGAIN],
        ),
        (
            errors.InvalidClient("invalid_client", host=HOST, description="unknown client"),
            "Client ID not recognized",
            (
                "login.example doesn't recognize this client ID, or the client secret is wrong. "
                "Check the client ID, the client secret and the issuer in your profile. The server "
                "says: “unknown client”."
            ),
            [Remedy.EDIT_PROFILE, Remedy.TRY_AGAIN],
        ),
        (
            errors.ForbiddenByPolicy("access_denied", host=HOST),
            "Your organization doesn't allow this",
            (
                "Your organization's policy blocks this kind of sign-in. Ask your administrator "
                "for an exception."
            ),
            [Remedy.TRY_AGAIN],
        ),
        (
            errors.InvalidToken("invalid_token", host=HOST, description="revoked"),
            "The token is no longer accepted",
            (
                "login.example says that the token has expired or was revoked. Sign in again. "
                "The server says: “revoked”."
            ),
            [Remedy.SIGN_IN_AGAIN],
        ),
        (
            errors.InsufficientScope("insufficient_scope", host=HOST),
            "The token doesn't allow this",
            (
                "login.example requires a scope that this token doesn't have, or a policy forbids "
                "it. Add the scope to your profile, then sign in again."
            ),
            [Remedy.SIGN_IN_AGAIN, Remedy.EDIT_PROFILE],
        ),
        (
            errors.NotRevocable("unsupported_token_type", host=HOST),
            "The token can't be revoked",
            "login.example can't revoke this kind of token. Copies work until it expires.",
            [Remedy.TRY_AGAIN],
        ),
        (
            errors.UnexpectedRedirect(HOST),
            "Unexpected redirect",
            (
                "login.example redirected XDR Login to another address. XDR Login doesn't follow "
                "redirects, to keep your code private. Check the address in your profile, or sign "
                "in to your network first."
            ),
            [Remedy.TRY_AGAIN, Remedy.EDIT_PROFILE],
        ),
        (
            keystore.KeyringMissing("no bus"),
            "No keyring found",
            (
                "XDR Login saves tokens in the system keyring only, never in a file. Install or "
                "unlock GNOME Keyring or KWallet. Or continue without saving: you'll have to sign "
                "in again after you quit."
            ),
            [Remedy.WITHOUT_KEYRING, Remedy.TRY_AGAIN],
        ),
        (
            keystore.KeyringLocked(),
            "The keyring is locked",
            (
                "Unlock your keyring, then try again. Or continue without saving: you'll have to "
                "sign in again after you quit."
            ),
            [Remedy.TRY_AGAIN, Remedy.WITHOUT_KEYRING],
        ),
        (
            keystore.KeyringTimedOut(),
            "The keyring is not responding",
            (
                "The keyring may be waiting for your password in another window. Unlock your "
                "keyring, then try again. Or continue without saving: you'll have to sign in "
                "again after you quit."
            ),
            [Remedy.TRY_AGAIN, Remedy.WITHOUT_KEYRING],
        ),
        (
            session.ClientSecretMissing("northwind"),
            "The client secret is missing",
            (
                "Your profile needs a client secret, but the keyring has none for it. Enter the "
                "client secret in your profile, then try again."
            ),
            [Remedy.EDIT_PROFILE, Remedy.TRY_AGAIN],
        ),
        (
            profiles.NoProfile(FILE),
            "Set up your first profile",
            (
                "A profile says where you sign in and with which client ID. "
                "Set up a profile here, or edit profiles.toml."
            ),
            [Remedy.SET_UP, Remedy.OPEN_PROFILES, Remedy.TRY_AGAIN],
        ),
        (
            profiles.UnknownProfile(FILE, "southwind"),
            "Profile not found",
            "No profile is named “southwind”. Check profiles.toml.",
            [Remedy.OPEN_PROFILES, Remedy.TRY_AGAIN],
        ),
        (
            profiles.BrokenProfile(FILE, "Invalid value (at line 3, column 8)"),
            "Your profiles can't be read",
            (
                "There's a problem with profiles.toml: Invalid value (at line 3, column 8). "
                "Correct the file, then try again."
            ),
            [Remedy.OPEN_PROFILES, Remedy.TRY_AGAIN],
        ),
        (
            ZeroDivisionError("division by zero"),
            "Something went wrong in XDR Login",
            (
                "Try again. If it keeps happening, open an issue at "
                "github.com/xdr-login/xdr-login and attach the report from the log folder. "
                "The report contains no secrets."
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
        ("linux", "Install or unlock GNOME Keyring or KWallet."),
        (
            "win32",
            (
                "Start the Windows service “Credential Manager”, or ask your administrator to "
                "start it."
            ),
        ),
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


FAULT = "This is a problem with the server, not with your network. Tell its administrator."


@pytest.mark.parametrize(
    ("error", "title", "text"),
    [
        (
            errors.NothingThere(
                f"https://{HOST}/token", host=HOST, status=404, description="No such realm"
            ),
            "Nothing at this address (404)",
            (
                f"{HOST} doesn't accept requests at https://{HOST}/token. The server says: “No "
                "such realm”. Check the issuer and the endpoints in your profile."
            ),
        ),
        (
            errors.NothingThere(f"https://{HOST}/token", host=HOST, status=405),
            "Nothing at this address (405)",
            (
                f"{HOST} doesn't accept requests at https://{HOST}/token. Check the issuer and the "
                "endpoints in your profile."
            ),
        ),
        (
            errors.Refusal(HOST, detail="Bad media type", status=415),
            "The server rejected the request",
            (
                f"{HOST} responded with an error: “Bad media type”. Try again. If it fails "
                f"again, send the "
                "details to your administrator."
            ),
        ),
        (
            errors.Refusal(HOST, status=415),
            "The server rejected the request",
            (
                f"{HOST} responded with status 415 and gave no reason. Try again. If it fails "
                "again, send the details to your administrator."
            ),
        ),
        (
            errors.IncompleteAnswer(HOST, detail="no usable expires_in"),
            "Unexpected response from the server",
            f"The response from {HOST} is incomplete or invalid (no usable expires_in). {FAULT}",
        ),
        (
            errors.NoUsableToken(HOST, "no usable access_token"),
            "No usable token received",
            (
                f"{HOST} reported success, but sent no usable token: no usable "
                f"access_token. {FAULT} A code or approval works only once, so sign in again."
            ),
        ),
        (
            errors.UnsupportedTokenType(HOST, "mac"),
            "Unsupported token type",
            (
                f"{HOST} issued a token of type “mac”, which XDR Login can't use. The server "
                "decides which type it issues. Ask its administrator to issue bearer tokens to "
                "your client, then sign in again."
            ),
        ),
        (
            errors.PageInsteadOfAnswer(HOST, status=403),
            "Unexpected web page",
            (
                f"{HOST} replied with a web page. Check the address in your profile. If your "
                "organization inspects traffic, open any page in your browser to see whether it "
                "requires a sign-in."
            ),
        ),
    ],
)
def test_what_a_server_does_wrong_is_not_blamed_on_the_network(
    error: Exception, title: str, text: str
) -> None:
    advice = advice_for(error)
    assert (advice.title, advice.text) == (title, text)


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (
            errors.NoAnswerInTime(HOST),
            (
                "XDR Login couldn't check whether you approved the sign-in. "
                "The server is not responding. login.example didn't respond in time."
            ),
        ),
        (
            errors.Throttled(HOST, status=429, retry_after=3172.0),
            "XDR Login couldn't check whether you approved the sign-in. Too many requests.",
        ),
    ],
)
def test_a_code_that_expired_amid_a_trouble_is_not_called_unapproved(
    trouble: errors.Trouble, words: str
) -> None:
    error = errors.CodeExpired()
    error.__cause__ = trouble
    text = advice_for(error).text
    assert text.startswith(words)
    assert text.endswith("Get a new code and approve that one.")
    assert "wasn't approved" not in text


@pytest.mark.parametrize("kind", [errors.Throttled, errors.ServerFault])
def test_a_busy_server_is_quoted(kind: type[errors.Trouble]) -> None:
    assert "The server says: “Updating”." in advice_for(kind(HOST, detail="Updating.")).text
    assert "The server says: “Wait...”." in advice_for(kind(HOST, detail="Wait...")).text


def test_a_server_that_names_itself_by_a_text_can_be_told_to_the_profile() -> None:
    text = advice_for(errors.MetadataMismatch(HOST, f"https://{HOST}", "Acme Login")).text
    assert text.endswith(
        "If your provider documents “Acme Login” as its issuer, enter it in “More options › "
        "Issuer name”."
    )


@pytest.mark.parametrize(
    ("expected", "found"),
    [(f"https://{HOST}", "https://evil.example"), ("IROH Auth", "Acme Login")],
)
def test_another_server_is_not_excused(expected: str, found: str) -> None:
    text = advice_for(errors.MetadataMismatch(HOST, expected, found)).text
    assert "as its issuer" not in text


def test_the_labels_of_the_remedies_are_these() -> None:
    assert [remedy.value for remedy in Remedy] == [
        "Sign in again",
        "Get a new code",
        "Try again",
        "Continue without saving",
        "Set up a profile",
        "Edit profile",
        "Check connection",
        "Open profiles folder",
    ]


def test_an_error_without_a_row_has_that_of_its_nearest_kin() -> None:
    class Novel(errors.HostNotFound):
        pass

    assert advice_for(Novel(HOST)).title == "Server not found"


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

    assert advice_for(Odd()).title == "Something went wrong in XDR Login"
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
        "Client ID not recognized (InvalidClient)",
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
    # An Arabic text has marks around it, so that it reorders nothing else.
    shown = without_isolates(f"{advice.title}{advice.text}{advice.facts}".replace("\n", ""))
    assert not [c for c in shown if unicodedata.category(c)[0] == "C"]
    assert len(shown) < 1000


def test_a_failed_sign_out_says_why_the_token_is_still_there() -> None:
    error = session.SignOutFailed()
    error.__cause__ = keystore.KeyringLocked()
    advice = advice_for(error)
    assert advice.title == "Sign-out failed"
    assert advice.text == (
        "You're still signed in: the token couldn't be removed from the keyring. The keyring is "
        "locked. Try again."
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
        "Your sign-in was revoked or went unused for too long. The server says: “grant revoked”. "
        "Sign in again."
    )
    assert advice.remedies == (Remedy.SIGN_IN_AGAIN,)
    assert advice.facts == "invalid_grant · status 400 · trace t-1"


@pytest.mark.parametrize(
    ("error", "title", "text", "remedy"),
    [
        (
            session.NoToken("lab"),
            "You're not signed in",
            "Sign in, then try again.",
            Remedy.SIGN_IN_AGAIN,
        ),
        (
            session.RenewalTimedOut(),
            "Still renewing",
            (
                "Your old token has expired, and the server hasn't sent a new one yet. "
                "Try again in a moment."
            ),
            Remedy.TRY_AGAIN,
        ),
        (
            session.SignedOutElsewhere(),
            "You have signed out",
            "You signed out in another window or terminal. Sign in again to continue.",
            Remedy.SIGN_IN_AGAIN,
        ),
    ],
)
def test_what_keeps_a_token_from_being_copied_has_its_words(
    error: session.SessionError, title: str, text: str, remedy: Remedy
) -> None:
    advice = advice_for(error)
    assert (advice.title, advice.text, advice.remedies) == (title, text, (remedy,))


@pytest.mark.parametrize("make", [bare, full])
@pytest.mark.parametrize("kind", KINDS)
def test_a_terminal_names_options_and_no_field_of_the_form(
    kind: type[Exception],
    make: Any,  # noqa: ANN401
) -> None:
    text = advice_for(make(kind), surface=Surface.TERMINAL).text
    assert "More options" not in text
    assert "Enter the client secret in your profile" not in text


def test_only_a_program_has_to_wait_after_a_canceled_password_prompt() -> None:
    error = session.PresenceDeclined()
    assert "wait" not in advice_for(error).text
    assert "wait a minute" in advice_for(error, surface=Surface.TERMINAL).text


def test_a_profile_of_cisco_has_a_client_password() -> None:
    advice = advice_for(session.ClientSecretMissing("northwind", "xdr-eu"))
    assert advice.title == "The client password is missing"
    assert advice.text.startswith("Your profile needs a client password, but")


@pytest.mark.parametrize("kind", [*kinds_of(keystore.KeystoreError)])
def test_a_terminal_does_not_offer_to_continue_without_saving(kind: type[Exception]) -> None:
    error = bare(kind)
    assert "continue without saving" in advice_for(error).text
    assert "without saving" not in advice_for(error, surface=Surface.TERMINAL).text


@pytest.mark.parametrize(
    "kind", [session.SignedOutByServer, session.SignedOutAfterLoss, session.RenewalRefused]
)
def test_a_terminal_names_the_command_that_signs_in_again(kind: type[Exception]) -> None:
    error = bare(kind)
    assert advice_for(error).text.endswith("Sign in again.")
    text = advice_for(error, surface=Surface.TERMINAL).text
    assert text.endswith("Run “xdr-login login --again”, then try again.")


def test_the_surfaces_advise_differently() -> None:
    error = session.ClientSecretMissing("northwind")
    assert "Enter the client secret in your profile" in advice_for(error).text
    assert (
        "xdr-login profiles edit northwind --client-secret-stdin"
        in advice_for(error, surface=Surface.TERMINAL).text
    )
    missing = errors.MissingEndpoint(HOST, "token_endpoint")
    assert f"“More options › {field_name('token_endpoint')}”" in advice_for(missing).text
    assert "--token-endpoint" in advice_for(missing, surface=Surface.TERMINAL).text


def test_texts_of_a_check_name_options_in_a_terminal() -> None:
    both = [each for each in vars(check_wording).values() if isinstance(each, BySurface)]
    assert both
    assert not [each for each in both if "More options" in each.terminal]
    assert not [
        name
        for name, text in vars(check_wording).items()
        if isinstance(text, str) and "More options" in text
    ]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.CaptivePortal(HOST), "Your network blocks login.example until you sign in."),
        (
            errors.CaptivePortal(HOST, by="portal.example"),
            "Your network shows a page from portal.example instead of login.example.",
        ),
    ],
)
def test_a_sentence_without_its_facts_gives_way_to_another(error: Exception, words: str) -> None:
    assert words in advice_for(error).text


@pytest.mark.parametrize("kind", [errors.ProxyFailure, errors.ProxyUnusable])
def test_a_proxy_of_the_administrator_is_not_to_be_edited(kind: type[errors.ProxyFailure]) -> None:
    error = kind(HOST, by="proxy.example:3128")
    assert Remedy.EDIT_PROFILE in advice_for(error).remedies
    error.policy_source = "policy.toml"
    assert Remedy.EDIT_PROFILE not in advice_for(error).remedies
    assert "Your administrator set this proxy (policy.toml)" in advice_for(error).text


# Regions, and the numbers of Microsoft Entra


@pytest.mark.parametrize(
    ("preset", "region", "secret", "words"),
    [
        (
            "xdr-eu",
            "Europe",
            "client password",
            (
                "Check the region first: a client works only in the region where it was created. "
                "Your profile uses Europe."
            ),
        ),
        (
            "",
            "",
            "client secret",
            "Check the client ID, the client secret and the issuer in your profile.",
        ),
    ],
)
def test_an_unknown_client_has_words_of_its_provider_and_a_hint_about_regions(
    preset: str, region: str, secret: str, words: str
) -> None:
    error = errors.InvalidClient("invalid_client", host=HOST)
    error.preset, error.region = preset, region
    advice = advice_for(error)
    assert advice.text == (
        f"{HOST} doesn't recognize this client ID, or the {secret} is wrong. {words}"
    )


def from_entra(number: str, code: str = "invalid_grant") -> errors.ErrorResponse:
    """The error of an answer in which Entra says this number."""
    description = f"AADSTS{number}: What Entra says. Trace ID: 0"
    kind = error_kind(code, description)
    assert kind is not None
    return kind(code, host=HOST, description=description)


@pytest.mark.parametrize(
    ("number", "code", "title", "exit_name"),
    [
        ("53003", "access_denied", "Your organization doesn't allow this", "forbidden"),
        ("530084", "invalid_grant", "Token protection is required", "forbidden"),
        ("53000", "interaction_required", "A managed device is required", "forbidden"),
        ("530003", "interaction_required", "A managed device is required", "forbidden"),
        ("50097", "interaction_required", "A managed device is required", "forbidden"),
        ("65001", "invalid_grant", "This app needs consent", "forbidden"),
        ("65004", "access_denied", "Sign-in denied", "declined"),
        ("50105", "invalid_grant", "You're not assigned to this app", "forbidden"),
        ("50020", "invalid_grant", "Your account isn't in this organization", "forbidden"),
        ("50034", "invalid_grant", "Your account isn't in this organization", "forbidden"),
        ("50057", "invalid_grant", "Your account is disabled", "forbidden"),
        ("50076", "interaction_required", "More verification is required", "sign_in_needed"),
        ("50079", "invalid_grant", "More verification is required", "sign_in_needed"),
        ("50158", "interaction_required", "More verification is required", "sign_in_needed"),
        ("50126", "invalid_grant", "Wrong user name or password", "sign_in_needed"),
        ("50173", "invalid_grant", "Your password has changed", "sign_in_needed"),
        ("70043", "invalid_grant", "Time to sign in again", "sign_in_needed"),
        ("700082", "invalid_grant", "Your sign-in went unused for too long", "sign_in_needed"),
        ("700084", "invalid_grant", "Time to sign in again", "sign_in_needed"),
        ("500011", "invalid_resource", "The server rejected a scope", None),
        ("90002", "invalid_request", "Organization not found", None),
        ("900023", "invalid_request", "Organization not found", None),
        ("700016", "unauthorized_client", "Client ID not recognized", None),
        ("7000215", "invalid_client", "The client secret is wrong", None),
        ("7000218", "invalid_request", "This client needs a secret", None),
        ("7000222", "invalid_client", "The client secret has expired", None),
        ("700025", "invalid_request", "This client doesn't use a secret", None),
        ("530032", "invalid_grant", "Your organization doesn't allow this", "forbidden"),
        ("530035", "access_denied", "Your organization doesn't allow this", "forbidden"),
        ("500021", "invalid_grant", "Your organization doesn't allow this", "forbidden"),
        ("90072", "invalid_grant", "Your account isn't in this organization", "forbidden"),
        ("50144", "invalid_grant", "Your password has changed", "sign_in_needed"),
        ("7000229", "unauthorized_client", "Client ID not recognized", None),
        ("50053", "invalid_grant", "The code is no longer valid", "sign_in_needed"),
    ],
)
def test_a_number_of_entra_has_words_and_an_end(
    number: str, code: str, title: str, exit_name: str | None
) -> None:
    error = from_entra(number, code)
    for surface in Surface:
        advice = advice_for(error, surface=surface)
        assert advice.title == title
        assert "region" not in advice.text
        assert f"The server says: “AADSTS{number}: What Entra says." in advice.text
    assert exit_name is None or error_code(error) == exit_name


@pytest.mark.parametrize("number", sorted(messages._ENTRA_ROWS))
def test_the_words_of_every_number_can_be_read_and_belong_to_a_kind(number: str) -> None:
    advice = advice_for(from_entra(number, "some_code"))
    assert len(advice.title) <= 40, "it is a heading of a narrow window"
    assert advice.text.endswith(".")
    assert "{" not in f"{advice.title}{advice.text}"


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("700082", "Your sign-in went unused for too long, so it has expired. The server says"),
        ("70043", "Your organization requires you to sign in again regularly. The server says"),
        ("50173", "Your password has changed or expired since you signed in. The server says"),
        ("50076", "Your organization requires another step, such as multi-factor"),
        ("70000", "Your sign-in was revoked or went unused for too long. The server says"),
    ],
)
def test_the_end_of_a_sign_in_has_the_reason_of_its_number(number: str, reason: str) -> None:
    error = session.SignedOutByServer()
    error.__cause__ = from_entra(number)
    advice = advice_for(error)
    assert advice.title == "The server has signed you out"
    assert advice.text.startswith(reason)
    assert advice.text.endswith("Sign in again.")


def test_a_number_in_words_of_another_kind_changes_nothing() -> None:
    trouble = errors.ServerFault(HOST, detail="AADSTS700016: x")
    assert advice_for(trouble).title == "The server has a problem"
    assert errors.error_number(None) == ""
