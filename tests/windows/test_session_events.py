"""What Windows says about the session, to the hidden window that listens for it."""

import json

from tests.rigs.wine import Windows
from tests.windows.trial import source

# The messages of winuser.h and wtsapi32.h, posted as Windows posts them.
LISTEN = """
import ctypes, json
from ctypes import wintypes
from desktop.ui.app.lock.windows_session import WindowsSession

seen = []
session = WindowsSession(
    screen_changed=lambda locked: seen.append("locked" if locked else "unlocked"),
    left=lambda: seen.append("left"),
    sleeping=lambda: seen.append("sleeping"),
)
user = ctypes.windll.user32
user.PostMessageW.argtypes = (
    ctypes.c_void_p, ctypes.c_uint, ctypes.c_size_t, ctypes.c_ssize_t
)
WM_WTSSESSION_CHANGE, WM_POWERBROADCAST = 0x02B1, 0x0218
for message, what in (
    (WM_WTSSESSION_CHANGE, 7),   # WTS_SESSION_LOCK
    (WM_WTSSESSION_CHANGE, 8),   # WTS_SESSION_UNLOCK
    (WM_WTSSESSION_CHANGE, 2),   # WTS_CONSOLE_DISCONNECT
    (WM_WTSSESSION_CHANGE, 4),   # WTS_REMOTE_DISCONNECT
    (WM_WTSSESSION_CHANGE, 5),   # WTS_SESSION_LOGON
    (WM_POWERBROADCAST, 4),      # PBT_APMSUSPEND
    (WM_POWERBROADCAST, 18),     # PBT_APMRESUMEAUTOMATIC
):
    user.PostMessageW(session.handle, message, what, 0)
message = wintypes.MSG()
while user.PeekMessageW(ctypes.byref(message), None, 0, 0, 1):
    user.DispatchMessageW(ctypes.byref(message))
handle = session.handle
session.close()
print(json.dumps([seen, bool(user.IsWindow(ctypes.c_void_p(handle)))]))
"""


def test_every_event_of_the_session_is_noticed_and_no_other(windows: Windows) -> None:
    seen, is_left_open = json.loads(source(windows, LISTEN).stdout)
    assert seen == ["locked", "unlocked", "left", "left", "sleeping"]
    assert not is_left_open
