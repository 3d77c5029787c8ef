"""Qt's own numbers for what the first paint and the first code need.

Naming `Qt` makes PySide6 build 130 enumerations: a quarter of the time to the first paint, and
longer than the event loop may stand still. Properties take the numbers themselves; a test holds
them against the names.
"""

PLAIN_TEXT = 0  # Qt.TextFormat.PlainText
ALIGN_CENTER = 0x84  # Qt.AlignmentFlag.AlignCenter
ALIGN_RIGHT = 0x82  # Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
SCROLL_BAR_ALWAYS_OFF = 1  # Qt.ScrollBarPolicy.ScrollBarAlwaysOff
NO_FOCUS = 0  # Qt.FocusPolicy.NoFocus
TAB_FOCUS = 1  # Qt.FocusPolicy.TabFocus
ESCAPE = 0x01000000  # Qt.Key.Key_Escape
KEY_Q = 0x51  # Qt.Key.Key_Q
PRECISE_TIMER = 0  # Qt.TimerType.PreciseTimer
