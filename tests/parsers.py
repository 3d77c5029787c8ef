"""Every reader of text from outside, as one table for the tests of all of them."""

import base64
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx

from desktop.cli.api import paged_answers
from desktop.cli.api.api_answers import json_in, readable, terminal_safe
from desktop.cli.doctor.doctor import without_personal_data
from desktop.cli.scripts import credential, labeled_programs
from desktop.cli.scripts.programs import _NAME as _VARIABLE
from desktop.cli.terminal.columns import wrap
from desktop.cli.terminal.usage_errors import _with_own_quotes
from desktop.cli.token_fast_path import parse_seconds
from desktop.ipc import messages, token_message
from desktop.oauth import (
    addresses,
    answers,
    bearer,
    claims,
    dpop,
    errors,
    fields,
    http,
    metadata,
    portal,
)
from desktop.oauth.grants import token_exchange
from desktop.oauth.grants.authorization_code import _members as query_members
from desktop.oauth.redaction.known_secrets import KnownSecrets
from desktop.oauth.redaction.requests import add_request
from desktop.services.configuration import (
    client_model,
    exchange_rules,
    foreign_hosts,
    policy_reader,
    policy_sources,
    profile_draft,
    profile_file,
    profile_lines,
    profile_parts,
    profile_reader,
    profile_rules,
    toml_edit,
)
from desktop.services.model import copy_formats, settings, toml_text
from desktop.services.model.access_token import AccessToken
from desktop.services.model.errors import UnsafeForShell
from desktop.services.model.profile import EDITABLE, MEMBERS, BrokenProfile, Profile
from desktop.services.network import http_client, kept_metadata, proxy_transport
from desktop.services.profile_editor import client_search
from desktop.services.secrets import secret_encoding
from desktop.services.session import loopback
from desktop.services.system import browsers, language, logs, processes
from desktop.services.system.files import parse_desktop_entry
from desktop.services.system.menu import menu_entry
from desktop.services.token import (
    api_call,
    api_services,
    bound_request,
    details,
    openapi,
    pagination,
)
from desktop.services.wording.missing_library import library_in
from desktop.ui.kit.word_breaks import breakable
from desktop.ui.views.account_row import initials
from desktop.xdr_login import ForeignHost, _auth

NOW = datetime(2026, 11, 29, tzinfo=UTC)
HOST = "https://login.example"
FILE = Path("profiles.toml")
PROFILE = Profile(id="x", name="X", client_id="c", issuer=HOST)


@dataclass(frozen=True, slots=True)
class Parser:
    """A reader: `read` takes any text, and may raise `errors` only.

    `around` are beginnings and ends with which a text gets past the first check.
    """

    name: str
    read: Callable[[str], object]
    errors: tuple[type[Exception], ...] = ()
    around: tuple[tuple[str, str], ...] = (("", ""),)
    longest: int = 0
    """Characters with which it is measured, where that is less than usual; 0 for as usual."""


def answer(body: str = "", status: int = 200, **headers: str) -> http.Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return http.Answer(f"{HOST}/token", status, named, body.encode("utf-8", "surrogatepass"))


def jwt_of(text: str) -> str:
    encoded = base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode().rstrip("=")
    return f"eyJhbGciOiJub25lIn0.{encoded}."


def refused(found: http.Answer) -> object:
    bearer.raise_for_token(found, NOW)
    return answers.members(found, NOW)


def read_profiles_apart(text: str) -> object:
    error = BrokenProfile(FILE, "")
    content = text.encode("utf-8", "surrogatepass")
    return profile_reader._read_apart(FILE, content, error)


def read_profiles_of(text: str) -> object:
    return profile_reader.read_profiles(FILE, profile_reader.read_document(FILE, text), text)


def faults_of(text: str) -> object:
    strings: dict[str, Any] = {
        name: text for name, each in MEMBERS.items() if isinstance(each.default, str)
    }
    return [each.describe() for each in profile_rules.find_faults(replace(PROFILE, **strings))]


def address_of(text: str) -> object:
    profile = replace(PROFILE, services={"conure": "https://conure.example"})
    return api_services.locate(profile, text).path


def exchange_faults_of(text: str) -> object:
    given = {text: {}, "orders": {text: text, "url": text, "kind": text, "scope": [text]}}
    tables = exchange_rules.read_exchanges(given)
    return [each.describe() for each in exchange_rules.find_exchange_faults(tables)]


def draft_faults_of(text: str) -> object:
    return profile_draft.faults_of(profile_draft.Draft(**dict.fromkeys(EDITABLE, text)), {})


def edits(text: str) -> object:
    return list(toml_edit.edit_candidates(text, {"new": {"client_id": "c"}}))


def proxy_for(text: str) -> object:
    plain = text.replace("\0", "").encode("utf-8", "replace").decode()
    environment = {"https_proxy": "http://proxy.example:1", "no_proxy": plain}
    with patch.dict(os.environ, environment, clear=True):
        return http_client.find_system_proxy(f"{HOST}/")


def proxy_schemes(text: str) -> object:
    return proxy_transport._auth_schemes([(b"proxy-authenticate", text.encode("utf-8", "replace"))])


def tenant_in(text: str) -> object:
    layouts = ("login.example/{tenant}/", "login.example/realms/{tenant}/")
    return foreign_hosts._tenant(f"{HOST}/{text}", layouts)


def browser_in(text: str) -> object:
    entry = f"[Desktop Entry]\nMimeType=x-scheme-handler/https\n{text}"
    with patch.object(browsers, "read_file", lambda *_, **__: entry.encode("utf-8", "replace")):
        return browsers._read_entry(Path("x.desktop"))


def redirected(text: str) -> object:
    server = loopback.LoopbackServer("http://127.0.0.1:1/callback")
    server._accepts = lambda query: bool(query_members(query))
    return server._evaluate(text.encode("utf-8", "replace"))


def copied(text: str) -> object:
    token = AccessToken(text, "Bearer", NOW, ())
    return [copy_formats._render(each, token, url=text) for each in copy_formats.CopyFormat]


def script_of(text: str) -> object:
    class Found:
        pid = 1

        def cmdline(self) -> list[str]:
            return ["python3", *text.replace("\0", "").split(" ")[:200]]

        def exe(self) -> str:
            return "/usr/bin/python3"

        def cwd(self) -> str:
            return "/"

        def name(self) -> str:
            return text

        def environ(self) -> dict[str, str]:
            return {text: text}

        def parent(self) -> None:
            return None

    return processes.find_caller(Found())


def called(text: str) -> object:
    arguments = api_call.CallArguments("GET", f"/{text}", (f"a={text}",), (f"X-A: {text}",))
    return api_call.make_call(HOST, arguments)


def described(text: str) -> object:
    members: dict[str, Any] = {text: 1, "a": text, "b": {text: [text, {text: text}]}}
    return details.flattened(members), details._parse_instant(text)


def kept_metadata_in(text: str) -> object:
    return kept_metadata._parse(text.encode("utf-8", "surrogatepass"), PROFILE, NOW)


def kept_with_endpoint(text: str) -> str:
    binding, endpoint = kept_metadata._binding(PROFILE), "device_authorization_endpoint"
    members = {"issuer": HOST, endpoint: text}
    return json.dumps({"binding": binding, "saved_at": NOW.timestamp(), "metadata": members})


def metadata_in(text: str) -> object:
    names = dict.fromkeys(metadata._ENDPOINTS, text)
    return metadata.parse_metadata({"issuer": HOST, **names}, metadata.Issuer(HOST))


def fields_in(text: str) -> object:
    members = {"a": text, "b": [text, text]}
    lists = [fields.string_list(members, name) for name in "ab"]
    return fields.text(members, "a"), fields.seconds(members, "a"), lists


def in_json(text: str) -> str:
    return json.dumps({"error": text, "error_description": text, "scope": text, text: text})


SECRETS = KnownSecrets("secret-value-1234", "another/secret+value=")


def struck(text: str) -> object:
    return SECRETS.strike(text), SECRETS.strike_members({"a": text})


def added(text: str) -> object:
    """Read a request of ours, which a user may have typed for `api`."""
    content = text.encode("utf-8", "replace")
    known = KnownSecrets()
    for media_type in ("application/json", "application/x-www-form-urlencoded"):
        headers = {"content-type": media_type}
        add_request(known, httpx.Request("POST", HOST, headers=headers, content=content))
    return known


NO_JSON = ("", "")
JSON = (NO_JSON, ('{"a":', ""), ('"', '"'), ("[", "]"))
TOML = (("", ""), ("[profiles.x]\nclient_id = ", ""), ("x = {", "}"), ('"\\"".', "a = 1"))
TOML_ERRORS = (BrokenProfile, toml_text.UnreadableToml)

PARSERS = (
    Parser(
        "Retry-After",
        lambda t: http.retry_after({"retry-after": t}, NOW),
        (),
        (("", ""), ("1", "x")),
    ),
    Parser(
        "X-Ratelimit-Org-Remaining",
        lambda t: http.quota_in(
            {"x-ratelimit-org-limit": "8000", "x-ratelimit-org-remaining": t},
        ),
    ),
    Parser("Date", lambda t: http.clock_offset({"date": t}, sent=NOW, received=NOW)),
    Parser(
        "Age",
        lambda t: http.clock_offset(
            {"date": "Sun, 29 Nov 2026 00:00:00 GMT", "age": t}, sent=NOW, received=NOW
        ),
    ),
    Parser("Content-Type", lambda t: answers.content_type(answer(content_type=t))),
    Parser(
        "WWW-Authenticate",
        lambda t: bearer.challenge_in({"www-authenticate": t}),
        (),
        (("", ""), ("Bearer ", ""), ('Bearer a="', "x")),
    ),
    Parser(
        "error of a token exchange",
        token_exchange.is_about_token,
        (),
        (("", ""), ("subject", ""), ("subject_token ", "type")),
    ),
    Parser(
        "Location",
        lambda t: portal.redirect_host(answer(status=302, location=t)),
        (),
        (("", ""), (HOST, ""), ("https://", "/")),
    ),
    Parser("Proxy-Authenticate", proxy_schemes),
    Parser("answer", lambda t: refused(answer(t)), (errors.OAuthError,), JSON),
    Parser(
        "refusal",
        lambda t: refused(answer(t, 401, www_authenticate=f"Bearer {t}")),
        (errors.OAuthError,),
        JSON,
    ),
    Parser("values in an answer", lambda t: refused(answer(in_json(t))), (errors.OAuthError,)),
    Parser(
        "form",
        lambda t: refused(answer(t, content_type="application/x-www-form-urlencoded")),
        (errors.OAuthError,),
        (("", ""), ("error=", ""), ("a=b&", "x")),
    ),
    Parser(
        "page",
        lambda t: portal.redirect_host(answer(f"<{t}")),
        (),
        (("", ""), ("url=", "x"), ("<LoginURL>", "x"), ('action="', "")),
    ),
    Parser("claims", lambda t: claims.account_in(jwt_of(t)), (), (*JSON, ('{"name":"', '"}'))),
    Parser(
        "JWT",
        claims.account_in,
        (),
        (("", ""), ("eyJhbGciOiJub25lIn0.", "."), ("eyJ", "")),
    ),
    Parser("members", fields_in),
    Parser("kept metadata", kept_metadata_in, (ValueError, RecursionError), JSON),
    Parser(
        "kept endpoint",
        lambda t: kept_metadata_in(kept_with_endpoint(t)),
        (ValueError, errors.OAuthError),
        (("", ""), (f"{HOST}/", ""), ("https://", "/"), ("https://[", "]/")),
    ),
    Parser(
        "metadata",
        metadata_in,
        (errors.OAuthError,),
        (("", ""), (f"{HOST}/", ""), ("https://", "/"), ("https://[", "]/")),
    ),
    Parser(
        "link",
        lambda t: addresses.checked_link(t, by=HOST),
        (errors.OAuthError,),
        (("", ""), (f"{HOST}/", ""), ("https://", "/"), ("https://[::1]", "/")),
    ),
    Parser("user code", addresses.checked_user_code, (errors.OAuthError,), (("", ""), ("A", "B"))),
    Parser("printable", errors.printable),
    Parser("error text", lambda t: str(errors.UnsafeAddress(t, t)), (), (("", ""), ("//", ""))),
    Parser("query", query_members, (), (("", ""), ("code=", ""), ("a=b&", ""))),
    Parser(
        "browser's request",
        redirected,
        (),
        (
            ("", ""),
            ("GET /callback?", " HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n"),
            ("GET / HTTP/1.1\r\n", "\r\n\r\n"),
        ),
    ),
    Parser("TOML", toml_text.parse_toml, TOML_ERRORS, TOML),
    Parser("parts of TOML", profile_parts.split_profiles, (), TOML),
    Parser(
        "lines of TOML", lambda t: profile_lines.ProfileLines(t).find("x", "client_id"), (), TOML
    ),
    Parser("profiles", read_profiles_of, TOML_ERRORS, TOML),
    Parser("broken profiles", read_profiles_apart, TOML_ERRORS, TOML),
    Parser("changed profiles", edits, TOML_ERRORS, TOML, longest=2000),
    Parser(
        "profiles in a policy",
        lambda t: policy_reader.parse_policy(policy_sources.RawPolicy("x", {"profiles": t})),
        (policy_sources.UnusablePolicyError,),
        TOML,
    ),
    Parser(
        "values in a policy",
        lambda t: policy_reader.parse_policy(
            policy_sources.RawPolicy("x", {t: t, "proxy": t, "ca_file": t})
        ),
        (policy_sources.UnusablePolicyError,),
    ),
    Parser(
        "settings", lambda t: settings._parse_settings({"browser": t, "theme": t, "profile": t})
    ),
    Parser(
        "address of an API call",
        address_of,
        (api_services.ServiceError,),
        (("", ""), ("conure:", ""), ("https://", "/"), ("/", "")),
    ),
    Parser(
        "Link with the next page",
        lambda t: pagination.next_address(HOST, [("Link", t)]),
        (),
        (("", ""), ("<", ">; rel=next"), ("<a>;", ""), ("<a>;b=", ""), ('<a>;b="', "")),
    ),
    Parser(
        "X-Next of CTIA",
        lambda t: pagination.next_address(HOST, [("X-Next", t)]),
        (),
        (("", ""), ("limit=", ""), ("limit=1&", "")),
    ),
    Parser(
        "line of a program on a terminal",
        lambda t: labeled_programs._without_control(t.encode("utf-8", "surrogatepass")),
        (),
        (("", ""), ("\x1b[", "m"), ("\x1b[1;", "m")),
    ),
    Parser(
        "page of an API answer",
        lambda t: paged_answers._elements_in(t.encode("utf-8", "surrogatepass")),
        (),
        (("", ""), ("[", "]")),
    ),
    Parser("exchanges", exchange_faults_of, (), (("", ""), ("https://", "/"))),
    Parser("profile", faults_of, (), (("", ""), ("https://", "/"), ("https://[::1]", "/"))),
    Parser("form of a profile", draft_faults_of, (), (("", ""), ("https://", "/")), longest=2000),
    Parser("ID of a profile", lambda t: profile_file.new_id(t, ())),
    Parser("secret name", profile_rules.is_secret_name),
    Parser("client as JSON", client_model.read_client_model, (), (*JSON, ('{"id":"', '"}'))),
    Parser("client ID", client_search._nonexistent_id),
    Parser(
        "OpenAPI",
        lambda t: openapi.parse_routes(t.encode("utf-8", "surrogatepass")),
        (openapi.BadDescription,),
        (*JSON, ('{"openapi":"3","paths":{"', '":{"get":{}}}}')),
    ),
    Parser(
        "proof request",
        lambda t: (
            bound_request.BoundRequest.parse(t, t, t),
            bound_request.BoundRequest.parse("GET", "", t),
        ),
    ),
    Parser("target of a proof", dpop.target_of, (errors.UnsafeAddress,), ((f"{HOST}/", ""),)),
    Parser("nonce", lambda t: dpop.nonce_in({"dpop-nonce": t})),
    Parser(
        "refused proof",
        lambda t: dpop._error_in_body(answer(t, 400)),
        (),
        JSON,
    ),
    Parser("API call", called, (api_call.BadCall, errors.UnsafeAddress)),
    Parser(
        "API answer",
        lambda t: (
            readable(t.encode("utf-8", "surrogatepass")),
            json_in(t.encode("utf-8", "surrogatepass")),
        ),
        (),
        JSON,
    ),
    Parser("terminal", terminal_safe),
    Parser(
        "text that a terminal wraps",
        lambda t: wrap(t, 80),
        (),
        (("", ""), ("xdr-login ", ""), ("xdr-login profiles edit --", " X"), ("--", " NAME")),
    ),
    Parser("names on a command line", _with_own_quotes, (), (("", ""), ("'", "'"))),
    Parser("details", described),
    Parser(
        "saved tokens",
        lambda t: (
            secret_encoding.decode_tokens(t, issued_for=""),
            secret_encoding.decode_password(t, issued_for=""),
            secret_encoding.password_recipient(t),
        ),
        (),
        JSON,
    ),
    Parser(
        "socket",
        lambda t: messages.plain_members(
            messages.decode(t.encode("utf-8", "surrogatepass") + b"\n")
        ),
        (messages.BadMessage,),
        JSON,
    ),
    Parser(
        "token message",
        lambda t: token_message.parse_answer(t.encode("utf-8", "surrogatepass")),
        (),
        (*JSON, ('{"version": 1, "ok": true, "text": "', '"}\n')),
    ),
    Parser(
        "address of a Python program",
        _auth._origin_of,
        (ForeignHost,),
        (("", ""), ("https://", ""), ("https://api.example:", "/"), ("https://[", "]/")),
    ),
    Parser(
        "git",
        lambda t: credential._parse_attributes(t.encode("utf-8", "surrogatepass")),
        (),
        (("", ""), ("url=", ""), ("host=", "\n\n")),
    ),
    Parser(
        "git's host",
        lambda t: credential._is_profile_host(t, PROFILE),
    ),
    Parser("duration", parse_seconds, (), (("", ""), ("1", "s"))),
    Parser("variable", _VARIABLE.fullmatch, (), (("", ""), ("A", "-"))),
    Parser(
        "log",
        logs.redacted,
        (),
        (("", ""), ("password=", ""), ("a://", "@"), ("bearer ", " "), ("code=", ""), ("eyJ", "")),
    ),
    Parser("secrets in an answer", struck, (), (("", ""), ("secret-", "-value"))),
    Parser("secrets in a request", added),
    Parser("doctor", without_personal_data),
    Parser("desktop entry", parse_desktop_entry, (), (("", ""), ("[Desktop Entry]\n", ""))),
    Parser("tenant", tenant_in, (errors.UnsafeAddress,)),
    Parser("menu entry", menu_entry.parse_command, (), (("", ""), ('"', ""))),
    Parser("missing library", library_in, (), (("", ""), ("lib", ": cannot open"))),
    Parser("browser", browser_in, (), (("", ""), ("Exec=", ""), ('Exec="', '"'))),
    Parser("NO_PROXY", proxy_for),
    Parser(
        "certificates",
        lambda t: http_client._CERTIFICATE.findall(t.encode("utf-8", "replace")),
        (),
        (("", ""), ("-----BEGIN CERTIFICATE-----", ""), ("", "-----END CERTIFICATE-----")),
    ),
    Parser("copied token", copied, (UnsafeForShell,)),
    Parser("program", script_of, (OSError,)),
    Parser("wrapped text", breakable),
    Parser("initials", initials),
    Parser(
        "language setting",
        lambda text: language._language_in(text.splitlines()),
        (),
        (("", ""), ('language = "', '"')),
    ),
)

# Modules whose patterns and parsers only see what is ours, or what is limited elsewhere.
OURS = {
    "desktop/oauth/client.py": "descriptions of errors, 300 characters",
    "desktop/oauth/grants/token.py": "a token, whose length was checked",
    "desktop/cli/scripts/programs.py": "two plain patterns; the one for arguments is in the table",
    "desktop/cli/doctor/doctor_servers.py": "addresses that were checked",
    "desktop/cli/sign_in/sign_in_output.py": "the redirect URI of our own server",
    "desktop/cli/terminal/help.py": "our own help",
    "desktop/selftest.py": "what we print ourselves",
    "desktop/services/system/about.py": "what pip or uv wrote about this installation",
    "desktop/services/model/members.py": "choices, whose values `find_faults` has",
    "desktop/services/model/scopes.py": "our own descriptions",
    "desktop/services/profile_editor/check.py": "descriptions of errors, 300 characters",
    "desktop/services/system/components.py": "the list in our bundle",
    "desktop/ui/app/system_proxy.py": "addresses that were checked",
    "desktop/services/configuration/profile_file.py": "the ID of a profile",
    "desktop/xdr_login/_requests.py": "what our own command prints",
}

PARSING = re.compile(
    r"\bre\.(?:compile|sub|split|search|fullmatch|findall|match)\(|json\.loads|parse_toml|tomllib"
    r"|tomlkit\.parse|plistlib\.loads|parse_qsl|urlsplit|b64decode|shlex|parsedate"
)
