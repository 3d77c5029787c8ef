"""The detection rules are valid, find what they are for, and become queries of two systems."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sigma")
from sigma.backends.elasticsearch.elasticsearch_lucene import LuceneBackend
from sigma.backends.splunk.splunk import SplunkBackend
from sigma.collection import SigmaCollection
from sigma.plugins import InstalledSigmaPlugins
from sigma.rule import SigmaRule
from sigma.validation import SigmaValidator

from desktop.services.model.audit import EVENT_MEMBERS, AuditEvent
from desktop.services.model.audit_kinds import (
    EVENTS_LOST,
    KINDS,
    POLICY_REFUSED,
    RENEWAL_REFUSED,
    TOKEN_HANDED_OUT,
    UNEXPECTED_HOST,
)

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "resources" / "sigma").glob("*.yml"))
RULES = {each.stem: SigmaRule.from_yaml(each.read_text("utf-8")) for each in FILES}
OWN = {name: rule for name, rule in RULES.items() if rule.logsource.product == "xdr_login"}
# These validators load lists of techniques from the network.
ONLINE = {"attacktag", "d3_fendtag"}
AT = datetime(2026, 11, 30, tzinfo=UTC)


def test_the_rules_pass_every_check_of_sigma_that_works_offline() -> None:
    plugins = InstalledSigmaPlugins.autodiscover()
    chosen = {name: each for name, each in plugins.validators.items() if name not in ONLINE}
    kinds: Any = chosen.values()  # annotated as instances
    issues = SigmaValidator(kinds).validate_rules(iter(RULES.values()))
    assert issues == []
    assert not [each.errors for each in RULES.values() if each.errors]


@pytest.mark.parametrize("backend", [SplunkBackend, LuceneBackend], ids=["splunk", "lucene"])
@pytest.mark.parametrize("name", RULES)
def test_each_rule_becomes_a_query(name: str, backend: Any) -> None:  # noqa: ANN401 - a backend
    (query,) = backend().convert(SigmaCollection([RULES[name]]))
    assert "xdr" in query or "event.action" in query


@pytest.mark.parametrize("name", OWN)
def test_rules_for_our_events_use_fields_and_kinds_that_there_are(name: str) -> None:
    text = next(each for each in FILES if each.stem == name).read_text("utf-8")
    fields = re.findall(
        r"^        ([\w.]+)(?:\|\w+)?:", text.partition("detection:")[2], re.MULTILINE
    )
    assert set(fields) <= set(EVENT_MEMBERS)
    actions = re.findall(r"event\.action: (\S+)", text)
    assert actions
    assert set(actions) <= {each.action for each in KINDS}


FOUND = {
    "unexpected_verification_host": [AuditEvent(UNEXPECTED_HOST)],
    "renewal_refused": [AuditEvent(RENEWAL_REFUSED)],
    "policy_refused": [AuditEvent(POLICY_REFUSED)],
    "events_lost": [AuditEvent(EVENTS_LOST)],
    "token_to_unusual_program": [
        AuditEvent(TOKEN_HANDED_OUT, executable="/tmp/x"),  # noqa: S108 - of a rule
        AuditEvent(TOKEN_HANDED_OUT, executable="/usr/bin/python3", script="/dev/shm/x.py"),  # noqa: S108
        AuditEvent(TOKEN_HANDED_OUT, executable=r"C:\Users\ada\Downloads\setup.exe"),
    ],
    "token_to_program_with_unusual_parent": [
        AuditEvent(TOKEN_HANDED_OUT, parent=r"C:\Program Files\Office\WINWORD.EXE"),
        AuditEvent(TOKEN_HANDED_OUT, parent="/usr/sbin/nginx"),
    ],
}
USUAL = AuditEvent(
    TOKEN_HANDED_OUT, executable="/usr/bin/git", parent="/usr/bin/bash", program="git"
)


@pytest.mark.parametrize("name", OWN)
def test_each_rule_for_our_events_finds_them_and_leaves_the_usual_ones(name: str) -> None:
    for event in FOUND[name]:
        assert lucene_matches(RULES[name], event), event
    assert not lucene_matches(RULES[name], USUAL)


def lucene_matches(rule: SigmaRule, event: AuditEvent) -> bool:
    """Tell whether the Lucene query of `rule` finds `event`; values ignore case, as in Sigma."""
    (query,) = LuceneBackend().convert(SigmaCollection([rule]))
    members = event.members(at=AT, user="ada")

    def compared(match: re.Match[str]) -> str:
        field, alternatives = match[1], match[2].strip("()").split(" OR ")
        value = str(members.get(field, ""))
        patterns = (pattern_of(each) for each in alternatives)
        return str(any(re.fullmatch(each, value, re.IGNORECASE | re.DOTALL) for each in patterns))

    logical = re.sub(r"([\w.]+):(\([^()]*\)|[^\s()]+)", compared, query)
    logical = logical.replace("AND", "and").replace("OR", "or")
    assert re.fullmatch(r"(?:True|False|and|or|[ ()])+", logical), logical
    return bool(eval(logical))  # noqa: S307 - only the words above


def pattern_of(value: str) -> str:
    """Turn a value of Lucene, with escapes and wildcards, into a regular expression."""
    parts = re.findall(r"\\.|.", value)
    return "".join(
        ".*" if each == "*" else re.escape(each[-1] if each.startswith("\\") else each)
        for each in parts
    )
