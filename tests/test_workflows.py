"""The workflows and their scripts: valid, safe, and with pinned actions."""

import base64
import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from checkout.python_versions import NEWEST, OLDEST
from ruamel.yaml import YAML

from tests.rigs import requirements

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
RELEASE = ROOT / ".github" / "workflows" / "release.yml"
# Offline, because containers are selected by version on purpose: users have the newest release.
ZIZMOR = ("--offline", "--no-progress", "--color=never", "--no-config")


def run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program that is installed with this Python."""
    command = [Path(sys.executable).with_name(program), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_the_workflows_match_the_schema() -> None:
    done = run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)
    assert done.returncode == 0, done.stdout


def test_zizmor_finds_nothing() -> None:
    done = run("zizmor", *ZIZMOR, *WORKFLOWS)
    assert done.returncode == 0, done.stdout


def test_zizmor_finds_an_unpinned_action(tmp_path: Path) -> None:
    file = tmp_path / "unpinned.yml"
    text = WORKFLOWS[0].read_text("utf-8")
    file.write_text(re.sub(r"@[0-9a-f]{40}", "@v4", text), "utf-8")
    done = run("zizmor", *ZIZMOR, file)
    assert "unpinned-uses" in done.stdout


def test_every_job_has_its_own_permissions_and_a_timeout() -> None:
    for path in WORKFLOWS:
        (_, jobs) = path.read_text("utf-8").split("\njobs:\n")
        for job in re.split(r"(?m)^  (?=[\w-]+:$)", jobs)[1:]:
            name = job.partition(":")[0]
            assert re.search(r"(?m)^    permissions:", job), name
            assert "uses: ./" in job or re.search(r"(?m)^    timeout-minutes: \d+$", job), name


def test_the_tests_run_on_the_oldest_and_the_newest_python() -> None:
    text = (ROOT / ".github" / "workflows" / "tests.yml").read_text("utf-8")
    versions = ", ".join('"{}.{}"'.format(*each) for each in (OLDEST, NEWEST))
    assert f"        python: [{versions}]" in text
    assert "          python-version: ${{ matrix.python }}\n" in text


@pytest.mark.skipif(sys.platform == "win32", reason="Unix shell scripts")
@pytest.mark.parametrize(
    "script",
    [
        "linux/repository-test.sh",
        "macos/keys.sh",
        "macos/start-test.sh",
        "windows/sign.sh",
    ],
)
def test_the_release_scripts_are_valid_shell(script: str) -> None:
    file = ROOT / "packaging" / script
    done = subprocess.run(["sh", "-n", file], check=False, capture_output=True, text=True)  # noqa: S607
    assert done.returncode == 0, done.stderr


def sh(script: str, *arguments: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a release script."""
    return subprocess.run(
        ["sh", ROOT / "packaging" / script, *arguments],  # noqa: S607
        env={"PATH": "/usr/bin:/bin", **environment},
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Unix shell scripts")
def test_without_keys_the_scripts_report_what_they_skip(tmp_path: Path) -> None:
    for done in (
        sh("macos/keys.sh", RUNNER_TEMP=str(tmp_path)),
        sh("windows/sign.sh", tmp_path / "setup.exe"),
    ):
        assert (done.returncode, done.stderr) == (0, "")
        assert re.match(r"SKIPPED signing.*, because \w+_CERTIFICATE is not set", done.stdout)


def test_with_a_certificate_windows_programs_are_signed(tmp_path: Path) -> None:
    requirements.require_linux("signing")
    requirements.require("signing", "osslsigncode", "openssl", "makensis")
    key, certificate, both = (tmp_path / name for name in ("key.pem", "cert.pem", "both.p12"))
    request = "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=Example"
    extension = ["-addext", "extendedKeyUsage=codeSigning"]
    openssl(*request.split(), *extension, "-keyout", str(key), "-out", str(certificate))
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
    output = subprocess.run(verify, check=False, capture_output=True, text=True).stdout
    assert "Signature verification: ok" in output


def make_program(path: Path) -> Path:
    """Build a setup that installs nothing."""
    script = path.with_suffix(".nsi")
    script.write_text(f'OutFile "{path}"\nRequestExecutionLevel user\nSection\nSectionEnd\n')
    subprocess.run(["makensis", "-V2", script], check=True, capture_output=True)  # noqa: S607
    return path


def openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)  # noqa: S607


def test_every_action_is_pinned_to_a_commit() -> None:
    for path in WORKFLOWS:
        text = path.read_text("utf-8")
        used = re.findall(r"uses: ([^.]\S+)(.*)", text)
        assert used, path.name
        assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name) for name, _ in used), path.name
        assert all(re.fullmatch(r" # v[0-9.]+", version) for _, version in used), path.name
        assert "\npermissions: {}\n" in text
        assert text.count("persist-credentials: false") == text.count("actions/checkout@")


def jobs_of(workflow: Path) -> dict[str, Any]:
    jobs: dict[str, Any] = YAML(typ="safe").load(workflow.read_text("utf-8"))["jobs"]
    return jobs


def release_jobs() -> dict[str, Any]:
    return jobs_of(RELEASE)


def test_only_the_steps_that_sign_get_secrets() -> None:
    getting: set[str] = set()
    for workflow in WORKFLOWS:
        for job in jobs_of(workflow).values():
            steps = job.pop("steps", [])
            assert "secrets." not in str(job)
            getting |= {each["run"].split(" dist/")[0] for each in steps if "secrets." in str(each)}
    assert getting == {
        "python3 dev.py package",  # notarizes, with an id of the key only
        "python3 dev.py package repo",
        "sh packaging/macos/keys.sh",
        'sh packaging/windows/sign.sh "$WINDOWS_BUNDLE"/*.exe',
        "sh packaging/windows/sign.sh",
    }


def test_linux_packages_are_built_and_started_on_both_processors() -> None:
    for name in ("linux", "start-on-linux"):
        rows = release_jobs()[name]["strategy"]["matrix"]["include"]
        runners = {(each["artifact"], each["runner"]) for each in rows}
        assert runners == {("linux", "ubuntu-24.04"), ("linux-arm64", "ubuntu-24.04-arm")}


def test_the_draft_waits_for_every_job_and_nothing_is_submitted() -> None:
    jobs = release_jobs()
    others = {*jobs} - {"draft", "tests", "windows"}  # those that others wait for
    assert {*jobs["draft"]["needs"]} == others
    writing = [name for name, job in jobs.items() if job["permissions"].get("contents") == "write"]
    assert writing == ["draft"]
    assert not re.search(r"wingetcreate|komac|brew ", RELEASE.read_text("utf-8"))


@pytest.mark.skipif(sys.platform != "linux", reason="a script for Linux")
def test_the_draft_contains_the_files_of_all_systems(tmp_path: Path) -> None:
    artifacts = ("linux", "linux-arm64", "macos", "windows", "manifests")
    for name in artifacts:
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.bin").write_text(name, "utf-8")
        (tmp_path / name / "SIZES.txt").touch()
        line = f"{sha256(name.encode()).hexdigest()}  {name}.bin\n"
        (tmp_path / name / "SHA256SUMS").write_text(line, "utf-8")
    (combine,) = (each for each in release_jobs()["draft"]["steps"] if "Combine" in str(each))
    command = ["bash", "-euo", "pipefail", "-c", combine["run"]]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    found = {each.name for each in (tmp_path / "all").iterdir()}
    assert found == {"SHA256SUMS", *(f"{name}.bin" for name in artifacts)}
    uploaded = set(re.findall(r"upload-artifact.*\n\s+with:\n\s+name: (.+)", RELEASE.read_text()))
    # The last two are not attached to the release.
    assert uploaded == {"${{ matrix.artifact }}", "macos", "windows", "manifests"} | {
        "windows-bundle",
        "repositories",
    }


def test_only_an_approved_job_of_a_tag_can_publish_on_pypi() -> None:
    text = (ROOT / ".github" / "workflows" / "publish.yml").read_text("utf-8")
    head, jobs = text.split("\njobs:\n")
    assert '\non:\n  push:\n    tags: ["v*"]\n\n' in head
    (*others, publish) = re.split(r"(?m)^  (?=[\w-]+:$)", jobs)[1:]
    assert not any("id-token" in job or "environment:" in job for job in others)
    assert "    permissions:\n      id-token: write #" in publish
    assert "    environment:\n      name: pypi #" in publish
    assert "pypa/gh-action-pypi-publish@" in publish
    assert "attestations: true" in publish
    # It builds and runs nothing of ours, which could use the permission.
    assert "run: " not in publish
    assert "checkout" not in publish
    assert "secrets." not in text
