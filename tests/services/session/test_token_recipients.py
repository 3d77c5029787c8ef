"""The list of hand-outs is short, in memory, and without a token."""

from datetime import UTC, datetime

import pytest

from desktop.services.model.errors import FormatForbidden, NotForShell, NoToken, RenewalSlow
from desktop.services.model.policy import Policy
from desktop.services.model.profile import Profile
from desktop.services.session.renewer import FreshToken
from desktop.services.session.token_recipients import MOST, HandOut, HandOuts
from desktop.services.system.processes import UNKNOWN
from desktop.services.token.print_formats import FORMATS, printed
from desktop.services.wording import error_codes

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
TOKEN = FreshToken("made-up", "Bearer", AT, ("read", "write"))
PROFILE = Profile(id="soc", name="SOC", client_id="c")


def test_only_the_last_ones_are_kept() -> None:
    hand_outs = HandOuts()
    told: list[int] = []
    hand_outs.changed = lambda: told.append(len(hand_outs.all()))
    for number in range(MOST + 10):
        hand_outs.note(HandOut(AT, UNKNOWN, str(number % 2)))
    assert len(hand_outs.all()) == MOST == told[-1]
    assert {each.profile for each in hand_outs.of("1")} == {"1"}
    assert len(hand_outs.of("1")) == MOST // 2


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
    assert printed(name, TOKEN, PROFILE) == expected


@pytest.mark.parametrize("name", FORMATS)
def test_what_an_administrator_forbids_is_not_printed(name: str) -> None:
    policy = Policy(source="/etc/policy", forbidden_formats=frozenset({FORMATS[name].name}))
    with pytest.raises(FormatForbidden) as caught:
        printed(name, TOKEN, Profile(id="soc", name="SOC", client_id="c", policy=policy))
    assert caught.value.source == "/etc/policy"


@pytest.mark.parametrize("name", ["env", "curl"])
def test_what_could_run_in_a_shell_is_not_printed(name: str) -> None:
    with pytest.raises(NotForShell):
        printed(name, FreshToken('x"\nurl = "evil', "Bearer", AT, ()), PROFILE)


def test_a_failure_has_a_name() -> None:
    assert error_codes.failure_code(NoToken()) == "sign_in_needed"
    assert error_codes.failure_code(RenewalSlow()) == "failure"
