"""The page that checks the connection of a profile, as it is saved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from desktop.services.model.profile import BrokenProfile
from desktop.services.profile_editor.editor import SecretChanges
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.system.translation import translate
from desktop.services.wording.messages import advice_for
from desktop.ui.kit.warning_card import WarningCard
from desktop.ui.kit.widgets import Button, Page, fit_to_text, label
from desktop.ui.profiles.findings_card import FindingsCard

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Coroutine

    from PySide6.QtGui import QHideEvent

    from desktop.services.model.profile import Profile
    from desktop.services.profile_editor.editor import ProfileEditor


class _Pages(Protocol):
    """What the page needs of `ProfilePages`."""

    def start_task(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]: ...
    def open_form(self, id_: str = "") -> None: ...
    def close_page(self) -> None: ...


class ConnectionCheckView(Page):
    """Lists what a check of `profile` finds; a check ends when the page is hidden."""

    def __init__(self, profile: Profile, editor: ProfileEditor, pages: _Pages) -> None:
        super().__init__(translate("Check connection"), go_back=pages.close_page)
        self._profile = profile
        self._editor = editor
        self._pages = pages
        self._task: asyncio.Task[None] | None = None
        self._failure = WarningCard()
        # What a finding proposes is chosen in the form.
        self.findings = FindingsCard(lambda _preset: None, lambda _grant: None)
        about = " · ".join(filter(None, (profile.name, profile.provider_label)))
        self.column.addWidget(label(about, "muted"))
        self.column.addWidget(self._failure)
        self.column.addWidget(self.findings)
        self.column.addStretch(1)
        self._again = fit_to_text(Button(translate("Check again"), self.start, "quiet"))
        self.footer_row.addStretch(1)
        self.footer_row.addWidget(self._again)
        if not profile.managed:
            edit = Button(translate("Edit profile"), lambda: pages.open_form(profile.id), "quiet")
            self.footer_row.addWidget(fit_to_text(edit))

    def start(self) -> None:
        """Check, from the first step on."""
        self._stop()
        self._task = self._pages.start_task(self._run())

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._stop()

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        self._failure.show_text("")
        self.findings.start()
        self._again.setEnabled(False)
        try:
            known = await self._editor.load()
            profile = known.profiles.good.get(self._profile.id, self._profile)
            async for finding in self._editor.check(profile, SecretChanges(), known):
                self.findings.show_finding(replace(finding, preset="", grant=""))
            self.findings.finish()
        except (BrokenProfile, KeystoreError) as error:
            self.findings.clear()
            advice = advice_for(error)
            self._failure.show_text(advice.message)
        finally:
            self._again.setEnabled(True)
