"""Screenshots of the profile pages."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea

from desktop.services.configuration.profile_draft import Draft, draft_of
from desktop.services.configuration.profile_reader import Profiles, load_presets
from desktop.services.model.policy import Policy
from desktop.services.model.profile import BrokenProfile
from desktop.services.model.sign_in_methods import SIGN_IN_METHODS
from desktop.services.profile_editor import check_wording as texts
from desktop.services.profile_editor.editor import Snapshot
from desktop.services.profile_editor.editor_wording import (
    FIRST_PROFILE,
    FIRST_PROFILE_HELP,
    edit_title,
)
from desktop.services.profile_editor.findings import Finding, Outcome, Step
from desktop.services.system.translation import translate
from desktop.ui.kit.inputs import Choice
from desktop.ui.kit.widgets import Button
from desktop.ui.profiles.connection_check import ConnectionCheckView
from desktop.ui.profiles.profile_form import FormPurpose, ProfileForm
from desktop.ui.profiles.profiles_view import ProfilesView
from desktop.ui.window.window import Window
from tests.sample_states import HOST, PROFILE


class _NoActions:
    def __getattr__(self, _name: str) -> object:
        return lambda *_arguments, **_named: None


NO_ACTIONS: Any = _NoActions()
_EUROPE = replace(PROFILE, region="Europe")


def _findings() -> tuple[Finding, ...]:
    """What a check finds; made when it is drawn, because before that there is no language."""
    return (
        _passed(Step.REACH, texts.SERVER_REACHABLE),
        _passed(Step.TRUST, texts.CERTIFICATE_TRUSTED),
        _passed(Step.METADATA, texts.METADATA_FOUND),
        _passed(Step.WAY, texts.METHOD_OFFERED["device"]),
        Finding(
            Step.CLIENT,
            Outcome.BAD,
            translate(texts.KNOWN_IN_OTHER_REGION, host=HOST, place=_EUROPE.provider_label),
            translate(texts.KNOWN_IN_OTHER_REGION_REMEDY, place=_EUROPE.provider_label),
            preset="xdr-eu",
        ),
    )


def _passed(step: Step, text: str) -> Finding:
    return Finding(step, Outcome.GOOD, translate(text, host=HOST))


def _safer_method() -> Finding:
    name = translate(SIGN_IN_METHODS[0].name)
    text = translate(texts.SAFER_METHOD, name=name, host=HOST)
    return Finding(Step.WAY, Outcome.HINT, text, grant="code")


def _without(grant: str) -> Finding:
    """The server does not support `grant`."""
    reason = translate(texts.METHOD_NOT_OFFERED, host=HOST)
    return replace(_findings()[3], unavailable={grant: reason})


def _form(window: Window, *, is_new: bool = True) -> ProfileForm:
    purpose = (
        FormPurpose(translate(FIRST_PROFILE), translate(FIRST_PROFILE_HELP))
        if is_new
        else FormPurpose(edit_title(PROFILE), "")
    )
    made = ProfileForm(NO_ACTIONS, window.theme, purpose=purpose, presets=load_presets())
    made.fill(Draft(preset="xdr-nam"))
    window.show_page(made)
    return made


def _show_first_run(window: Window) -> None:
    _form(window)


def _show_connection_check(window: Window) -> None:
    page = ConnectionCheckView(PROFILE, NO_ACTIONS, NO_ACTIONS)
    window.show_page(page)
    page.findings.start()
    for finding in _findings():
        page.findings.show_finding(replace(finding, preset=""))
    page.findings.finish()


def _show_findings(window: Window) -> None:
    form = _form(window, is_new=False)
    form.fill(draft_of(replace(PROFILE, preset="xdr-nam"), load_presets()))
    form.client_secret.show_stored(stored=True)
    form.show_busy(checking=True)
    for finding in _findings():
        form.show_finding(finding)
    form.findings.finish()
    form.show_busy()
    _scroll_down(window)


def _show_sign_in_methods(window: Window) -> None:
    form = _form(window, is_new=False)
    form.fill(draft_of(replace(PROFILE, preset="xdr-nam"), load_presets()))
    form.client_secret.show_stored(stored=True)
    _press(window, "More options  ▾")
    form.show_finding(_without("client-credentials"))
    _scroll(window, 560)
    choice = form._fields.field("grant").control
    assert isinstance(choice, Choice)
    choice.showPopup()
    popup = choice.view().window()
    QApplication.processEvents()
    picture = QLabel(window)  # as a child it has the style of the window
    picture.setPixmap(popup.grab())
    choice.hidePopup()
    picture.adjustSize()
    picture.move(choice.mapTo(window, QPoint(0, choice.height())))
    picture.show()


def _show_safer_method(window: Window) -> None:
    form = _form(window, is_new=False)
    form.fill(draft_of(replace(PROFILE, preset="xdr-nam"), load_presets()))
    form.show_busy(checking=True)
    accepted = _passed(Step.CLIENT, texts.CLIENT_ACCEPTED)
    allowed = _passed(Step.SCOPES, texts.SCOPES_ALLOWED)
    for finding in (*_findings()[:4], _safer_method(), accepted, allowed):
        form.show_finding(finding)
    form.findings.finish()
    form.show_busy()
    _scroll_down(window)


def _show_own_settings(window: Window) -> None:
    form = _form(window, is_new=False)
    own = {"keep_fresh": True, "clipboard_seconds": 10}
    form.fill(draft_of(replace(PROFILE, preset="xdr-nam", settings=own), load_presets()))
    _press(window, "More options  ▾")
    _scroll(window, 990)


def _show_ca_file(window: Window) -> None:
    form = _form(window, is_new=False)
    form.fill(Draft(preset="xdr-nam", ca_file="/etc/ssl/northwind.pem"))
    form.show_finding(_without("code"))
    form.findings.clear()
    _press(window, "More options  ▾")
    _scroll_down(window)


def _show_faults(window: Window) -> None:
    form = _form(window)
    form.fill(Draft(preset="", issuer="", name="Northwind SOC", proxy="proxy.example"))
    _press(window, "Check")
    window.findChildren(QScrollArea)[0].verticalScrollBar().setValue(0)


def _show_more(window: Window) -> None:
    form = _form(window, is_new=False)
    form.fill(draft_of(replace(PROFILE, preset="xdr-nam"), load_presets()))
    _press(window, "More options  ▾")
    _scroll(window, 560)


def _show_services(window: Window) -> None:
    form = _form(window, is_new=False)
    added = "reports=https://reports.example/api\nlab=https://lab.example"
    form.fill(replace(draft_of(replace(PROFILE, preset="xdr-nam"), load_presets()), services=added))
    _press(window, "More options  ▾")
    field = form._fields.field("services")
    _scroll(window)
    window.findChildren(QScrollArea)[0].ensureWidgetVisible(field, 0, 120)


def _press(window: Window, text: str) -> None:
    next(each for each in window.findChildren(Button) if each.text() == translate(text)).click()


def _scroll(window: Window, to: int | None = None) -> None:
    for _ in range(4):
        QApplication.processEvents()
    bar = window.findChildren(QScrollArea)[0].verticalScrollBar()
    bar.setValue(bar.maximum() if to is None else to)


def _scroll_down(window: Window) -> None:
    _scroll(window)


def _show_page(window: Window) -> None:
    second = replace(PROFILE, id="contoso", name="Contoso", region="Europe", color="purple")
    third = replace(PROFILE, id="managed", name="Fabrikam", color="green")
    broken = BrokenProfile(Path("profiles.toml"), "profile `old`: `client_id` is missing (line 14)")
    profiles = Profiles(
        Path("profiles.toml"),
        {each.id: each for each in (PROFILE, second, third)},
        {"old": broken},
    )
    known = Snapshot(profiles, {}, frozenset({"managed"}))
    window.show_page(ProfilesView(NO_ACTIONS, known, Policy(source="/etc/xdg/policy.toml")))


def _ask_to_delete(window: Window) -> None:
    _show_page(window)
    assert isinstance(window.page, ProfilesView)
    window.page.ask_to_delete("northwind")


PROFILE_PAGES: dict[str, Callable[[Window], None]] = {
    "first_run": _show_first_run,
    "check_connection": _show_connection_check,
    "form_findings": _show_findings,
    "form_faults": _show_faults,
    "form_ca_file": _show_ca_file,
    "form_more": _show_more,
    "form_safer_method": _show_safer_method,
    "form_services": _show_services,
    "form_settings": _show_own_settings,
    "form_sign_in_methods": _show_sign_in_methods,
    "profiles": _show_page,
    "profiles_delete": _ask_to_delete,
}
