"""Changing the file with the profiles: what the user wrote stays, and nothing is ever lost."""

import errno
import stat
import subprocess
import sys
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import example, given, settings
from hypothesis import strategies as st

from desktop.oauth.clock import SystemClock
from desktop.services.configuration import profile_file
from desktop.services.configuration.profile_file import (
    export_profiles,
    import_profiles,
    new_id,
    remove_profile,
    save_profile,
)
from desktop.services.configuration.profile_names import name_key
from desktop.services.configuration.profile_reader import load_profiles, read_text
from desktop.services.configuration.profile_rules import is_secret_name
from desktop.services.model.profile import COLORS, MEMBERS, BrokenProfile, Profile, UnknownProfile
from desktop.services.secrets.shared_lock import shared_lock
from desktop.services.system import paths
from desktop.services.wording.messages import advice_for

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


REMARKS = """\
# mine

# the main tenant
[profiles.b]
client_id = "client-1"
preset = "xdr-nam"   # ask Dana
# moved in May

# the second tenant
[profiles.a]
client_id = "client-3"
preset = "xdr-eu"
# directly above
[other]
x = 1

# at the end
"""


def test_comments_stay_where_they_belong_when_members_come_and_go(file: Path) -> None:
    file.write_text(REMARKS, "utf-8")
    save_profile(file, "b", {"name": "Northwind", "extra_parameters": {"audience": "a"}})
    save_profile(file, "a", {"letter": "C"})
    assert file.read_text("utf-8") == REMARKS.replace(
        "# moved in May\n",
        '# moved in May\nname = "Northwind"\nextra_parameters = {audience = "a"}\n',
    ).replace('"xdr-eu"\n', '"xdr-eu"\nletter = "C"\n')
    save_profile(file, "b", {"name": None, "extra_parameters": None})
    save_profile(file, "a", {"letter": None})
    assert file.read_text("utf-8") == REMARKS


def test_comments_about_others_stay_when_a_profile_comes_and_goes(file: Path) -> None:
    file.write_text(REMARKS, "utf-8")
    save_profile(file, "c", NEW)
    assert file.read_text("utf-8").startswith(f"{REMARKS}\n[profiles.c]\n")
    remove_profile(file, "c")
    remove_profile(file, "b")
    kept = file.read_text("utf-8")
    assert "# moved in May" not in kept
    assert "# the second tenant\n[profiles.a]" in kept
    remove_profile(file, "a")
    assert (
        "# the second tenant\n# directly above\n[other]\nx = 1\n\n# at the end"
        in file.read_text("utf-8")
    )


def test_the_tables_in_a_profile_come_and_go_with_it(file: Path) -> None:
    text = f"{FILE}\n[profiles.a.settings]\nkeep_fresh = true\n\n# the last\n[more]\n"
    file.write_text(text, "utf-8")
    save_profile(file, "a", {"settings": {"keep_fresh": False}, "name": "A"})
    found = load_profiles(file).good["a"]
    assert (found.name, found.settings) == ("A", {"keep_fresh": False})
    remove_profile(file, "a")
    assert file.read_text("utf-8") == FILE.partition("[profiles.a]")[0] + "# the last\n[more]\n"


@pytest.mark.parametrize(
    "text",
    [
        'profiles.x = { client_id = "c", preset = "xdr-eu" }\n',
        '[profiles]\nx = { client_id = "c", preset = "xdr-eu" }\n',
        '[profiles]\nx.client_id = "c"\nx.preset = "xdr-eu"\n',
        '[ profiles . "x" ]\nclient_id = "c"\npreset = "xdr-eu"',
        '[profiles.x]\nclient_id = "c"\npreset = "xdr-eu"\nscope = [\n  "a",  # why\n]\n',
    ],
)
def test_other_layouts_can_be_changed_too(file: Path, text: str) -> None:
    file.write_text(text, "utf-8")
    save_profile(file, "x", {"name": "X"})
    save_profile(file, "x", {"client_id": "d"})
    found = load_profiles(file).good["x"]
    assert (found.name, found.client_id) == ("X", "d")
    remove_profile(file, "x")
    assert load_profiles(file).good == {}


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
    with pytest.raises(BrokenProfile, match="must be a table named with"):
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


ADDS_TWENTY = """
import sys
from pathlib import Path
from desktop.services.configuration.profile_file import save_profile
members = {"preset": "xdr-eu", "client_id": "c"}
for number in range(20):
    save_profile(Path(sys.argv[1]), sys.argv[2] + str(number), members)
"""


def test_two_programs_that_add_at_once_lose_nothing(file: Path) -> None:
    programs = [
        subprocess.Popen([sys.executable, "-c", ADDS_TWENTY, str(file), name]) for name in "cd"
    ]
    assert [program.wait(60) for program in programs] == [0, 0]
    assert len(load_profiles(file).good) == 2 + 20 + 20


def test_a_program_that_holds_the_file_for_ever_is_told(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile_file, "_LOCK_TIMEOUT", 0.0)
    paths.locks_folder().mkdir(parents=True)
    with (
        FileLock(paths.locks_folder() / "(profiles).lock"),
        pytest.raises(BrokenProfile, match="another program keeps changing the file"),
    ):
        save_profile(file, "c", NEW)
    assert file.read_text("utf-8") == FILE


async def test_a_renewal_keeps_nobody_from_changing_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile_file, "_LOCK_TIMEOUT", 0.1)
    async with shared_lock(paths.locks_folder(), "profiles", clock=SystemClock()):
        save_profile(file, "profiles", NEW)
    assert load_profiles(file).good["profiles"].name == "Contoso"


def test_without_a_folder_for_locks_it_goes_on(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    paths.locks_folder().parent.mkdir(parents=True, exist_ok=True)
    paths.locks_folder().write_text("in the way")
    save_profile(file, "c", NEW)
    assert "c" in load_profiles(file).good
    assert "changing profiles without a lock" in caplog.text
    caplog.clear()


def test_a_file_that_never_rests_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Path] = []

    def read(where: Path) -> str:
        calls.append(where)
        return f"{FILE}# {len(calls)}\n"

    monkeypatch.setattr(profile_file, "read_text", read)
    with pytest.raises(BrokenProfile, match="another program keeps changing the file"):
        save_profile(file, "c", NEW)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "in the way").write_text("")
    with pytest.raises(BrokenProfile):
        save_profile(tmp_path / "in the way" / "profiles.toml", "c", NEW)


def test_a_full_disk_is_no_broken_profile(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(file.parent / ".x"))

    monkeypatch.setattr(profile_file, "write_atomically", fill)
    with pytest.raises(BrokenProfile) as caught:
        save_profile(file, "c", NEW)
    advice = advice_for(caught.value)
    assert advice.title == "Your profiles can't be saved"
    assert f"{file.name}: No space left on device. Free up" in advice.text


def test_what_is_exported_can_be_imported_elsewhere(file: Path, tmp_path: Path) -> None:
    text = export_profiles(file, ["b"])
    assert "client-3" not in text
    elsewhere = tmp_path / "elsewhere.toml"
    assert import_profiles(elsewhere, text) == ("b",)
    assert load_profiles(elsewhere).good["b"] == load_profiles(file).good["b"]


def test_an_import_replaces_nothing(file: Path) -> None:
    text = export_profiles(file, ["a", "b"])
    assert set(import_profiles(file, text)) == {"a-2", "b-2"}
    profiles = load_profiles(file).good
    assert set(profiles) == {"b", "a", "b-2", "a-2"}
    assert profiles["a-2"].name == f"{profiles['a'].name} 2"


def test_an_import_takes_no_id_that_is_taken_elsewhere(file: Path, tmp_path: Path) -> None:
    text = export_profiles(file, ["a", "b"])
    other = tmp_path / "other.toml"
    assert set(import_profiles(other, text, taken={"a", "a-2"})) == {"a-3", "b"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
@pytest.mark.parametrize("mode", [0o644, 0o600, 0o640])
def test_who_may_read_the_file_stays(file: Path, mode: int) -> None:
    file.chmod(mode)
    save_profile(file, "a", {"name": "Other"})
    assert stat.S_IMODE(file.stat().st_mode) == mode


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_new_file_is_the_persons_alone(tmp_path: Path) -> None:
    new = tmp_path / "new.toml"
    save_profile(new, "x", {"preset": "xdr-eu", "client_id": "client-1"})
    assert stat.S_IMODE(new.stat().st_mode) == 0o600


def test_an_import_goes_beside_a_broken_profile_of_its_name(file: Path, tmp_path: Path) -> None:
    text = export_profiles(file, ["a"])
    other = tmp_path / "other.toml"
    other.write_text('[profiles.a]\nname = "no client"\n', "utf-8")
    assert import_profiles(other, text) == ("a-2",)
    assert set(load_profiles(other).good) == {"a-2"}


def test_what_might_be_a_secret_is_not_exported(file: Path) -> None:
    file.write_text(f'{FILE}future_key = "SECRET"\n', "utf-8")
    assert "SECRET" not in export_profiles(file, ["a"])


@pytest.mark.parametrize(
    "name", ["client_secret", "password", "client-password", "Proxy_Password", "refresh_token"]
)
def test_a_secret_in_the_file_is_told_and_never_repeated(file: Path, name: str) -> None:
    file.write_text(f'{FILE}{name} = "hunter2"\n', "utf-8")
    with pytest.raises(BrokenProfile, match=r"must not contain a secret.*\(line 13\)") as caught:
        export_profiles(file, ["a"])
    assert "hunter2" not in str(caught.value)


def test_an_export_of_what_is_not_there_is_told(file: Path) -> None:
    with pytest.raises(UnknownProfile):
        export_profiles(file, ["b", "gone"])


def members_of(profile: Profile) -> dict[str, object]:
    """All that TOML can say of `profile`, whether or not it is what is usual."""
    as_toml = {name: getattr(profile, name) for name in MEMBERS}
    as_toml |= {name: list(as_toml[name]) for name in ("scope", "verification_hosts")}
    return as_toml | {"expected_issuer": profile.expected_issuer or "", "preset": None}


words = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)
names = words.filter(name_key)  # of which something is seen
profiles = st.builds(
    Profile,
    id=st.just("x"),
    name=names,
    client_id=words.map(lambda word: f"c{word}".replace('"', "-")),
    provider=names | st.just(""),
    issuer=st.just("https://a.example"),
    expected_issuer=words | st.none(),
    grant=st.sampled_from(["device", "code", "client-credentials"]),
    scope=st.lists(words, max_size=3).map(tuple),
    extra_parameters=st.dictionaries(
        words.filter(lambda word: not is_secret_name(word)), words, max_size=3
    ),
    letter=words.map(lambda word: word[:2]).filter(name_key),
    color=st.sampled_from(list(COLORS)),
    proxy=st.sampled_from(["system", "none", "http://proxy.example:1"]),
    proxy_user=words,
    ca_file=words.map(lambda word: f"/etc/{word}"),
    settings=st.sampled_from([{}, {"keep_fresh": True}, {"clipboard_seconds": 9}]),
)


@settings(max_examples=50)
@given(profiles, profiles)
def test_what_is_saved_of_a_profile_is_what_is_read(first: Profile, second: Profile) -> None:
    file = paths.configuration_folder() / "fuzz.toml"
    file.unlink(missing_ok=True)
    for profile in (first, second):
        save_profile(file, "x", members_of(profile))
        assert load_profiles(file).good["x"] == profile


@pytest.mark.parametrize("depth", [50, 100, 150, 200, 250, 300, 350, 400, 500, 1000])
def test_however_deep_something_is_nested_nothing_is_lost(file: Path, depth: int) -> None:
    deep = f"{FILE}deep = {'[' * depth}{']' * depth}\n"
    changes: list[tuple[str, dict[str, object]]] = [("c", {**NEW}), ("a", {"name": "A"})]
    for id_, members in changes:
        file.write_text(deep, "utf-8")
        with suppress(BrokenProfile):
            save_profile(file, id_, members)
        assert "[" * depth + "]" * depth in file.read_text("utf-8")


def test_what_cannot_be_text_is_not_written(file: Path) -> None:
    with pytest.raises(BrokenProfile):
        save_profile(file, "b", {"future": "\ud800"})
    with pytest.raises(BrokenProfile):
        import_profiles(file, '[profiles.x]\npreset="xdr-eu"\nclient_id="i"\nfuture="\ud800"')
    assert file.read_text("utf-8") == FILE


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "the file contains no profiles"),
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


@settings(max_examples=200)
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
    if change is not remove_x:  # which takes along the comments in it
        assert file.read_text("utf-8").count("# words") == text.count("# words")


def others(document: dict[str, object], touched: set[str]) -> dict[str, object]:
    profiles = document.get("profiles", {})
    assert isinstance(profiles, dict)
    kept = {name: table for name, table in profiles.items() if name not in touched}
    return {**document, "profiles": kept}
