"""A row of the list of profiles."""

from dataclasses import replace

import pytest
from PySide6.QtGui import QFont, QImage

from desktop.services.session.sessions import ProfileStatus
from desktop.ui.kit.theme import Theme
from desktop.ui.profiles.switcher_view import SwitcherView
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
