"""The findings of a check of a profile, listed as they come in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.services.profile_editor import editor_wording
from desktop.services.profile_editor.findings import Finding, Outcome, check_summary
from desktop.services.system.translation import translate
from desktop.services.wording.formats import join_sentences
from desktop.ui.kit.reader_roles import read_as
from desktop.ui.kit.widgets import Button, Card, fit_to_text, label, say, scroll_into_view

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
    """Findings with their remedies. Hidden until a check starts."""

    def __init__(
        self,
        choose_preset: Callable[[str], object],
        choose_sign_in_method: Callable[[str], object],
    ) -> None:
        super().__init__(spacing=10)
        self._choose_preset = choose_preset
        self._choose_sign_in_method = choose_sign_in_method
        self._head = label("", "heading", reads_as="Heading")
        self._rows = QWidget()
        read_as(self._rows, "List")
        self._lines = QVBoxLayout(self._rows)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(10)
        self._findings: list[Finding] = []
        self._shown: list[QWidget] = []
        self._is_checking = False
        self.column.addWidget(self._head)
        self.column.addWidget(self._rows)
        self.hide()

    def start(self) -> None:
        """Clear the findings and show that a check is running."""
        self.clear()
        self._head.setText(translate(editor_wording.CHECKING))
        self._is_checking = True
        self.show()

    def clear(self) -> None:
        """Hide the findings: they no longer apply."""
        self._is_checking = False
        self._findings.clear()
        for row in self._shown:
            row.hide()
            row.deleteLater()
        self._shown.clear()
        self.hide()

    def show_finding(self, finding: Finding) -> None:
        self._findings.append(finding)
        row = QWidget()
        read_as(row, "ListItem")
        column = QVBoxLayout(row)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        step = translate(finding.step.value)
        arrow = "←" if self.isRightToLeft() else "→"
        sign = label(f"{_SIGNS[finding.outcome].replace('→', arrow)}  {step}")
        sign.setProperty("finding", _LOOKS[finding.outcome])
        outcome = translate(finding.outcome.value)
        sign.setAccessibleName(translate("{name}: {value}", name=step, value=outcome))
        row.setAccessibleName(sign.accessibleName())
        column.addWidget(sign)
        column.addWidget(label(finding.text))
        if finding.remedy:
            column.addWidget(label(finding.remedy, "muted"))
        if finding.preset:
            preset, name = finding.preset, translate(editor_wording.CHOOSE_REGION)
            column.addWidget(fit_to_text(Button(name, lambda: self._choose_preset(preset), "link")))
        if finding.grant:
            grant, name = finding.grant, translate(editor_wording.CHOOSE_METHOD)
            column.addWidget(
                fit_to_text(Button(name, lambda: self._choose_sign_in_method(grant), "link"))
            )
        self._lines.addWidget(row)
        self._shown.append(row)
        row.show()

    def finish(self) -> None:
        """Show the summary at the end of a check."""
        summary = check_summary(self._findings)
        self._head.setText(summary)
        QTimer.singleShot(0, self, self._on_laid_out)  # after the last line is laid out
        spoken = (text for each in self._findings for text in (each.text, each.remedy))
        say(self, join_sentences(summary, *spoken))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Stay in view while the findings grow."""
        super().resizeEvent(event)
        if self._is_checking:
            scroll_into_view(self)

    def _on_laid_out(self) -> None:
        if self._is_checking:
            self._is_checking = False
            scroll_into_view(self)
