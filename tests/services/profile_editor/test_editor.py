"""What is done with profiles obeys what an administrator has decided, and leaves no secret."""

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
import pytest

from desktop.oauth.metadata import ServerMetadata
from desktop.services.configuration.load import load_allowed_profiles
from desktop.services.configuration.profile_draft import Draft, draft_of, profile_of
from desktop.services.configuration.profile_reader import load_profiles
from desktop.services.model.policy import Policy
from desktop.services.model.profile import (
    BrokenProfile,
    Profile,
    client_secret_key,
    proxy_password_key,
    tokens_key,
)
from desktop.services.network.environment import Environment
from desktop.services.network.kept_metadata import KeptMetadata
from desktop.services.profile_editor.editor import ProfileEditor, SecretChanges
from desktop.services.profile_editor.findings import Finding, Outcome, Step
from desktop.services.secrets.keystore import KeyringFault, KeystoreError, MemoryKeystore
from desktop.services.system.worker import Worker
from tests.services.audit.recorded import RecordedEvents
from tests.services.harness import START, AtOnce, HurriedClock, TakenLock

OWN = """
[profiles.mine]
client_id = "client-1"
name = "Mine"
issuer = "https://login.example"
proxy = "http://own.example:3128"
proxy_user = "dana"
ca_file = "/own.pem"
"""
FIXED = Policy(source="policy.toml", proxy="http://fixed.example:3128", ca_file="/fixed.pem")


class Bench:
    """The deeds on a file and a keyring of their own, and how the network was opened."""

    def __init__(self, file: Path, policy: Policy) -> None:
        self.file = file
        self.keyring = MemoryKeystore()
        self.log = RecordedEvents()
        self.opened: list[Profile] = []
        file.write_text(OWN)
        self.kept = KeptMetadata(file.parent / "metadata", AtOnce())
        world = Environment(
            self.keyring,
            self._open,
            HurriedClock(),
            lambda _: TakenLock(),
            kept_metadata=self.kept,
            audit=self.log,
        )
        load = partial(load_allowed_profiles, file, policy)
        self.deeds = ProfileEditor(file, world, Worker("deeds"), policy=policy, load=load)

    async def _open(
        self, profile: Profile, /, *, proxy_password: str | None = None
    ) -> httpx.AsyncClient:
        assert proxy_password is None
        self.opened.append(profile)
        return httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        base = "https://login.example"
        names = ("device_authorization_endpoint", "token_endpoint")
        members = {"issuer": base, **{name: f"{base}/{name}" for name in names}}
        assert request.method == "GET", "nothing is asked of what is forbidden"
        return httpx.Response(200, json=members)

    async def checked(self, draft: Draft) -> list[Finding]:
        known = await self.deeds.load()
        profile = profile_of("mine", draft, known.presets)
        return [each async for each in self.deeds.check(profile, SecretChanges(), known)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "profiles.toml"


def as_typed(file: Path) -> Draft:
    return draft_of(load_profiles(file).find("mine"), {})


async def test_a_check_goes_the_way_that_is_decided_and_finds_what_is_forbidden(
    file: Path,
) -> None:
    bench = Bench(file, replace(FIXED, device_grant=False))
    findings = await bench.checked(as_typed(file))
    assert [(each.proxy, each.ca_file) for each in bench.opened] == [
        ("http://fixed.example:3128", "/fixed.pem")
    ]
    assert (findings[-1].step, findings[-1].outcome) == (Step.WAY, Outcome.BAD)
    assert "turned off" in findings[-1].text


async def test_a_policy_that_has_been_broken_since_is_told(file: Path) -> None:
    bench = Bench(file, Policy(source="policy.toml", load_error="it does not belong to root"))
    with pytest.raises(BrokenProfile, match="it does not belong to root"):
        await bench.deeds.load()


async def test_saving_leaves_what_a_person_had_set_of_what_is_decided(file: Path) -> None:
    bench = Bench(file, FIXED)
    known = await bench.deeds.load()
    shown = draft_of(known.profiles.good["mine"], known.presets)
    saved = await bench.deeds.save("mine", replace(shown, name="Other"), known)
    own = load_profiles(file).find("mine")
    assert (own.name, own.proxy, own.ca_file) == ("Other", "http://own.example:3128", "/own.pem")
    assert saved == (await bench.deeds.load()).profiles.good["mine"]


async def test_what_is_done_with_profiles_is_in_the_audit_log(file: Path, tmp_path: Path) -> None:
    bench = Bench(file, FIXED)
    known = await bench.deeds.load()
    await bench.deeds.save("mine", draft_of(known.profiles.good["mine"], known.presets), known)
    names = ("event.action", "xdr_login.profile", "xdr_login.client_id")
    assert bench.log.last(*names) == ["profile-changed", "mine", "client-1"]
    source = tmp_path / "given.toml"
    source.write_text(OWN.replace("mine", "theirs").replace("Mine", "Theirs"))
    await bench.deeds.import_(await bench.deeds.read_import(source))
    assert bench.log.last(*names[:2]) == ["profile-imported", "theirs"]
    await bench.deeds.remove("theirs")
    assert bench.log.last(*names[:2]) == ["profile-removed", "theirs"]
    assert len(bench.log.events) == 3


async def test_a_password_is_for_the_proxy_that_is_decided(file: Path) -> None:
    bench = Bench(file, FIXED)
    known = await bench.deeds.load()
    draft = draft_of(known.profiles.good["mine"], known.presets)
    saved = await bench.deeds.save("mine", draft, known)
    await bench.deeds.save_secrets(saved, SecretChanges(proxy_password="SECRET"))
    assert await bench.deeds.find_stored_secrets(saved) == (False, True)
    assert await bench.deeds.find_stored_secrets(load_profiles(file).find("mine")) == (False, False)


async def test_what_can_be_removed_of_a_profile_goes_even_where_something_is_stuck(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(file, Policy())
    mine = load_profiles(file).find("mine")
    for key in (tokens_key(mine), client_secret_key(mine), proxy_password_key(mine)):
        await bench.keyring.save(key, "SECRET")
    really = bench.keyring.delete

    async def delete(key: str) -> None:
        await asyncio.sleep(0)
        if key == tokens_key(mine):
            raise KeyringFault("stuck")
        await really(key)

    monkeypatch.setattr(bench.keyring, "delete", delete)
    with pytest.raises(KeystoreError):
        await bench.deeds.remove("mine")
    assert await bench.keyring.load(client_secret_key(mine)) is None
    assert await bench.keyring.load(proxy_password_key(mine)) is None


@pytest.mark.parametrize("change", ["edit", "remove"])
async def test_an_edited_or_removed_profile_keeps_no_metadata(file: Path, change: str) -> None:
    bench = Bench(file, Policy())
    known = await bench.deeds.load()
    mine = known.profiles.good["mine"]
    endpoint = f"{mine.issuer}/device"
    metadata = ServerMetadata(issuer=mine.issuer, device_authorization_endpoint=endpoint)
    await bench.kept.save(mine, metadata, at=START)
    assert await bench.kept.load(mine, at=START) is not None
    if change == "edit":
        await bench.deeds.save("mine", replace(as_typed(file), name="Other"), known)
    else:
        await bench.deeds.remove("mine")
    assert await bench.kept.load(mine, at=START) is None


async def test_an_import_leaves_the_ids_of_managed_profiles_alone(
    file: Path, tmp_path: Path
) -> None:
    source = tmp_path / "export.toml"
    source.write_text(OWN.replace("mine", "shared"))
    managed = {"preset": "xdr-eu", "client_id": "client-8"}
    bench = Bench(file, Policy(source="policy.toml", profiles={"shared": managed}))
    assert await bench.deeds.import_(await bench.deeds.read_import(source)) == ("shared-2",)
    assert set((await bench.deeds.load()).profiles.good) == {"shared", "mine", "shared-2"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'[profiles.a]\nname = "Z\xfcrich"\n', "in.toml is not UTF-8 text"),
        (b'{"values": [], "_postman_variable_scope": "environment"}', "a Postman environment"),
        (b'{"client_id": "c-1"}', "paste it into the form"),
    ],
)
async def test_an_import_says_what_is_wrong_with_the_file(
    file: Path, tmp_path: Path, content: bytes, words: str
) -> None:
    source = tmp_path / "in.toml"
    source.write_bytes(content)
    with pytest.raises(BrokenProfile, match=words):
        await Bench(file, Policy()).deeds.read_import(source)
