"""JSON schemas of profiles.toml and policy.toml for editors, and of events for log systems."""

import json
from collections.abc import Iterable
from typing import Any

from desktop.services.configuration.profile_reader import load_presets
from desktop.services.configuration.profile_rules import SERVICE_NAME
from desktop.services.model.audit import EVENT_MEMBERS, MEMBERS_OF_EVERY_EVENT
from desktop.services.model.members import Kind, Member
from desktop.services.model.policy import POLICY
from desktop.services.model.profile import MEMBERS

Schema = dict[str, Any]

# TOML editors support this version best.
_DRAFT = "http://json-schema.org/draft-07/schema#"
_ID = "^[a-z0-9][a-z0-9._-]{0,62}$"
_NAMED = {"propertyNames": {"pattern": f"^{SERVICE_NAME.pattern}$"}}
_SERVER_KEYS = [{"required": [each]} for each in ("preset", "issuer", "token_endpoint")]


def profiles_schema() -> bytes:
    """Return the schema of profiles.toml."""
    members = {"profiles": _profiles("Profiles by their id.")}
    return _serialize("Profiles of XDR Login", members)


def policy_schema() -> bytes:
    """Return the schema of policy.toml."""
    return _serialize("Policy of XDR Login", _properties(POLICY.values()))


def audit_schema() -> bytes:
    """Return the schema of one event of the audit log."""
    members = {
        name: {"description": each.description, **_written(each)}
        for name, each in EVENT_MEMBERS.items()
    }
    schema = _schema("Event of XDR Login", members)
    return _dump({**schema, "required": list(MEMBERS_OF_EVERY_EVENT)})


def _written(member: Member) -> Schema:
    """Describe a value that XDR Login writes: only a list of strings is stricter than one read."""
    if member.kind is Kind.STRINGS:
        return {"type": "array", "items": {"type": "string"}}
    return _values(member)


def _serialize(title: str, properties: Schema) -> bytes:
    return _dump(_schema(title, properties))


def _schema(title: str, properties: Schema) -> Schema:
    return {
        "$schema": _DRAFT,
        "title": title,
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


def _dump(schema: Schema) -> bytes:
    return f"{json.dumps(schema, indent=2, ensure_ascii=False)}\n".encode()


def _properties(members: Iterable[Member]) -> Schema:
    return {each.name: _schema_of(each) for each in members}


def _schema_of(member: Member) -> Schema:
    if member.kind is Kind.PROFILES:
        return _profiles(member.description)
    return {"description": member.description, **_values(member)}


def _values(member: Member) -> Schema:
    match member.kind:
        case Kind.BOOLEAN:
            return {"type": "boolean"}
        case Kind.NUMBER:
            return {
                "type": "integer",
                "minimum": member.allowed[0],
                "maximum": member.allowed[-1],
            }
        case Kind.STRINGS:
            strings = {"type": "array", "items": {"type": "string"}}
            return {"anyOf": [strings, {"type": "string"}]}
        case Kind.PARAMETERS | Kind.ADDRESSES:
            table = {"type": "object", "additionalProperties": {"type": "string"}}
            return _NAMED | table if member.kind is Kind.ADDRESSES else table
        case Kind.MEMBERS | Kind.EXCHANGES:
            table = _table(member.members.values())
            return (
                table
                if member.kind is Kind.MEMBERS
                else _NAMED | {"type": "object", "additionalProperties": table}
            )
        case _:
            return _text(member)


def _text(member: Member) -> Schema:
    choices = list(load_presets()) if member.name == "preset" else list(member.choices)
    if member.pattern:
        return {"anyOf": [{"enum": choices}, {"type": "string", "pattern": member.pattern}]}
    return {"enum": choices} if choices else {"type": "string"}


def _table(members: Iterable[Member]) -> Schema:
    return {
        "type": "object",
        "properties": _properties(members),
        "additionalProperties": False,
    }


def _profiles(description: str) -> Schema:
    members = sorted(MEMBERS.values(), key=lambda each: not each.is_required)
    required = [each.name for each in members if each.is_required]
    one = {**_table(members), "required": required, "anyOf": _SERVER_KEYS}
    return {
        "description": description,
        "type": "object",
        "patternProperties": {_ID: one},
        "additionalProperties": False,
    }
