"""Saving settings, also in a file that was edited by hand."""

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop.services.model.settings import (
    Settings,
    broken_copy_path,
    find_read_error,
    load_settings,
    save_settings,
)

CHANGED = Settings(keep_fresh=True, in_use_minutes=60, clipboard_seconds=10, start_hidden=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def test_without_a_file_the_defaults_apply(file: Path) -> None:
    assert load_settings(file) == Settings()


def test_saved_settings_are_loaded(file: Path) -> None:
    save_settings(CHANGED, file)
    assert load_settings(file) == CHANGED


def test_defaults_are_not_written_so_that_a_later_version_can_change_them(
    file: Path,
) -> None:
    save_settings(Settings(clipboard_seconds=10), file)
    lines = [line for line in file.read_text("utf-8").splitlines() if line and line[0] != "#"]
    assert lines == ["clipboard_seconds = 10"]


def test_going_back_to_a_default_is_written(file: Path) -> None:
    save_settings(CHANGED, file)
    save_settings(Settings(), file)
    assert load_settings(file) == Settings()


def test_starting_at_login_is_not_saved_because_the_system_knows_it(file: Path) -> None:
    save_settings(Settings(start_at_login=True, keep_fresh=True), file)
    assert "start_at_login" not in file.read_text("utf-8")
    assert load_settings(file) == Settings(keep_fresh=True)


def test_the_folder_is_private(tmp_path: Path) -> None:
    save_settings(CHANGED, tmp_path / "new" / "settings.toml")
    assert load_settings(tmp_path / "new" / "settings.toml") == CHANGED
    if os.name == "posix":
        assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
        assert (tmp_path / "new" / "settings.toml").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text",
    [
        "in_use_minutes = ",
        "[" * 5000,
        "in_use_minutes = 5\nin_use_minutes = 6",
    ],
)
def test_a_broken_file_gives_the_defaults_and_is_logged(
    file: Path, text: str, expect_log: Callable[[str], None]
) -> None:
    expect_log("cannot read the settings: ")
    file.write_text(text, "utf-8")
    assert load_settings(file) == Settings()
    assert file.read_text("utf-8") == text


def test_a_file_that_is_not_utf_8_is_broken(file: Path, expect_log: Callable[[str], None]) -> None:
    expect_log("cannot read the settings: ")
    file.write_bytes(b"\xff\xfe\x00")
    assert load_settings(file) == Settings()


def test_a_file_that_cannot_be_opened_gives_the_defaults(
    file: Path, expect_log: Callable[[str], None]
) -> None:
    expect_log("cannot read the settings: ")
    file.mkdir()
    assert load_settings(file) == Settings()


@pytest.mark.parametrize(
    "line",
    [
        'in_use_minutes = "15"',
        "in_use_minutes = 0",
        "in_use_minutes = 481",
        "in_use_minutes = true",
        "in_use_minutes = 1.5",
        "clipboard_seconds = 4",
        "clipboard_seconds = 301",
        "keep_fresh = 1",
        'start_hidden = "no"',
    ],
)
def test_an_invalid_value_does_not_affect_the_others(
    file: Path, line: str, expect_log: Callable[[str], None]
) -> None:
    expect_log("ignored an invalid setting: ")
    other = "clipboard_seconds = 20" if "clipboard" not in line else "in_use_minutes = 20"
    file.write_text(f"{line}\n{other}\n", "utf-8")
    found = load_settings(file)
    assert 20 in (found.clipboard_seconds, found.in_use_minutes)
    assert not found.keep_fresh
    assert found.start_hidden


@pytest.mark.parametrize(
    ("minutes", "seconds"), [(1, 5), (480, 300)], ids=["the least", "the most"]
)
def test_the_limits_are_valid_values(file: Path, minutes: int, seconds: int) -> None:
    wanted = Settings(in_use_minutes=minutes, clipboard_seconds=seconds)
    save_settings(wanted, file)
    assert load_settings(file) == wanted


def test_a_byte_order_mark_is_ignored(file: Path) -> None:
    file.write_text("keep_fresh = true\n", "utf-8-sig")
    assert load_settings(file).keep_fresh
    save_settings(Settings(keep_fresh=True, in_use_minutes=5), file)
    assert load_settings(file) == Settings(keep_fresh=True, in_use_minutes=5)


def test_comments_and_unknown_members_stay(file: Path) -> None:
    file.write_text(
        "# mine\nin_use_minutes = 30 # half an hour\ncolor = 'pl'\n\n[later]\nx = 1\n", "utf-8"
    )
    save_settings(Settings(in_use_minutes=45, keep_fresh=True), file)
    text = file.read_text("utf-8")
    assert text.startswith("# mine\nin_use_minutes = 45 # half an hour\ncolor = 'pl'\n")
    assert "[later]\nx = 1\n" in text
    assert load_settings(file) == Settings(in_use_minutes=45, keep_fresh=True)


def test_an_invalid_value_stays_until_it_is_changed(
    file: Path, expect_log: Callable[[str], None]
) -> None:
    expect_log("ignored an invalid setting: ")
    file.write_text("in_use_minutes = 5000\n", "utf-8")
    found = load_settings(file)
    save_settings(Settings(in_use_minutes=found.in_use_minutes, keep_fresh=True), file)
    assert "in_use_minutes = 5000" in file.read_text("utf-8")


def test_a_broken_file_is_kept_next_to_the_new_one(
    file: Path, expect_log: Callable[[str], None]
) -> None:
    expect_log("cannot read the settings, replaced them and kept a copy in ")
    file.write_text("keep_fresh = maybe\n# much work\n", "utf-8")
    save_settings(CHANGED, file)
    assert file.with_name("settings.toml.broken").read_text("utf-8").endswith("# much work\n")
    assert load_settings(file) == CHANGED


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_settings(CHANGED, file)
    before = file.read_text("utf-8")

    def no_room(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(OSError, match="No space left"):
        save_settings(Settings(), file)
    assert file.read_text("utf-8") == before
    assert [each.name for each in file.parent.iterdir()] == ["settings.toml"]


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    file.symlink_to(real)
    save_settings(CHANGED, file)
    assert file.is_symlink()
    assert load_settings(real) == CHANGED


def test_loading_does_not_import_what_only_saving_needs() -> None:
    code = "import sys; import desktop.services.model.settings; print('tomlkit' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


def test_nothing_of_this_is_told_where_nothing_is_wrong(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save_settings(CHANGED, file)
    load_settings(file)
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", ""),
        (b"\xef\xbb\xbfkeep_fresh = true", ""),
        (b"keep_fresh =", "Invalid value (at end of document)"),
        (b"\xff\xfek\0", "not valid UTF-8"),
    ],
)
def test_the_reason_for_an_unreadable_file_is_given(file: Path, content: bytes, why: str) -> None:
    file.write_bytes(content)
    assert find_read_error(file) == why


def test_the_path_of_the_kept_broken_file_is_given(
    file: Path, expect_log: Callable[[str], None]
) -> None:
    expect_log("cannot read the settings, replaced them")
    file.write_text("keep_fresh =", "utf-8")
    save_settings(CHANGED, file)
    assert broken_copy_path(file).read_text("utf-8") == "keep_fresh ="
    assert find_read_error(file) == ""


@pytest.mark.skipif(sys.platform == "win32", reason="made with mkfifo")
def test_a_pipe_or_an_endless_file_holds_nothing_up(
    file: Path, expect_log: Callable[[str], None]
) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(file)
    expect_log("cannot read the settings: .*not a regular file")
    expect_log("cannot read the settings: .*the file is larger than 65 kB")
    assert load_settings(file) == Settings()
    with pytest.raises(OSError, match="not a regular file"):
        save_settings(Settings(theme="dark"), file)
    file.unlink()
    file.touch()
    os.truncate(file, 2**40)
    assert load_settings(file) == Settings()
    assert find_read_error(file) == "the file is larger than 65 kB"


def test_a_number_of_5000_digits_is_a_broken_file(
    file: Path, expect_log: Callable[[str], None]
) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("in_use_minutes = 0x" + "f" * 5000)
    expect_log("cannot read the settings: .*: a number has too many digits")
    assert load_settings(file) == Settings()
