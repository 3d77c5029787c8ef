"""Members: what profiles, settings and policies consist of, each described in one place.

A member is a field of a dataclass, made with `member`. Reader, rules, draft, form, options, schemas
and policy templates follow from the description, so a new member needs no line anywhere else but
where it takes effect.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, Field, field, fields
from enum import Enum
from typing import Any, TypeVar

from desktop.frozen import frozen
from desktop.services.system.translation import translatable, translate

T = TypeVar("T")


class Kind(Enum):
    """The kind of value that a member has; the value says what a wrong one must be."""

    STRING = translatable("{field} must be a string")
    STRINGS = translatable("{field} must be a list of strings")
    """A list of strings, or one string with spaces."""
    BOOLEAN = translatable("{field} must be true or false")
    NUMBER = translatable("{field} must be a number from {first} to {last}")
    MEMBERS = translatable("{field} must be a table")
    """A table of `members`."""
    PARAMETERS = translatable("{field} must be a table of strings")
    ADDRESSES = translatable("{field} must be a table of addresses")
    """A table of addresses by name, which adds to that of the preset."""
    EXCHANGES = translatable("{field} must be a table of tables")
    """A table of tables of `members`, by name."""
    PROFILES = translatable("{field} must be a table of profiles, or the text of a profiles.toml")
    """A table of profiles by id, or the text of a `profiles.toml`."""


@frozen
class Fault:
    """What is wrong with `member`, which is empty where several members are wrong together.

    `message` is a template in which `{field}` stands for the member.
    """

    member: str
    message: str
    values: Mapping[str, object] = field(default_factory=dict)

    def describe(self, name: str = "") -> str:
        """Describe it, with `name` for the member, or its own name as in the file."""
        return translate(self.message, field=name or f"`{self.member}`", **self.values)


@frozen
class Option:
    """An option of the command line. `name` is given where it is not that of the member."""

    metavar: str
    help: str
    name: str = ""


@frozen
class Member:
    """One member.

    `description` is for whoever writes the file, in English: editors of TOML and policies show it.
    `title` is its name in the window and in editors of policies; without one it is only in files.
    `help`, `example` and `unit` are for the window. A member with an `option` can be edited, in the
    window or a terminal; a setting with one can be different for a profile.

    `choices` are the only values of a string besides the default, unless it matches `pattern`; a
    mapping names them for people. `allowed` are the values of a number. `default` is `MISSING` for
    a member that always has a value.
    """

    name: str
    default: Any
    description: str
    kind: Kind = Kind.STRING
    title: str = ""
    help: str = ""
    example: str = ""
    unit: str = ""
    option: Option | None = None
    choices: Collection[str] = ()
    pattern: str = ""
    allowed: range = range(0)
    members: "Mapping[str, Member]" = field(default_factory=dict)
    is_required: bool = False
    is_address: bool = False
    is_file: bool = False

    def translated_choices(self) -> dict[str, str]:
        """Name the choices for people; empty where they have no names."""
        names = self.choices if isinstance(self.choices, Mapping) else {}
        return {value: translate(name) for value, name in names.items()}

    def find_fault(self, value: object) -> Fault | None:
        """Say what `value` must be, where it is not of the kind or not one of the choices."""
        return self.find_kind_fault(value) or self.find_choice_fault(value)

    def find_kind_fault(self, value: object) -> Fault | None:
        """Say what `value` must be, where it is not of the kind."""
        if _CHECKS[self.kind](value) and (self.kind is not Kind.NUMBER or value in self.allowed):
            return None
        limits = {"first": self.allowed[0], "last": self.allowed[-1]} if self.allowed else {}
        return Fault(self.name, self.kind.value, limits)

    def find_choice_fault(self, value: object) -> Fault | None:
        """Say what `value` must be, where it is not one of the choices."""
        if not self.choices or value in self.choices or value == self.default:
            return None
        message = translatable("{field} must be one of {choices}")
        if self.pattern:
            if re.fullmatch(self.pattern, str(value)):
                return None
            message = translatable("{field} must be one of {choices}, or like {example}")
        elif "" in self.choices:
            message = translatable("{field} must be {choices} or empty")
        choices = ", ".join(filter(None, self.choices))
        return Fault(self.name, message, {"choices": choices, "example": self.example})


def member(description: str, *, default: T, **details: Any) -> T:  # noqa: ANN401 - those of `Member`
    """Make the field of a dataclass that is a member; the default says which kind it has."""
    return field(default=default, metadata=about(description, **details))


def text(description: str, default: str = "", **details: Any) -> str:  # noqa: ANN401 - as above
    """Make the field of a dataclass that is a member with a string."""
    return member(description, default=default, **details)


def table(description: str, **details: Any) -> Any:  # noqa: ANN401 - any table
    """Make the field of a dataclass that is a member with a table, empty by default."""
    return field(default_factory=dict, metadata=about(description, **details))


def about(description: str, **details: Any) -> dict[str, Any]:  # noqa: ANN401 - those of `Member`
    """Make the metadata of a field that is a member, where it has no plain default."""
    return {"description": description, **details}


def collect_members(kind: Any) -> dict[str, Member]:  # noqa: ANN401 - any dataclass
    """List the members of a dataclass by name, in their order."""
    made = [_member_of(each) for each in fields(kind) if each.metadata]
    return {each.name: each for each in made}


def _member_of(given: Field[Any]) -> Member:
    default = given.default if given.default_factory is MISSING else given.default_factory()
    kind = _KINDS.get(type(default), Kind.STRING)
    return Member(**{"name": given.name, "default": default, "kind": kind, **given.metadata})


# What the type of the default says about the kind.
_KINDS = {bool: Kind.BOOLEAN, int: Kind.NUMBER, tuple: Kind.STRINGS}


def _is_strings(value: object) -> bool:
    return isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(each, str) for each in value)
    )


def _is_table_of_strings(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(each, str) for each in value.values())


_CHECKS: Mapping[Kind, Callable[[object], bool]] = {
    Kind.STRING: lambda value: isinstance(value, str),
    Kind.STRINGS: _is_strings,
    Kind.BOOLEAN: lambda value: isinstance(value, bool),
    Kind.NUMBER: lambda value: type(value) is int,  # to Python, a bool is an int
    Kind.MEMBERS: lambda value: isinstance(value, Mapping),
    Kind.PARAMETERS: _is_table_of_strings,
    Kind.ADDRESSES: _is_table_of_strings,
    Kind.EXCHANGES: lambda value: (
        isinstance(value, Mapping) and all(isinstance(each, Mapping) for each in value.values())
    ),
    Kind.PROFILES: lambda value: isinstance(value, (str, Mapping)),
}
