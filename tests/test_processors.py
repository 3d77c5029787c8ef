"""Packages for other processors: names, architectures, requirements and limits."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest
from builder import appimage, closure, deb, elf, rpm, sbom
from builder.processor import PROCESSORS, this_processor

from desktop import __version__

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="packages for Linux")
E_MACHINE = {"x86_64": 62, "aarch64": 183}


@pytest.fixture(params=PROCESSORS)
def processor(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of the processor of this computer, as it seems."""
    monkeypatch.setattr(platform, "machine", lambda: request.param)
    return str(request.param)


def write_header(file: Path, processor: str) -> Path:
    """Write the start of a Linux program for a processor."""
    kind, machine = (3).to_bytes(2, "little"), E_MACHINE[processor].to_bytes(2, "little")
    file.write_bytes(b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + kind + machine + bytes(44))
    return file


@pytest.fixture
def bundle(tmp_path: Path, processor: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle with one program, which requires the C library and its loader."""
    folder = tmp_path / "bundle"
    folder.mkdir()
    program = write_header(folder / "xdr-login", processor)
    needed = {"libc.so.6", PROCESSORS[processor].loader}
    found = elf.Binary(program, processor, needed=needed, versions={"GLIBC_2.35"})
    for module in (closure, deb, rpm):
        monkeypatch.setattr(module, "binaries_in", lambda _: [found])
    return folder


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that were run; none has an effect but that it writes an empty image."""
    ran: list[list[str]] = []

    def run(command: list[str], **_options: object) -> None:
        ran.append(command)
        if command[0] == "mksquashfs":
            Path(command[2]).write_bytes(b"")

    monkeypatch.setattr(subprocess, "run", run)
    return ran


def test_the_debian_package_has_the_name_of_the_processor_in_debian(
    bundle: Path, tmp_path: Path, processor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deb, "find_dependencies", lambda _: ["libc6"])
    monkeypatch.setattr(deb, "make_tree", lambda tree, _: (tree / "usr").mkdir(parents=True))
    file = deb.make_deb(tmp_path, bundle, tmp_path)
    debian = PROCESSORS[processor].debian
    assert file.name == f"xdr-login_{__version__}_{debian}.deb"
    show = ["dpkg-deb", "--field", str(file), "Architecture"]
    assert subprocess.run(show, check=True, capture_output=True, text=True).stdout == f"{debian}\n"


def test_the_dependencies_are_looked_up_in_the_folder_of_the_processor(processor: str) -> None:
    folders = this_processor().library_folders
    assert f"/usr/lib/{processor}-linux-gnu" in folders


def test_the_rpm_package_is_for_the_processor_and_does_not_name_the_loader(
    bundle: Path,
    tmp_path: Path,
    processor: str,
    commands: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rpm, "make_tree", lambda tree, _: tree.mkdir(parents=True))
    file = rpm.make_rpm(tmp_path, bundle, tmp_path)
    assert file.name == f"xdr-login-{__version__}-1.{processor}.rpm"
    (command,) = commands
    assert command[command.index("--target") + 1] == processor
    spec = (tmp_path / "rpm" / "xdr-login.spec").read_text("utf-8")
    assert f"\nBuildArch: {processor}\n" in spec
    assert "Requires: libc.so.6(GLIBC_2.35)(64bit)\n" in spec
    assert "ld-linux" not in spec


def test_the_appimage_and_the_bill_of_materials_name_the_processor(
    bundle: Path,
    tmp_path: Path,
    processor: str,
    commands: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runtime = tmp_path / "runtime"
    runtime.write_bytes(bytes(16))
    monkeypatch.setattr(appimage, "_runtime", lambda _: runtime)
    monkeypatch.setattr(appimage, "make_tree", lambda tree, _: tree.mkdir(parents=True))
    file = appimage.make_appimage(tmp_path, bundle, tmp_path)
    assert file.name == f"XDR_Login-{__version__}-{processor}.AppImage"
    assert [command[0] for command in commands] == ["mksquashfs"]
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(sbom, "bill_of_materials", lambda _: {})
    bill = sbom.make_sbom(tmp_path, bundle, tmp_path)
    assert bill.name == f"xdr-login-{__version__}-linux-{processor}.cdx.json"


def test_a_program_for_another_processor_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    fitting, other = (
        elf.Binary(tmp_path / name, name, versions={"GLIBC_2.39", "GLIBCXX_3.4.32"})
        for name in ("aarch64", "x86_64")
    )
    monkeypatch.setattr(closure, "binaries_in", lambda _: [fitting])
    assert closure.find_faults(tmp_path) == []
    monkeypatch.setattr(closure, "binaries_in", lambda _: [fitting, other])
    assert closure.find_faults(tmp_path) == ["x86_64 is for x86_64"]
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(closure, "binaries_in", lambda _: [other])
    assert closure.find_faults(tmp_path) == [
        "x86_64 requires GLIBCXX_3.4.32",
        "x86_64 requires GLIBC_2.39",
    ]


@pytest.mark.parametrize("name", E_MACHINE)
def test_the_processor_of_a_program_is_read_from_its_header(tmp_path: Path, name: str) -> None:
    assert elf.read_processor(write_header(tmp_path / "x", name)) == name


def test_the_loader_of_every_processor_is_a_library_of_the_system() -> None:
    assert {each.loader for each in PROCESSORS.values()} <= closure.host_libraries()


def test_another_processor_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(ValueError, match="on x86_64 and aarch64, not on riscv64"):
        this_processor()
