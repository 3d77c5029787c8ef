"""Screenshots of every state: `python -m tests.shots DIR` on a display.

Each state is drawn light and dark at the usual size; the main ones also at 360 pixels and at
200 %. A sheet per scheme shows them side by side.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QFontDatabase, QIcon, QImage, QPainter
from PySide6.QtWidgets import QApplication

from desktop.services.resources import resource
from desktop.services.states import State
from desktop.ui.actions import Actions
from desktop.ui.app import make_application
from desktop.ui.theme import DARK, LIGHT, Theme
from desktop.ui.waiting_view import WaitingView
from desktop.ui.window import Window
from tests.sample_states import NOW, PROFILE, STATES

_SCHEMES = {"light": LIGHT, "dark": DARK}
_USUAL, _NARROW = QSize(440, 640), QSize(360, 640)
_NARROW_TOO = ("waiting", "waiting_other_host", "signed_in", "declined", "signed_out")
_PAIRS = ("waiting", "signed_in", "declined", "qr")  # light left, dark right
_SCALE = "QT_SCALE_FACTOR"


class NoActions:
    """Buttons that do nothing."""

    def __getattr__(self, _name: str) -> object:
        """Any wish."""
        return lambda: False


def main(folder: Path) -> None:
    """Write the pictures to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    application = make_application()
    families = QFontDatabase.families()
    if "Inter" in families:  # what a desktop would have set; a bare display has no opinion
        application.setFont(QFont("Inter", 10))
    theme = Theme(application)
    suffix = "-200" if os.environ.get(_SCALE) == "2" else ""
    taken: dict[str, dict[str, QImage]] = {}
    for scheme, tokens in _SCHEMES.items():
        theme.wear(tokens)
        taken[scheme] = dict(_pictures(application, theme, small=bool(suffix)))
        for name, picture in taken[scheme].items():
            picture.save(str(folder / f"{name}-{scheme}{suffix}.png"))
        _sheet(list(taken[scheme].values())).save(str(folder / f"sheet-{scheme}{suffix}.png"))
    for name in _PAIRS:
        pair = [taken[scheme][name] for scheme in _SCHEMES]
        _sheet(pair, columns=2).save(str(folder / f"{name}-pair{suffix}.png"))


def _pictures(
    application: QApplication, theme: Theme, *, small: bool
) -> Iterator[tuple[str, QImage]]:
    for name, state in STATES.items():
        if small and name not in _NARROW_TOO:
            continue
        yield name, _picture(application, theme, state, size=_USUAL)
        if name in _NARROW_TOO:
            yield f"{name}-360", _picture(application, theme, state, size=_NARROW)
    yield "qr", _picture(application, theme, STATES["waiting"], size=_USUAL, qr=True)


def _picture(
    application: QApplication, theme: Theme, state: State, *, size: QSize, qr: bool = False
) -> QImage:
    actions: Actions = NoActions()  # type: ignore[assignment]
    window = Window(theme)
    window.serve(actions)
    window.set_profile(PROFILE)
    window.set_icon(QIcon(str(resource("icons/app.svg"))))
    window.resize(size)
    window.show_state(state, NOW)
    if qr and isinstance(window.view, WaitingView):
        window.view.show_qr(shown=True)
    window.show()
    for _ in range(4):
        application.processEvents()
    picture = window.grab().toImage()
    window.close()
    window.deleteLater()
    application.processEvents()
    return picture


def _sheet(pictures: list[QImage], *, columns: int = 6) -> QImage:
    """The pictures in rows of `columns`."""
    width = max(picture.width() for picture in pictures) + 8
    height = max(picture.height() for picture in pictures) + 8
    rows = -(-len(pictures) // columns)
    sheet = QImage(width * columns, height * rows, QImage.Format.Format_RGB32)
    sheet.fill(Qt.GlobalColor.gray)
    painter = QPainter(sheet)
    for number, picture in enumerate(pictures):
        picture.setDevicePixelRatio(1)
        painter.drawImage(number % columns * width + 4, number // columns * height + 4, picture)
    painter.end()
    return sheet


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    if _SCALE not in os.environ:
        again = [sys.executable, "-m", "tests.shots", sys.argv[1]]
        subprocess.run(again, env=os.environ | {_SCALE: "2"}, check=True)
