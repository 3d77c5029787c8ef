"""The list of routes, as text or JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby

from desktop.cli.terminal.columns import terminal_width
from desktop.cli.terminal.help_formatter import ColumnFormatter
from desktop.cli.terminal.output import print_json, print_result
from desktop.cli.terminal.tables import print_rows
from desktop.services.system.translation import translate
from desktop.services.token.api_services import ApiService
from desktop.services.token.openapi import Parameter, Route
from desktop.services.wording.formats import join_sentences, with_title

_INDENT = 6  # columns


def list_routes(
    routes: Sequence[Route], services: Sequence[ApiService], described: str, *, as_json: bool
) -> None:
    """Print `routes`, which are those of the service `described`, and the other services."""
    if as_json:
        print_json(
            {
                "services": [asdict(each) for each in services],
                "routes": [{"service": described, **asdict(route)} for route in routes],
            }
        )
        return
    for each in services:
        if each.name == described:
            print_result(f"{each.name}  {each.address}\n", color="cyan")
    _print_routes(routes)
    others = [each for each in services if each.name != described]
    if others and (described or not routes):
        heading = translate("Other API services. Call them as NAME:/path.")
        print_result(heading if routes else translate("API services. Call them as NAME:/path."))
        print_rows([(f"  {each.name}", each.address) for each in others])


def _print_routes(routes: Sequence[Route]) -> None:
    width = min(terminal_width(), 100)
    for group, found in groupby(routes, key=lambda route: route.group):
        print_result(group or translate("Other routes"), color="cyan")
        for route in found:
            print_result(f"\n  {route.method} {route.path}")
            formatter = ColumnFormatter(_INDENT, width)
            formatter.indent()
            for text in _texts(route):
                formatter.write_text(text)
            if route.parameters:
                formatter.write_dl(
                    [(_parameter_label(each), _parameter_help(each)) for each in route.parameters]
                )
            print_result(formatter.getvalue().rstrip("\n"))
        print_result("")


def _texts(route: Route) -> Iterator[str]:
    if route.text:
        yield with_title(translate(route.text), "")  # our own description is in the catalogs
    if route.needs_token and route.scopes:
        yield translate("Required scopes: {scopes}.", scopes=" ".join(route.scopes))
    elif route.needs_token:
        yield translate("Needs a token.")
    else:
        yield translate("Needs no token.")
    if route.assumed:
        yield translate("Assumed: {assumption}", assumption=translate(route.assumed))


def _parameter_label(each: Parameter) -> str:
    if each.required:
        return translate("{name} ({place}, required)", name=each.name, place=each.where)
    return f"{each.name} ({each.where})"


def _parameter_help(each: Parameter) -> str:
    text, assumed = (translate(told) if told else "" for told in (each.text, each.assumed))
    return join_sentences(
        text, translate("Assumed: {assumption}", assumption=assumed) if assumed else ""
    )
