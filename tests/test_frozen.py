"""Values are like frozen dataclasses with slots of the standard library."""

import ast
import inspect
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import pytest

from desktop.frozen import frozen

ROOT = Path(__file__).parents[1]
# What other layers don't share is not measured either: see ARCHITECTURE.md.
APART = ("demo", "xdr_login")


def make_classes(decorator: Callable[[type], Any]) -> tuple[Any, Any, Any]:
    """Make three classes with `decorator`: with every kind of field, with one, and with none."""

    @decorator
    class Many:
        """Many fields."""

        name: str
        secret: str = field(repr=False)
        count: int = 0
        tags: list[str] = field(default_factory=list)
        note: str = field(default="", compare=False)
        key: tuple[str, ...] = ()

        def __post_init__(self) -> None:
            if self.count < 0:
                raise ValueError("count")

        @property
        def label(self) -> str:
            return self.name.title()

    @decorator
    class One:
        """One field."""

        name: str

    @decorator
    class Empty:
        """No field."""

    return Many, One, Empty


OURS = make_classes(frozen)
PYTHONS = make_classes(dataclass(frozen=True, slots=True))


@pytest.fixture(params=[OURS, PYTHONS], ids=["frozen", "dataclass"])
def classes(request: pytest.FixtureRequest) -> tuple[Any, Any, Any]:
    made: tuple[Any, Any, Any] = request.param
    return made


def test_arguments_and_defaults_become_the_fields(classes: tuple[Any, Any, Any]) -> None:
    many = classes[0]
    made = many("name", "secret", tags=["a"])
    assert [getattr(made, each.name) for each in fields(made)] == [
        "name",
        "secret",
        0,
        ["a"],
        "",
        (),
    ]
    assert made.label == "Name"
    assert many("name", "secret").tags is not many("name", "secret").tags
    assert list(inspect.signature(many).parameters) == [each.name for each in fields(many)]


def test_wrong_arguments_are_refused(classes: tuple[Any, Any, Any]) -> None:
    many, one, _ = classes
    with pytest.raises(TypeError, match=r"One\.__init__\(\) missing 1 required .*'name'"):
        one()
    with pytest.raises(TypeError, match="unexpected keyword argument 'nmae'"):
        one("a", nmae="b")
    with pytest.raises(ValueError, match="count"):
        many("name", "secret", count=-1)


def test_equal_are_those_of_one_class_with_equal_fields(classes: tuple[Any, Any, Any]) -> None:
    many, one, empty = classes
    assert one("a") == one("a")
    assert one("a") != one("b")
    assert one("a") != "a"
    assert empty() == empty()
    assert empty() != one("a")
    assert many("a", "s", note="x") == many("a", "s", note="y")
    assert many("a", "s") != many("a", "t")


def test_equal_ones_have_equal_hashes(classes: tuple[Any, Any, Any]) -> None:
    many, one, empty = classes
    assert {one("a"), one("a"), one("b"), empty(), empty()} == {one("a"), one("b"), empty()}
    with pytest.raises(TypeError, match="unhashable"):
        hash(many("a", "s"))  # of the list


def test_no_field_can_be_changed_or_added(classes: tuple[Any, Any, Any]) -> None:
    made = classes[1]("a")
    with pytest.raises(FrozenInstanceError):
        made.name = "b"
    with pytest.raises((AttributeError, TypeError)):  # which of them differs
        made.other = "b"
    with pytest.raises(FrozenInstanceError):
        del made.name
    assert made == classes[1]("a")
    assert not hasattr(made, "__dict__")


def test_a_secret_field_is_not_printed(classes: tuple[Any, Any, Any]) -> None:
    many, _, empty = classes
    printed = repr(many("a", "s3cret", tags=["x"])).rpartition(".")[2]
    assert printed == "Many(name='a', count=0, tags=['x'], note='', key=())"
    assert repr(empty()).endswith("Empty()")


def test_a_changed_copy_has_the_other_fields(classes: tuple[Any, Any, Any]) -> None:
    many = classes[0]
    assert replace(many("a", "s", 1), count=2) == many("a", "s", 2)


def test_fields_are_matched_by_position(classes: tuple[Any, Any, Any]) -> None:
    one = classes[1]
    match one("a"):
        case one(name):
            assert name == "a"


@pytest.mark.parametrize(
    "path", sorted((ROOT / "desktop").rglob("*.py")), ids=lambda each: each.stem
)
def test_every_frozen_dataclass_is_made_by_frozen(path: Path) -> None:
    if path.relative_to(ROOT / "desktop").parts[0] in APART:
        return
    decorators = [
        ast.unparse(each)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
        for each in node.decorator_list
    ]
    assert [each for each in decorators if "frozen=True" in each] == []


def test_fields_are_only_described_by_what_frozen_supports() -> None:
    calls = [
        (path.name, {keyword.arg for keyword in node.keywords})
        for path in (ROOT / "desktop").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "field"
    ]
    supported = {"default", "default_factory", "repr", "compare", "metadata"}
    assert [(name, used) for name, used in calls if not used <= supported] == []
    assert len(calls) > 50
