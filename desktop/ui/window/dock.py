"""Whether macOS shows XDR Login in its Dock: only while its window is open.

LSUIElement in Info.plist is signed with the app and applies to every start. So the activation
policy is changed at run time, as -[NSApplication setActivationPolicy:] allows.
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
    """Show the app in the Dock, or in the menu bar only."""
    if sys.platform == "darwin":
        _set_policy(_REGULAR if shown else _ACCESSORY)


def follow_window(window: Window) -> None:
    if sys.platform == "darwin":
        window.handle().visibleChanged.connect(show_in_dock)
        show_in_dock(window.isVisible())


def _set_policy(policy: int) -> None:
    objc = ctypes.CDLL(_OBJECTIVE_C)
    objc.objc_getClass.restype = objc.sel_registerName.restype = ctypes.c_void_p
    # Each lookup by name returns a new object, because each message has its own signature.
    get_object, set_policy = objc["objc_msgSend"], objc["objc_msgSend"]
    get_object.restype = ctypes.c_void_p
    get_object.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    set_policy.restype = ctypes.c_bool
    set_policy.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_long]
    application = get_object(
        objc.objc_getClass(b"NSApplication"), objc.sel_registerName(b"sharedApplication")
    )
    set_policy(application, objc.sel_registerName(b"setActivationPolicy:"), policy)
