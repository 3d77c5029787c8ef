"""The wheel contains the app and all its resources, and the index shows it as it should."""

import email
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from checkout.python_versions import NEWEST, OLDEST

from desktop import __version__
from desktop.ipc import client
from tests.cli.commands import sign_in
from tests.end_to_end.agent import headless, socket_path
from tests.end_to_end.conftest import saved_token
from tests.end_to_end.test_sign_in import profile_for
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.process import run_program, wait_until
from tests.rigs.secret_service import SecretStore

ROOT = Path(__file__).resolve().parents[1]
APP = Path("xdr_login", "_app")
HOMEPAGE = tomllib.loads((ROOT / "packaging" / "product.toml").read_text("utf-8"))["homepage"]


def build(root: Path, folder: Path, *targets: str) -> None:
    """Build below `root` as an installer does, without the network."""
    chosen = [word for target in targets for word in ("-t", target)]
    command = [sys.executable, "-m", "hatchling", "build", *chosen, "-d", str(folder)]
    subprocess.run(command, cwd=root, check=True, capture_output=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and the source archive."""
    folder = tmp_path_factory.mktemp("built")
    build(ROOT, folder, "wheel", "sdist")
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (found,) = built.glob("*.whl")
    assert found.name == f"xdr_login-{__version__}-py3-none-any.whl"
    return found


@pytest.fixture(scope="module")
def source_archive(built: Path) -> Path:
    (found,) = built.glob("*.tar.gz")
    assert found.name == f"xdr_login-{__version__}.tar.gz"
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the wheel as pip does."""
    folder = tmp_path_factory.mktemp("site")
    shutil.unpack_archive(wheel, folder, format="zip")
    return folder


@pytest.fixture(scope="module")
def metadata(installed: Path) -> email.message.Message:
    file = installed / f"xdr_login-{__version__}.dist-info" / "METADATA"
    return email.message_from_string(file.read_text("utf-8"))


def test_every_resource_is_in_the_wheel(installed: Path) -> None:
    resources = ROOT / "resources"
    # Of the translations only those that are compiled.
    sources = {".po", ".pot", ".md"}
    files = [each for each in resources.rglob("*") if each.suffix not in sources]
    expected = {path.relative_to(resources) for path in files if path.is_file()}
    packed = installed / APP / "desktop" / "resources"
    assert {path.relative_to(packed) for path in packed.rglob("*") if path.is_file()} == expected


def test_the_installed_app_finds_its_resources(installed: Path) -> None:
    code = (
        "from desktop.services.system.resources import resource; print(resource('icons/app.svg'))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=installed / APP,
        check=True,
        capture_output=True,
        text=True,
    )
    icon = installed / APP / "desktop" / "resources" / "icons" / "app.svg"
    assert Path(found.stdout.strip()) == icon
    assert Path(found.stdout.strip()).is_file()


def test_the_installed_demo_server_has_its_pages(installed: Path) -> None:
    templates = ROOT / "desktop" / "demo" / "templates"
    packed = installed / APP / "desktop" / "demo" / "templates"
    expected = {path.relative_to(templates) for path in templates.rglob("*")}
    assert {path.relative_to(packed) for path in packed.rglob("*")} == expected


def test_the_wheel_contains_nothing_else(installed: Path) -> None:
    tops = {path.name for path in installed.iterdir()}
    assert tops == {"xdr_login", f"xdr_login-{__version__}.dist-info"}
    ours = {path.name for path in (installed / "xdr_login").iterdir()}
    sources = {path.name for path in (ROOT / "desktop" / "xdr_login").glob("*.py")}
    assert ours == {*sources, "_app", "py.typed"}
    assert [path.name for path in (installed / APP).iterdir()] == ["desktop"]
    assert not (installed / APP / "desktop" / "xdr_login").exists()


def run_installed(site: Path, *arguments: str) -> str:
    """Run the command of the wheel as its script does."""
    entry = (site / f"xdr_login-{__version__}.dist-info" / "entry_points.txt").read_text("utf-8")
    found = re.search(r"(?m)^xdr-login = ([\w.]+):main$", entry)
    assert found is not None
    code = f"import sys; sys.path.insert(0, {str(site)!r}); from {found[1]} import main; "
    command = [sys.executable, "-P", "-c", f"{code}sys.exit(main())", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def test_the_installed_command_prints_its_version(installed: Path) -> None:
    assert run_installed(installed, "--version") == f"xdr-login {__version__}"


def test_another_package_called_desktop_is_neither_run_nor_overwritten(
    installed: Path, tmp_path: Path
) -> None:
    # As the project of this name on the index does: it is for Python 2.
    with_other = shutil.copytree(installed, tmp_path / "site")
    (with_other / "desktop").mkdir()
    (with_other / "desktop" / "__init__.py").write_text("raise OSError, 'Python 2'\n")
    assert run_installed(with_other, "--version") == f"xdr-login {__version__}"


@pytest.fixture
def fresh_python(wheel: Path, tmp_path: Path) -> Path:
    """Install the wheel into a virtual environment, with the dependencies of this one."""
    folder = tmp_path / "fresh"
    venv.create(folder, symlinks=sys.platform != "win32")
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    show = "import sysconfig; print(sysconfig.get_path('purelib'))"
    asked = subprocess.run([python, "-c", show], check=True, capture_output=True, text=True)
    site = Path(asked.stdout.strip())
    shutil.unpack_archive(wheel, site, format="zip")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return python


def test_a_program_in_a_fresh_environment_gets_its_token(
    fresh_python: Path, secret_service: SecretStore, tmp_path: Path
) -> None:
    program = tmp_path / "hunt.py"
    program.write_text("import xdr_login\nprint(xdr_login.token(), xdr_login.services())\n")
    with DemoServer(DemoOptions(approve_after=0)) as server:
        profile_for(server)
        sign_in(secret_service, "soc")
        environment = headless(secret_service)
        expected = f"{saved_token(secret_service)['access_token']} {{'server': '{server.url}'}}\n"

        def hunt() -> tuple[str, str]:
            done = subprocess.run(
                [fresh_python, program],
                env=environment,
                cwd=tmp_path,
                check=False,
                capture_output=True,
                text=True,
            )
            return done.stdout, done.stderr

        assert hunt() == (expected, ""), "from the keyring"
        with run_program([str(fresh_python), "-m", "xdr_login"], environment) as app:
            wait_until(lambda: socket_path().exists(), "the socket of the app", app)
            assert hunt() == (expected, ""), "from the running app"
            hand_outs = client.send_command("status")["hand_outs"]
        assert isinstance(hand_outs, list)
        assert [each["program"] for each in hand_outs] == ["hunt.py"]


@pytest.mark.parametrize("kind", ["whl", "tar.gz"])
def test_the_index_accepts_the_archive(built: Path, kind: str) -> None:
    (file,) = built.glob(f"*.{kind}")
    check = [sys.executable, "-m", "twine", "check", "--strict", str(file)]
    done = subprocess.run(check, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_check_wheel_contents_finds_nothing(wheel: Path) -> None:
    check = [sys.executable, "-m", "check_wheel_contents", str(wheel)]
    done = subprocess.run(check, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_source_archive_builds_the_same_wheel(
    source_archive: Path, wheel: Path, tmp_path: Path
) -> None:
    # Debian 12 has Python 3.11.2, whose `unpack_archive` knows no filter.
    command = [shutil.which("tar") or "tar", "-xf", str(source_archive), "-C", str(tmp_path)]
    subprocess.run(command, check=True)
    (source,) = tmp_path.iterdir()
    build(source, tmp_path / "again", "wheel")
    assert (tmp_path / "again" / wheel.name).read_bytes() == wheel.read_bytes()


def test_the_index_shows_a_readme_without_relative_links(
    metadata: email.message.Message,
) -> None:
    text = metadata.get_payload()
    assert isinstance(text, str)
    links = re.findall(r"(!?)\[[^\]]*\]\(([^)]+)\)", text)
    assert [link for _, link in links if not link.startswith("https://")] == []
    ours = [(mark, link) for mark, link in links if link.startswith(HOMEPAGE)]
    assert len(ours) > 10
    for mark, link in ours:
        kind = "raw" if mark else "blob"
        place, _, name = link.partition(f"/{kind}/v{__version__}/")
        assert place == HOMEPAGE
        assert (ROOT / name.partition("#")[0]).is_file(), link


def test_the_index_shows_the_addresses_of_the_project(metadata: email.message.Message) -> None:
    urls = dict(each.split(", ", 1) for each in metadata.get_all("Project-URL", []))
    assert set(urls) == {"Homepage", "Documentation", "Changelog", "Issues", "Source"}
    assert urls["Homepage"] == HOMEPAGE
    assert all(each.startswith(HOMEPAGE) for each in urls.values())


def test_the_index_lists_every_supported_python(metadata: email.message.Message) -> None:
    prefix = "Programming Language :: Python :: 3."
    named = [each for each in metadata.get_all("Classifier", []) if each.startswith(prefix)]
    supported = range(OLDEST[1], NEWEST[1] + 1)
    assert named == [f"{prefix}{minor}" for minor in supported]
    assert metadata["Requires-Python"] == f"<3.{NEWEST[1] + 1},>=3.{OLDEST[1]}"


def test_an_editable_install_runs_the_checkout(tmp_path: Path) -> None:
    code = (
        "from hatchling.build import build_editable; import sys; print(build_editable(sys.argv[1]))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        assert archive.read("_xdr_login.pth").decode().splitlines() == [str(ROOT)]
    assert "xdr_login/__main__.py" in names
    assert not any(name.startswith("xdr_login/_app") for name in names)
