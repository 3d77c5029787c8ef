"""No Python wrapper of PySide6 outlives the object that Qt deletes.

What Qt makes later at the same address would be taken for it: a new `QMimeData` once came back as
the item of a layout.
"""

import gc

import shiboken6
from PySide6.QtWidgets import QLayoutItem

from tests.sample_states import STATES
from tests.ui.harness import ControllerHarness, settle


def test_no_item_of_a_layout_is_ever_known_to_python(harness: ControllerHarness) -> None:
    gc.collect()  # what earlier tests left
    harness.controller.add_shortcuts()
    harness.window.add_profile_switcher()
    harness.window.enable_header()
    for state in STATES.values():
        harness.show(state)
        settle()
    harness.show(STATES["signed_in"])
    harness.controller.open_settings()
    harness.controller.open_details()
    settle()
    kept = [
        each
        for each in shiboken6.getAllValidWrappers()
        if isinstance(each, QLayoutItem) and type(each).__name__.endswith("Item")
    ]
    assert not kept
