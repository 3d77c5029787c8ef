"""The form and the list of profiles, with a real file and a keyring in memory."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtGui import QGuiApplication, QStandardItemModel
from PySide6.QtWidgets import QFileDialog

from desktop.services.configuration.load import load_allowed_profiles
from desktop.services.configuration.profile_reader import load_presets, load_profiles
from desktop.services.model.policy import Policy
from desktop.services.model.profile import (
    Profile,
    client_binding,
    client_secret_key,
    proxy_password_key,
    tokens_key,
)
from desktop.services.model.states import Revocation, SignedIn, SignedOut
from desktop.services.network.environment import Environment
from desktop.services.profile_editor import check as profile_check
from desktop.services.profile_editor.editor import ProfileEditor
from desktop.services.profile_editor.editor_wording import preset_names
from desktop.services.profile_editor.findings import Finding, Outcome, Step
from desktop.services.secrets.keystore import KeyringLocked, MemoryKeystore
from desktop.services.secrets.secret_encoding import decode_password, encode_password
from desktop.services.system.worker import Worker
from desktop.ui.kit.inputs import Choice, Field, NumberOrDefault, TextInput
from desktop.ui.kit.menu_button import MenuButton
from desktop.ui.kit.widgets import Button
from desktop.ui.profiles import profile_form
from desktop.ui.profiles.profile_form import ProfileForm
from desktop.ui.profiles.profile_pages import ProfilePages
from desktop.ui.profiles.profiles_view import ProfilesView
from tests.sample_states import NOW, STATES
from tests.ui.harness import FakeSession, Screen, name_of, settle, tab_order

FILE = '[profiles.soc]\npreset = "xdr-nam"\nclient_id = "client-1"\nname = "SOC"  # mine\n'
PASSWORD = "hunter2-never-shown"
MODEL = (
    '{"id": "client-9", "name": "Pasted", "password": "' + PASSWORD + '",'
    ' "grants": ["device-grant"], "scopes": ["enrich:read", "casebook"]}'
)


class Place:
    """The pages on a window, and what they work on."""

    def __init__(self, screen: Screen, file: Path) -> None:
        self.screen, self.file = screen, file
        self.keystore = MemoryKeystore()
        self.sessions: dict[str, Any] = {}
        self.policy = Policy()
        self.changes: list[tuple[str, bool]] = []
        self.worker = Worker("test")
        screen.show(STATES["signed_out"])
        self.renew()

    def renew(self) -> None:
        """Make the pages, by the policy."""
        world = Environment(self.keystore, cast("Any", None), cast("Any", None), cast("Any", None))
        editor = ProfileEditor(
            self.file,
            world,
            self.worker,
            policy=self.policy,
            load=lambda: load_allowed_profiles(self.file, self.policy),
        )
        self.pages = ProfilePages(
            self.screen.window,
            editor,
            self.sessions.get,
            on_profiles_changed=self._note_change,
        )

    async def _note_change(self, id_: str, *, sign_in: bool) -> None:
        self.changes.append((id_, sign_in))

    async def done(self) -> None:
        """Wait until nothing is under way."""
        while self.pages._tasks:
            await asyncio.wait(set(self.pages._tasks))
            await asyncio.sleep(0)
        settle()

    async def form(self, id_: str = "") -> ProfileForm:
        """Open the form."""
        self.pages.open_form(id_)
        await self.done()
        assert isinstance(self.screen.window.page, ProfileForm)
        return self.screen.window.page

    async def list(self) -> ProfilesView:
        """Open the list."""
        self.pages.open_profiles()
        await self.done()
        assert isinstance(self.screen.window.page, ProfilesView)
        return self.screen.window.page

    def type(self, **values: str) -> None:
        """Put values into fields."""
        page = self.screen.window.page
        assert isinstance(page, ProfileForm)
        for name, value in values.items():
            control = page._fields.field(name).control
            control.show_value(value)
        page._on_change()

    async def press(self, text: str) -> None:
        """Press a button."""
        self.screen.button(text).click()
        await self.done()

    async def password_of(self, profile: Profile) -> str | None:
        """What the keyring has."""
        value = await self.keystore.load(client_secret_key(profile))
        return value and decode_password(value, issued_for=client_binding(profile))


@pytest.fixture
def place(screen: Screen, tmp_path: Path) -> Place:
    file = tmp_path / "profiles.toml"
    file.write_text(FILE)
    return Place(screen, file)


async def test_the_first_profile_takes_one_form(place: Place) -> None:
    place.file.unlink()
    form = await place.form()
    assert "Set up your first profile" in place.screen.visible_texts
    place.type(preset="xdr-eu", client_id="client-7", name="Northwind SOC")
    form.client_secret._line.setText(PASSWORD)
    await place.press("Save and sign in")
    profile = load_profiles(place.file).find("northwind-soc")
    assert (profile.client_id, profile.region) == ("client-7", "Europe")
    assert await place.password_of(profile) == PASSWORD
    assert PASSWORD not in place.file.read_text()
    assert place.changes == [("northwind-soc", True)]
    assert place.screen.window.page is None


async def test_a_fault_is_shown_at_its_field_and_nothing_is_saved(place: Place) -> None:
    form = await place.form()
    place.type(client_id="", name="X", letter="ABC")
    await place.press("Save")
    assert form._fields.field("client_id").fault
    assert place.screen.focused == "Client ID"
    assert form._fields.field("letter").isVisible(), "what is folded is unfolded"
    assert place.file.read_text() == FILE
    place.type(client_id="client-2", letter="A")
    assert not form._fields.field("client_id").fault


@pytest.mark.parametrize("by", ["field", "button"])
async def test_a_client_model_is_understood(place: Place, by: str) -> None:
    form = await place.form()
    if by == "field":
        form._fields.field("client_id").control.setText(MODEL)  # type: ignore[union-attr]
    else:
        QGuiApplication.clipboard().setText(MODEL)
        await place.press("Paste JSON")
    assert (form.draft.client_id, form.draft.name) == ("client-9", "Pasted")
    assert form.draft.scope == "enrich:read casebook"
    assert form.client_secret.typed == PASSWORD
    assert not any(PASSWORD in words for words in place.screen.visible_texts)
    await place.press("Save")
    assert await place.password_of(load_profiles(place.file).find("pasted")) == PASSWORD


async def test_a_provider_without_a_fixed_address_asks_for_it(place: Place) -> None:
    form = await place.form()
    issuer = form._fields.field("issuer")
    assert not issuer.isVisible()
    place.type(preset="okta")
    assert issuer.isVisible()
    assert isinstance(issuer.control, TextInput)
    assert "okta.com" in issuer.control.placeholderText()
    place.type(preset="github")
    assert not issuer.isVisible()


async def test_a_clipboard_without_json_is_reported(place: Place) -> None:
    await place.form()
    QGuiApplication.clipboard().setText("something else")
    await place.press("Paste JSON")
    assert any(
        "There's no client as JSON on the clipboard." in words
        for words in place.screen.visible_texts
    )


async def test_a_stored_secret_is_indicated_and_never_shown(place: Place) -> None:
    profile = load_profiles(place.file).find("soc")
    value = encode_password(PASSWORD, issued_for=client_binding(profile))
    await place.keystore.save(client_secret_key(profile), value)
    form = await place.form("soc")
    assert "Stored in the keyring on this computer." in place.screen.visible_texts
    place.type(name="SOC 2")
    await place.press("Save")
    assert await place.password_of(profile) == PASSWORD, "it stays where nothing was said of it"
    form = await place.form("soc")
    await place.press("Remove")
    assert form.client_secret.typed == ""
    await place.press("Save")
    assert await place.password_of(profile) is None


async def test_another_client_needs_its_secret_again(place: Place) -> None:
    profile = load_profiles(place.file).find("soc")
    value = encode_password(PASSWORD, issued_for=client_binding(profile))
    await place.keystore.save(client_secret_key(profile), value)
    form = await place.form("soc")
    place.type(client_id="client-2")
    await place.press("Save")
    assert form.client_secret.field.fault
    assert "client-1" in place.file.read_text()
    form.client_secret._line.setText("another")
    await place.press("Save")
    assert await place.password_of(load_profiles(place.file).find("soc")) == "another"


async def test_a_locked_keyring_keeps_the_profile_and_the_input(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = await place.form()
    place.type(client_id="client-7", name="New")
    form.client_secret._line.setText(PASSWORD)

    async def locked(_key: str, _value: str) -> None:
        raise KeyringLocked

    monkeypatch.setattr(place.keystore, "save", locked)
    await place.press("Save")
    assert any("saved, but not its secret" in words for words in place.screen.visible_texts)
    assert form.client_secret.typed == PASSWORD
    monkeypatch.undo()
    await place.press("Save")
    assert list(load_profiles(place.file).good) == ["soc", "new"], "it is not saved twice"
    assert await place.password_of(load_profiles(place.file).find("new")) == PASSWORD


async def test_a_new_state_keeps_the_input(place: Place) -> None:
    form = await place.form()
    place.type(name="Typed")
    for state in STATES.values():
        place.screen.window.show_state(state, NOW)
    assert place.screen.window.page is form
    assert form.draft.name == "Typed"


async def test_another_page_keeps_the_input_except_secrets(place: Place) -> None:
    form = await place.form()
    place.type(name="Typed")
    form.client_secret._line.setText(PASSWORD)
    await place.list()
    form = await place.form()
    assert form.draft.name == "Typed"
    assert form.client_secret.typed == ""


async def test_escape_asks_before_it_discards(place: Place) -> None:
    form = await place.form()
    place.type(name="Typed")
    place.screen.window.escape()
    assert place.screen.has_button("Discard changes?")
    assert place.screen.window.page is form
    place.screen.window.escape()
    assert (await place.form()).draft.name == "", "it was left, and forgotten"


async def test_escape_leaves_at_once_without_input(place: Place) -> None:
    await place.form()
    place.screen.window.escape()
    assert place.screen.window.page is None


async def test_escape_leads_from_the_form_back_to_the_list(place: Place) -> None:
    view = await place.list()
    await place.form("soc")
    place.screen.window.escape()
    assert place.screen.window.page is view


async def test_saving_leads_from_the_form_to_the_profile(place: Place) -> None:
    await place.list()
    await place.form("soc")
    place.type(name="Typed")
    await place.press("Save")
    assert place.screen.window.pages == ()


async def test_the_form_starts_on_its_first_field_and_tab_goes_down(place: Place) -> None:
    await place.form()
    assert place.screen.focused == "Paste JSON"
    names = [name_of(each) for each in tab_order(place.screen.window) if name_of(each)]
    first = names.index("Paste JSON")
    assert names[first : first + 5] == [
        "Paste JSON",
        "Provider and region",
        "Client ID",
        "Client password",
        "Name",
    ]
    assert names[-4:] == ["Check", "Cancel", "Save", "Save and sign in"]


async def test_a_stored_secret_and_the_options_have_their_place_in_the_order_of_tab(
    place: Place,
) -> None:
    profile = load_profiles(place.file).find("soc")
    password = encode_password(PASSWORD, issued_for=client_binding(profile))
    await place.keystore.save(client_secret_key(profile), password)
    await place.form("soc")
    await place.press("More options  ▾")
    names = [name_of(each) for each in tab_order(place.screen.window) if name_of(each)]
    assert names[names.index("Client ID") :][:5] == [
        "Client ID",
        "Paste JSON",
        "Replace: Client password",
        "Remove: Client password",
        "Name",
    ]
    assert names[names.index("Fewer options") :][:3] == [
        "Fewer options",
        "Sign-in method",
        "Client authentication",
    ]
    assert names[-5:] == ["Confirm that it's you", "Check", "Cancel", "Save", "Save and sign in"]


async def test_what_is_folded_is_not_built_and_not_lost_when_the_profile_is_saved(
    place: Place,
) -> None:
    folded = {
        "grant": "code",
        "redirect_uri": "http://127.0.0.1:8123/",
        "extra_parameters": {"audience": "https://api.example"},
        "services": {"orbital": "https://orbital.example"},
        "letter": "S",
        "color": "green",
        "proxy": "http://proxy.example:3128",
        "proxy_user": "dana",
        "settings": {"clipboard_seconds": 10, "keep_fresh": True},
    }
    place.file.write_text(
        FILE + "".join(f"{name} = {_toml(each)}\n" for name, each in folded.items())
    )
    before = load_profiles(place.file).find("soc")
    form = await place.form("soc")
    assert {each.heading.text() for each in form.findChildren(Field)} == {
        "Provider and region",
        "Issuer",
        "Client ID",
        "Client password",
        "Name",
        "Scopes",
    }
    place.type(name="Renamed")
    await place.press("Save")
    assert load_profiles(place.file).find("soc") == replace(before, name="Renamed")


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_toml(each)}" for name, each in value.items()) + "}"
    return json.dumps(value)


async def test_a_check_tells_what_it_finds_and_saves_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str | None]] = []

    async def check(profile: Profile, password: str | None, **_: object) -> AsyncIterator[Finding]:
        asked.append((profile.issuer, password))
        yield Finding(Step.REACH, Outcome.GOOD, "It answers.")
        if "eu" not in profile.issuer:
            text, remedy = "It is known in Europe.", "Choose Europe."
            yield Finding(Step.CLIENT, Outcome.BAD, text, remedy, preset="xdr-eu")

    monkeypatch.setattr(profile_check, "check", check)
    form = await place.form("soc")
    form.client_secret._line.setText(PASSWORD)
    await place.press("Check")
    assert {"It answers.", "It is known in Europe.", "Choose Europe."} <= set(
        place.screen.visible_texts
    )
    assert "1 problem to fix." in place.screen.visible_texts
    await place.press("Switch region")
    assert form.draft.preset == "xdr-eu"
    assert "All checks passed." in place.screen.visible_texts
    assert [password for _, password in asked] == [PASSWORD, PASSWORD]
    assert place.file.read_text() == FILE
    place.type(client_id="client-3")
    assert "All checks passed." not in place.screen.visible_texts, "it was found of something else"


def _ways(form: ProfileForm) -> dict[str, bool]:
    """The ways that are offered, and whether each can be chosen."""
    form.options.set_open(open_=True)
    control = form._fields.field("grant").control
    assert isinstance(control, Choice)
    model = control.model()
    assert isinstance(model, QStandardItemModel)
    return {
        str(control.itemData(number)): model.item(number).isEnabled()
        for number in range(control.count())
    }


def _said_of_ways(form: ProfileForm) -> str:
    return form._fields.field("grant").control.accessibleDescription()


async def test_before_a_check_every_way_is_open_that_policy_and_client_allow(place: Place) -> None:
    form = await place.form()
    assert _ways(form) == {"code": True, "device": True, "client-credentials": False}
    assert (
        "“Client credentials (no user)” is not available. Enter the client password to use this "
        "method." in _said_of_ways(form)
    )
    form.client_secret._line.setText(PASSWORD)
    assert _ways(form)["client-credentials"]
    form.client_secret._line.setText("")
    place.type(client_id=MODEL.replace('"password": "' + PASSWORD + '",', ""))
    assert form.draft.grant == "device"
    assert _ways(form) == {"code": False, "device": True, "client-credentials": False}
    assert "The client isn't allowed to use this method." in _said_of_ways(form)
    assert form.allowed_sign_in_methods == ("device",)
    place.type(client_id="client-10")
    assert _ways(form)["code"], "the model was of another client"


async def test_a_stored_password_opens_the_way_that_needs_one(place: Place) -> None:
    profile = load_profiles(place.file).find("soc")
    value = encode_password(PASSWORD, issued_for=client_binding(profile))
    await place.keystore.save(client_secret_key(profile), value)
    form = await place.form("soc")
    assert _ways(form)["client-credentials"]
    await place.press("Remove")
    assert not _ways(form)["client-credentials"]


async def test_a_check_closes_ways_and_its_button_chooses_a_safer_one(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, object]] = []

    async def check(
        profile: Profile, _password: str | None, *, allowed: object, **_: object
    ) -> AsyncIterator[Finding]:
        asked.append((profile.grant, allowed))
        reason = {"client-credentials": "login.example does not offer it."}
        yield Finding(Step.WAY, Outcome.GOOD, "It offers it.", unavailable=reason)
        if profile.grant == "device":
            yield Finding(Step.WAY, Outcome.HINT, "Something is safer.", grant="code")

    monkeypatch.setattr(profile_check, "check", check)
    form = await place.form("soc")
    form.client_secret._line.setText(PASSWORD)
    await place.press("Check")
    assert not _ways(form)["client-credentials"]
    assert "login.example does not offer it." in _said_of_ways(form)
    assert "All checks passed." in place.screen.visible_texts, "what is safer is no fault"
    await place.press("Switch method")
    assert form.draft.grant == "code"
    assert not place.screen.has_button("Switch method")
    every = ("code", "device", "client-credentials")
    assert asked == [("device", every), ("code", every)]
    place.type(name="Another name")
    assert not _ways(form)["client-credentials"], "it is still that server"
    place.type(preset="xdr-eu")
    assert _ways(form)["client-credentials"], "another server was not asked yet"


async def test_a_profile_can_have_settings_of_its_own(place: Place) -> None:
    form = await place.form("soc")
    await place.press("More options  ▾")
    seconds = form._fields.field("clipboard_seconds").control
    assert isinstance(seconds, NumberOrDefault)
    assert not seconds._number.isVisible()
    seconds._choice.setCurrentIndex(1)
    assert (seconds._number.isVisible(), seconds.value()) == (True, "30")
    seconds._number.number.setValue(10)
    place.type(keep_fresh="true")
    await place.press("Save")
    settings = load_profiles(place.file).find("soc").settings
    assert settings == {"clipboard_seconds": 10, "keep_fresh": True}
    form = await place.form("soc")
    assert (form.draft.clipboard_seconds, form.draft.in_use_minutes) == ("10", "")
    place.type(clipboard_seconds="", keep_fresh="")
    await place.press("Save")
    assert load_profiles(place.file).find("soc").settings == {}
    assert "settings" not in place.file.read_text()


async def test_what_has_no_field_stays_until_the_provider_is_another(place: Place) -> None:
    revoke = 'revocation_endpoint = "https://a.example/revoke"\n'
    place.file.write_text(
        f'[profiles.soc]\nissuer = "https://a.example"\nclient_id = "c"\nname = "SOC"\n{revoke}'
    )
    await place.form("soc")
    place.type(letter="S")
    await place.press("Save")
    assert place.file.read_text().endswith(f'{revoke}letter = "S"\n')
    await place.form("soc")
    place.type(preset="xdr-eu", issuer="")
    await place.press("Save")
    assert load_profiles(place.file).find("soc").preset == "xdr-eu"
    assert "revocation_endpoint" not in place.file.read_text()


async def test_what_is_locked_cannot_be_changed_and_stays_in_the_file(place: Place) -> None:
    text = FILE + 'settings = {clipboard_seconds = 60}\nproxy = "http://mine.example:8080"\n'
    place.file.write_text(text)
    place.policy = Policy(
        source="p",
        proxy="http://proxy.example:3128",
        ca_file=str(place.file.parent / "ca.pem"),
        settings={"clipboard_seconds": 15},
    )
    place.renew()
    form = await place.form("soc")
    assert form.draft.proxy == "http://proxy.example:3128"
    assert form.draft.clipboard_seconds == ""
    form.options.set_open(open_=True)
    names = ("proxy", "ca_file", "clipboard_seconds", "in_use_minutes")
    assert [form._fields.field(name).control.isEnabled() for name in names] == [
        False,
        False,
        False,
        True,
    ]
    place.type(name="Renamed")
    await place.press("Save")
    profile = load_profiles(place.file).find("soc")
    assert (profile.name, profile.ca_file) == ("Renamed", "")
    assert profile.proxy == "http://mine.example:8080"
    assert profile.settings == {"clipboard_seconds": 60}


async def test_the_file_of_authorities_is_chosen_without_holding_up_anything(place: Place) -> None:
    form = await place.form("soc")
    await place.press("More options  ▾")
    (button,) = [
        each
        for each in form.findChildren(Button)
        if each.accessibleName() == "Choose a CA certificate file"
    ]
    button.click()  # which returns while the dialog is open
    (dialog,) = place.screen.window.findChildren(QFileDialog)
    assert dialog.isVisible()
    chosen = place.file.parent / "authority.pem"
    dialog.fileSelected.emit(str(chosen))
    assert form.draft.ca_file == str(chosen)
    dialog.close()
    settle()


async def test_what_a_check_finds_comes_into_sight(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check(*_: object, **__: object) -> AsyncIterator[Finding]:
        for step in Step:
            yield Finding(step, Outcome.GOOD, "It works.")

    monkeypatch.setattr(profile_check, "check", check)
    form = await place.form("soc")
    place.screen.window.resize(440, 480)
    settle()
    assert form.findings.visibleRegion().isEmpty()
    await place.press("Check")
    assert not form.findings.visibleRegion().isEmpty()
    last = form.findings._shown[-1]
    assert last.visibleRegion().boundingRect() == last.rect()


async def start_endless_check(place: Place, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Check in a form, until it is broken off; return what is set then."""
    shown, closed = asyncio.Event(), asyncio.Event()

    async def check(*_: object, **__: object) -> AsyncIterator[Finding]:
        try:
            yield Finding(Step.REACH, Outcome.GOOD, "It answers.")
            shown.set()
            await asyncio.Event().wait()
        finally:
            closed.set()

    monkeypatch.setattr(profile_check, "check", check)
    await place.form("soc")
    place.screen.button("Check").click()
    await shown.wait()
    return closed


async def test_a_check_goes_on_below_another_page_and_ends_with_the_form(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = await start_endless_check(place, monkeypatch)
    place.screen.show_settings()
    place.screen.window.escape()
    await asyncio.sleep(0.01)
    assert not closed.is_set()
    place.screen.window.escape()
    await place.done()
    assert closed.is_set()


async def test_a_check_is_broken_off(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = await start_endless_check(place, monkeypatch)
    assert "It answers." in place.screen.visible_texts
    await place.press("Stop")
    assert closed.is_set()
    assert place.screen.has_button("Check")


async def test_a_connection_is_checked_on_a_page_that_leads_to_the_form(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check(*_: object, **__: object) -> AsyncIterator[Finding]:
        yield Finding(Step.CLIENT, Outcome.BAD, "It is known in Europe.", preset="xdr-eu")

    monkeypatch.setattr(profile_check, "check", check)
    place.sessions["soc"] = FakeSession(profile=load_profiles(place.file).find("soc"))
    place.pages.open_connection_check("soc")
    await place.done()
    assert {"It is known in Europe.", "1 problem to fix."} <= set(place.screen.visible_texts)
    assert not place.screen.has_button("Switch region"), "that is chosen in the form"
    await place.press("Check again")
    assert place.screen.visible_texts.count("It is known in Europe.") == 1
    await place.press("Edit profile")
    assert isinstance(place.screen.window.page, ProfileForm)


async def test_a_check_of_the_connection_ends_with_its_page(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, closed = asyncio.Event(), asyncio.Event()

    async def check(*_: object, **__: object) -> AsyncIterator[Finding]:
        try:
            begun.set()
            await asyncio.Event().wait()
            yield Finding(Step.REACH, Outcome.GOOD, "It answers.")
        finally:
            closed.set()

    monkeypatch.setattr(profile_check, "check", check)
    place.sessions["soc"] = FakeSession(profile=load_profiles(place.file).find("soc"))
    place.pages.open_connection_check("soc")
    await begun.wait()
    await place.press("Back")
    assert closed.is_set()


async def test_a_profile_is_duplicated_without_its_password(place: Place) -> None:
    view = await place.list()
    view._controller.open_form(copy_of="soc")
    await place.done()
    await place.press("Save")
    assert list(load_profiles(place.file).good) == ["soc", "soc-copy"]
    assert await place.password_of(load_profiles(place.file).find("soc-copy")) is None


class _Leaving:
    """A session that signs out a moment after it was asked."""

    def __init__(self, end: object) -> None:
        self.state: object = STATES["signed_in"]
        self.end = end

    def sign_out(self) -> asyncio.Task[None]:
        return asyncio.ensure_future(self._sign_out())

    async def _sign_out(self) -> None:
        await asyncio.sleep(0)
        self.state = self.end


async def test_deleting_asks_signs_out_and_takes_the_secrets_along(place: Place) -> None:
    assert isinstance(STATES["signed_in"], SignedIn)
    profile = load_profiles(place.file).find("soc")
    keys = (tokens_key(profile), client_secret_key(profile), proxy_password_key(profile))
    for key in keys:
        await place.keystore.save(key, "x")
    place.sessions["soc"] = _Leaving(SignedOut(NOW, revocation=Revocation.REVOKED))
    view = await place.list()
    view.ask_to_delete("soc")
    settle()
    assert place.screen.focused == "Cancel"
    assert any("This signs you out" in words for words in place.screen.visible_texts)
    assert "soc" in load_profiles(place.file).good
    await place.press("Delete")
    assert load_profiles(place.file).good == {}
    assert [await place.keystore.load(key) for key in keys] == [None] * 3
    assert any(
        "The token was removed and revoked." in words for words in place.screen.visible_texts
    )


async def test_a_sign_out_that_fails_deletes_nothing(place: Place) -> None:
    place.sessions["soc"] = _Leaving(STATES["declined"])
    (await place.list()).ask_to_delete("soc")
    await place.press("Delete")
    assert place.file.read_text() == FILE
    assert any("the profile was not deleted" in words for words in place.screen.visible_texts)


async def test_a_sign_out_that_is_broken_off_deletes_nothing(place: Place) -> None:
    session = place.sessions["soc"] = _Leaving(SignedOut(NOW))
    (await place.list()).ask_to_delete("soc")
    place.screen.button("Delete").click()
    await asyncio.sleep(0)
    for task in asyncio.all_tasks():
        if "_Leaving" in repr(task):
            task.cancel()
    await place.done()
    assert session.state == STATES["signed_in"]
    assert place.file.read_text() == FILE


@pytest.mark.parametrize(
    ("preset", "words"),
    [("xdr-nam", "on all your computers"), ("github", "If the server can't revoke the token")],
)
async def test_the_question_says_how_far_a_deletion_reaches(
    place: Place, preset: str, words: str
) -> None:
    place.file.write_text(FILE.replace("xdr-nam", preset))
    place.sessions["soc"] = _Leaving(SignedOut(NOW))
    (await place.list()).ask_to_delete("soc")
    assert any(words in each for each in place.screen.visible_texts)


async def test_escape_takes_the_question_back(place: Place) -> None:
    view = await place.list()
    view.ask_to_delete("soc")
    settle()
    place.screen.window.escape()
    assert not place.screen.has_button("Delete")
    assert place.screen.window.page is view


async def test_profiles_go_out_and_come_in_without_a_secret(place: Place, tmp_path: Path) -> None:
    target = tmp_path / "out.toml"
    await place.list()
    place.pages.start_task(place.pages._export(("soc",), target))
    await place.done()
    assert "client-1" in target.read_text()
    place.pages.start_task(place.pages._import(target))
    await place.done()
    assert list(load_profiles(place.file).good) == ["soc", "soc-2"]
    assert any("Imported 1 profile." in words for words in place.screen.visible_texts)


async def test_an_import_says_what_could_read_along(place: Place, tmp_path: Path) -> None:
    await place.list()
    source = tmp_path / "in.toml"
    source.write_text(f"{FILE}proxy = 'http://proxy.example:3128'\n")
    place.pages.start_task(place.pages._import(source))
    await place.done()
    assert any(
        "Anyone who controls them can read what you send" in words
        for words in place.screen.visible_texts
    )


@pytest.mark.parametrize("answer", ["Import", "Cancel"])
async def test_an_import_asks_about_other_servers(
    place: Place, tmp_path: Path, answer: str
) -> None:
    await place.list()
    source = tmp_path / "in.toml"
    source.write_text(
        '[profiles.evil]\nissuer = "https://login.example"\nclient_id = "c"\n'
        'token_endpoint = "https://evil.example/token"\n'
    )
    place.pages.start_task(place.pages._import(source))
    await place.done()
    assert any(
        "“evil” uses evil.example (Token endpoint)" in words for words in place.screen.visible_texts
    )
    assert place.screen.focused == "Cancel"
    assert place.file.read_text() == FILE
    source.write_text("[profiles.changed]")  # what was asked about is what is imported
    await place.press(answer)
    assert ("evil" in load_profiles(place.file).good) is (answer == "Import")


async def test_the_form_asks_about_a_server_that_is_not_the_providers(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await place.form("soc")
    place.type(token_endpoint="https://evil.example/token")
    await place.press("Save")
    await place.press("Save")  # the second click of a double click
    assert place.file.read_text() == FILE
    assert any("also uses evil.example" in words for words in place.screen.visible_texts)
    monkeypatch.setattr(profile_form, "_TOO_SOON", 0)
    place.type(token_endpoint="https://other.example/token")
    await place.press("Save")
    assert place.file.read_text() == FILE, "another server is another question"
    await place.press("Save")
    assert load_profiles(place.file).good["soc"].token_endpoint == "https://other.example/token"
    await place.form("soc")
    place.type(letter="S")
    await place.press("Save")
    assert load_profiles(place.file).good["soc"].letter == "S", "it is asked about once"


async def test_the_form_shows_the_host_that_the_network_sees(place: Place) -> None:
    form = await place.form("soc")
    place.type(preset="", issuer="https://l\u043egin.example")
    assert form._validate()
    assert form.draft.issuer == "https://xn--lgin-55d.example"
    await place.press("Save")
    assert "xn--lgin-55d" in place.file.read_text()


async def test_the_form_refuses_the_name_of_another_profile(place: Place) -> None:
    place.file.write_text(FILE + FILE.replace("soc", "lab").replace("SOC", "Lab"))
    before = place.file.read_text()
    for id_ in ("", "lab"):
        await place.form(id_)
        place.type(client_id="c", name="Soc")
        await place.press("Save")
        assert any(
            "Another profile has this name or ID" in words for words in place.screen.visible_texts
        )
    assert place.file.read_text() == before


async def test_what_was_edited_by_hand_counts_once_the_list_is_opened(place: Place) -> None:
    await place.list()
    assert place.changes == [("", False)]
    place.file.write_text("no = [toml")
    await place.list()
    assert len(place.changes) == 1, "a broken file is not used"


async def test_what_cannot_be_imported_is_told(place: Place, tmp_path: Path) -> None:
    await place.list()
    for content in (b"no = [toml", b"", None):
        source = tmp_path / "in.toml"
        source.unlink(missing_ok=True)
        if content is not None:
            source.write_bytes(content)
        place.pages.start_task(place.pages._import(source))
        await place.done()
        assert any("Nothing was imported" in words for words in place.screen.visible_texts)
    assert place.file.read_text() == FILE


async def test_a_managed_profile_is_shown_as_such_and_cannot_be_edited(place: Place) -> None:
    members = {"preset": "xdr-nam", "client_id": "client-1"}
    place.policy = Policy(source="policy.toml", profiles={"soc": members}, own_profiles=False)
    place.renew()
    await place.list()
    assert "Managed by your administrator (policy.toml)." in place.screen.visible_texts
    assert not place.screen.has_button("Edit")
    assert not place.screen.has_button("Add profile")
    for id_ in ("soc", ""):
        place.pages.open_form(id_)
        await place.done()
        assert isinstance(place.screen.window.page, ProfilesView)


async def test_a_way_that_is_forbidden_is_not_offered(place: Place) -> None:
    place.policy = Policy(source="p", device_grant=False, proxy="http://proxy.example:3128")
    place.renew()
    form = await place.form()
    form.options.set_open(open_=True)
    ways = form._fields.field("grant").control
    assert ways.findData("device") < 0  # type: ignore[union-attr]
    assert not form._fields.field("proxy").control.isEnabled()


async def test_one_broken_profile_is_told_beside_the_others(place: Place) -> None:
    place.file.write_text(FILE + '[profiles.old]\nname = "Old"\n')
    await place.list()
    assert any("`client_id` is missing" in words for words in place.screen.visible_texts)
    assert "SOC" in place.screen.visible_texts


async def test_a_file_that_cannot_be_read_beside_managed_profiles_is_told(
    place: Place, expect_log: Callable[[str], None]
) -> None:
    expect_log("own profiles cannot be read")
    place.policy = Policy(profiles={"shared": {"preset": "xdr-eu", "client_id": "client-8"}})
    place.renew()
    place.file.write_text("[profiles.soc\n")
    await place.list()
    assert any("Correct the file" in words for words in place.screen.visible_texts)
    assert place.screen.has_button("Open folder")
    assert not place.screen.has_button("Delete…"), "there is no profile to be deleted"


async def test_a_file_that_cannot_be_read_is_never_written(place: Place) -> None:
    place.file.write_text("[profiles.soc\n")
    await place.list()
    assert any("Your profiles were not changed." in words for words in place.screen.visible_texts)
    place.pages.open_form()
    await place.done()
    assert isinstance(place.screen.window.page, ProfilesView)
    assert place.file.read_text() == "[profiles.soc\n"


async def test_every_button_of_a_card_says_which_profile_it_is_about(place: Place) -> None:
    await place.list()
    names = [each.accessibleName() for each in place.screen.window.findChildren(Button)]
    assert "Edit SOC" in names
    assert (
        place.screen.window.findChildren(MenuButton)[-1].accessibleName() == "More actions for SOC"
    )


def test_of_one_provider_what_is_none_of_its_regions_is_told_apart() -> None:
    names = preset_names(load_presets())
    assert names["xdr-custom"] == "Cisco XDR · Other host"
    assert names["github"] == "GitHub"
    assert len(set(names.values())) == len(names)


async def test_the_pages_go_by_a_policy_that_has_changed_since(place: Place) -> None:
    await place.list()
    assert place.screen.has_button("Add profile")
    members = {"preset": "xdr-nam", "client_id": "client-1"}
    place.policy = Policy(source="policy.toml", profiles={"soc": members}, own_profiles=False)
    await place.list()
    assert not place.screen.has_button("Add profile")
    assert "Managed by your administrator (policy.toml)." in place.screen.visible_texts
