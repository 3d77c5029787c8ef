"""Copy formats: the shells and languages that they are for read the token back unchanged."""

import json
import re
import subprocess
from datetime import UTC, datetime, timedelta, timezone

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop.oauth.metadata import ServerMetadata
from desktop.services.model.access_token import AccessToken
from desktop.services.model.copy_formats import (
    EXAMPLE_API_URL,
    SHELL_FORMATS,
    CopyFormat,
    example_url_for,
    formatted,
    powershell_quoted,
    sh_quoted,
)
from desktop.services.model.errors import TokenIsBound, UnsafeForShell
from desktop.services.model.profile import Profile
from desktop.services.wording.messages import advice_for
from tests.rigs import requirements

SHELLS = ("sh", "bash", "dash", "zsh")
HOSTILE = (
    "'",
    "''",
    "\\'",
    '"$(id)`id`${HOME}!!%PATH%^&|;#~*?[a]{b,c}<>\\',
    "' ; echo stolen; '",
    "\u2018\u2019\u201a\u201b' \u201cquoted\u201d",
    "-n",
    "a\nb\ttab",
    "ключ 鍵 \U0001f511",
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
PLAIN = ("eyJ.to-ken", "-n", "~/a+b/c==", "A._~+/-0==")  # RFC 6750 section 2.1
URL = "https://visibility.amp.cisco.com/iroh/profile/whoami"
EXPIRES_AT = datetime(2026, 11, 23, 3, 10, 0, 999, tzinfo=UTC)


def make_token(
    access_token: str = "eyJ.to-ken",
    token_type: str = "Bearer",
    expires_at: datetime | None = EXPIRES_AT,
) -> AccessToken:
    """Make a token with scopes and an end."""
    return AccessToken(access_token, token_type, expires_at, ("enrich:read", "casebook"))


def words_of(shell: str, command: str) -> list[str]:
    """The words that `shell` makes of `command`, a program's name and its arguments."""
    requirements.require("shell", shell)
    name = command.split(" ", 1)[0]
    script = f"{name}() {{ for word; do printf '%s\\0' \"$word\"; done; }}\n{command}"
    done = subprocess.run([shell, "-c", script], capture_output=True, check=True)
    return done.stdout.decode().split("\0")[:-1]


def exported_by(shell: str, line: str) -> str:
    """What a program sees in its environment after `line`."""
    requirements.require("shell", shell)
    script = f"{line}\nprintenv XDR_ACCESS_TOKEN"
    done = subprocess.run([shell, "-c", script], capture_output=True, check=True)
    return done.stdout.decode().removesuffix("\n")


QUOTES = "'\u2018\u2019\u201a\u201b"


def powershell_reads(text: str) -> list[str]:
    """The verbatim strings in `text`, as PowerShell's tokenizer finds them.

    Any of its single quotes opens one; inside, two in a row stand for the second; one alone ends.
    """
    found, position = [], 0
    while position < len(text):
        if text[position] not in QUOTES:
            position += 1
            continue
        position, content = position + 1, ""
        while not (text[position] in QUOTES and text[position + 1 : position + 2] not in [*QUOTES]):
            position += text[position] in QUOTES
            content += text[position]
            position += 1
        found.append(content)
        position += 1
    return found


# As it reads


POWERSHELL = (
    "$headers = @{ Authorization = 'Bearer eyJ.to-ken' }; "
    f"Invoke-RestMethod -Headers $headers -Uri '{URL}'"
)
PYTHON = f"""import httpx

response = httpx.get('{URL}', headers={{"Authorization": 'Bearer eyJ.to-ken'}})
print(response.text)"""
JSON = """{
  "access_token": "eyJ.to-ken",
  "token_type": "Bearer",
  "expires_at": "2026-11-23T03:10:00+00:00",
  "scope": "enrich:read casebook"
}"""


@pytest.mark.parametrize(
    ("format_", "text"),
    [
        (CopyFormat.TOKEN, "eyJ.to-ken"),
        (CopyFormat.HEADER, "Authorization: Bearer eyJ.to-ken"),
        (CopyFormat.CURL, f"curl -H 'Authorization: Bearer eyJ.to-ken' '{URL}'"),
        (CopyFormat.POWERSHELL, POWERSHELL),
        (CopyFormat.PYTHON, PYTHON),
        (CopyFormat.ENVIRONMENT, "export XDR_ACCESS_TOKEN='eyJ.to-ken'"),
        (CopyFormat.JSON, JSON),
    ],
)
def test_every_format_is_ready_to_paste(format_: CopyFormat, text: str) -> None:
    assert formatted(format_, make_token(), url=URL) == text


BOUND = AccessToken("eyJ.to-ken", "DPoP", EXPIRES_AT, ())


def test_of_a_bound_token_curl_gets_headers_that_work() -> None:
    command = formatted(CopyFormat.CURL, BOUND, url=URL, profile_id="northwind")
    assert command == (
        "xdr-login token --profile northwind --format dpop --method GET "
        f"--url '{URL}' | curl -H @- '{URL}'"
    )


@pytest.mark.parametrize(
    "format_", [each for each in CopyFormat if each.name not in {"CURL", "JSON"}]
)
def test_a_copy_of_a_bound_token_that_is_worth_nothing_is_refused(format_: CopyFormat) -> None:
    with pytest.raises(TokenIsBound):
        formatted(format_, BOUND, url=URL, profile_id="northwind")


@pytest.mark.parametrize(("profile_id", "url"), [("(demo)", URL), ("", URL), ("x", "https://x/'")])
def test_a_command_for_a_bound_token_has_no_special_characters(profile_id: str, url: str) -> None:
    with pytest.raises(TokenIsBound):
        formatted(CopyFormat.CURL, BOUND, url=url, profile_id=profile_id)


def test_json_says_that_a_token_is_bound() -> None:
    assert json.loads(formatted(CopyFormat.JSON, BOUND))["token_type"] == "DPoP"


def test_the_menu_lists_the_formats_in_this_order() -> None:
    assert [format_.value for format_ in CopyFormat] == [
        "Token",
        "Authorization header",
        "curl",
        "PowerShell",
        "Python (httpx)",
        "Environment variable (export)",
        "JSON",
    ]


@pytest.mark.parametrize("format_", CopyFormat)
def test_no_format_ends_with_a_line_break(format_: CopyFormat) -> None:
    assert not formatted(format_, make_token()).endswith("\n")


# What the commands ask


def test_commands_request_the_address_of_the_profile() -> None:
    profile = Profile("x", "X", "c", userinfo_endpoint=URL)
    assert example_url_for(profile, described("https://a.example/me")) == URL


def test_commands_else_request_the_address_of_the_metadata() -> None:
    metadata = described("https://a.example/me")
    assert example_url_for(Profile("x", "X", "c"), metadata) == "https://a.example/me"


def test_a_server_may_name_nothing() -> None:
    assert example_url_for(Profile("x", "X", "c"), described("")) == EXAMPLE_API_URL


def described(userinfo_endpoint: str) -> ServerMetadata:
    """What a server says of itself."""
    return ServerMetadata(
        "https://a.example/d", "https://a.example/t", userinfo_endpoint=userinfo_endpoint
    )


def test_commands_else_request_a_host_that_cannot_exist() -> None:
    assert example_url_for(Profile("x", "X", "c"), None) == EXAMPLE_API_URL
    assert re.fullmatch(r"https://[a-z.]+\.example/", EXAMPLE_API_URL)


# What another shell could run


@pytest.mark.parametrize("format_", SHELL_FORMATS)
@pytest.mark.parametrize(
    "token",
    [*(each for each in HOSTILE if each not in PLAIN), "", "a'&calc&'", "a=b", "a b", "a%PATH%"],
)
def test_no_command_contains_a_token_with_special_characters(
    format_: CopyFormat, token: str
) -> None:
    with pytest.raises(UnsafeForShell):
        formatted(format_, make_token(token), url=URL)


@pytest.mark.parametrize("format_", SHELL_FORMATS)
def test_no_command_contains_a_token_type_with_special_characters(format_: CopyFormat) -> None:
    with pytest.raises(UnsafeForShell):
        formatted(format_, make_token(token_type="Bearer'&calc&'"), url=URL)


@pytest.mark.parametrize("format_", sorted(set(CopyFormat) - set(SHELL_FORMATS), key=str))
def test_other_formats_contain_any_token(format_: CopyFormat) -> None:
    assert "&calc&" in formatted(format_, make_token("a&calc&"), url=URL)


def test_a_token_that_fits_no_command_is_explained() -> None:
    advice = advice_for(UnsafeForShell())
    assert advice.title == "Can't copy as a command"
    assert advice.text == (
        "The token contains characters that a shell could execute. Copy the token itself instead."
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/'&calc&'",
        "https://a.example/?a=1&b=2",
        "https://a.example/%PATH%",
        "https://a.example/$(id)",
        "http://a.example/me",
        "file:///etc/passwd",
        "https://a.example/a b",
    ],
)
@pytest.mark.parametrize("format_", [CopyFormat.CURL, CopyFormat.POWERSHELL, CopyFormat.PYTHON])
def test_no_command_requests_an_unsafe_address(format_: CopyFormat, url: str) -> None:
    assert formatted(format_, make_token(), url=url) == formatted(format_, make_token())


def test_commands_may_request_this_computer_over_http() -> None:
    assert "http://127.0.0.1:8080/me" in formatted(
        CopyFormat.CURL, make_token(), url="http://127.0.0.1:8080/me"
    )


# Quoting


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("text", HOSTILE)
def test_a_real_shell_reads_back_what_was_quoted(shell: str, text: str) -> None:
    assert words_of(shell, f"take {sh_quoted(text)} {sh_quoted(text)}") == [text, text]


@pytest.mark.parametrize("shell", SHELLS)
@settings(max_examples=20)
@given(texts=st.lists(TEXTS, max_size=50))
def test_a_real_shell_reads_back_anything(shell: str, texts: list[str]) -> None:
    assert words_of(shell, f"take {' '.join(map(sh_quoted, texts))}") == texts


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("token", PLAIN)
def test_a_real_shell_gives_curl_the_header_and_the_address(shell: str, token: str) -> None:
    command = formatted(CopyFormat.CURL, make_token(token), url=URL)
    assert words_of(shell, command) == ["-H", f"Authorization: Bearer {token}", URL]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("token", PLAIN)
def test_a_real_shell_exports_the_token(shell: str, token: str) -> None:
    assert exported_by(shell, formatted(CopyFormat.ENVIRONMENT, make_token(token))) == token


@pytest.mark.parametrize("text", HOSTILE)
def test_powershell_reads_back_special_characters(text: str) -> None:
    assert powershell_reads(powershell_quoted(text)) == [text]


@given(TEXTS)
def test_powershell_reads_back_anything(text: str) -> None:
    assert powershell_reads(f"a {powershell_quoted(text)} b") == [text]


@given(st.from_regex(r"[A-Za-z0-9._~+/-]+=*", fullmatch=True))
def test_powershell_gets_the_header_and_the_address(token: str) -> None:
    text = formatted(CopyFormat.POWERSHELL, make_token(token), url=URL)
    assert powershell_reads(text) == [f"Bearer {token}", URL]


@given(TEXTS)
def test_python_sends_the_header_and_prints_the_response(token: str) -> None:
    asked: list[tuple[str, dict[str, str]]] = []
    printed: list[str] = []

    def answer(url: str, headers: dict[str, str]) -> httpx.Response:
        asked.append((url, headers))
        return httpx.Response(200, text="you are Dana")

    code = formatted(CopyFormat.PYTHON, make_token(token), url=URL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx, "get", answer)
        exec(code, {"print": printed.append})  # noqa: S102 - that is what users do with it
    assert asked == [(URL, {"Authorization": f"Bearer {token}"})]
    assert printed == ["you are Dana"]


@given(TEXTS)
def test_json_is_read_back(token: str) -> None:
    read = json.loads(formatted(CopyFormat.JSON, make_token(token)))
    assert (read["access_token"], read["token_type"]) == (token, "Bearer")


def test_json_has_the_expiry_in_utc() -> None:
    end = datetime(2026, 11, 23, 3, 10, tzinfo=timezone(timedelta(hours=9)))
    read = json.loads(formatted(CopyFormat.JSON, make_token(expires_at=end)))
    assert read["expires_at"] == "2026-11-22T18:10:00+00:00"


def test_json_has_no_expiry_for_a_token_that_never_expires() -> None:
    assert json.loads(formatted(CopyFormat.JSON, make_token(expires_at=None)))["expires_at"] is None
