"""The workflows: as their schema wants them, with nothing that an auditor of workflows finds."""

import base64
import re
import subprocess
import sys
from pathlib import Path

import pytest

import dev
from tests.rigs import requirements

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# A container is named by its version: what people run is the newest of it, and no registry is asked
# from here for what that is today.
ZIZMOR = ("--offline", "--no-progress", "--color=never", "--no-config")


def run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program that is installed beside this Python."""
    command = [Path(sys.executable).with_name(program), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_they_are_as_the_schema_wants_them() -> None:
    done = run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)
    assert done.returncode == 0, done.stdout


def test_an_auditor_finds_nothing() -> None:
    done = run("zizmor", *ZIZMOR, *WORKFLOWS)
    assert done.returncode == 0, done.stdout


def test_the_auditor_would_find_something(tmp_path: Path) -> None:
    file = tmp_path / "careless.yml"
    text = WORKFLOWS[0].read_text("utf-8")
    file.write_text(re.sub(r"@[0-9a-f]{40}", "@v4", text), "utf-8")
    done = run("zizmor", *ZIZMOR, file)
    assert "unpinned-uses" in done.stdout


def test_every_job_has_permissions_of_its_own_and_an_end() -> None:
    for path in WORKFLOWS:
        (_, jobs) = path.read_text("utf-8").split("\njobs:\n")
        for job in re.split(r"(?m)^  (?=[\w-]+:$)", jobs)[1:]:
            name = job.partition(":")[0]
            assert re.search(r"(?m)^    permissions:", job), name
            assert "uses: ./" in job or re.search(r"(?m)^    timeout-minutes: \d+$", job), name


def test_the_tests_run_on_the_oldest_and_on_the_newest_python() -> None:
    text = (ROOT / ".github" / "workflows" / "tests.yml").read_text("utf-8")
    versions = ", ".join('"{}.{}"'.format(*each) for each in (dev.OLDEST, dev.NEWEST))
    assert f"        python: [{versions}]" in text
    assert "          python-version: ${{ matrix.python }}\n" in text


@pytest.mark.skipif(sys.platform == "win32", reason="a script of a Unix shell")
@pytest.mark.parametrize("script", ["macos/keys.sh", "macos/start-test.sh", "windows/sign.sh"])
def test_the_scripts_of_the_release_are_plain_shell(script: str) -> None:
    file = ROOT / "packaging" / script
    done = subprocess.run(["sh", "-n", file], check=False, capture_output=True, text=True)  # noqa: S607
    assert done.returncode == 0, done.stderr


def sh(script: str, *arguments: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script of the release."""
    return subprocess.run(
        ["sh", ROOT / "packaging" / script, *arguments],  # noqa: S607
        env={"PATH": "/usr/bin:/bin", **environment},
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="a script of a Unix shell")
def test_without_keys_it_is_said_what_is_skipped(tmp_path: Path) -> None:
    for done in (
        sh("macos/keys.sh", RUNNER_TEMP=str(tmp_path)),
        sh("windows/sign.sh", tmp_path / "setup.exe"),
    ):
        assert (done.returncode, done.stderr) == (0, "")
        assert re.match(r"SKIPPED: \w+_CERTIFICATE is not set", done.stdout)


def test_with_a_key_programs_of_windows_are_signed(tmp_path: Path) -> None:
    requirements.require_linux("signing")
    requirements.require("signing", "osslsigncode", "openssl", "makensis")
    key, certificate, both = (tmp_path / name for name in ("key.pem", "cert.pem", "both.p12"))
    how = "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=Example"
    use = ["-addext", "extendedKeyUsage=codeSigning"]
    openssl(*how.split(), *use, "-keyout", str(key), "-out", str(certificate))
    into = ("-passout", "pass:word", "-out", str(both))
    openssl("pkcs12", "-export", "-inkey", str(key), "-in", str(certificate), *into)
    program = make_program(tmp_path / "xdr login.exe")
    encoded = base64.b64encode(both.read_bytes()).decode()
    done = sh(
        "windows/sign.sh",
        program,
        WINDOWS_CERTIFICATE=encoded,
        WINDOWS_CERTIFICATE_PASSWORD="word",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    verify = ["osslsigncode", "verify", "-CAfile", str(certificate), "-in", str(program)]
    told = subprocess.run(verify, check=False, capture_output=True, text=True).stdout
    assert "Signature verification: ok" in told


def make_program(path: Path) -> Path:
    """Make an installer of Windows that installs nothing."""
    script = path.with_suffix(".nsi")
    script.write_text(f'OutFile "{path}"\nRequestExecutionLevel user\nSection\nSectionEnd\n')
    subprocess.run(["makensis", "-V2", script], check=True, capture_output=True)  # noqa: S607
    return path


def openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)  # noqa: S607


def test_every_action_of_the_workflows_is_pinned_by_its_commit() -> None:
    for path in WORKFLOWS:
        text = path.read_text("utf-8")
        used = re.findall(r"uses: ([^.]\S+)(.*)", text)
        assert used, path.name
        assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name) for name, _ in used), path.name
        assert all(re.fullmatch(r" # v[0-9.]+", version) for _, version in used), path.name
        assert "\npermissions: {}\n" in text
        assert text.count("persist-credentials: false") == text.count("actions/checkout@")
