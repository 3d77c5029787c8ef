"""A crash at any step of a write leaves the old value or the new one."""

import copy

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from keyring.backends.SecretService import Keyring

from desktop.services.secrets.keyring_vault import KeyringVault
from desktop.services.secrets.keystore import KeystoreError, delete_value, load_value, save_value
from tests.rigs.secret_service import SecretStore
from tests.services.secrets.vaults import MODELS, Crash, Model, PlainModel, made_model

KEY = "northwind"
SHORT, LONG, LONGER = "short", "x" * 3000 + "!", "y" * 8192 + "?"

HISTORIES = {
    "the first save": (),
    "longer over shorter": (SHORT,),
    "shorter over longer": (LONGER,),
    "the third save": (SHORT, LONGER),
    "the fourth save": (LONGER, SHORT, LONG),
}


def history(model: Model, name: str) -> str | None:
    for value in HISTORIES[name]:
        save_value(model.vault, KEY, value)
    return HISTORIES[name][-1] if HISTORIES[name] else None


@pytest.mark.parametrize("name", HISTORIES)
@pytest.mark.parametrize("new", [SHORT + "er", LONG + "er"])
def test_a_crash_at_any_step_of_a_save_leaves_the_old_or_the_new_value(
    model: Model, name: str, new: str
) -> None:
    old = history(model, name)
    before = copy.deepcopy(model.kept)
    found = set()
    for number in range(1000):
        model.kept.clear()
        model.kept.update(copy.deepcopy(before))
        if finished(model, number, new):
            break
        found.add(load_value(model.vault, KEY))
        save_value(model.vault, KEY, SHORT)
        assert load_value(model.vault, KEY) == SHORT
        assert len(model.kept) == 1, "and nothing is left of what broke off"
        delete_value(model.vault, KEY)
        assert (load_value(model.vault, KEY), model.kept) == (None, {})
    assert found == {old, new}, "and both were seen"


def finished(model: Model, number: int, value: str) -> bool:
    try:
        with model.steps.crash_before(number):
            save_value(model.vault, KEY, value)
    except Crash:
        return False
    return True


@pytest.mark.parametrize("name", HISTORIES)
def test_a_crash_at_any_step_of_a_delete_leaves_the_old_value_or_none(
    model: Model, name: str
) -> None:
    old = history(model, name)
    before = copy.deepcopy(model.kept)
    for number in range(1000):
        model.kept.clear()
        model.kept.update(copy.deepcopy(before))
        try:
            with model.steps.crash_before(number):
                delete_value(model.vault, KEY)
        except Crash:
            assert load_value(model.vault, KEY) in {old, None}
            delete_value(model.vault, KEY)
            assert model.kept == {}
        else:
            break
    assert (load_value(model.vault, KEY), model.kept) == (None, {})


def test_a_delete_after_a_broken_save_does_not_bring_back_an_older_value(model: Model) -> None:
    save_value(model.vault, KEY, "oldest")
    before = copy.deepcopy(model.kept)
    for save_step in range(1000):
        model.kept.clear()
        model.kept.update(copy.deepcopy(before))
        if finished(model, save_step, LONG):
            break
        current = load_value(model.vault, KEY)
        broken = copy.deepcopy(model.kept)
        for step in range(1000):
            model.kept.clear()
            model.kept.update(copy.deepcopy(broken))
            try:
                with model.steps.crash_before(step):
                    delete_value(model.vault, KEY)
                break
            except Crash:
                assert load_value(model.vault, KEY) in {current, None}


def test_a_vault_that_fails_at_any_step_raises_a_keystore_error() -> None:
    with made_model("windows") as model:
        save_value(model.vault, KEY, LONG)
        before = copy.deepcopy(model.kept)
        for number in range(1000):
            model.kept.clear()
            model.kept.update(copy.deepcopy(before))
            try:
                with model.steps.crash_before(number, OSError):
                    save_value(model.vault, KEY, LONGER)
                break
            except KeystoreError:
                assert load_value(model.vault, KEY) in {LONG, LONGER}


class Life(RuleBasedStateMachine):
    """Saves, deletes and crashes in any order."""

    @initialize(name=st.sampled_from(MODELS))
    def begin(self, name: str) -> None:
        self._making = made_model(name)
        self.model = self._making.__enter__()
        self.value: str | None = None

    @rule(length=st.integers(0, 4000), mark=st.sampled_from("abc"))
    def save(self, length: int, mark: str) -> None:
        self.value = mark * length
        save_value(self.model.vault, KEY, self.value)

    @rule(length=st.integers(0, 4000), mark=st.sampled_from("xyz"), step=st.integers(0, 40))
    def crash_in_save(self, length: int, mark: str, step: int) -> None:
        new = mark * length
        old, self.value = self.value, new
        if not finished(self.model, step, new):
            self.value = load_value(self.model.vault, KEY)
            assert self.value in {old, new}

    @rule(step=st.integers(0, 20))
    def crash_in_delete(self, step: int) -> None:
        old, self.value = self.value, None
        try:
            with self.model.steps.crash_before(step):
                delete_value(self.model.vault, KEY)
        except Crash:
            self.value = load_value(self.model.vault, KEY)
            assert self.value in {old, None}

    @rule()
    def delete(self) -> None:
        delete_value(self.model.vault, KEY)
        self.value = None
        assert self.model.kept == {}

    @precondition(lambda self: hasattr(self, "model"))
    @invariant()
    def what_was_saved_is_loaded(self) -> None:
        assert load_value(self.model.vault, KEY) == self.value

    def teardown(self) -> None:
        if hasattr(self, "model"):
            delete_value(self.model.vault, KEY)
            assert self.model.kept == {}
            self._making.__exit__(None, None, None)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=25)


def test_no_entry_is_ever_overwritten(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """An item of macOS be removed first; Windows would keep a copy of the old text."""
    write = type(model.vault).set

    def write_once(vault: Model, entry: str, text: str) -> None:
        assert model.vault.get(entry) is None
        write(vault, entry, text)  # type: ignore[arg-type]

    monkeypatch.setattr(type(model.vault), "set", write_once)
    for value in (SHORT, LONGER, LONG, SHORT):
        save_value(model.vault, KEY, value)


def test_windows_keeps_no_copy_of_an_older_value() -> None:
    with made_model("windows") as model:
        for value in (SHORT, LONGER, LONG, "newest"):
            save_value(model.vault, KEY, value)
        blobs = [item["CredentialBlob"].decode("utf-16-le") for item in model.kept.values()]
    assert [blob.rpartition(" ")[2] for blob in blobs] == ["newest"]


def test_a_crash_of_a_save_into_the_real_store_leaves_the_old_or_the_new_value(
    real_keyring: SecretStore,
) -> None:
    steps = PlainModel().steps

    class Fragile(Keyring):
        def get_password(self, service: str, username: str) -> str | None:
            steps.take()
            text: str | None = super().get_password(service, username)  # type: ignore[no-untyped-call]
            return text

        def set_password(self, service: str, username: str, password: str) -> None:
            steps.take()
            super().set_password(service, username, password)  # type: ignore[no-untyped-call]

        def delete_password(self, service: str, username: str) -> None:
            steps.take()
            super().delete_password(service, username)  # type: ignore[no-untyped-call]

    vault = KeyringVault(Fragile(), longest=None)  # type: ignore[no-untyped-call]
    for number in range(100):
        save_value(vault, KEY, "old")
        try:
            with steps.crash_before(number):
                save_value(vault, KEY, LONGER)
            break
        except Crash:
            assert load_value(vault, KEY) in {"old", LONGER}
    assert load_value(vault, KEY) == LONGER
    delete_value(vault, KEY)
    assert real_keyring.entries() == {}
