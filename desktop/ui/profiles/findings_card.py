"""What a check of a profile has found so far, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.services.profile_editor import editor_wording
from desktop.services.profile_editor.check import Finding, Outcome
from desktop.ui.kit.widgets import Button, Card, bring_into_view, label, quiet

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QResizeEvent

_LOOKS = {
    Outcome.GOOD: "good",
    Outcome.UNSURE: "unsure",
    Outcome.HINT: "unsure",
    Outcome.BAD: "bad",
}
_SIGNS = {Outcome.GOOD: "✓", Outcome.UNSURE: "–", Outcome.HINT: "→", Outcome.BAD: "✕"}


class FindingsCard(Card):
    """It is only there once something has been looked at."""

    def __init__(
        self, choose_preset: Callable[[str], object], choose_way: Callable[[str], object]
    ) -> None:
        super().__init__(spacing=10)
        self._choose_preset = choose_preset
        self._choose_way = choose_way
        self._head = label("", "heading")
        self._rows = QWidget()
        self._lines = QVBoxLayout(self._rows)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(10)
        self._found: list[Finding] = []
        self._shown: list[QWidget] = []
        self._is_looking = False
        self.column.addWidget(self._head)
        self.column.addWidget(self._rows)
        self.hide()

    @property
    def found(self) -> tuple[Finding, ...]:
        """What is on screen."""
        return tuple(self._found)

    def begin(self) -> None:
        """Forget what was found before: another look is under way."""
        self.forget()
        self._head.setText(editor_wording.CHECKING)
        self._is_looking = True
        self.show()

    def forget(self) -> None:
        """Show nothing: what was found no longer holds."""
        self._is_looking = False
        self._found.clear()
        for row in self._shown:
            row.hide()
            row.deleteLater()
        self._shown.clear()
        self.hide()

    def show_finding(self, finding: Finding) -> None:
        """One more line."""
        self._found.append(finding)
        row = QWidget()
        column = QVBoxLayout(row)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        sign = label(f"{_SIGNS[finding.outcome]}  {finding.step.value}")
        sign.setProperty("finding", _LOOKS[finding.outcome])
        sign.setAccessibleName(f"{finding.step.value}: {finding.outcome.value}")
        column.addWidget(sign)
        column.addWidget(label(finding.text))
        if finding.remedy:
            column.addWidget(label(finding.remedy, "muted"))
        if finding.preset:
            preset = finding.preset
            column.addWidget(
                quiet(Button(editor_wording.CHOOSE_IT, lambda: self._choose_preset(preset), "link"))
            )
        if finding.grant:
            grant, name = finding.grant, editor_wording.choose_way(finding.grant)
            column.addWidget(quiet(Button(name, lambda: self._choose_way(grant), "link")))
        self._lines.addWidget(row)
        self._shown.append(row)
        row.show()

    def end(self) -> None:
        """Sum up, once nothing more is looked at."""
        summary = editor_wording.summary(self._found)
        self._head.setText(summary)
        QTimer.singleShot(0, self, self._stop_looking)  # when the last line is laid out
        if QAccessible.isActive():
            spoken = " ".join(f"{each.text} {each.remedy}".strip() for each in self._found)
            event = QAccessibleAnnouncementEvent(self, f"{summary} {spoken}")
            QAccessible.updateAccessibility(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Be seen as it grows: whoever asked for a check looks for what comes of it."""
        super().resizeEvent(event)
        if self._is_looking:
            bring_into_view(self)

    def _stop_looking(self) -> None:
        if self._is_looking:
            self._is_looking = False
            bring_into_view(self)
