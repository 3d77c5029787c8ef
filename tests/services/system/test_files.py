"""Files that somebody else chose: no pipe, device or endless file holds anything up."""

import os
import sys
import threading
from pathlib import Path

import pytest

from desktop.services.system import files
from desktop.services.system.files import read_file

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="made with mkfifo and /dev")


def test_a_file_and_a_link_to_one_are_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 100)
    (tmp_path / "link").symlink_to("file")
    assert read_file(tmp_path / "link", limit=100) == b"x" * 100


def test_a_file_is_read_up_to_its_limit_only(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 64_001)
    with pytest.raises(OSError, match="the file is larger than 64 kB"):
        read_file(file, limit=64_000)
    os.truncate(file, 2**40)  # a terabyte of holes
    with pytest.raises(OSError, match="the file is larger than 16 MB"):
        read_file(file, limit=16_000_000)


def test_what_is_no_regular_file_is_rejected_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    for file in (tmp_path / "pipe", tmp_path / "link", Path("/dev/zero"), Path("/dev/null")):
        with pytest.raises(OSError, match="not a regular file"):
            read_file(file, limit=10)
    with pytest.raises(IsADirectoryError):
        read_file(tmp_path, limit=10)


def never() -> None:
    pytest.fail("nothing takes that long")


def test_a_pipe_whose_writer_takes_long_is_told_and_then_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(files, "_NOTICE_DELAY", 0.0)
    reading, writing = os.pipe()

    def write() -> None:
        os.write(writing, b"late")
        os.close(writing)

    found = read_file(Path(f"/dev/fd/{reading}"), limit=10, on_wait=write)
    os.close(reading)
    assert found == b"late"


def test_where_pipes_are_meant_one_without_a_writer_is_empty(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert read_file(tmp_path / "pipe", limit=10, on_wait=never) == b""
    with pytest.raises(OSError, match="not a regular file"):
        read_file(Path("/dev/zero"), limit=10, on_wait=never)


@pytest.mark.parametrize("is_late", [False, True])
def test_where_pipes_are_meant_what_a_program_writes_is_read(*, is_late: bool) -> None:
    reading, writing = os.pipe()
    read_early = threading.Event()

    def write() -> None:
        if is_late:
            read_early.wait(0.05)  # nothing sets it: the reader is first
        for _ in range(3):
            os.write(writing, b"x" * 50_000)
        os.close(writing)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        found = read_file(Path(f"/dev/fd/{reading}"), limit=150_000, on_wait=never)
    finally:
        thread.join()
        os.close(reading)
    assert found == b"x" * 150_000


def test_nothing_stays_open(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"12")
    before = len(list(Path("/dev/fd").iterdir()))
    for name in ("pipe", "large", "."):
        with pytest.raises(OSError):  # noqa: PT011 - of three kinds
            read_file(tmp_path / name, limit=1)
    assert len(list(Path("/dev/fd").iterdir())) == before
