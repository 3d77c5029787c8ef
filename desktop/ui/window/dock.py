"""Whether macOS shows the program in its Dock: only while there is a window to go to.

A setting cannot do it: LSUIElement in Info.plist is signed with the program, and holds for every
start. So the policy is changed while it runs, as -[NSApplication setActivationPolicy:] allows.
"""

from __future__ import annotations

import ctypes
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop.ui.window.window import Window

_OBJECTIVE_C = "/usr/lib/libobjc.A.dylib"
_REGULAR, _ACCESSORY = 0, 1  # NSApplicationActivationPolicy


def show_in_dock(shown: bool) -> None:  # noqa: FBT001 - show_in_dock(False) says it
    """Be a program with a window in the Dock, or one that is in the menu bar alone."""
    if sys.platform == "darwin":
        _set_policy(_REGULAR if shown else _ACCESSORY)


def follow_window(window: Window) -> None:
    """Be in the Dock while `window` is open, and not while it is hidden in the menu bar."""
    if sys.platform == "darwin":
        window.handle().visibleChanged.connect(show_in_dock)
        show_in_dock(window.isVisible())


def _set_policy(policy: int) -> None:
    objc = ctypes.CDLL(_OBJECTIVE_C)
    objc.objc_getClass.restype = objc.sel_registerName.restype = ctypes.c_void_p
    # Looked up by name it is another object each time: it has as many signatures as messages.
    ask, tell = objc["objc_msgSend"], objc["objc_msgSend"]
    ask.restype, ask.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_void_p]
    tell.restype = ctypes.c_bool
    tell.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_long]
    application = ask(
        objc.objc_getClass(b"NSApplication"), objc.sel_registerName(b"sharedApplication")
    )
    tell(application, objc.sel_registerName(b"setActivationPolicy:"), policy)
