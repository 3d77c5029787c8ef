import pytest

from desktop.demo.errors import OAuthError
from desktop.demo.scopes import format_scopes, intersect, parse_scopes


@pytest.mark.parametrize(
    ("asked", "held", "granted"),
    [
        ("enrich", "enrich:read", "enrich:read"),
        ("enrich:read", "enrich", "enrich:read"),
        ("enrich:write", "enrich:read", ""),
        ("private-intel/incident:write", "private-intel", "private-intel/incident:write"),
        ("private-intel", "private-intel/incident:read", "private-intel/incident:read"),
        ("private-intel/incident", "private-intel/sighting", ""),
        ("profile admin profile", "profile", "profile"),
        ("inspect enrich", "enrich inspect", "inspect enrich"),
    ],
)
def test_a_grant_is_what_is_both_asked_and_held(asked: str, held: str, granted: str) -> None:
    assert format_scopes(intersect(parse_scopes(asked), parse_scopes(held))) == granted


@pytest.mark.parametrize("text", ["coffee", "enrich:drink", "enrich:", "<b>"])
def test_a_scope_that_does_not_exist_is_named(text: str) -> None:
    with pytest.raises(OAuthError, match=f"invalid_scope: The scope {text} does not exist"):
        parse_scopes(f"profile {text}")


@pytest.mark.parametrize(
    ("text", "high"), [("response", True), ("response:read", False), ("profile", False)]
)
def test_high_impact_needs_write_access(text: str, *, high: bool) -> None:
    assert parse_scopes(text)[0].high_impact is high


def test_a_read_only_scope_says_so_in_words() -> None:
    (scope,) = parse_scopes("inspect:read")
    assert scope.meaning == "Extract observables from text (read\u00a0only)"
