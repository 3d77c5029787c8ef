"""Kept metadata is used only where it is recent, of the same client, and on the issuer's server."""

import asyncio
import json
import os
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from desktop.oauth.metadata import ServerMetadata
from desktop.services.model.profile import Profile
from desktop.services.network.kept_metadata import LARGEST_FILE, KeptMetadata
from desktop.services.system.worker import Worker
from tests.services.harness import HOST, PROFILE, START

BASE = f"https://{HOST}"
METADATA = ServerMetadata(
    issuer=BASE,
    device_authorization_endpoint=f"{BASE}/device",
    token_endpoint=f"{BASE}/token",
    code_challenge_methods_supported=("S256",),
)
FILE = "northwind.json"


class Kept:
    """Metadata in `folder`, for tests without an event loop."""

    def __init__(self, folder: Path | None) -> None:
        self._kept = KeptMetadata(folder, Worker("metadata"))

    def load(self, profile: Profile, *, at: datetime) -> ServerMetadata | None:
        return asyncio.run(self._kept.load(profile, at=at))

    def save(self, profile: Profile, metadata: ServerMetadata, *, at: datetime) -> None:
        asyncio.run(self._kept.save(profile, metadata, at=at))

    def delete(self, id_: str) -> None:
        asyncio.run(self._kept.delete(id_))


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "metadata")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "metadata" / FILE


def rewrite(kept: Kept, file: Path, **metadata: object) -> None:
    """Keep the metadata, and change members of it in the file."""
    kept.save(PROFILE, METADATA, at=START)
    document = json.loads(file.read_text())
    document["metadata"].update(metadata)
    file.write_text(json.dumps(document))


def test_what_a_request_for_a_code_needs_is_kept(kept: Kept) -> None:
    kept.save(PROFILE, METADATA, at=START)
    assert kept.load(PROFILE, at=START) == replace(METADATA, token_endpoint="")


def test_without_a_file_there_is_none(kept: Kept) -> None:
    assert kept.load(PROFILE, at=START) is None


def test_without_a_folder_nothing_is_kept() -> None:
    kept = Kept(None)
    kept.save(PROFILE, METADATA, at=START)
    assert kept.load(PROFILE, at=START) is None
    kept.delete(PROFILE.id)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits")
def test_nobody_else_can_read_the_file(kept: Kept, file: Path) -> None:
    file.parent.mkdir(mode=0o755)
    file.touch(mode=0o666)
    kept.save(PROFILE, METADATA, at=START)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_link_is_replaced_and_not_followed(kept: Kept, file: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("mine")
    file.parent.mkdir()
    file.symlink_to(target)
    kept.save(PROFILE, METADATA, at=START)
    assert (target.read_text(), file.is_symlink()) == ("mine", False)


@pytest.mark.parametrize("age", [0, 24])
def test_it_is_used_for_a_day(kept: Kept, age: int) -> None:
    kept.save(PROFILE, METADATA, at=START)
    assert kept.load(PROFILE, at=START + timedelta(hours=age)) is not None


@pytest.mark.parametrize("age", [25, -1])
def test_it_is_not_used_later_or_with_a_clock_set_back(kept: Kept, file: Path, age: int) -> None:
    kept.save(PROFILE, METADATA, at=START)
    assert kept.load(PROFILE, at=START + timedelta(hours=age)) is None
    assert not file.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://other.example"},
        {"client_id": "client-2"},
        {"preset": "xdr-eu"},
        {"expected_issuer": "IROH Auth"},
        {"token_endpoint": f"{BASE}/own"},
    ],
)
def test_it_is_not_used_for_an_edited_profile(
    kept: Kept, file: Path, change: dict[str, Any]
) -> None:
    kept.save(PROFILE, METADATA, at=START)
    assert kept.load(replace(PROFILE, **change), at=START) is None
    assert not file.exists()


@pytest.mark.parametrize(
    "profile",
    [
        replace(PROFILE, grant="code"),
        replace(PROFILE, grant="client-credentials"),
        replace(PROFILE, issuer="", token_endpoint=f"{BASE}/token"),
        replace(PROFILE, device_authorization_endpoint=f"{BASE}/own"),
    ],
)
def test_nothing_is_kept_where_no_code_waits_for_metadata(
    kept: Kept, file: Path, profile: Profile
) -> None:
    kept.save(profile, METADATA, at=START)
    assert not file.exists()
    kept.save(PROFILE, METADATA, at=START)
    assert kept.load(profile, at=START) is None


@pytest.mark.parametrize(
    "endpoint", ["https://codes.example/device", f"{BASE}:8443/device", f"http://{HOST}/device", ""]
)
def test_an_endpoint_on_another_server_is_not_kept(kept: Kept, file: Path, endpoint: str) -> None:
    metadata = replace(METADATA, device_authorization_endpoint=endpoint)
    kept.save(PROFILE, metadata, at=START)
    assert not file.exists()


@pytest.mark.parametrize(
    "members",
    [
        {"device_authorization_endpoint": "https://evil.example/device"},
        {"device_authorization_endpoint": f"https://{HOST}@evil.example/device"},
        {"device_authorization_endpoint": f"https://{HOST}.evil.example/device"},
        {"device_authorization_endpoint": f"http://{HOST}/device"},
        {"device_authorization_endpoint": f"{BASE}/de\u202evice"},
        {"device_authorization_endpoint": "http://127.0.0.1:8080/device"},
        {"device_authorization_endpoint": 7},
        {"device_authorization_endpoint": None},
        {"issuer": "https://evil.example"},
        {"issuer": ["https://login.example"]},
    ],
)
def test_whoever_can_write_the_file_cannot_send_the_request_elsewhere(
    kept: Kept, file: Path, members: dict[str, Any]
) -> None:
    rewrite(kept, file, **members)
    assert kept.load(PROFILE, at=START) is None
    assert not file.exists()


def test_no_other_address_is_taken_from_the_file(kept: Kept, file: Path) -> None:
    elsewhere = "https://evil.example/"
    rewrite(kept, file, token_endpoint=elsewhere, userinfo_endpoint=elsewhere)
    found = kept.load(PROFILE, at=START)
    assert found == replace(METADATA, token_endpoint="")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 100,
        b"\xff\xfe\xff",
        b"[]",
        b"{}",
        b"[" * 16_000,
        b'{"binding": 1}',
        b" " * (LARGEST_FILE + 1),
        b'{"metadata": ' + b"9" * 15_000 + b"}",
    ],
    ids=["empty", "zeros", "no text", "list", "object", "deep", "binding", "large", "digits"],
)
def test_a_broken_file_is_removed(kept: Kept, file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    assert kept.load(PROFILE, at=START) is None
    assert not file.exists()


@pytest.mark.parametrize(
    "members",
    [{"saved_at": "now"}, {"saved_at": float("nan")}, {"saved_at": 1e400}, {"metadata": []}],
)
def test_a_file_with_wrong_members_is_removed(
    kept: Kept, file: Path, members: dict[str, Any]
) -> None:
    kept.save(PROFILE, METADATA, at=START)
    file.write_text(json.dumps(json.loads(file.read_text()) | members))
    assert kept.load(PROFILE, at=START) is None
    assert not file.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits")
@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_can_write_is_not_used(kept: Kept, file: Path, mode: int) -> None:
    kept.save(PROFILE, METADATA, at=START)
    file.chmod(mode)
    assert kept.load(PROFILE, at=START) is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes in folders")
def test_a_pipe_in_its_place_holds_nothing_up(kept: Kept, file: Path) -> None:
    file.parent.mkdir()
    os.mkfifo(file)
    assert kept.load(PROFILE, at=START) is None


def test_a_folder_in_its_place_is_left_alone(kept: Kept, file: Path) -> None:
    file.mkdir(parents=True)
    (file / "something").touch()
    assert kept.load(PROFILE, at=START) is None
    kept.save(PROFILE, METADATA, at=START)
    kept.delete(PROFILE.id)
    assert (file / "something").exists()


def test_what_is_deleted_is_not_used(kept: Kept, file: Path) -> None:
    kept.save(PROFILE, METADATA, at=START)
    kept.delete(PROFILE.id)
    assert not file.exists()
    assert kept.load(PROFILE, at=START) is None
