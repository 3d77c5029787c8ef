"""No Python wrapper of PySide6 outlives the object that Qt deletes.

What Qt makes later at the same address would be taken for it: a new `QMimeData` once came back as
the item of a layout.
"""

import gc

import shiboken6
from PySide6.QtWidgets import QLayoutItem

from tests.sample_states import STATES
from tests.ui.harness import ControllerHarness, settle


def test_no_item_of_a_layout_is_ever_known_to_python(desk: ControllerHarness) -> None:
    gc.collect()  # what earlier tests left
    desk.controller.add_shortcuts()
    desk.window.add_profile_switcher()
    desk.window.add_settings_button()
    for state in STATES.values():
        desk.show(state)
        settle()
    desk.show(STATES["signed_in"])
    desk.controller.open_settings()
    desk.controller.open_details()
    settle()
    kept = [
        each
        for each in shiboken6.getAllValidWrappers()
        if isinstance(each, QLayoutItem) and type(each).__name__.endswith("Item")
    ]
    assert not kept
