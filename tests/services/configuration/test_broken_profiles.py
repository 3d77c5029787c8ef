"""One bad profile never takes others, and is told with its line."""

import json
import os
import time
from pathlib import Path

import pytest

from desktop.oauth.errors import printable
from desktop.services.configuration.client_model import read_client_model
from desktop.services.configuration.profile_draft import Draft, faults_of
from desktop.services.configuration.profile_file import import_profiles, save_profile
from desktop.services.configuration.profile_reader import load_profiles, read_text
from desktop.services.model.profile import BrokenProfile

GOOD = 'client_id = "c"\nissuer = "https://login.example"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "profiles.toml"


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        (GOOD + r'ca_file = "C:\Users\ca.pem"', "(at line 9, column 16). In double quotes a "),
        (GOOD + r'ca_file = "C:\temp\new.pem"', "invisible characters; put a path with backsl"),
        (GOOD + 'name = "x', "Illegal character '\\n' (at line 9, column 10)"),
        (GOOD + 'name = """x', "Unterminated string (at line 9)"),
        (GOOD + "scope = [", "Invalid value (at line 9)"),
        (GOOD + "name = 'x'\nname = 'y'", "Cannot overwrite a value (at line 10"),
        (GOOD + "[profiles.b]\nname = 'x'", "Cannot declare ('profiles', 'b') twice (at line 9"),
        (GOOD + "[profiles.b.settings\nx = 1", "(at line 9, column"),
        (GOOD + "extra_parameters = { a = 'b' ", "(at line 9"),
        (GOOD + "name = 0x" + "f" * 5000, "a number has too many digits"),
        (GOOD + "a." * 100 + "b = 1", "a key has too many parts"),
        (GOOD + "name = 'M\udcfcnchen'", "not UTF-8"),
        (GOOD + "= 1", "Invalid statement (at line 9, column 1)"),
    ],
)
def test_a_bad_profile_between_others_takes_none_of_them(
    file: Path, bad: str, complaint: str
) -> None:
    text = f"# mine\n[profiles.a]\n{GOOD}\n[profiles.b]\n{bad}\n\n[profiles.c]\n{GOOD}"
    file.write_text(text, "utf-8", "surrogateescape")
    found = load_profiles(file)
    assert (list(found.good), list(found.broken)) == (["a", "c"], ["b"])
    assert complaint in found.broken["b"].detail
    with pytest.raises(BrokenProfile):
        found.find("b")


def test_a_table_with_a_misspelled_heading_takes_no_profile(file: Path) -> None:
    file.write_text(f"[profile.b]\n{GOOD}\n[profiles.a]\n{GOOD}", "utf-8")
    found = load_profiles(file)
    assert (list(found.good), list(found.broken)) == (["a"], ["[profile]"])
    assert "did you mean `[profiles.…]`" in found.broken["[profile]"].detail


def test_what_is_wrong_outside_of_all_profiles_is_told_beside_them(file: Path) -> None:
    for text in (f"hello\n[profiles.a]\n{GOOD}", f"[profiles.a]\n{GOOD}[other]\nx\n"):
        file.write_text(text, "utf-8")
        found = load_profiles(file)
        assert (list(found.good), list(found.broken)) == (["a"], ["(profiles.toml)"])


def test_a_profile_in_several_places_is_read_and_told_with_its_own_lines(file: Path) -> None:
    text = (
        f"[profiles.a]\n{GOOD}\n[profiles.b]\n{GOOD}\n[profiles.a.settings]\nkeep_fresh = true\n"
        "[profiles.b.settings]\nkeep_fresh = yes\n"
    )
    file.write_text(text, "utf-8")
    found = load_profiles(file)
    assert found.good["a"].settings == {"keep_fresh": True}
    assert "(at line 12, column 14)" in found.broken["b"].detail


def test_a_file_without_any_heading_is_told_as_a_whole(file: Path) -> None:
    for content in (b"profiles = {", "[profiles.a]\n".encode("utf-16"), b"[profiles"):
        file.write_bytes(content)
        with pytest.raises(BrokenProfile):
            load_profiles(file)


def test_a_broken_file_is_neither_changed_nor_imported_in_parts(file: Path) -> None:
    text = f"[profiles.a]\n{GOOD}\n[profiles.b]\nname = \n"
    file.write_text(text, "utf-8")
    with pytest.raises(BrokenProfile):
        save_profile(file, "a", {"name": "A"})
    with pytest.raises(BrokenProfile):
        import_profiles(file.with_name("new.toml"), text)
    assert read_text(file) == text


def test_a_pipe_or_a_device_instead_of_the_file_is_told(file: Path) -> None:
    os.mkfifo(file)
    with pytest.raises(BrokenProfile, match="not a regular file"):
        load_profiles(file)


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"[profiles.p{each}]\nclient_id = 1\n" for each in range(2000)),
        "".join(f"[profiles.p{each}]\nname = \n" for each in range(2000)),
        "".join(f"[profiles.p{each}]\n{GOOD}unknown_{each} = 1\n" for each in range(2000)),
    ],
)
def test_two_thousand_profiles_take_no_time(file: Path, text: str) -> None:
    file.write_text(f"{text}[profiles.good]\n{GOOD}", "utf-8")
    started = time.thread_time()
    found = load_profiles(file)
    assert len(found.good) + len(found.broken) == 2001
    assert time.thread_time() - started < 3.0  # seconds; 9 before


PERSIAN, FAMILY, FLAG = (
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "\U0001f469\u200d\U0001f4bb SOC ❤\ufe0f\u200d\U0001f525",
    ("\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"),
)


@pytest.mark.parametrize("name", [PERSIAN, FAMILY, FLAG, "क्\u200dष", "ශ්\u200dරී"])
def test_a_name_may_contain_what_joins_letters_and_emoji(file: Path, name: str) -> None:
    save_profile(file, "x", {"client_id": "c", "issuer": "https://a.example", "name": name})
    assert load_profiles(file).good["x"].name == name
    assert printable(name) == name
    draft = Draft(client_id="c", issuer="https://a.example", name=name, preset="")
    assert "name" not in faults_of(draft, {})
    model = read_client_model(json.dumps({"client_id": "c", "name": name}))
    assert model is not None
    assert model.name == name


@pytest.mark.parametrize(
    "name",
    [
        *(
            "a\u200db",
            "admin\u200c",
            "\u200cمی",
            "می\u200c",
            "— \u200d—",
            "\u0430\u200d\u0431",
            "می\u200c\u200cخ",
        ),
        *("\u202egnp.exe", "a\u2066b", "a\u200fb", "می\u061cخ", "a\u00adb", "a\u200bb", "a\ufeffb"),
        *("\U000e0067\U000e007f", "a\U000e0067\U000e007f", "\U0001f3f4\U000e0067"),
    ],
)
def test_a_name_contains_nothing_else_that_is_hidden(file: Path, name: str) -> None:
    file.write_text(f"[profiles.x]\n{GOOD}name = {json.dumps(name, ensure_ascii=False)}\n", "utf-8")
    assert "invisible" in load_profiles(file).broken["x"].detail
    assert printable(name) != name


@pytest.mark.parametrize("member", ["client_id", "proxy_user", "expected_issuer"])
def test_what_is_no_name_contains_no_joiners(file: Path, member: str) -> None:
    text = GOOD if member != "client_id" else GOOD.split("\n")[1] + "\n"
    file.write_text(f'[profiles.x]\n{text}{member} = "{PERSIAN}"\n', "utf-8")
    assert "invisible" in load_profiles(file).broken["x"].detail
