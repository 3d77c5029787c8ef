import pytest

from desktop.oauth import errors
from desktop.services.model.errors import CodeExchangeFailed, NoToken, RenewalTimedOut
from desktop.services.wording import error_codes

HOST = "login.example"


def because(error: Exception, trouble: errors.Trouble) -> Exception:
    error.__cause__ = trouble
    return error


def test_errors_have_a_code() -> None:
    assert error_codes.error_code(NoToken()) == "sign_in_needed"
    assert error_codes.error_code(RenewalTimedOut()) == "failure"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.TransportFailure(HOST), "network"),
        (errors.Throttled(HOST), "network"),
        (errors.ServerFault(HOST), "network"),
        (errors.CaptivePortal(HOST), "network"),
        (errors.PageInsteadOfAnswer(HOST), "server"),
        (errors.UnexpectedRedirect(HOST), "server"),
        (errors.AnswerTooLarge(HOST), "server"),
        (errors.UnusableAnswer(HOST), "server"),
        (errors.IncompleteAnswer(HOST), "server"),
        (errors.Refusal(HOST), "server"),
        (errors.NothingThere(f"https://{HOST}/", host=HOST, status=404), "server"),
        (errors.NoUsableToken(HOST, "x"), "server"),
        (errors.UnsupportedTokenType(HOST, "mac"), "server"),
        (errors.MissingEndpoint(HOST, "token_endpoint"), "server"),
        (errors.MetadataMismatch(HOST, "a", "b"), "server"),
        (errors.InvalidClient("invalid_client"), "server"),
        (errors.ErrorResponse("other"), "server"),
        (errors.ForbiddenByPolicy("x"), "forbidden"),
        (errors.CodeExpired(), "sign_in_needed"),
        (because(errors.CodeExpired(), errors.TransportFailure(HOST)), "network"),
        (because(errors.CodeExpired(), errors.UnusableAnswer(HOST, status=415)), "server"),
        (because(CodeExchangeFailed(), errors.TransportFailure(HOST)), "network"),
        (because(CodeExchangeFailed(), errors.UnexpectedRedirect(HOST)), "server"),
        (CodeExchangeFailed(), "failure"),
    ],
)
def test_only_what_may_pass_has_the_code_after_which_scripts_try_again(
    error: Exception, code: str
) -> None:
    assert error_codes.error_code(error) == code
