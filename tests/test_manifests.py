"""The manifests for winget and Homebrew, made from the files of a release."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from builder import __main__ as builder
from builder import homebrew, macos, msi, nsis, sbom, winget
from builder.product import PACKAGING, product
from builder.sums import sha256_of
from platformdirs.macos import MacOS

from desktop import __version__
from desktop.services.system import autostart
from tests.rigs import requirements

SCHEMAS = Path(__file__).with_name("winget")
ARM, INTEL = "arm64", "x86_64"
# The order of https://docs.brew.sh/Cask-Cookbook#stanza-order, as far as the cask has them.
STANZAS = "arch version sha256 url name desc homepage livecheck depends_on app binary uninstall zap"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The files of a release, as small as possible; the .msi is a real one."""
    requirements.require("packaging", "wixl", "msibuild", "msiinfo", "faketime")
    folder, bundle = tmp_path / "files", tmp_path / "bundle"
    for each in (folder, bundle):
        each.mkdir()
    (bundle / "xdr-login.exe").write_text("program", "utf-8")
    msi.pack(folder / msi.file_name(), bundle, tmp_path / "msi")
    (folder / nsis.file_name()).write_text("setup", "utf-8")
    add_image(folder, ARM)
    return folder


def add_image(folder: Path, processor: str, oldest: str = "15.0") -> None:
    """Add a disk image and the bill of materials that says which macOS it needs."""
    (folder / macos.image_name(processor)).write_text(processor, "utf-8")
    properties = [{"name": "xdr-login:oldest-macos", "value": oldest}]
    bill = {"metadata": {"component": {"properties": properties}}}
    (folder / sbom.file_name("macos")).write_text(json.dumps(bill), "utf-8")


def check_schema(kind: str, file: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile"]
    command += [str(SCHEMAS / f"{kind}.schema.json"), str(file)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_the_winget_manifests_match_their_schemas(files: Path, tmp_path: Path) -> None:
    written = winget.make_winget(files, tmp_path / "out")
    kinds = ("version", "installer", "defaultLocale")
    for kind, file in zip(kinds, written, strict=True):
        done = check_schema(kind, file)
        assert done.returncode == 0, done.stdout
        schema = f"winget-manifest.{kind}.1.12.0.schema.json"
        assert file.read_text("utf-8").splitlines()[0].endswith(schema)
    assert [each.name for each in written] == [
        "XDRLogin.XDRLogin.yaml",
        "XDRLogin.XDRLogin.installer.yaml",
        "XDRLogin.XDRLogin.locale.en-US.yaml",
    ]


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("installer", "Scope: user", "Scope: everyone"),
        ("installer", 'ReleaseDate: "', 'ReleaseDate: "0'),
        ("installer", "UpgradeCode", "UpgradeKey"),
        ("installer", "InstallerReturnCode: 3", "InstallerReturnCode: 0"),
        ("defaultLocale", "Moniker: xdr-login", f"Moniker: {'x' * 41}"),
        ("version", "DefaultLocale: en-US", "DefaultLocale: de-DE"),
    ],
)
def test_the_schemas_reject_a_wrong_manifest(
    files: Path, tmp_path: Path, kind: str, old: str, new: str
) -> None:
    written = winget.make_winget(files, tmp_path / "out")
    (file,) = (each for each in written if f"ManifestType: {kind}\n" in each.read_text("utf-8"))
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    assert check_schema(kind, file).returncode == 1


def test_the_installers_are_those_of_the_release(files: Path, tmp_path: Path) -> None:
    _, file, _ = winget.make_winget(files, tmp_path / "out")
    text = file.read_text("utf-8")
    codes = winget.read_properties(files / msi.file_name(), "ProductCode", "UpgradeCode")
    assert codes["UpgradeCode"] == f"{{{product().windows['upgrade_code']}}}"
    assert text.count(codes["ProductCode"]) == 2
    setup, package = text.split("\n- Architecture: x64\n")[1:]
    for part, name in ((setup, nsis.file_name()), (package, msi.file_name())):
        address = f"{product().homepage}/releases/download/v{__version__}/{name}"
        assert f'InstallerUrl: "{address}"\n' in part
        assert f"{sha256_of(files / name).upper()}" in part
    assert '    Silent: "/S"\n' in setup
    assert "  ProductCode: xdr-login\n" in setup
    assert '    Silent: "/qn /norestart"\n' in package


def test_winget_knows_the_exit_code_and_key_of_the_setup() -> None:
    script = (PACKAGING / "windows" / "installer.nsi").read_text("utf-8")
    assert f"!define IN_USE {nsis.IN_USE}\n" in script
    assert r"CurrentVersion\Uninstall\${PACKAGE}" in script
    assert "INSTALLDIR" in msi.wix_source(Path(), Path(), "1.0.0").decode()


def test_texts_that_yaml_would_read_differently_are_quoted() -> None:
    value = {"a": "no", "b": "0.1.0", "c": "x: y", "d": "plain", "e": ['"'], "f": [{"g": 1}]}
    assert winget.yaml_lines(value) == [
        'a: "no"',
        'b: "0.1.0"',
        'c: "x: y"',
        "d: plain",
        "e:",
        '- "\\""',
        "f:",
        "- g: 1",
    ]


def make_cask(files: Path, out: Path) -> str:
    """Make the cask and let Ruby read it, if it is installed."""
    (file,) = homebrew.make_homebrew(files, out)
    assert file.relative_to(out) == Path("Casks/xdr-login.rb")
    requirements.require("packaging", "ruby")
    subprocess.run(["ruby", "-wc", file], check=True, capture_output=True)  # noqa: S607
    return file.read_text("utf-8")


def stanzas(text: str) -> list[str]:
    return re.findall(r"(?m)^  (\w+)\b", text.replace("\n  end\n", "\n"))


def test_the_cask_has_the_stanzas_in_the_order_of_homebrew(tmp_path: Path) -> None:
    add_image(tmp_path, ARM)
    text = make_cask(tmp_path, tmp_path / "out")
    found = list(dict.fromkeys(stanzas(text)))
    assert found == [each for each in STANZAS.split() if each != "arch"]
    assert text.startswith('cask "xdr-login" do\n')
    assert f'  version "{__version__}"\n' in text
    assert f'  sha256 "{sha256_of(tmp_path / macos.image_name(ARM))}"\n' in text
    assert '/download/v#{version}/xdr-login-#{version}-macos-arm64.dmg"\n' in text
    assert "  depends_on arch: :arm64\n  depends_on macos: :sequoia\n" in text
    assert "verified" not in text, "Homebrew rejects it for the site of the homepage"
    assert not re.search(r"[^\n]*[ \t]\n|\n\n\n", text)


def test_texts_with_quotes_stay_texts_in_ruby() -> None:
    requirements.require("packaging", "ruby")
    text = 'Sign in "here", #{exit 3} and C:\\new'
    code = f'print "{homebrew.ruby_string(text)}"'
    shown = subprocess.run(["ruby", "-e", code], check=True, capture_output=True, text=True)  # noqa: S607
    assert shown.stdout == text


def test_an_unknown_macos_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_image(tmp_path, ARM, "99.1")
    assert builder.make_manifests(["homebrew"], tmp_path, tmp_path / "dist") == 1
    message = "homebrew: not made, because Homebrew's name of macOS 99.1 is not in homebrew.py.\n"
    assert capsys.readouterr().err == message


def test_the_cask_has_one_checksum_for_each_processor(tmp_path: Path) -> None:
    for processor in (ARM, INTEL):
        add_image(tmp_path, processor, "14.0")
    text = make_cask(tmp_path, tmp_path / "out")
    assert list(dict.fromkeys(stanzas(text))) == STANZAS.split()
    arm, intel = (sha256_of(tmp_path / macos.image_name(each)) for each in (ARM, INTEL))
    assert f'  sha256 arm:   "{arm}",\n         intel: "{intel}"\n' in text
    assert '-macos-#{arch}.dmg"\n' in text
    assert "depends_on arch" not in text
    assert "  depends_on macos: :sonoma\n" in text


def test_an_image_for_both_processors_needs_no_particular_one(tmp_path: Path) -> None:
    add_image(tmp_path, f"{ARM}-{INTEL}")
    text = make_cask(tmp_path, tmp_path / "out")
    assert '-macos-arm64-x86_64.dmg"\n' in text
    assert "arch" not in stanzas(text)
    assert "depends_on arch" not in text


def test_another_site_than_that_of_the_homepage_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(product().addresses, "files", "https://downloads.example/v{version}")
    add_image(tmp_path, ARM)
    text = make_cask(tmp_path, tmp_path / "out")
    assert '.dmg",\n      verified: "downloads.example/"\n' in text


def test_zapping_removes_what_the_app_leaves_on_a_mac(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    add_image(tmp_path, ARM)
    text = make_cask(tmp_path, tmp_path / "out")
    folders = MacOS("xdr-login", appauthor=False)
    own = [folders.user_config_path, folders.user_state_path, folders.user_log_path]
    own.append(autostart._agent_file())
    for path in own:
        assert f'"~/{path.relative_to(Path.home()).as_posix()}"' in text
    assert f'launchctl: "{autostart.ID}"' in text
    trashed = re.findall(r'"(~/.+)"', text)
    assert trashed == sorted(trashed)


def test_the_bill_of_materials_of_a_mac_names_the_oldest_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr(sbom, "_modules", list)
    monkeypatch.setattr(sbom, "_components_without_wheel", lambda _: [])
    bill = sbom.bill_of_materials(tmp_path)
    assert sbom.read_oldest_macos(bill) == macos.oldest_system()


def test_a_missing_file_is_named_and_the_other_manifest_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add_image(tmp_path, ARM)
    monkeypatch.setenv("RELEASE_FILES", str(tmp_path))
    monkeypatch.setattr(builder, "ROOT", tmp_path)
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "kept").touch()
    assert builder.main(["winget", "homebrew"]) == 1
    out, err = capsys.readouterr()
    missing = f"{nsis.file_name()} is not in {tmp_path}"
    assert err == f"winget: not made, because {missing}.\n"
    assert Path(out.partition(": ")[2].strip()) == Path("homebrew/Casks/xdr-login.rb")
    assert (tmp_path / "dist" / "kept").exists()


def test_without_a_disk_image_there_is_no_cask(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert builder.make_manifests(["homebrew"], tmp_path, tmp_path / "dist") == 1
    name = f"xdr-login-{__version__}-macos-*.dmg"
    assert capsys.readouterr().err == f"homebrew: not made, because {name} is not in {tmp_path}.\n"
