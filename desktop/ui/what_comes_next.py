"""What is loaded once something is on screen."""

import gc
import linecache
import sys

USUAL_SWITCH_INTERVAL = 0.005  # seconds: what Python starts with


def load_what_comes_next() -> None:
    """Import what the next states need, so that no import holds the event loop then."""
    import filelock  # noqa: F401
    import jwt  # noqa: F401
    from PySide6.QtCore import Qt  # noqa: F401
    from PySide6.QtWidgets import QStyle  # noqa: F401

    from desktop.services import keyring_vault  # noqa: F401

    linecache.clearcache()  # the sources that PySide6 has read, as in `app`
    from desktop.ui import (  # noqa: F401
        awakening,
        failed_view,
        presence,
        qr_code,
        signed_in_view,
        signed_out_view,
        tray,
    )

    linecache.clearcache()
    sys.setswitchinterval(USUAL_SWITCH_INTERVAL)
    # Switched off at the start. What is loaded by now stays: no collection looks at it again.
    gc.freeze()
    gc.enable()
