import pytest

from desktop.services.model.errors import (
    CodeExchangeFailed,
    NoToken,
    PollAnswerLost,
    RenewalAnswerLost,
    RenewalRefused,
    RenewalTimedOut,
    UnsafeForShell,
)
from desktop.services.wording import error_codes


def test_errors_have_a_code() -> None:
    assert error_codes.error_code(NoToken()) == "sign_in_needed"
    assert error_codes.error_code(UnsafeForShell()) == "failure"


def test_a_server_that_is_slow_is_trouble_with_the_network() -> None:
    assert error_codes.error_code(RenewalTimedOut()) == "network"
    assert error_codes.error_code(RenewalAnswerLost()) == "network"


@pytest.mark.parametrize("kind", [CodeExchangeFailed, PollAnswerLost, RenewalRefused])
def test_what_only_another_sign_in_mends_asks_for_one(kind: type[Exception]) -> None:
    assert error_codes.error_code(kind()) == "sign_in_needed"
