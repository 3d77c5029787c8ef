"""Standard streams as scripts, shells and services give them: other encodings, closed, full."""

import asyncio
import codecs
import getpass
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop.__main__ import main
from desktop.cli.profiles.profile_options import read_passwords
from desktop.cli.terminal import streams
from desktop.services.configuration.load import load_configuration
from desktop.services.configuration.profile_draft import Draft
from desktop.services.profile_editor.editor import SecretChanges
from desktop.services.secrets.indexed_keystore import system_keystore
from desktop.services.secrets.profile_secrets import save_client_secret
from tests.cli.commands import COMMAND, CommandHarness, environment
from tests.rigs.secret_service import use_keyring_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX names of files")
EMPTY_IMPORT = (
    "Error: Your profiles were not changed. There's a problem with stdin: the file contains no "
    "profiles."
)
PROFILE = '[profiles.zurich]\nname = "Zürich 東京"\nclient_id = "a"\nissuer = "https://a.example"\n'


@pytest.fixture
def profile(own_folders: Path) -> Path:
    file = own_folders / "config" / "xdr-login" / "profiles.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(PROFILE, encoding="utf-8")
    return file


@pytest.fixture
def redirect(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str | Path], None]]:
    """Let a stream of this process be a file, as a shell redirects it, with another encoding."""
    opened = []

    def point(name: str, file: str | Path) -> None:
        stream = io.TextIOWrapper(io.FileIO(file, "w"), encoding="cp1252", write_through=True)
        opened.append(stream)
        monkeypatch.setattr(sys, name, stream)
        monkeypatch.setattr(sys, f"__{name}__", stream)

    yield point
    for each in opened:
        each.close()


@pytest.fixture
def give(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Give these bytes on stdin."""

    def pipe(content: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="latin-1"))

    return pipe


# Output


@pytest.mark.usefixtures("profile")
@pytest.mark.parametrize("command", [["profiles", "export"], ["profiles", "list"]])
def test_redirected_output_is_utf_8_whatever_the_locale(
    redirect: Callable[[str, str | Path], None], tmp_path: Path, command: list[str]
) -> None:
    redirect("stdout", tmp_path / "out")
    assert main(command) == 0
    assert "Zürich 東京" in (tmp_path / "out").read_text("utf-8")


@pytest.mark.usefixtures("profile")
def test_redirected_messages_are_utf_8_too(
    redirect: Callable[[str, str | Path], None], tmp_path: Path
) -> None:
    redirect("stderr", tmp_path / "err")
    main(["profiles", "show", "東京"])
    assert "“東京”" in (tmp_path / "err").read_text("utf-8")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.usefixtures("profile")
@pytest.mark.parametrize(
    "command",
    [
        ["--help"],
        ["--version"],
        ["profiles", "export"],
        ["profiles", "list", "--json"],
        ["api", "--list"],
        ["completion", "bash"],
    ],
)
def test_a_full_disk_is_named(
    redirect: Callable[[str, str | Path], None],
    capsys: pytest.CaptureFixture[str],
    command: list[str],
) -> None:
    redirect("stdout", "/dev/full")
    assert main(command) == 1
    assert capsys.readouterr().err == "Cannot write the output: No space left on device.\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.usefixtures("profile")
def test_messages_that_cannot_be_written_end_no_command(
    redirect: Callable[[str, str | Path], None],
) -> None:
    redirect("stderr", "/dev/full")
    assert main(["profiles", "edit", "zurich", "--name", "Bern"]) == 0


@pytest.mark.usefixtures("profile")
def test_closed_streams_give_words_and_an_exit_code() -> None:
    script = """
        "$@" profiles export >&-; echo "out: $?" >&2
        "$@" profiles import <&-; echo "in: $?" >&2
    """
    done = subprocess.run(
        ["/bin/sh", "-c", script, "sh", *COMMAND],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.splitlines() == [
        "Cannot write the output: Bad file descriptor.",
        "out: 1",
        EMPTY_IMPORT,
        "in: 1",
    ]


def test_a_reader_that_is_gone_is_no_bug_for_a_token(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from desktop.cli.token_fast_path import print_token

    ours, theirs = os.pipe()
    os.close(ours)
    stream = io.TextIOWrapper(io.BufferedWriter(io.FileIO(theirs, "w")))
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "__stdout__", stream)
    streams.prepare_streams()
    assert print_token("made-up") == 1
    sys.stdout.flush()  # as Python does at the end; it would print the error once more
    assert capsys.readouterr().err == ""
    stream.close()


# Passwords


def read(*, proxy: bool = False) -> SecretChanges:
    given = {"client_secret_stdin": True, "proxy_password_stdin": proxy}
    return read_passwords(given, Draft(client_id="c", proxy_user="dana"))


@pytest.mark.parametrize(
    ("content", "secret"),
    [
        (b"hunter2", "hunter2"),
        (b"hunter2\n", "hunter2"),
        (b"hunter2\r\nmore\r\n", "hunter2"),
        ("Zürich\n".encode(), "Zürich"),
        (codecs.BOM_UTF8 + b"hunter2\n", "hunter2"),
        (codecs.BOM_UTF16_LE + "hunter2\r\n".encode("utf-16-le"), "hunter2"),
        (codecs.BOM_UTF16_BE + "Zürich\n".encode("utf-16-be"), "Zürich"),
        (b"\n", ""),
        (b"\r\n", ""),
        (codecs.BOM_UTF8 + b"\r\n", ""),
    ],
)
def test_a_password_is_read_without_marks_and_ends_of_lines(
    give: Callable[[bytes], None], content: bytes, secret: str
) -> None:
    give(content)
    assert read() == SecretChanges(secret, None)


def test_the_second_line_is_the_second_password(give: Callable[[bytes], None]) -> None:
    for encoding, mark in (("utf-8", b""), ("utf-16-le", codecs.BOM_UTF16_LE)):
        give(mark + "ä-1\r\nb-2\r\n".encode(encoding))
        assert read(proxy=True) == SecretChanges("ä-1", "b-2")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"S\xfcden\n", "Cannot read the password: stdin is not UTF-8 text."),
        ("hunter2\n".encode("utf-16-le"), "Cannot read the password: stdin contains NUL"),
        (b"hunt\0er2\n", "Cannot read the password: stdin contains NUL"),
        (b"hunt\ter2\n", "invisible characters"),
        (b"hunt\x0ber2\n", "invisible characters"),
        ("hunt\u200ber2\n".encode(), "invisible characters"),
        (b"old\rmac\r", "invisible characters"),
        (b"   \n", "only spaces"),
        (b"x" * 100_000, "stdin is too long"),
        (b"", "No password on stdin."),
    ],
)
def test_a_password_that_is_not_text_changes_nothing(
    profile: Path,
    give: Callable[[bytes], None],
    capsys: pytest.CaptureFixture[str],
    content: bytes,
    words: str,
) -> None:
    before = profile.read_text("utf-8")
    give(content)
    assert main(["profiles", "edit", "zurich", "--name", "x", "--client-secret-stdin"]) == 2
    assert words in capsys.readouterr().err
    assert profile.read_text("utf-8") == before


def test_a_refused_secret_leaves_the_old_one(home: CommandHarness) -> None:
    home.add_profile("soc", client_authentication="client_secret_basic")
    edit = ("profiles", "edit", "soc", "--client-secret-stdin")
    with use_keyring_of(home.store):
        found = load_configuration().find("soc")
        asyncio.run(save_client_secret(system_keystore(), found, "good"))
    before = home.store.entries()
    assert before
    done = subprocess.run(
        [*COMMAND, *edit],
        env={**environment(home.base), "LC_ALL": "C.UTF-8", "PYTHONUTF8": "0"},
        input=b"S\xfcden\n",
        capture_output=True,
        check=False,
    )
    assert (done.returncode, b"not UTF-8 text" in done.stderr) == (2, True)
    assert home.store.entries() == before


def test_a_space_at_the_end_is_kept_and_told(
    give: Callable[[bytes], None], capsys: pytest.CaptureFixture[str]
) -> None:
    give(b"hunter2 \r\n")
    assert read().client_secret == "hunter2 "
    assert "begins or ends with a space" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [(EOFError(), 130), (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"), 2)],
)
@pytest.mark.usefixtures("profile")
def test_a_prompt_that_gets_no_text_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    code: int,
) -> None:
    def fail(_prompt: str) -> str:
        raise error

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(getpass, "getpass", fail)
    assert main(["profiles", "edit", "zurich", "--client-secret-stdin"]) == code
    assert "Saved" not in capsys.readouterr().err


# Files


@pytest.mark.usefixtures("own_folders")
@pytest.mark.parametrize("from_file", [True, False])
def test_an_import_reads_what_powershell_writes(
    give: Callable[[bytes], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    from_file: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    for number, (mark, encoding) in enumerate(
        ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF8, "utf-8"))
    ):
        content = mark + PROFILE.replace("\n", "\r\n").encode(encoding)
        (tmp_path / "in.toml").write_bytes(content)
        give(content)
        assert (
            main(["profiles", "import", *([str(tmp_path / "in.toml")] if from_file else [])]) == 0
        )
        assert capsys.readouterr().out == ("zurich-2\n" if number else "zurich\n")


@pytest.mark.usefixtures("own_folders")
def test_an_import_of_another_encoding_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "in.toml"
    file.write_bytes(PROFILE.replace(" 東京", "").encode("cp1252"))
    assert main(["profiles", "import", str(file)]) == 1
    assert f"Nothing was imported: {file} is not UTF-8 text." in capsys.readouterr().err


@pytest.mark.usefixtures("own_folders")
def test_an_import_names_the_tool_whose_file_it_is(
    give: Callable[[bytes], None], capsys: pytest.CaptureFixture[str]
) -> None:
    give(b'{"id": "x", "name": "XDR", "values": [], "_postman_variable_scope": "environment"}')
    assert main(["profiles", "import", "--region", "eu"]) == 1
    assert "Nothing was imported: this is a Postman environment." in capsys.readouterr().err


@pytest.mark.usefixtures("own_folders")
def test_an_imported_client_says_which_server_its_file_names(
    give: Callable[[bytes], None], capsys: pytest.CaptureFixture[str]
) -> None:
    give(b'{"realm": "soc", "auth-server-url": "https://id.example", "resource": "xdr"}')
    assert main(["profiles", "import", "--name", "soc"]) == 0
    out, err = capsys.readouterr()
    assert out == "soc\n"
    assert "Adding the client xdr at https://id.example/realms/soc." in err
