"""`xdr-login profiles`: the same faults, words and files as the form of the window."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from desktop.__main__ import main
from desktop.cli.profiles import draft_commands, profile_changes, profile_context
from desktop.demo.clients import CONFIDENTIAL_CLIENT_ID, CONFIDENTIAL_CLIENT_SECRET
from desktop.services.configuration.profile_reader import load_profiles
from desktop.services.model.policy import Policy
from desktop.services.model.profile import EDITABLE
from desktop.services.wording.field_names import option_name
from tests.cli.commands import COMMAND, CommandHarness, environment
from tests.pseudo_language import real_language

ONE = '# mine\n[profiles.soc]\nissuer = "https://login.example"\nclient_id = "c-1"\nname = "SOC"\n'
MODEL = {
    "id": "client-9",
    "name": "Northwind robot",
    "password": "model-SECRET",
    "grants": ["device-grant"],
    "scopes": ["casebook", "response"],
}


@dataclass
class Console:
    """Commands in this process, on a file of profiles of their own."""

    file: Path
    capsys: pytest.CaptureFixture[str]
    code: int = -1
    out: str = ""
    err: str = ""

    def run(self, *arguments: str) -> "Console":
        """Run `profiles` with these arguments."""
        self.code = main(["profiles", *arguments])
        self.out, self.err = self.capsys.readouterr()
        return self

    def write(self, text: str) -> None:
        """Have `text` in the file."""
        self.file.parent.mkdir(exist_ok=True)
        self.file.write_text(text)


@pytest.fixture
def console(own_folders: Path, capsys: pytest.CaptureFixture[str]) -> Console:
    return Console(own_folders / "config" / "xdr-login" / "profiles.toml", capsys)


@pytest.fixture
def policy(monkeypatch: pytest.MonkeyPatch) -> Callable[[Policy], None]:
    """Let an administrator decide."""

    def decide(made: Policy) -> None:
        monkeypatch.setattr(profile_context, "load_policy", lambda: made)

    return decide


# add


def test_a_profile_is_added_and_its_id_printed(console: Console) -> None:
    done = console.run(
        *("add", "Northwind SOC", "--issuer", "https://login.example", "--client-id", "c-1"),
        *("--scope", "casebook", "--scope", "response", "--auth", "basic", "--grant", "code"),
        *("--extra", "audience=https://api.example", "--proxy", "none", "--keep-fresh", "true"),
    )
    assert (done.code, done.out) == (0, "northwind-soc\n")
    assert done.err == "Saved. Next: xdr-login login --profile northwind-soc\n"
    made = load_profiles(console.file).find("northwind-soc")
    assert (made.name, made.client_id, made.issuer) == (
        "Northwind SOC",
        "c-1",
        "https://login.example",
    )
    assert made.scope == ("casebook", "response")
    assert (made.client_authentication, made.grant) == ("client_secret_basic", "code")
    assert made.extra_parameters == {"audience": "https://api.example"}
    assert (made.proxy, made.settings) == ("none", {"keep_fresh": True})


def test_a_region_is_a_preset_of_cisco_xdr(console: Console) -> None:
    assert console.run("add", "eu", "--region", "eu", "--client-id", "c-1").out == "eu\n"
    made = load_profiles(console.file).find("eu")
    assert (made.preset, made.expected_issuer) == ("xdr-eu", "IROH Auth")
    assert console.file.read_text().count("=") == 3, "what a preset says is not written"


def test_endpoints_replace_an_issuer(console: Console) -> None:
    done = console.run(
        *("add", "x", "--client-id", "c", "--token-endpoint", "https://a.example/token"),
        *("--device-authorization-endpoint", "https://a.example/device"),
    )
    assert done.code == 0
    assert load_profiles(console.file).find("x").token_endpoint == "https://a.example/token"


def test_a_service_is_added_to_those_that_are_there_and_can_be_removed(console: Console) -> None:
    console.write(ONE)
    first, second = "a=https://login.example/a", "b=https://b.example/v1"
    done = console.run("edit", "soc", "--service", first, "--service", second)
    assert (done.code, "This profile also uses b.example." in done.err) == (0, True)
    assert console.run("edit", "soc", "--service", "c=https://login.example/c").code == 0
    made = load_profiles(console.file).find("soc")
    assert made.services == {
        "a": "https://login.example/a",
        "b": "https://b.example/v1",
        "c": "https://login.example/c",
    }
    assert (
        console.run("edit", "soc", "--service", "b=", "--service", "a=https://a.example").code == 0
    )
    services = load_profiles(console.file).find("soc").services
    assert services == {"a": "https://a.example", "c": "https://login.example/c"}
    assert console.run("edit", "soc", "--service", "").code == 0
    assert console.file.read_text() == ONE


@pytest.mark.parametrize(
    "service", ["https://b.example", "b", "B=https://b.example", "b=b.example"]
)
def test_a_service_needs_a_name_and_a_safe_address(console: Console, service: str) -> None:
    console.write(ONE)
    done = console.run("edit", "soc", "--service", service)
    assert (done.code, "--service: " in done.err) == (2, True)
    assert console.file.read_text() == ONE


def test_with_services_locked_by_a_policy_those_in_the_file_stay(
    console: Console, policy: Callable[[Policy], None]
) -> None:
    own = f'{ONE}services = {{a = "https://a.example"}}\n'
    console.write(own)
    policy(Policy(source="policy.toml", own_services=False))
    assert console.run("edit", "soc", "--letter", "S").code == 0
    assert console.file.read_text() == f'{own}letter = "S"\n'
    refused = console.run("edit", "soc", "--service", "b=https://b.example")
    assert (refused.code, "policy.toml" in refused.err) == (4, True)


def test_values_without_a_form_field_have_options(console: Console) -> None:
    console.write(ONE)
    endpoints = [f"{each}_endpoint" for each in ("userinfo", "revocation", "app_grant")]
    options = [
        text
        for each in endpoints
        for text in (f"--{each.replace('_', '-')}", f"https://login.example/{each}")
    ]
    hosts = ("--verification-host", "www.example", "--verification-host", "id.example")
    assert console.run("edit", "soc", *options, *hosts).code == 0
    made = load_profiles(console.file).find("soc")
    assert [getattr(made, each) for each in endpoints] == options[1::2]
    assert made.verification_hosts == ("www.example", "id.example")
    assert console.run("edit", "soc", "--letter", "S").code == 0
    assert load_profiles(console.file).find("soc").verification_hosts == made.verification_hosts
    emptied = [part for each in options[::2] for part in (each, "")]
    assert console.run("edit", "soc", *emptied, "--verification-host", "").code == 0
    assert console.file.read_text() == f'{ONE}letter = "S"\n'


@pytest.mark.parametrize("name", ["soc", "SOC", " Soc", "\u0455oc"])  # a Cyrillic letter
def test_the_id_or_name_of_another_profile_is_refused(
    console: Console, tmp_path: Path, name: str
) -> None:
    other = '[profiles.lab]\nissuer = "https://login.example"\nclient_id = "c-2"\n'
    console.write(ONE + other)
    client = tmp_path / "client.json"
    client.write_text(json.dumps(MODEL))
    add = ("add", name, "--issuer", "https://b.example", "--client-id", "c-2")
    model = ("import", "--issuer", "https://b.example", "--name", name)
    for given in (add, ("edit", "lab", "--name", name), (*model, str(client))):
        done = console.run(*given)
        assert done.code == 2
        assert "Another profile has this name or ID, or one that looks like it." in done.err
    assert console.file.read_text() == ONE + other


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--issuer", "https://a.example"], "--client-id: Enter the client ID."),
        (["--client-id", "c"], "--issuer: Set the issuer"),
        (["--client-id", "c"], "or set --device-authorization-endpoint and --token-endpoint."),
        (
            ["--preset", "xdr-mars", "--client-id", "c"],
            "No preset named “xdr-mars”. Did you mean “xdr-nam”? Presets: xdr-nam, xdr-eu, ",
        ),
        (["--preset", "northwind", "--client-id", "c"], "No preset named “northwind”. Presets: "),
        (
            ["--region", "apac", "--client-id", "c"],
            "No region named “apac”. Did you mean “apjc”? Regions: nam, eu, apjc",
        ),
        (["--region", "custom", "--client-id", "c"], "No region named “custom”. Regions: "),
        (
            ["--region", "eu", "--client-id", "c", "--color", "puce"],
            "--color: Color must be one of blue, teal",
        ),
        (
            ["--region", "eu", "--client-id", "c", "--extra", "audience"],
            "--extra: Use NAME=VALUE, such as",
        ),
        (
            ["--region", "eu", "--client-id", "c", "--in-use-minutes", "0"],
            "--in-use-minutes: Enter",
        ),
        (
            ["--region", "eu", "--client-id", "c", "--proxy", "socks5://x:1"],
            "--proxy: Proxy must be system, none,",
        ),
        (
            ["--region", "eu", "--client-id", "c", "--proxy", "x"],
            "(only http and https are supported, not SOCKS)",
        ),
        (
            ["--region", "eu", "--preset", "okta", "--client-id", "c"],
            "--region cannot be used with --preset.",
        ),
        (["--issuer", "http://a.example", "--client-id", "c"], "that starts with https://"),
        (
            ["--region", "eu", "--client-id", "c", "--app-grant-endpoint", "https://b.example"],
            "--app-grant-endpoint: app_grant_endpoint must be on the host of the issuer.",
        ),
        (
            ["--region", "eu", "--client-id", "c", "--verification-host", "https://b.example"],
            "--verification-host: verification_hosts must be host names, such as www.google.com.",
        ),
        (
            [
                *("--issuer", "https://a.example", "--client-id", "c"),
                *("--token-endpoint", "http://a.example/token"),
            ],
            "--token-endpoint: Token endpoint is not a safe address (not an https address).",
        ),
        (["--grant", "implicit"], "Invalid value for '--grant'"),
    ],
)
def test_invalid_values_are_rejected_with_the_messages_of_the_form(
    console: Console, given: list[str], words: str
) -> None:
    done = console.run("add", "x", *given)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert not console.file.exists()


def test_no_command_saves_an_address_that_a_sign_in_rejects(console: Console) -> None:
    console.write(ONE)
    done = console.run("edit", "soc", "--issuer", "http://login.example")
    assert (done.code, done.out) == (2, "")
    assert "that starts with https://" in done.err
    source = console.file.with_name("other.toml")
    source.write_text('[profiles.other]\nissuer = "http://login.example"\nclient_id = "c"\n')
    done = console.run("import", str(source))
    assert (done.code, done.out) == (1, "")
    assert "`issuer` is not a safe address (not an https address) (line 2)" in done.err
    assert console.file.read_text() == ONE


def test_every_field_of_the_form_has_an_option() -> None:
    known = {name for each in draft_commands.edit.params for name in each.opts} | {"NAME"}
    assert {option_name(member) for member in EDITABLE} <= known


def test_without_a_password_on_stdin_nothing_is_saved(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        done = console.run(
            "add", "x", "--region", "eu", "--client-id", "c", "--client-secret-stdin"
        )
    assert done.code == 2
    assert "No password on stdin" in done.err
    assert not console.file.exists()


# What an administrator decides


def test_no_profile_is_added_if_own_profiles_are_forbidden(
    console: Console, policy: Callable[[Policy], None]
) -> None:
    policy(Policy(source="policy.toml", own_profiles=False))
    for given in (["add", "x", "--region", "eu", "--client-id", "c"], ["import", "x.toml"]):
        done = console.run(*given)
        assert done.code == 4
        assert "This is managed by policy.toml." in done.err
    assert not console.file.exists()


def test_a_forbidden_sign_in_method_is_not_saved(
    console: Console, policy: Callable[[Policy], None]
) -> None:
    policy(Policy(source="policy.toml", device_grant=False))
    given = ("add", "x", "--region", "eu", "--client-id", "c")
    assert console.run(*given).code == 4
    assert console.run(*given, "--grant", "code").code == 0


def test_a_managed_profile_cannot_be_changed(
    console: Console, policy: Callable[[Policy], None]
) -> None:
    fixed = {"fixed": {"issuer": "https://login.example", "client_id": "c"}}
    policy(Policy(source="policy.toml", profiles=fixed))
    for given in (["edit", "fixed", "--letter", "F"], ["remove", "fixed", "--yes"]):
        assert console.run(*given).code == 4
    assert console.run("export", "fixed").code == 4


# list, show, presets


def test_unusable_profiles_are_listed_with_the_reason(console: Console) -> None:
    console.write(f'{ONE}[profiles.bad]\nissuer = "https://x.example"\n')
    done = console.run("list")
    assert (done.code, done.out.splitlines()) == (
        0,
        ["PROFILE  NAME  PROVIDER", "soc      SOC   https://login.example"],
    )
    assert done.err.startswith("bad: profile `bad`: `client_id` is missing")
    found = json.loads(console.run("list", "--json").out)
    assert found["profiles"] == [
        {
            "id": "soc",
            "name": "SOC",
            "provider": "",
            "region": "",
            "issuer": "https://login.example",
            "client_id": "c-1",
            "grant": "device",
            "managed": False,
        }
    ]
    assert [each["id"] for each in found["broken"]] == ["bad"]


def test_without_profiles_the_list_says_how_to_add_one(console: Console) -> None:
    done = console.run("list")
    assert (done.code, done.out) == (0, "")
    assert "profiles add" in done.err


def test_a_file_that_cannot_be_read_is_a_failure(console: Console) -> None:
    console.write("[profiles")
    done = console.run("list", "--json")
    assert done.code == 1
    assert json.loads(done.out)["event"] == "error"


def test_a_profile_is_shown_with_the_keys_of_its_preset(console: Console) -> None:
    console.run("add", "eu", "--region", "eu", "--client-id", "c-1", "--scope", "casebook")
    found = json.loads(console.run("show", "eu", "--json").out)
    assert found["id"] == "eu"
    assert found["region"] == "Europe"
    assert found["scope"] == ["casebook"]
    assert "region              Europe\n" in console.run("show").out
    with real_language("de"):
        assert "region              Europa\n" in console.run("show").out


def test_an_unknown_name_is_an_error(console: Console) -> None:
    console.write(ONE)
    done = console.run("show", "lab")
    assert (done.code, done.out) == (1, "")
    assert "No profile is named “lab”. Your profiles: “soc”." in done.err


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Northwind", "is named “Northwind”. Did you mean “northwind”? List"),
        ("northwnd", "Did you mean “northwind”?"),
        ("northwind soc", "Did you mean “northwind”?"),
        ("LAB-1", "Did you mean “lab-1”, “lab-2”?"),
        ("southwind", "is named “southwind”. Your profiles: “northwind”, “lab-1”, “lab-2”. List"),
    ],
)
def test_a_similar_name_is_suggested(console: Console, name: str, words: str) -> None:
    console.run("add", "northwind", "--region", "eu", "--client-id", "c")
    console.run("edit", "northwind", "--name", "Northwind SOC")
    for other in ("lab-1", "lab-2"):
        console.run("add", other, "--region", "eu", "--client-id", "c")
    assert console.run("show", name).code == 1
    assert words in console.err


def test_a_profile_is_found_by_its_name(console: Console) -> None:
    console.write(ONE)
    assert json.loads(console.run("show", "SOC", "--json").out)["id"] == "soc"


def test_without_a_name_the_profile_is_chosen_as_for_other_commands(
    console: Console, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("soc", "lab", "eu"):
        console.run("add", name, "--region", "eu", "--client-id", "c")
    assert json.loads(console.run("show", "--json").out)["id"] == "soc"
    monkeypatch.setenv("XDR_LOGIN_PROFILE", "lab")
    assert json.loads(console.run("show", "--json").out)["id"] == "lab"
    assert main(["--profile", "eu", "profiles", "show", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == "eu"
    assert json.loads(console.run("show", "soc", "--json").out)["id"] == "soc"


def test_known_providers_are_listed(console: Console) -> None:
    assert "xdr-eu      Cisco XDR · Europe\n" in console.run("presets").out
    found = json.loads(console.run("presets", "--json").out)["presets"]
    assert {"id": "github", "name": "GitHub"} in found


def test_programs_get_the_same_names_of_providers_in_every_language(console: Console) -> None:
    with real_language("de"):
        assert "xdr-eu      Cisco XDR · Europa\n" in console.run("presets").out
        found = json.loads(console.run("presets", "--json").out)["presets"]
    assert {"id": "xdr-eu", "name": "Cisco XDR · Europe"} in found


# edit


def test_an_edit_changes_only_the_given_values(console: Console) -> None:
    console.write(f'{ONE}# kept\nscope = ["a", "b"]\nletter = "S"\n')
    assert console.run("edit", "soc", "--name", "SOC 2", "--letter", "").code == 0
    text = console.file.read_text()
    assert "# mine" in text
    assert "# kept" in text
    made = load_profiles(console.file).find("soc")
    assert (made.name, made.letter, made.scope) == ("SOC 2", "", ("a", "b"))


def test_an_edit_without_a_change_is_an_error(console: Console) -> None:
    console.write(ONE)
    done = console.run("edit", "soc")
    assert done.code == 2
    assert "Nothing to change" in done.err


def test_a_proxy_password_needs_a_user(console: Console) -> None:
    console.write(ONE)
    done = console.run("edit", "soc", "--proxy-password-stdin")
    assert done.code == 2
    assert "--proxy-user" in done.err


# import and export


def test_an_export_can_be_imported(console: Console, tmp_path: Path) -> None:
    console.write(f"{ONE}letter = 'S'\n")
    text = console.run("export").out
    assert text.startswith("# Profiles of XDR Login. Never contains secrets or tokens.\n")
    target = tmp_path / "out.toml"
    assert console.run("export", "soc", "--output", str(target)).code == 0
    assert target.read_text().strip() == text.strip()
    done = console.run("import", str(target))
    assert (done.code, done.out) == (0, "soc-2\n")
    assert done.err.startswith("Imported 1 profile. Secrets are never exported.")


@pytest.mark.parametrize("command", [["import"], ["edit", "soc", "--client-secret-stdin"]])
def test_stdin_that_is_not_text_is_an_error(console: Console, command: list[str]) -> None:
    console.write(ONE)
    done = subprocess.run(
        [*COMMAND, "profiles", *command],
        env={**environment(), "PYTHONIOENCODING": "utf-8:strict"},
        input=b"\xff\n",
        capture_output=True,
        check=False,
    )
    assert (done.returncode in {1, 2}, b"Traceback" in done.stderr) == (True, False)
    assert b"stdin" in done.stderr


FOREIGN = """\
[profiles.evil]
name = "Evil"
issuer = "https://login.example"
client_id = "c-1"
device_authorization_endpoint = "https://a.example/device"
verification_hosts = ["b.example"]
"""


@pytest.mark.parametrize("from_stdin", [True, False])
def test_an_import_names_other_servers_and_needs_a_yes(
    console: Console,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    from_stdin: bool,
) -> None:
    source = tmp_path / "in.toml"
    source.write_text(FOREIGN)
    given = () if from_stdin else (str(source),)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(FOREIGN.encode())))
    refused = console.run("import", *given)
    assert refused.code == 2
    assert "“Evil” uses a.example (Device authorization endpoint)" in refused.err
    assert "“Evil” uses b.example (Approval page)" in refused.err
    assert "Cannot prompt here. Pass --yes." in refused.err
    assert not console.file.exists()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(FOREIGN.encode())))
    done = console.run("import", *given, "--yes")
    assert (done.code, done.out) == (0, "evil\n")
    assert "a.example" in done.err


@pytest.mark.parametrize("answer", [True, False])
def test_on_a_terminal_an_import_asks_about_other_servers(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, answer: bool
) -> None:
    monkeypatch.setattr("desktop.cli.terminal.output.is_interactive", lambda: True)
    monkeypatch.setattr("click.confirm", lambda *_, **__: answer)
    source = tmp_path / "in.toml"
    source.write_text(FOREIGN)
    assert (console.run("import", str(source)).code == 0) is answer
    assert console.file.exists() is answer


def test_options_that_name_other_servers_are_noted(console: Console) -> None:
    evil = ("--token-endpoint", "https://evil.example/token")
    added = console.run("add", "x", "--issuer", "https://a.example", "--client-id", "c", *evil)
    assert (added.code, "This profile also uses evil.example." in added.err) == (0, True)
    assert "evil.example" not in console.run("edit", "x", "--letter", "X").err
    other = ("--verification-host", "b.example")
    assert "This profile also uses b.example." in console.run("edit", "x", *other).err


def test_an_import_warns_of_proxies_and_ca_files(console: Console, tmp_path: Path) -> None:
    console.write(ONE)
    source = tmp_path / "in.toml"
    source.write_text(f"{ONE}proxy = 'http://proxy.example:3128'\n")
    done = console.run("import", str(source))
    assert "“SOC 2” has its own proxy or CA certificates." in done.err
    source.write_text(f"{ONE}proxy = 'none'\n")
    assert "CA certificates" not in console.run("import", str(source)).err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such links and pipes")
def test_an_export_can_go_to_a_link_or_a_pipe(console: Console, tmp_path: Path) -> None:
    console.file.parent.mkdir(parents=True, exist_ok=True)
    console.file.write_text(ONE)
    target, link, pipe = (tmp_path / each for each in ("there.toml", "link.toml", "pipe"))
    target.touch()
    link.symlink_to(target)
    inode = target.stat().st_ino
    assert console.run("export", "--output", str(link)).code == 0
    assert (link.is_symlink(), target.stat().st_ino) == (True, inode)
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert console.run("export", "--output", str(pipe)).code == 0
    assert os.read(reader, 10_000).decode() == target.read_text()
    os.close(reader)


def test_an_import_cannot_take_the_id_of_a_managed_profile(
    console: Console, tmp_path: Path, policy: Callable[[Policy], None]
) -> None:
    fixed = {"soc": {"client_id": "c-1", "issuer": "https://login.example"}}
    policy(Policy(source="policy.toml", profiles=fixed))
    source = tmp_path / "source.toml"
    source.write_text(ONE)
    assert console.run("import", str(source)).out == "soc-2\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[profiles", "source.toml"),
        ("", "the file contains no profiles"),
        ("[soc]\nclient_id = 'c'\n", "`[soc]` must be `[profiles.soc]`"),
        ("[profiles.x]\nclient_secret = 'SECRET'\n", "must not contain a secret"),
        ("#" * 200_001, "the file is larger than 200 kB"),
        (
            f"[profiles.x]\nclient_id = 'c'\npreset = 'xdr-eu'\nlater = [{'1, ' * 20_000}]\n",
            "profile `x` is too large",
        ),
    ],
)
def test_a_failed_import_changes_nothing(
    console: Console, tmp_path: Path, text: str, words: str
) -> None:
    source = tmp_path / "source.toml"
    source.write_text(text)
    done = console.run("import", str(source))
    assert (done.code, done.out) == (1, "")
    assert words in done.err
    assert "SECRET" not in done.err
    assert not console.file.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="made with mkfifo")
def test_an_import_from_a_pipe_that_stays_empty_says_so_and_can_be_canceled(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = os.open(pipe, os.O_RDWR)  # never writes
    command = [*COMMAND, "profiles", "import", str(pipe)]
    with subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        said = process.stderr.readline().decode()
        # Python writes a line again if a signal comes before its write has returned.
        asleep = psutil.Process(process.pid)
        while asleep.status() != psutil.STATUS_SLEEPING:
            time.sleep(0.01)
        press_ctrl_c(process)
        left = process.stderr.read().decode()
    os.close(writer)
    assert said == f"Waiting for data from {pipe}. Press Ctrl+C to cancel.\n"
    assert (process.returncode, left) == (130, "\nCanceled.\n")


@pytest.mark.skipif(sys.platform == "win32", reason="made with mkfifo")
def test_an_import_waits_for_no_pipe_that_nobody_writes_to(
    console: Console, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = console.run("import", str(tmp_path / "pipe"))
    assert (done.code, done.out) == (1, "")
    assert "the file contains no profiles" in done.err


def test_an_invalid_import_from_stdin_does_not_name_the_profiles_file(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"garbage")))
    done = console.run("import")
    assert (done.code, done.out) == (1, "")
    assert "Your profiles were not changed. There's a problem with stdin: " in done.err
    assert str(console.file) not in done.err


def test_a_relative_ca_file_is_saved_as_an_absolute_path(
    console: Console, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    console.run("add", "soc", "--region", "eu", "--client-id", "c", "--ca-file", "a.pem")
    assert json.loads(console.run("show", "--json").out)["ca_file"] == str(tmp_path / "a.pem")


def test_a_missing_file_cannot_be_imported(console: Console) -> None:
    done = console.run("import", "nowhere.toml")
    assert done.code == 1
    assert "Nothing was imported: nowhere.toml: No such file" in done.err


def test_profile_options_need_a_client_as_json(console: Console, tmp_path: Path) -> None:
    source = tmp_path / "source.toml"
    source.write_text(ONE)
    assert console.run("import", str(source), "--region", "eu").code == 2


def test_a_client_as_json_without_a_server_needs_one(console: Console, tmp_path: Path) -> None:
    source = tmp_path / "client.json"
    source.write_text('{"client_id": "c", "name": "Robot"}')
    done = console.run("import", str(source))
    assert done.code == 2
    assert "Pass --region for Cisco XDR, or --issuer." in done.err
    assert "Adding the client" not in done.err
    assert not console.file.exists()


def test_a_client_as_json_becomes_a_profile_with_its_secret_in_the_keyring(
    home: CommandHarness,
) -> None:
    done = home.run("profiles", "import", "--region", "eu", typed=json.dumps(MODEL))
    assert (done.returncode, done.stdout) == (0, "northwind-robot\n")
    assert "SECRET" not in done.stderr
    made = load_profiles(home.file).find("northwind-robot")
    assert (made.client_id, made.scope) == ("client-9", ("casebook", "response"))
    assert "SECRET" not in home.file.read_text()
    (entry,) = home.store.entries().values()
    assert '"password": "model-SECRET"' in entry


# Passwords


def test_a_client_password_goes_into_the_keyring_and_signs_in(home: CommandHarness) -> None:
    done = home.run(
        *("profiles", "add", "robot", "--issuer", home.server.url),
        *("--expected-issuer", "IROH Auth", "--auth", "basic"),
        *("--client-id", CONFIDENTIAL_CLIENT_ID, "--client-secret-stdin"),
        typed=f"{CONFIDENTIAL_CLIENT_SECRET}\r\n",
    )
    assert done.returncode == 0, done.stderr
    assert CONFIDENTIAL_CLIENT_SECRET not in home.file.read_text() + done.stderr
    assert home.run("login", "--profile", "robot").returncode == 0
    done = home.run("profiles", "edit", "robot", "--client-secret-stdin", typed="wrong\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "Saved.\n")
    checked = home.run("profiles", "check", "robot")
    assert checked.returncode == 1
    assert "or the client secret is wrong" in checked.stdout


def test_an_edit_for_another_server_keeps_the_stored_secret(home: CommandHarness) -> None:
    home.add_profile("soc", client_authentication="auto")
    given = ("profiles", "edit", "soc", "--client-id", "other")
    assert home.run("profiles", "edit", "soc", "--client-secret-stdin", typed="a\n").returncode == 0
    done = home.run(*given)
    assert done.returncode == 2
    assert "Pass --client-secret-stdin" in done.stderr
    assert home.run(*given, "--client-secret-stdin", typed="b\n").returncode == 0
    (entry,) = home.store.entries().values()
    assert '"password": "b"' in entry
    assert home.run("profiles", "edit", "soc", "--client-secret-stdin", typed="\n").returncode == 0
    assert home.store.entries() == {}


def test_both_passwords_are_lines_of_the_input(home: CommandHarness) -> None:
    home.add_profile("soc", proxy="http://127.0.0.1:9", proxy_user="dana")
    done = home.run(
        *("profiles", "edit", "soc", "--client-secret-stdin", "--proxy-password-stdin"),
        typed="one\ntwo\n",
    )
    assert done.returncode == 0
    values = [value for _, value in sorted(home.store.entries().items())]
    assert [('"one"' in value, '"two"' in value) for value in values] == [
        (True, False),
        (False, True),
    ]


def test_without_a_keyring_the_profile_is_saved_but_not_its_password(home: CommandHarness) -> None:
    done = home.run(
        *("profiles", "add", "x", "--region", "eu", "--client-id", "c", "--client-secret-stdin"),
        typed="SECRET\n",
        DBUS_SESSION_BUS_ADDRESS="disabled:",
    )
    assert (done.returncode, done.stdout) == (6, "x\n")
    assert "The profile was saved, but not its secret" in done.stderr


# check and remove


def test_a_check_reports_each_step(home: CommandHarness) -> None:
    home.add_profile("soc")
    done = home.run("profiles", "check")
    assert done.returncode == 0, done.stdout
    assert done.stderr.startswith("All checks passed.")
    lines = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert lines[0] == "works            Server: 127.0.0.1 responds."
    assert "                 xdr-login profiles edit soc --grant code\n" in done.stdout
    found = home.json("profiles", "check", "soc")
    assert found["works"] is True
    assert [each["step"] for each in found["findings"]][:3] == ["reach", "trust", "metadata"]


def test_a_check_that_fails_gives_1(home: CommandHarness) -> None:
    home.add_profile("soc")
    home.server.stop()
    done = home.run("profiles", "check", "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert found["works"] is False
    assert found["findings"][-1]["outcome"] == "bad"


def test_removing_signs_out_and_empties_the_keyring(home: CommandHarness) -> None:
    home.add_profile("soc")
    home.add_profile("lab")
    home.sign_in("soc")
    asked = home.run("profiles", "remove", "soc")
    assert asked.returncode == 2
    assert "Pass --yes." in asked.stderr
    done = home.run("profiles", "remove", "soc", "--yes")
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1] == "Profile deleted."
    assert "You're signed out." in done.stderr
    assert home.store.entries() == {}
    assert list(load_profiles(home.file).good) == ["lab"]


def test_removing_can_skip_the_sign_out(home: CommandHarness) -> None:
    home.add_profile("soc")
    home.sign_in("soc")
    done = home.run("profiles", "remove", "soc", "--yes", "--no-sign-out")
    assert (done.returncode, done.stderr) == (0, "Profile deleted.\n")
    assert home.store.entries() == {}


def test_removing_warns_that_it_affects_every_computer(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def is_signed_in(*_: object) -> bool:
        return True

    monkeypatch.setattr(profile_changes, "_is_signed_in", is_signed_in)
    console.write('[profiles.eu]\npreset = "xdr-eu"\nclient_id = "c-1"\n')
    asked: list[str] = []

    def confirmed(question: str, **_: object) -> bool:
        asked.append(question)
        return False

    monkeypatch.setattr(profile_changes, "confirm", confirmed)
    assert console.run("remove", "eu").code == 4
    assert "signs you out on all your computers" in asked[0]


def test_a_broken_profile_can_be_removed(console: Console) -> None:
    console.write(f'{ONE}[profiles.bad]\nissuer = "https://x.example"\n')
    console.run("remove", "bad", "--yes")
    assert list(load_profiles(console.file).broken) == []


def press_ctrl_c(process: subprocess.Popen[bytes]) -> None:
    """As users do: once more where nothing came of it.

    Python does not see a signal that comes between its last look and the call that waits for a
    line; no user is so quick, this test now and then.
    """
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals there")
@pytest.mark.parametrize(
    ("answer", "code", "left"), [(b"n\n", 4, ["soc"]), (b"y\n", 0, []), (None, 130, ["soc"])]
)
def test_on_a_terminal_removing_asks_and_ctrl_c_cancels(
    home: CommandHarness, answer: bytes | None, code: int, left: list[str]
) -> None:
    import pty

    home.add_profile("soc")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "profiles", "remove", "soc"],
        env=environment(home.base),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = b""
        while b"[y/N]:" not in shown:
            shown += os.read(ours, 4096)
        if answer is None:
            press_ctrl_c(process)
        else:
            os.write(ours, answer)
            process.wait(30)
        os.close(ours)
    assert process.returncode == code
    assert list(load_profiles(home.file).good) == left
