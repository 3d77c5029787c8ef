import pytest

from desktop.services.model.scopes import (
    ScopeDescription,
    ScopeGuide,
    describe_scope,
    load_scope_guide,
)


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        (
            "inspect:read",
            ScopeDescription("inspect:read", "Inspections (read only)", high_impact=False),
        ),
        ("admin", ScopeDescription("admin", "Everything (read and write)", high_impact=True)),
        ("admin:read", ScopeDescription("admin:read", "Everything (read only)", high_impact=False)),
        (
            "admin:write",
            ScopeDescription("admin:write", "Everything (write only)", high_impact=True),
        ),
        (
            "admin/users:read",
            ScopeDescription(
                "admin/users:read", "Everything: users (read only)", high_impact=False
            ),
        ),
        ("openid", ScopeDescription("openid", "", high_impact=False)),
        ("", ScopeDescription("", "", high_impact=False)),
    ],
)
def test_a_scope_is_described(scope: str, words: ScopeDescription) -> None:
    guide: ScopeGuide = {
        "inspect": {"text": "Inspections"},
        "admin": {"text": "Everything", "high_impact": True},
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
