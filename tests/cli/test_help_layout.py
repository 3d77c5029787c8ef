"""The help of all commands in every language, as a terminal shows it."""

from collections.abc import Iterator

import click
import pytest

from desktop.cli.program import program
from desktop.cli.terminal.columns import display_width
from desktop.services.system.translation import translate
from desktop.services.wording.formats import with_label
from tests.pseudo_language import LANGUAGES, real_language

WIDTHS = (50, 58, 78, 98)
EVERY_LANGUAGE = pytest.mark.parametrize("name", ["en", *LANGUAGES])


def helps(width: int) -> Iterator[str]:
    """Yield the help of each command in `width` columns."""
    for ctx in contexts(program, "xdr-login", width):
        yield ctx.command.get_help(ctx)


def contexts(
    command: click.Command, name: str, width: int, parent: click.Context | None = None
) -> Iterator[click.Context]:
    ctx = command.context_class(command, parent=parent, info_name=name, terminal_width=width)
    yield ctx
    if isinstance(command, click.Group):
        for each in command.list_commands(ctx):
            subcommand = command.get_command(ctx, each)
            assert subcommand is not None
            yield from contexts(subcommand, each, width, ctx)


def has_a_place_to_break(line: str) -> bool:
    """Tell whether `line` is more than a term and one word."""
    return " " in line.strip().rpartition("  ")[2].strip()


@EVERY_LANGUAGE
@pytest.mark.parametrize("width", WIDTHS)
def test_every_line_fits_the_terminal(name: str, width: int) -> None:
    with real_language(name):
        examples = with_label(translate("Examples"), "")
        for text in helps(width):
            options, _, _ = text.partition(f"\n{examples}\n")
            wide = [each for each in options.splitlines() if display_width(each) > width]
            assert not [each for each in wide if has_a_place_to_break(each)]


@EVERY_LANGUAGE
def test_what_examples_do_fits_the_terminal_beside_them(name: str) -> None:
    with real_language(name):
        shown = [line for text in helps(78) for line in text.splitlines()]
    examples = [line for line in shown if line.startswith("  xdr-login ") and "   " in line]
    assert len(examples) > 30
    assert not [line for line in examples if display_width(line) > 78]


@EVERY_LANGUAGE
def test_no_option_is_described_in_english(name: str) -> None:
    with real_language(name):
        shown = "\n".join(helps(98))
    for text in ("Show this message", "Show the version", "Options:\n", "Usage:", "[default:"):
        assert (text in shown) == (name == "en")


def test_a_french_colon_has_a_no_break_space_before_it() -> None:
    with real_language("fr"):
        shown = "\n".join(helps(78))
    for heading in ("Options\xa0:", "Commandes\xa0:", "Exemples\xa0:", "Utilisation\xa0: "):
        assert heading in shown


def test_the_description_goes_below_the_command_where_there_is_too_little_room() -> None:
    login, *_ = (text for text in helps(50) if "xdr-login login [OPTIONS]" in text)
    assert "  xdr-login login --no-browser\n      only print the link\n" in login
