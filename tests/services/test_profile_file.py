"""Changing the file with the profiles: what a person wrote stays, and nothing is ever lost."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from desktop.services import paths, profile_file
from desktop.services.profile_file import (
    export_profiles,
    import_profiles,
    new_id,
    remove_profile,
    save_profile,
)
from desktop.services.profile_reading import load_profiles, read_text
from desktop.services.profiles import BrokenProfile

NEW = {"name": "Contoso", "preset": "xdr-eu", "client_id": "client-2"}
FILE = """\
# mine
[profiles.b]   # the first
client_id = "client-1"   # from the administrator
preset = "xdr-nam"
future = { a = 1 }

[other]
x = 1

[profiles.a]
client_id = 'client-3'
issuer = "https://a.example"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "profiles.toml"
    made.write_text(FILE, "utf-8")
    return made


def test_the_first_profile_makes_the_file_and_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "new" / "profiles.toml"
    save_profile(file, "contoso", NEW)
    assert load_profiles(file).good["contoso"].name == "Contoso"
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o077 == 0


def test_the_example_stays_when_the_first_profile_is_added(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text("# The profiles of XDR Login\n\n# [profiles.northwind]\n", "utf-8")
    save_profile(file, "contoso", NEW)
    assert file.read_text("utf-8").startswith("# The profiles of XDR Login\n")
    assert list(load_profiles(file).good) == ["contoso"]


def test_comments_order_and_unknown_members_stay(file: Path) -> None:
    save_profile(file, "b", {"name": "Northwind", "scope": ["casebook"]})
    text = file.read_text("utf-8")
    assert '[profiles.b]   # the first\nclient_id = "client-1"   # from the administrator' in text
    assert "future = { a = 1 }" in text
    assert "[other]\nx = 1" in text
    changed = tomllib.loads(text)["profiles"]
    assert list(changed) == ["b", "a"]
    assert changed["b"]["scope"] == ["casebook"]


def test_a_member_is_taken_away_by_none(file: Path) -> None:
    save_profile(file, "b", {"preset": None, "issuer": "https://b.example"})
    assert load_profiles(file).good["b"].issuer == "https://b.example"
    assert "preset" not in file.read_text("utf-8")


def test_a_removed_profile_takes_nothing_with_it(file: Path) -> None:
    remove_profile(file, "a")
    text = file.read_text("utf-8")
    assert "client-3" not in text
    assert text.startswith(FILE.partition("[profiles.a]")[0])
    remove_profile(file, "a")
    assert file.read_text("utf-8") == text


def test_what_makes_no_sense_is_not_written(file: Path) -> None:
    with pytest.raises(BrokenProfile, match="`client_id` is missing"):
        save_profile(file, "c", {"preset": "xdr-eu"})
    with pytest.raises(BrokenProfile, match="plain name"):
        save_profile(file, "C c", NEW)
    assert file.read_text("utf-8") == FILE


def test_a_profile_that_is_broken_already_is_no_reason_not_to_change_another(file: Path) -> None:
    file.write_text(f"{FILE}[profiles.broken]\n", "utf-8")
    save_profile(file, "b", {"name": "Northwind"})
    found = load_profiles(file)
    assert (found.good["b"].name, list(found.broken)) == ("Northwind", ["broken"])


def test_a_file_that_is_broken_is_never_overwritten(file: Path) -> None:
    file.write_text("[profiles.x\n", "utf-8")
    with pytest.raises(BrokenProfile, match="line 1, column"):
        save_profile(file, "b", NEW)
    with pytest.raises(BrokenProfile, match="line 1, column"):
        remove_profile(file, "b")
    assert file.read_text("utf-8") == "[profiles.x\n"


def test_the_ends_of_lines_stay_as_an_editor_of_windows_makes_them(file: Path) -> None:
    file.write_bytes(FILE.replace("\n", "\r\n").encode())
    save_profile(file, "b", {"name": "Northwind"})
    assert b"# the first\r\nclient_id" in file.read_bytes()


def test_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    save_profile(link, "c", NEW)
    assert link.is_symlink()
    assert "client-2" in file.read_text("utf-8")


def test_what_another_program_writes_meanwhile_is_not_lost(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Path] = []

    def read(where: Path) -> str:
        calls.append(where)
        if len(calls) == 2:
            file.write_text(f'{FILE}name = "theirs"\n', "utf-8")
        return read_text(where)

    monkeypatch.setattr(profile_file, "read_text", read)
    save_profile(file, "c", NEW)
    found = load_profiles(file).good
    assert (found["a"].name, found["c"].name) == ("theirs", "Contoso")


def test_a_file_that_never_rests_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Path] = []

    def read(where: Path) -> str:
        calls.append(where)
        return f"{FILE}# {len(calls)}\n"

    monkeypatch.setattr(profile_file, "read_text", read)
    with pytest.raises(BrokenProfile, match="another program keeps changing it"):
        save_profile(file, "c", NEW)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "in the way").write_text("")
    with pytest.raises(BrokenProfile):
        save_profile(tmp_path / "in the way" / "profiles.toml", "c", NEW)


def test_what_is_exported_can_be_imported_elsewhere(file: Path, tmp_path: Path) -> None:
    text = export_profiles(file, ["b"])
    assert "client-3" not in text
    elsewhere = tmp_path / "elsewhere.toml"
    assert import_profiles(elsewhere, text) == ("b",)
    assert load_profiles(elsewhere).good["b"] == load_profiles(file).good["b"]


def test_an_import_replaces_nothing(file: Path) -> None:
    text = export_profiles(file, ["a", "b"])
    assert set(import_profiles(file, text)) == {"a-2", "b-2"}
    assert set(load_profiles(file).good) == {"b", "a", "b-2", "a-2"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "there is no profile"),
        ("[profiles.x", "end of a table"),
        ("[profiles.x]\n", "`client_id` is missing"),
        ("profiles = 1", "must be a table"),
    ],
)
def test_an_import_that_makes_no_sense_changes_nothing(
    file: Path, text: str, complaint: str
) -> None:
    with pytest.raises(BrokenProfile, match=complaint):
        import_profiles(file, text)
    assert file.read_text("utf-8") == FILE


@pytest.mark.parametrize(
    ("name", "taken", "id_"),
    [
        ("Northwind SOC", [], "northwind-soc"),
        ("Zürich", [], "zurich"),
        ("日本", [], "profile"),
        ("b", ["b", "b-2"], "b-3"),
        ("a.b_c", [], "a.b_c"),
        ("x" * 90, [], "x" * 40),
    ],
)
def test_a_name_gives_a_plain_id(name: str, taken: list[str], id_: str) -> None:
    assert new_id(name, taken) == id_


pieces = st.sampled_from(
    [
        *("[profiles.x]", "[profiles]", "[[profiles]]", "[profiles.x.y]", "[other]", "# words"),
        *('client_id = "c"', 'issuer = "https://a.example"', "profiles.x.y = 1", "x.z = 2"),
        *('[profiles."q r"]', "profiles = {}", "profiles = { x = {} }", "a = nan", "b = [1, 2]"),
        *("x = { client_id = 'c' }", "'''", '"', "[", "d = 1979-05-27", "\ufeff", "\r", ""),
    ]
)


def remove_x(file: Path) -> None:
    remove_profile(file, "x")


CHANGES: list[Callable[[Path], object]] = [
    lambda file: save_profile(file, "x", NEW),
    lambda file: save_profile(file, "n", NEW),
    lambda file: save_profile(file, "x", {"name": "other", "scope": None}),
    remove_x,
    lambda file: import_profiles(file, '[profiles.x]\npreset="xdr-eu"\nclient_id="i"\n'),
]


@settings(max_examples=400, deadline=None)
@given(st.text() | st.lists(pieces, max_size=8).map("\n".join), st.sampled_from(CHANGES))
@example("[profiles.x]\nclient_id='c'\n[other]\n[profiles.x.settings]\n", CHANGES[0])
def test_whatever_is_in_the_file_nothing_is_lost(
    text: str, change: Callable[[Path], object]
) -> None:
    file = paths.configuration_folder() / "fuzz.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    before = file.read_bytes()
    try:
        change(file)
    except BrokenProfile:
        assert file.read_bytes() == before
        return
    old, new = tomllib.loads(before.decode("utf-8-sig")), tomllib.loads(file.read_text("utf-8"))
    touched = {"x", "n", "x-2"}
    assert others(old, touched) == others(new, touched)
    if change is not remove_x:  # which takes the comments in it along
        assert file.read_text("utf-8").count("# words") == text.count("# words")


def others(document: dict[str, object], touched: set[str]) -> dict[str, object]:
    profiles = document.get("profiles", {})
    assert isinstance(profiles, dict)
    kept = {name: table for name, table in profiles.items() if name not in touched}
    return {**document, "profiles": kept}
