"""The formats in which programs get a token."""

from datetime import UTC, datetime

import pytest

from desktop.services.model.access_token import AccessToken
from desktop.services.model.copy_formats import PRINT_FORMATS, format_for_program
from desktop.services.model.errors import FormatForbidden, UnsafeForShell
from desktop.services.model.policy import Policy
from desktop.services.model.profile import Profile

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
TOKEN = AccessToken("made-up", "Bearer", AT, ("read", "write"))
PROFILE = Profile(id="soc", name="SOC", client_id="c")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("raw", "made-up"),
        ("header", "Authorization: Bearer made-up"),
        ("env", "export XDR_ACCESS_TOKEN='made-up'"),
        ("curl", 'header = "Authorization: Bearer made-up"'),
    ],
)
def test_a_token_is_printed(name: str, expected: str) -> None:
    assert format_for_program(name, TOKEN, PROFILE) == expected


@pytest.mark.parametrize("name", PRINT_FORMATS)
def test_a_forbidden_format_is_not_printed(name: str) -> None:
    policy = Policy(source="/etc/policy", forbidden_formats=frozenset({PRINT_FORMATS[name].name}))
    with pytest.raises(FormatForbidden) as caught:
        format_for_program(name, TOKEN, Profile(id="soc", name="SOC", client_id="c", policy=policy))
    assert caught.value.source == "/etc/policy"


@pytest.mark.parametrize("name", ["env", "curl"])
def test_a_token_that_a_shell_could_run_is_not_printed(name: str) -> None:
    with pytest.raises(UnsafeForShell):
        format_for_program(name, AccessToken('x"\nurl = "evil', "Bearer", AT, ()), PROFILE)
