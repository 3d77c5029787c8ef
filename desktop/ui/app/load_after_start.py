"""Loads modules once the first view is on screen, so that no import blocks the event loop later.

Only the thread of the event loop imports Qt modules: see `app`.
"""

import gc
import sys
from collections.abc import Iterator

DEFAULT_SWITCH_INTERVAL = 0.005  # seconds, Python's default


def load_libraries() -> None:
    """Import what the next views need besides Qt. May be called in any thread."""
    import ctypes  # noqa: F401

    import filelock  # noqa: F401
    import segno  # noqa: F401

    from desktop.services.model import scopes  # noqa: F401
    from desktop.services.secrets import keyring_vault  # noqa: F401
    from desktop.services.system import (
        autostart,  # noqa: F401
        processes,  # noqa: F401
    )
    from desktop.services.token import details  # noqa: F401
    from desktop.services.wording import messages  # noqa: F401
    from desktop.ui.wording import tray_texts  # noqa: F401


def load_views() -> Iterator[None]:
    """Import the next views, in steps shorter than a frame."""
    from PySide6.QtCore import Qt  # noqa: F401

    yield
    from PySide6.QtWidgets import QStyle  # noqa: F401

    yield
    from desktop.ui.app import (
        wake_events,  # noqa: F401
        window_or_tray,  # noqa: F401
    )
    from desktop.ui.app.lock import lock_events  # noqa: F401
    from desktop.ui.views import (
        failed_view,  # noqa: F401
        locked_view,  # noqa: F401
    )

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
        system_appearance,  # noqa: F401
    )

    sys.setswitchinterval(DEFAULT_SWITCH_INTERVAL)
    # Collection was off during the start. What is loaded by now stays, so it need not be scanned.
    gc.freeze()
    gc.enable()
