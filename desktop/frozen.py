"""Values: frozen dataclasses with slots that take little time to define.

For `dataclass(frozen=True, slots=True)`, Python compiles six methods of each class at every start.
Here it compiles `__init__` only, and all classes share the code of the others. See
docs/decisions/values.md.
"""

from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(class_: type[T]) -> type[T]:
    """Make `class_` what `dataclass(frozen=True, slots=True)` makes of it.

    Not supported, because nothing needs them: fields with `init`, `hash` or `kw_only`, a base class
    with fields, copies and pickles.
    """
    made: Any = dataclass(init=False, repr=False, eq=False, slots=True)(class_)
    # Begins with the class, because a getter of a single attribute would return no tuple.
    compared = attrgetter("__class__", *(each.name for each in fields(made) if each.compare))

    def equals(self: object, other: object) -> object:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return compared(self) == compared(other)

    def hash_(self: object) -> int:
        return hash(compared(self))

    made.__init__ = _compile_init(made)
    made.__repr__ = _represent
    made.__eq__ = equals
    made.__hash__ = hash_
    made.__setattr__ = _refuse_to_set
    made.__delattr__ = _refuse_to_delete
    return made  # type: ignore[no-any-return]


def _compile_init(class_: Any) -> Callable[..., None]:  # noqa: ANN401 - any dataclass
    """Compile `__init__`, as fast and with the same errors as that of any function."""
    scope: dict[str, Any] = {"_set": object.__setattr__, "_MISSING": MISSING}
    lines = []
    defaults = []
    for each in fields(class_):
        value = each.name
        if each.default_factory is not MISSING:
            scope[f"_make_{value}"] = each.default_factory
            value = f"_make_{value}() if {value} is _MISSING else {value}"
        if each.default_factory is not MISSING or each.default is not MISSING:
            defaults.append(each.default)
        lines.append(f" _set(self, {each.name!r}, {value})")
    if hasattr(class_, "__post_init__"):
        lines.append(" self.__post_init__()")
    names = ", ".join(["self", *(each.name for each in fields(class_))])
    source = "\n".join([f"def __init__({names}):", *lines, " return None"])
    exec(source, scope)  # noqa: S102 - the names of our own fields, as in `dataclasses`
    init = scope["__init__"]
    init.__qualname__ = f"{class_.__qualname__}.__init__"
    init.__defaults__ = tuple(defaults)
    return init  # type: ignore[no-any-return]


def _represent(self: Any) -> str:  # noqa: ANN401 - any dataclass
    shown = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _refuse_to_set(_self: object, name: str, _value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_self: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")
