"""Durations, scopes, states, paths, resources and the HTTP client."""

import ssl
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import truststore
from hypothesis import given
from hypothesis import strategies as st

from desktop import __version__
from desktop.services.model.scopes import (
    ScopeDescription,
    ScopeGuide,
    describe_scope,
    load_scope_guide,
)
from desktop.services.model.states import AwaitingApproval, SignedIn
from desktop.services.network.http_client import make_http_client
from desktop.services.system import paths
from desktop.services.system.resources import resource
from desktop.services.wording.durations import format_countdown, format_duration

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "1 second"),
        (0.2, "1 second"),
        (1, "1 second"),
        (45, "45 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (3172, "53 minutes"),
        (7199, "120 minutes"),
        (7200, "2 hours"),
        (86400, "24 hours"),
    ],
)
def test_a_length_of_time_in_words(seconds: float, words: str) -> None:
    assert format_duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0:00"),
        (0, "0:00"),
        (0.001, "0:01"),
        (9, "0:09"),
        (60, "1:00"),
        (581, "9:41"),
        (3599.5, "1:00:00"),
        (3723, "1:02:03"),
    ],
)
def test_a_countdown(seconds: float, words: str) -> None:
    assert format_countdown(seconds) == words


@given(st.floats(0.001, 1e8))
def test_a_countdown_reaches_zero_only_when_it_is_over(seconds: float) -> None:
    assert format_countdown(seconds) != "0:00"


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        (
            "inspect:read",
            ScopeDescription("inspect:read", "Inspect things: read only", high_impact=False),
        ),
        ("admin", ScopeDescription("admin", "Do anything: read and write", high_impact=True)),
        ("admin:read", ScopeDescription("admin:read", "Do anything: read only", high_impact=False)),
        (
            "admin:write",
            ScopeDescription("admin:write", "Do anything: write only", high_impact=True),
        ),
        (
            "admin/users:read",
            ScopeDescription(
                "admin/users:read", "Do anything (users): read only", high_impact=False
            ),
        ),
        ("openid", ScopeDescription("openid", "", high_impact=False)),
        ("", ScopeDescription("", "", high_impact=False)),
    ],
)
def test_a_scope_in_words(scope: str, words: ScopeDescription) -> None:
    guide: ScopeGuide = {
        "inspect": {"text": "Inspect things"},
        "admin": {"text": "Do anything", "high_impact": True},
    }
    assert describe_scope(scope, guide) == words


def test_the_guide_to_cisco_xdr_has_words_for_every_scope() -> None:
    guide = load_scope_guide("xdr")
    assert {"casebook", "enrich", "inspect", "private-intel", "profile", "response"} <= guide.keys()
    assert all(isinstance(words["text"], str) and words["text"] for words in guide.values())
    assert describe_scope("response:write", guide).high_impact
    assert not describe_scope("response:read", guide).high_impact


def test_a_provider_without_a_guide_has_none() -> None:
    assert load_scope_guide("") == {}


def signed_in(*, lifetime: float | None) -> SignedIn:
    expires_at = None if lifetime is None else NOW + timedelta(seconds=lifetime)
    return SignedIn(("read",), ("read",), "Bearer", NOW, expires_at, "dana", "Northwind")


def test_a_token_knows_what_is_left_of_it() -> None:
    state = signed_in(lifetime=600)
    assert (state.lifetime, state.remaining(NOW)) == (600, 600)
    assert state.remaining(NOW + timedelta(seconds=601)) == 0


def test_a_token_that_never_expires_has_no_end() -> None:
    state = signed_in(lifetime=None)
    assert (state.lifetime, state.remaining(NOW)) == (None, None)


@pytest.mark.parametrize("complete", [None, "https://login.example/activate?user_code=X"])
def test_the_link_to_open_carries_the_code_where_there_is_such_a_link(complete: str | None) -> None:
    link = "https://login.example/activate"
    state = AwaitingApproval(
        "X", link, complete, "login.example", True, NOW, 600, NOW, 0, None, NOW
    )
    assert state.link == (complete or link)


def test_folders_are_the_persons_own(own_folders: Path) -> None:
    assert own_folders in paths.profiles_file().parents
    assert own_folders in paths.log_folder().parents
    assert paths.profiles_file().parent.name == "xdr-login"


def test_whether_the_demo_is_installed_is_found_out_without_loading_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert paths.demo_is_installed()
    monkeypatch.setattr(
        paths, "find_spec", lambda name: None if name == "cryptography" else object()
    )
    assert not paths.demo_is_installed()


def test_resources_are_found_beside_the_package_and_inside_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert resource("presets.toml").is_file()
    module = tmp_path / "desktop" / "services" / "system" / "resources.py"
    monkeypatch.setattr("desktop.services.system.resources.__file__", str(module))
    assert resource("x") == tmp_path / "resources" / "x"
    inside = tmp_path / "desktop" / "resources" / "x"
    inside.parent.mkdir(parents=True)
    inside.touch()
    assert resource("x") == inside


async def test_the_client_trusts_what_the_system_trusts_and_follows_no_redirect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    contexts = []

    class Context(truststore.SSLContext):
        def __init__(self, protocol: int) -> None:
            super().__init__(protocol)
            contexts.append(self)

    monkeypatch.setattr(truststore, "SSLContext", Context)
    async with make_http_client() as client:
        assert not client.follow_redirects
        assert client.timeout == httpx.Timeout(10.0)
        assert client.headers["user-agent"].startswith(f"xdr-login/{__version__} (")
    assert [context.verify_mode for context in contexts] == [ssl.CERT_REQUIRED]
    assert [context.check_hostname for context in contexts] == [True]


def test_the_states_load_nothing_heavy() -> None:
    import subprocess

    code = (
        "import sys, desktop.services.model.states;"
        "print({'httpx', 'asyncio', 'keyring'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
