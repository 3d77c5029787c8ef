"""`status`, `logout` and `whoami`, as processes with a real keyring and a real server."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desktop.cli.sign_in import commands, logout, status
from desktop.cli.sign_in.status import _print_status
from tests.cli.commands import CommandHarness, run_demo_home
from tests.rigs.demo_server import DemoOptions
from tests.rigs.secret_service import SecretStore


def test_status_works_without_the_running_app(home: CommandHarness) -> None:
    home.add_profile("soc")
    home.add_profile("lab")
    home.sign_in("soc")
    found = home.json("status")
    assert (found["running"], found["hand_outs"]) == (False, [])
    soc, lab = found["profiles"]
    left = datetime.fromisoformat(soc.pop("expires_at")) - datetime.now(UTC)
    assert timedelta(minutes=8) < left <= timedelta(minutes=10)
    assert soc == {
        "id": "soc",
        "name": "SOC",
        "state": "signed_in",
        "user": "dana@northwind.example",
        "organization": soc["organization"],
        "scope": "casebook profile",
        "renewable": True,
        "renewing": False,
        "bound": False,
        "error": None,
        "exchanged": [],
    }
    assert (lab["state"], lab["expires_at"], lab["renewable"]) == ("signed_out", None, False)
    lines = home.run("status").stdout.splitlines()
    assert re.fullmatch(r"soc      SOC   signed in, \d+ \w+ left +dana@northwind.example", lines[1])
    assert lines[0].split() == ["PROFILE", "NAME", "STATE", "USER"]
    assert re.fullmatch(r"lab      LAB   signed out", lines[2])
    assert home.run("status", "--profile", "soc").stdout.endswith("Scopes: casebook profile\n")


def test_status_of_one_profile(home: CommandHarness) -> None:
    home.add_profile("soc")
    home.add_profile("lab")
    for given in (["status", "--profile", "LAB"], ["--profile", "lab", "status"]):
        assert home.run(*given).stdout.splitlines()[1] == "lab      LAB   signed out"
    (only,) = home.json("status", "--profile", "lab")["profiles"]
    assert only["id"] == "lab"
    done = home.run("status", "--profile", "nobody")
    assert (done.returncode, done.stdout) == (1, "")


def test_without_saved_tokens_the_keyring_is_not_read(home: CommandHarness) -> None:
    home.add_profile("soc")
    found = home.run("status", "--json", DBUS_SESSION_BUS_ADDRESS="disabled:")
    assert (found.returncode, found.stderr) == (0, "")
    assert [each["state"] for each in json.loads(found.stdout)["profiles"]] == ["signed_out"]


def test_a_missing_keyring_is_shown_and_not_an_error(home: CommandHarness) -> None:
    home.add_profile("soc")
    home.sign_in("soc")
    found = home.run("status", "--json", DBUS_SESSION_BUS_ADDRESS="disabled:")
    (soc,) = json.loads(found.stdout)["profiles"]
    assert (found.returncode, soc["state"], soc["error"]) == (0, "failed", "keyring")


def test_without_a_profile_status_says_how_to_add_one(home: CommandHarness) -> None:
    done = home.run("status")
    assert (done.returncode, done.stdout) == (0, "")
    assert "xdr-login profiles add" in done.stderr


def test_an_expired_token_without_renewal_is_expired(
    secret_service: SecretStore, own_folders: Path
) -> None:
    options = DemoOptions(approve_after=0, refresh="none", token_lifetime=1)
    with run_demo_home(own_folders, secret_service, options) as here:
        here.add_profile("soc")
        here.sign_in("soc")
        (soc,) = here.json("status")["profiles"]
        while soc["state"] != "expired":
            (soc,) = here.json("status")["profiles"]
        assert soc["renewable"] is False


def test_logout_that_reaches_every_computer_needs_a_yes(home: CommandHarness) -> None:
    grant = f"{home.server.url}/iroh/oauth2/app-grant"
    home.add_profile("soc", app_grant_endpoint=grant)
    home.sign_in("soc")
    for options in ((), ("--all",), ("--json",), ("--profile", "soc")):
        refused = home.run("logout", *options)
        assert refused.returncode == 2
        assert "Cannot prompt here. Pass --yes." in refused.stderr
    assert home.store.entries() != {}, "nothing was signed out"
    done = home.run("logout", "--yes")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "SOC: You're signed out on all computers.\n"
    assert home.store.entries() == {}


def test_logout_prints_json(home: CommandHarness) -> None:
    for id_ in ("soc", "lab", "idle"):
        home.add_profile(id_)
    home.sign_in("soc")
    home.sign_in("lab")
    found = home.json("logout", "--all")
    assert [each["id"] for each in found["signed_out"]] == ["soc", "lab"]
    assert {each["revocation"] for each in found["signed_out"]} == {"not_offered"}
    assert all(each["valid_until"] for each in found["signed_out"])
    assert home.store.entries() == {}


def test_logout_without_a_sign_in_exits_with_3(home: CommandHarness) -> None:
    home.add_profile("soc")
    done = home.run("logout")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "You're already signed out.\n"
    found = home.run("logout", "--json")
    error = json.loads(found.stdout)
    assert (found.returncode, error["code"]) == (3, "sign_in_needed")
    assert error["message"] == "You're already signed out."


def test_a_failed_revocation_is_a_network_error(home: CommandHarness) -> None:
    home.add_profile("soc", app_grant_endpoint=f"{home.server.url}/iroh/oauth2/app-grant")
    home.sign_in("soc")
    home.server.stop()
    done = home.run("logout", "--yes")
    assert done.returncode == 5
    assert "the server didn't confirm. Can't reach the server" in done.stderr
    assert home.store.entries() == {}


def test_a_locked_keyring_keeps_the_token(home: CommandHarness) -> None:
    home.add_profile("soc")
    home.sign_in("soc")
    done = home.run("logout", DBUS_SESSION_BUS_ADDRESS="disabled:")
    assert done.returncode == 6
    assert len(home.store.entries()) == 1


def test_all_cannot_be_used_with_profile(home: CommandHarness) -> None:
    home.add_profile("soc")
    assert home.run("logout", "--all", "--profile", "soc").returncode == 2


def test_whoami_shows_the_user(home: CommandHarness) -> None:
    home.add_profile("soc")
    home.sign_in("soc")
    found = home.json("whoami")
    assert found["profile"] == "soc"
    assert "dana@northwind.example" in found["who"].values()
    lines = home.run("whoami").stdout.splitlines()
    assert len(lines) == len(found["who"])
    assert "access_token" not in str(found)


def test_whoami_without_a_sign_in_exits_with_3(home: CommandHarness) -> None:
    home.add_profile("soc")
    done = home.run("whoami", "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["code"] == "sign_in_needed"


def test_the_profile_option_can_precede_or_follow_the_command(home: CommandHarness) -> None:
    home.add_profile("soc")
    home.add_profile("lab")
    home.sign_in("lab")
    assert home.run("token").returncode == 3
    assert home.run("token", XDR_LOGIN_PROFILE="lab").returncode == 0
    assert home.run("token", "--profile", "lab").returncode == 0
    for given in (
        ("token", "--profile", "lab"),
        ("--profile", "lab", "token"),
        ("token", "--profile", "LAB"),
    ):
        assert home.run(*given, XDR_LOGIN_PROFILE="soc").returncode == 0
    whoami = home.run("--profile", "lab", "whoami", XDR_LOGIN_PROFILE="soc")
    assert whoami.returncode == 0


# The running app


def test_status_asks_the_running_app_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hand_out = {
        "at": "2026-11-25T12:00:00Z",
        "program": "curl\x1b[2J",
        "path": "/usr/bin/curl",
        "profile": "soc",
    }
    unknown = hand_out | {"program": "An unknown program", "path": ""}
    monkeypatch.setattr(
        status,
        "send_command_if_running",
        lambda command, **_: {
            "profiles": [{"id": "soc", "state": command}],
            "hand_outs": [hand_out, unknown],
        },
    )
    assert commands.status.main([], standalone_mode=False) == 0
    told = capsys.readouterr().out
    assert told.startswith("PROFILE  STATE\nsoc      status\n\nRecent token use:\n")
    assert "curl" in told
    assert told.endswith("  An unknown program, soc\n")
    assert "\x1b" not in told


def test_logout_goes_through_the_running_app(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own_folders: Path
) -> None:
    file = own_folders / "config" / "xdr-login" / "profiles.toml"
    file.parent.mkdir()
    file.write_text('[profiles.soc]\nissuer = "https://x.example"\nclient_id = "1"\n')
    said: list[str | None] = []

    left = {
        "id": "soc",
        "revocation": "failed",
        "valid_until": "2026-11-25T15:50:00+00:00",
        "open_ended": True,
        "text": "You are signed out; the server could not be told.",
        "failed": "network",
    }

    def signed_out_by_app(profile_id: str | None) -> tuple[dict[str, object], ...]:
        said.append(profile_id)
        return (left,) if len(said) < 3 else ()

    monkeypatch.setattr(logout, "sign_out_in_app", signed_out_by_app)
    assert commands.logout.main([], standalone_mode=False) == 5
    assert capsys.readouterr().err == "soc: You are signed out; the server could not be told.\n"
    assert commands.logout.main(["--json"], standalone_mode=False) == 5
    (one,) = json.loads(capsys.readouterr().out)["signed_out"]
    members = ("id", "revocation", "valid_until", "open_ended")
    assert one == {name: left[name] for name in members}
    assert commands.logout.main(["--all"], standalone_mode=False) == 3
    assert said == ["soc", "soc", None]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"expires_at": None}, "signed in, does not expire"),
        (
            {"expires_at": "2020-01-01T00:00:00Z", "renewable": True},
            "signed in, renews at the next use",
        ),
        ({"state": "awaiting_approval"}, "waiting for approval"),
        ({"state": "failed", "error": "sign_in_needed"}, "signed out by the server, sign in again"),
    ],
)
def test_states_are_shown_as_text(
    changes: dict[str, object], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = {"id": "soc", "name": "SOC", "state": "signed_in", **changes}
    _print_status({"profiles": [profile], "hand_outs": []})
    assert capsys.readouterr().out.splitlines()[1] == f"soc      SOC   {words}"


def test_status_lists_tokens_of_other_services_and_who_got_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=250)).isoformat()
    exchanged = [
        {"name": "secure-endpoint", "expires_at": soon},
        {"name": "stock", "expires_at": "2026-01-01T00:00:00+00:00"},
        {"name": "orders", "expires_at": None},
    ]
    profile = {"id": "soc", "name": "SOC", "state": "signed_out", "exchanged": exchanged}
    got = {"at": soon, "program": "curl", "path": "", "profile": "soc", "for": "orders"}
    _print_status({"profiles": [profile], "hand_outs": [got]})
    assert capsys.readouterr().out.splitlines()[2:-1] == [
        "",
        "Tokens of other services:",
        "  soc  secure-endpoint  4 minutes left",
        "  soc  stock            expired, renews at the next use",
        "  soc  orders           expires with your sign-in",
        "",
        "Recent token use:",
    ]
    _print_status({"profiles": [], "hand_outs": [got]})
    assert capsys.readouterr().out.endswith("  curl, soc (orders)\n")
