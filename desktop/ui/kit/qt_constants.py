"""Qt's numbers for what is shown before the first code, see docs/decisions/start.md.

The first use of `Qt` makes PySide6 build 130 enumerations, which takes a quarter of the time to the
first paint. Properties accept the numbers; a test compares them with the names.
"""

PLAIN_TEXT = 0  # Qt.TextFormat.PlainText
ALIGN_CENTER = 0x84  # Qt.AlignmentFlag.AlignCenter
ALIGN_RIGHT = 0x82  # Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
SCROLL_BAR_ALWAYS_OFF = 1  # Qt.ScrollBarPolicy.ScrollBarAlwaysOff
NO_FOCUS = 0  # Qt.FocusPolicy.NoFocus
TAB_FOCUS = 1  # Qt.FocusPolicy.TabFocus
PRECISE_TIMER = 0  # Qt.TimerType.PreciseTimer
