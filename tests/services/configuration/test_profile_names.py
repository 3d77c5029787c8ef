"""Ids and names of profiles are one namespace, in which nothing reads like another."""

# ruff: noqa: RUF001 - the letters that look like others are what this is about

import time
import unicodedata
from contextlib import suppress
from pathlib import Path

import pytest

from desktop.services.configuration import profile_names
from desktop.services.configuration.load import load_allowed_profiles
from desktop.services.configuration.profile_draft import Draft, faults_of
from desktop.services.configuration.profile_file import (
    import_profiles,
    new_id,
    remove_profile,
    save_profile,
)
from desktop.services.configuration.profile_names import name_key
from desktop.services.configuration.profile_reader import load_profiles
from desktop.services.model.policy import Policy
from desktop.services.model.profile import AmbiguousName, BrokenProfile
from desktop.services.wording.messages import advice_for

CLIENT = 'client_id = "c"\nissuer = "https://{}.example"\n'
MINE = f'[profiles.northwind]\nname = "prod"\n{CLIENT.format("login")}'


def profile(id_: str, name: str = "", host: str = "evil") -> str:
    given = f'name = "{name}"\n' if name else ""
    return f"[profiles.{id_}]\n{given}{CLIENT.format(host)}"


SAME = [
    *("prod", "Prod", "PROD", " prod", "prod ", "рrod", "prоd", "ΡROD", "ᏢROD".replace("Ꮲ", "Р")),
    *("ｐｒｏｄ", "𝗽𝗿𝗼𝗱", "prⲟd".replace("ⲟ", "օ")),
]
"""What reads like `prod`: case, blanks, Cyrillic, Greek, Armenian, and Unicode's other forms."""


@pytest.mark.parametrize("name", SAME)
def test_what_reads_alike_has_the_same_key(name: str) -> None:
    assert name_key(name) == name_key("prod")


def test_a_name_of_many_accents_is_compared_in_no_time() -> None:
    begun = time.process_time()
    name_key("\u0323\u0301" * 32_000)
    assert time.process_time() - begun < 0.5


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (unicodedata.normalize("NFC", "Zürich"), unicodedata.normalize("NFD", "Zürich")),
        ("North  wind", "north\u00a0wind"),
        ("soc-eu", "soc\u2010eu"),
        ("СОСО", "coco"),
        ("Straße", "STRASSE"),
        ("ﬁnance", "finance"),
        ("pro\u200cd", "prod"),
        ("prod\u3164", "prod"),
        ("pr\u115fod", "prod"),
        ("prod\u2800", "prod"),
        ("prod\ufe0f", "prod"),
        ("pr\u034fod", "prod"),
        ("prod\U000e0101", "prod"),
        ("ꓑꓣꓳꓓ", "prod"),
        ("ᴘʀᴏᴅ", "prod"),
    ],
)
def test_unicode_forms_blanks_and_alphabets_do_not_tell_names_apart(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("prod", "prod2"), ("soc eu", "soc-eu"), ("Zürich", "Zurich"), ("日本", "日木"), ("a", "b")],
)
def test_names_that_people_tell_apart_have_different_keys(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


# Import


@pytest.mark.parametrize("id_", ["prod", "northwind"])
def test_after_any_import_a_name_means_the_same_profile_as_before(id_: str, tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text(MINE)
    for text in (profile("prod"), profile("x", "northwind"), profile("northwind", "prod")):
        with suppress(BrokenProfile):
            import_profiles(file, text)
        assert load_profiles(file).find(id_).issuer == "https://login.example"


def test_an_imported_id_that_is_the_name_of_a_profile_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text(MINE)
    with pytest.raises(BrokenProfile, match="that of profile `northwind`"):
        import_profiles(file, profile("prod"))
    assert file.read_text() == MINE


@pytest.mark.parametrize("name", ["northwind", "Northwind", "nоrthwind", "northwind ", *SAME[1:]])
def test_an_imported_name_that_reads_like_an_id_or_a_name_is_refused(
    name: str, tmp_path: Path
) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text(MINE)
    with pytest.raises(BrokenProfile, match="looks like it"):
        import_profiles(file, profile("x", name))
    assert file.read_text() == MINE


def test_an_imported_name_that_exists_gets_a_number(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text(MINE)
    assert import_profiles(file, profile("x", "prod")) == ("x",)
    assert import_profiles(file, profile("y", "prod")) == ("y",)
    assert [each.name for each in load_profiles(file).good.values()] == ["prod", "prod 2", "prod 3"]


def test_profiles_of_one_import_may_not_clash_either(tmp_path: Path) -> None:
    with pytest.raises(BrokenProfile, match="`a`"):
        import_profiles(tmp_path / "new.toml", profile("a", "prod") + profile("prod"))


def test_an_import_may_not_take_a_name_of_the_administrator(tmp_path: Path) -> None:
    for text in (profile("shared-soc"), profile("x", "Shared SOC"), profile("x", "fixed")):
        with pytest.raises(BrokenProfile, match="looks like it"):
            import_profiles(
                tmp_path / "new.toml",
                text,
                taken={"fixed"},
                names=["fixed", "SHARED-SOC", "shared soc"],
            )


def test_twice_the_profiles_take_twice_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def counted(name: str) -> str:
        calls.append(name)
        return name_key(name)

    monkeypatch.setattr(profile_names, "name_key", counted)
    counts = []
    for size in (20, 40):
        calls.clear()
        text = "".join(profile(f"a{number}", f"Name {number}") for number in range(size))
        import_profiles(tmp_path / f"{size}.toml", text)
        counts.append(len(calls))
    assert counts[1] <= 2 * counts[0]


# Form and options


@pytest.mark.parametrize("name", ["northwind", *SAME])
def test_a_saved_profile_may_not_take_another_ones_id_or_name(name: str, tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text(MINE + profile("other", "Other"))
    before = file.read_text()
    members = {"name": name, "client_id": "c", "issuer": "https://evil.example"}
    for id_ in ("new", "other"):
        with pytest.raises(BrokenProfile, match="looks like it"):
            save_profile(file, id_, members)
    with pytest.raises(BrokenProfile, match="looks like it"):
        save_profile(file, "elsewhere", members | {"name": "Fixed"}, names=["fixed"])
    assert file.read_text() == before


def test_what_is_not_renamed_can_still_be_changed(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text(MINE + profile("other", "prod"))
    save_profile(file, "other", {"letter": "O"})
    save_profile(file, "other", {"name": "Other"})
    assert load_profiles(file).find("prod").id == "northwind"
    remove_profile(file, "other")


def test_a_profile_may_be_called_as_its_own_id(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text(MINE)
    save_profile(file, "northwind", {"name": "Northwind"})
    assert load_profiles(file).find("Northwind").id == "northwind"


@pytest.mark.parametrize("name", SAME)
def test_a_taken_name_is_told_at_its_field(name: str) -> None:
    draft = Draft(client_id="c", name=name, issuer="https://login.example")
    found = faults_of(draft, {}, taken=["northwind", "prod"])
    assert found == {"name": "Another profile has this name or ID, or one that looks like it."}


def test_a_new_id_is_not_the_name_of_another_profile() -> None:
    assert new_id("Pröd!", {"PROD", "рrod-2"}) == "prod-3"


# A file that was edited by hand


@pytest.mark.parametrize("name", SAME)
def test_in_a_file_the_later_of_two_that_clash_is_refused_with_words(
    name: str, tmp_path: Path
) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text(profile("x", name, "login") + profile("prod"))
    found = load_profiles(file)
    assert list(found.good) == ["x"]
    assert "`x`, or looks like it; rename one of them (line 5)" in found.broken["prod"].detail
    with pytest.raises(BrokenProfile):
        found.find("prod")
    file.write_text(profile("prod", host="login") + profile("x", name))
    found = load_profiles(file)
    assert (list(found.good), list(found.broken)) == (["prod"], ["x"])
    assert found.find("prod").issuer == "https://login.example"


def test_a_name_of_several_profiles_is_refused_with_their_ids(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text(profile("a", "SOC") + profile("b", "ЅОС") + profile("c", "Other"))
    found = load_profiles(file)
    assert len(found.good) == 3, "each can still be chosen by its id"
    for name in ("SOC", "ЅОС"):
        with pytest.raises(AmbiguousName) as caught:
            found.find(name)
        advice = advice_for(caught.value)
        assert advice.title == "Several profiles have this name"
        assert "Choose one by its ID: “a”, “b”." in advice.text
    assert found.find("b").name == "ЅОС"


@pytest.mark.parametrize("name", ["fixed", "Shared", "ѕhared", "FIXED"])
def test_a_profile_that_reads_like_one_of_the_administrator_is_refused(
    name: str, tmp_path: Path
) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text(profile("mine", name) + profile("shared"))
    fixed = {"fixed": {"name": "Shared", "client_id": "c", "issuer": "https://login.example"}}
    found = load_allowed_profiles(file, Policy(source="policy.toml", profiles=fixed))
    assert "shared" in found.broken
    assert found.find("fixed").managed
    if name_key(name) == "fixed":
        assert "mine" in found.broken
    else:
        with pytest.raises(AmbiguousName):
            found.find("Shared")


@pytest.mark.parametrize("name", ["\u3164", "\u2800\u2800", "\u115f \u1160", "\u034f"])
def test_a_name_of_which_nothing_is_seen_is_refused(name: str, tmp_path: Path) -> None:
    assert faults_of(Draft(name=name, client_id="c", issuer="https://login.example"), {})["name"]
    file = tmp_path / "profiles.toml"
    file.write_text(profile("lab", name), "utf-8")
    assert "lab" in load_profiles(file).broken
