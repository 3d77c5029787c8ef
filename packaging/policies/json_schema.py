"""JSON schemas of profiles.toml and policy.toml, for editors that check while one types."""

import json
from collections.abc import Iterable
from typing import Any

from desktop.services.configuration.profile_reader import load_presets
from desktop.services.configuration.schema import POLICY, PROFILE, Kind, Member

Schema = dict[str, Any]

# Editors of TOML know this one best.
_DRAFT = "http://json-schema.org/draft-07/schema#"
_ID = "^[a-z0-9][a-z0-9._-]{0,62}$"
_ENOUGH = [{"required": [each]} for each in ("preset", "issuer", "token_endpoint")]


def of_profiles() -> bytes:
    """The schema of a file with profiles."""
    members = {"profiles": _profiles("Profiles, by the name that they have on disk.")}
    return _written("Profiles of XDR Login", members)


def of_policy() -> bytes:
    """The schema of a policy."""
    return _written("Policy of XDR Login", _properties(POLICY))


def _written(title: str, properties: Schema) -> bytes:
    schema = {
        "$schema": _DRAFT,
        "title": title,
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
    return f"{json.dumps(schema, indent=2, ensure_ascii=False)}\n".encode()


def _properties(members: Iterable[Member]) -> Schema:
    return {each.name: _of(each) for each in members}


def _of(member: Member) -> Schema:
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
            texts = {"type": "array", "items": {"type": "string"}}
            return {"anyOf": [texts, {"type": "string"}]}
        case Kind.PARAMETERS:
            return {"type": "object", "additionalProperties": {"type": "string"}}
        case Kind.MEMBERS:
            return _table(member.members)
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


def _profiles(about: str) -> Schema:
    one = {**_table(PROFILE), "required": ["client_id"], "anyOf": _ENOUGH}
    return {
        "description": about,
        "type": "object",
        "patternProperties": {_ID: one},
        "additionalProperties": False,
    }
