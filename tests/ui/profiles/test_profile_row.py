"""A row of the list of profiles."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QFont, QImage

from desktop.services.model.profile import Profile
from desktop.services.session.sessions import ProfileStatus
from desktop.ui.kit.theme import Theme
from desktop.ui.profiles import profile_row
from desktop.ui.profiles.switcher_view import SwitcherView
from tests.pseudo_language import real_language
from tests.sample_states import NOW, PROFILE, STATES
from tests.ui.harness import ActionRecorder, ProfileRecorder, settle

ACCENTS = "\u0301\u0300\u0302\u0308" * 40


def draw_first_row(theme: Theme, second_name: str) -> QImage:
    """Draw the list of two profiles, and return the picture of the first."""
    names = {"first": "Northwind SOC", "second": second_name}
    statuses = tuple(
        ProfileStatus(replace(PROFILE, id=id_, name=name), STATES["signed_out"])
        for id_, name in names.items()
    )
    recorder = ProfileRecorder(statuses=statuses, current_id="first")
    view = SwitcherView(ActionRecorder(profiles=recorder), theme, go_back=tuple, leave=tuple)
    view.resize(440, 400)
    view.show_state(STATES["signed_out"], NOW)
    view.show()
    settle()
    rows = view.rows
    rows.setFont(QFont("DejaVu Sans", 10))  # it stacks accents
    drawn = rows.viewport().grab().copy(rows.visualRect(rows.model().index(0, 0))).toImage()
    view.close()
    view.deleteLater()
    return drawn


@pytest.mark.parametrize("name", [f"Contoso{ACCENTS}", f"C{ACCENTS}ontoso"])
def test_a_name_does_not_reach_into_the_row_above(theme: Theme, name: str) -> None:
    assert draw_first_row(theme, name) == draw_first_row(theme, "Contoso")


def lines_of_row(
    theme: Theme, monkeypatch: pytest.MonkeyPatch, profile: Profile, *, width: int
) -> dict[str, QRect]:
    """Draw `profile`, which waits for approval; return what is painted, and where."""
    painted: dict[str, QRect] = {}

    def record(*arguments: object) -> None:
        _painter, _room, where, _direction, text, _alignment = arguments
        assert isinstance(where, QRect)
        painted[str(text)] = where

    monkeypatch.setattr(profile_row, "_paint_line", record)
    recorder = ProfileRecorder(
        statuses=(ProfileStatus(profile, STATES["waiting"]),), current_id=profile.id
    )
    view = SwitcherView(ActionRecorder(profiles=recorder), theme, go_back=tuple, leave=tuple)
    view.resize(width, 400)
    view.show_state(STATES["waiting"], NOW)
    view.show()
    settle()
    view.rows.viewport().grab()
    view.close()
    view.deleteLater()
    return painted


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_narrow_row_shows_the_provider_in_full_below_a_short_name(
    theme: Theme, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    with real_language(language):
        profile = replace(PROFILE, name="Contoso")
        painted = lines_of_row(theme, monkeypatch, profile, width=320)
        assert profile.provider_label in painted
        assert painted[profile.provider_label].width() > painted["Contoso"].width()


@pytest.mark.parametrize(
    ("names_own_server", "ends"), [(False, ("Cisco", "…")), (True, ("Cisco", ".com"))]
)
def test_only_a_place_that_ends_with_a_host_is_cut_in_its_middle(
    theme: Theme,
    monkeypatch: pytest.MonkeyPatch,
    *,
    names_own_server: bool,
    ends: tuple[str, str],
) -> None:
    name = "Contoso Managed Detection and Response"
    profile = replace(
        PROFILE, name=name, region="North America East", names_own_server=names_own_server
    )
    painted = lines_of_row(theme, monkeypatch, profile, width=320)
    (place,) = [each for each in painted if each.startswith(ends[0])]
    assert "…" in place
    assert place.endswith(ends[1])


@pytest.mark.parametrize("height", [300, 310, 320])
def test_the_list_ends_with_a_whole_row_or_half_of_one(theme: Theme, height: int) -> None:
    statuses = tuple(
        ProfileStatus(replace(PROFILE, id=str(number), name=f"Northwind {number:02}"), state)
        for number, state in enumerate([STATES["signed_out"]] * 20)
    )
    recorder = ProfileRecorder(statuses=statuses, current_id="0")
    view = SwitcherView(ActionRecorder(profiles=recorder), theme, go_back=tuple, leave=tuple)
    view.resize(360, height)
    view.show_state(STATES["signed_out"], NOW)
    view.show()
    settle()
    rows = view.rows
    row = rows.visualRect(rows.model().index(0, 0)).height()
    assert rows.viewport().height() % (row // 2) == 0
    view.close()
    view.deleteLater()
