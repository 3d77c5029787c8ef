"""What is loaded once something is on screen, so that no import holds the event loop later.

What has to do with Qt is imported by the thread of the loop alone: see `app`.
"""

import gc
import linecache
import sys
from collections.abc import Iterator

DEFAULT_SWITCH_INTERVAL = 0.005  # seconds: what Python starts with


def load_libraries() -> None:
    """Import what the next views need, and has nothing to do with Qt. May be called anywhere."""
    import ctypes  # noqa: F401

    import filelock  # noqa: F401
    import jwt  # noqa: F401
    import segno  # noqa: F401

    from desktop.services.model import scopes  # noqa: F401
    from desktop.services.secrets import keyring_vault  # noqa: F401
    from desktop.services.system import autostart  # noqa: F401
    from desktop.services.token import details  # noqa: F401

    linecache.clearcache()  # the sources that PySide6 has read, as in `app`


def load_views() -> Iterator[None]:
    """Import the next views, in steps that are shorter than a frame."""
    from PySide6.QtCore import Qt  # noqa: F401

    yield
    from PySide6.QtWidgets import QStyle  # noqa: F401

    yield
    from desktop.ui.app import (
        wake_events,  # noqa: F401
        window_or_tray,  # noqa: F401
    )
    from desktop.ui.views import failed_view  # noqa: F401

    yield
    from desktop.ui.views import (
        qr_code,  # noqa: F401
        signed_out_view,  # noqa: F401
    )

    yield
    from desktop.ui.views import signed_in_view  # noqa: F401

    yield
    from desktop.ui.tray import tray  # noqa: F401

    yield
    from desktop.ui.window import (
        profile_switcher,  # noqa: F401
        shortcuts,  # noqa: F401
    )

    linecache.clearcache()
    sys.setswitchinterval(DEFAULT_SWITCH_INTERVAL)
    # Switched off at the start. What is loaded by now stays: no collection looks at it again.
    gc.freeze()
    gc.enable()
