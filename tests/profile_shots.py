"""The pages of the profiles, for the screenshots."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QApplication, QScrollArea

from desktop.services.policy import Policy
from desktop.services.profile_check import Finding, Outcome, Step
from desktop.services.profile_deeds import Known
from desktop.services.profile_draft import Draft, draft_of
from desktop.services.profile_reading import Profiles, load_presets
from desktop.services.profiles import BrokenProfile
from desktop.ui.profile_form import Occasion, ProfileForm
from desktop.ui.profile_texts import ABOUT_FIRST, FIRST
from desktop.ui.profiles_view import ProfilesView
from desktop.ui.widgets import Button
from desktop.ui.window import Window
from tests.sample_states import PROFILE


class _NoWishes:
    def __getattr__(self, _name: str) -> object:
        return lambda *_arguments, **_named: None


NO_ACTIONS: Any = _NoWishes()
FINDINGS = (
    Finding(Step.REACH, Outcome.GOOD, "visibility.amp.cisco.com answers."),
    Finding(Step.TRUST, Outcome.GOOD, "This computer trusts its certificate."),
    Finding(Step.METADATA, Outcome.GOOD, "It describes itself as the profile expects."),
    Finding(Step.WAY, Outcome.GOOD, "It offers sign-in by code."),
    Finding(
        Step.CLIENT,
        Outcome.BAD,
        "visibility.amp.cisco.com does not know this client ID, but it is known in Europe.",
        "Choose Europe.",
        preset="xdr-eu",
    ),
)


def _form(window: Window, *, is_new: bool = True) -> ProfileForm:
    occasion = Occasion(FIRST, ABOUT_FIRST) if is_new else Occasion("Edit Northwind SOC", "")
    made = ProfileForm(NO_ACTIONS, window.theme, occasion=occasion, presets=load_presets())
    made.fill(Draft(preset="xdr-nam"))
    window.show_page(made)
    return made


def _show_first_run(window: Window) -> None:
    _form(window)


def _show_findings(window: Window) -> None:
    form = _form(window, is_new=False)
    form.fill(draft_of(replace(PROFILE, preset="xdr-nam"), load_presets()))
    form.password.show_stored(stored=True)
    form.show_busy(checking=True)
    for finding in FINDINGS:
        form.show_finding(finding)
    form.findings.end()
    form.show_busy()
    _scroll_down(window)


def _show_faults(window: Window) -> None:
    form = _form(window)
    form.fill(Draft(preset="", issuer="", name="Northwind SOC", proxy="proxy.example"))
    next(each for each in window.findChildren(Button) if each.text() == "Check").click()
    window.findChildren(QScrollArea)[0].verticalScrollBar().setValue(0)


def _show_more(window: Window) -> None:
    form = _form(window, is_new=False)
    form.fill(draft_of(replace(PROFILE, preset="xdr-nam"), load_presets()))
    next(each for each in window.findChildren(Button) if "More options" in each.text()).click()
    for _ in range(4):
        QApplication.processEvents()
    window.findChildren(QScrollArea)[0].verticalScrollBar().setValue(560)


def _scroll_down(window: Window) -> None:
    for _ in range(4):
        QApplication.processEvents()
    bar = window.findChildren(QScrollArea)[0].verticalScrollBar()
    bar.setValue(bar.maximum())


def _show_page(window: Window) -> None:
    second = replace(PROFILE, id="contoso", name="Contoso", region="Europe", color="purple")
    third = replace(PROFILE, id="managed", name="Fabrikam", color="green")
    broken = BrokenProfile(Path("profiles.toml"), "profile `old`: `client_id` is missing (line 14)")
    profiles = Profiles(
        Path("profiles.toml"),
        {each.id: each for each in (PROFILE, second, third)},
        {"old": broken},
    )
    known = Known(profiles, {}, frozenset({"managed"}))
    window.show_page(ProfilesView(NO_ACTIONS, known, Policy(source="/etc/xdg/policy.toml")))


def _ask_to_delete(window: Window) -> None:
    _show_page(window)
    assert isinstance(window.page, ProfilesView)
    window.page.ask("northwind")


PROFILE_PAGES: dict[str, Callable[[Window], None]] = {
    "first_run": _show_first_run,
    "form_findings": _show_findings,
    "form_faults": _show_faults,
    "form_more": _show_more,
    "profiles": _show_page,
    "profiles_delete": _ask_to_delete,
}
