"""Durations, times and lists as people write them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from desktop.services.system.translation import (
    translatable,
    translate,
    translate_plural,
    without_isolates,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_HALF_A_YEAR = timedelta(days=183)
_TWO_SENTENCES = translatable("{sentence} {next_sentence}")
_TITLE_AND_TEXT = translatable("{title}. {text}")
_LABEL_AND_TEXT = translatable("{name}: {value}")
_MONTHS = (
    translatable("{day} January"),
    translatable("{day} February"),
    translatable("{day} March"),
    translatable("{day} April"),
    translatable("{day} May"),
    translatable("{day} June"),
    translatable("{day} July"),
    translatable("{day} August"),
    translatable("{day} September"),
    translatable("{day} October"),
    translatable("{day} November"),
    translatable("{day} December"),
)
_FIRST_DAYS = (  # which some languages write with an ordinal
    translatable("1 January"),
    translatable("1 February"),
    translatable("1 March"),
    translatable("1 April"),
    translatable("1 May"),
    translatable("1 June"),
    translatable("1 July"),
    translatable("1 August"),
    translatable("1 September"),
    translatable("1 October"),
    translatable("1 November"),
    translatable("1 December"),
)


def format_duration(seconds: float) -> str:
    """Round to the unit that people would use: "45 seconds", "2 minutes", "2 hours".

    A unit starts at one and a half of it, or where it fits exactly: "80 seconds", "1 minute".
    """
    whole = max(1, round(seconds))
    if days := _count(whole, _DAY, _HOUR):
        return translate_plural("{count} day", "{count} days", days)
    if hours := _count(whole, _HOUR, _MINUTE):
        return translate_plural("{count} hour", "{count} hours", hours)
    if minutes := _count(whole, _MINUTE, 1):
        return translate_plural("{count} minute", "{count} minutes", minutes)
    return translate_plural("{count} second", "{count} seconds", whole)


def _count(seconds: int, unit: int, smaller: int) -> int:
    """Count the units; 0 where the smaller one says it better."""
    rounded = _round(seconds / smaller) * smaller
    return _round(rounded / unit) if rounded == unit or rounded >= unit * 3 / 2 else 0


def _round(value: float) -> int:
    return int(value + 0.5)  # round() takes a half to the even number: 90 and 150 seconds are alike


def format_countdown(seconds: float) -> str:
    """Format as "9:41" or "1:02:03", rounded up, so that 0:00 means the time is over."""
    whole = max(0, -int(-seconds // 1))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def format_seconds(seconds: float) -> str:
    """Format a short wait or delay where there is little room: "3 s"."""
    return translate("{seconds}\N{NO-BREAK SPACE}s", seconds=round(seconds))


def around_count(unit: str) -> tuple[str, str]:
    """Give what is before and after the number that people change, such as "" and " min"."""
    template = translate(unit)
    before, _, after = template.partition("{count}")
    return before, after


def format_clock_time(at: datetime, *, seconds: bool = False) -> str:
    """Format in the local time zone: "14:05", or "14:05:09" with `seconds`."""
    return f"{at.astimezone():%H:%M:%S}" if seconds else f"{at.astimezone():%H:%M}"


def format_date(at: datetime) -> str:
    """Format the day in the local time zone: "23 December"."""
    local = at.astimezone()
    if local.day == 1:
        return translate(_FIRST_DAYS[local.month - 1])
    return translate(_MONTHS[local.month - 1], day=local.day)


def format_time(at: datetime, *, now: datetime) -> str:
    """Format the local time, with the day where it is not that of `now`: "14:05 on 23 December".

    With the year from half a year on, where the day alone could be in the past.
    """
    local = at.astimezone()
    time, date = f"{local:%H:%M}", format_date(at)
    if local.date() == now.astimezone().date():
        return time
    if abs(at - now) < _HALF_A_YEAR:
        return translate("{time} on {date}", time=time, date=date)
    return translate("{time} on {date} {year}", time=time, date=date, year=local.year)


def format_exact_time(at: datetime) -> str:
    """Format in the local time zone, to the second: "23 December 2026, 14:05:09 CET"."""
    local = at.astimezone()
    return translate(
        "{date} {year}, {time} {zone}",
        date=format_date(at),
        year=local.year,
        time=format_clock_time(at, seconds=True),
        zone=local.tzname(),
    )


def format_values(values: Iterable[str]) -> str:
    """Join names or values that are not a sentence: "one, two, three"."""
    return translate(", ").join(values)


def format_pasted(values: Iterable[str]) -> str:
    """Join what people paste, such as scopes, alike in every language."""
    return ", ".join(values)


def format_list(items: Sequence[str]) -> str:
    """Join as in a sentence: "one, two and three"."""
    if len(items) < 2:
        return "".join(items)
    *others, last = items
    return translate("{items} and {last}", items=format_values(others), last=last)


def join_sentences(*sentences: str) -> str:
    """Join sentences as the language does, without the empty ones: Japanese has no space there."""
    template = without_isolates(translate(_TWO_SENTENCES))
    whole = ""
    for each in filter(None, sentences):
        whole = template.format(sentence=whole, next_sentence=each) if whole else each
    return whole


def with_title(title: str, text: str) -> str:
    """Put a title, which has no full stop, before its text, which may be empty."""
    template = without_isolates(translate(_TITLE_AND_TEXT))
    return template.format(title=title, text=text).rstrip()


def with_label(label: str, text: str) -> str:
    """Put a label before a value or a text, which may be empty: "Options:"."""
    template = without_isolates(translate(_LABEL_AND_TEXT))
    return template.format(name=label, value=text).rstrip()
