from desktop.services.model.errors import NoToken, RenewalTimedOut
from desktop.services.wording import error_codes


def test_errors_have_a_code() -> None:
    assert error_codes.error_code(NoToken()) == "sign_in_needed"
    assert error_codes.error_code(RenewalTimedOut()) == "failure"
