"""A card with a warning."""

from PySide6.QtCore import Qt

from desktop.ui.kit.widgets import Button, Card, fit_to_text, label


class WarningCard(Card):
    """Is visible only while there is a warning; `button` does the remedy."""

    def __init__(self, button: Button | None = None) -> None:
        super().__init__(spacing=6)
        self.setProperty("card", "warning")
        self.column.setContentsMargins(16, 12, 16, 12)
        self._text = label("", "warned")
        self._facts = label("", "muted")
        self.column.addWidget(self._text)
        self.column.addWidget(self._facts)
        if button is not None:
            self.column.addWidget(fit_to_text(button), alignment=Qt.AlignmentFlag.AlignRight)
        self.hide()

    def show_text(self, text: str, facts: str = "") -> None:
        """Show `text`, and below it what support asks for; an empty text hides the card."""
        self._text.setText(text)
        self._facts.setText(facts)
        self._facts.setVisible(bool(facts))
        self.setVisible(bool(text))
