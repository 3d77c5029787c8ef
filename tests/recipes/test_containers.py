"""The recipes for containers, with bubblewrap in place of Docker: the same namespaces of Linux."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.recipes.conftest import ROOT, Analyst, Recipes
from tests.rigs.requirements import skip_without

SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc", "/opt")
HUNT = """\
import httpx, xdr_login
services = xdr_login.services()
with httpx.Client(auth=xdr_login.Auth(), trust_env=False) as client:
    print(client.get(services["platform"] + "/profile/whoami").json())
"""
DOCKER = """\
import os, sys
words, options = sys.argv[1:], []
assert words.pop(0) == "run"
while words[0].startswith("-"):
    option = words.pop(0)
    if option in ("--rm", "--interactive"):
        continue
    value = words.pop(0)
    if option == "--user":
        options += ["--uid", value]
    elif option == "--env":
        options += ["--setenv", *value.split("=", 1)]
    elif option == "--volume":
        source, target, mode = value.split(":")
        options += [{"ro": "--ro-bind"}[mode], source, target]
    else:
        sys.exit(f"unknown: {option}")
assert words.pop(0) == "hunt", "the image"
if words[0] == "python3":
    words[0] = PYTHON
os.execvp("bwrap", ["bwrap", *BASE, *options, *words])
"""


@pytest.fixture
def docker(analyst: Analyst, tmp_path: Path) -> None:
    """Add a command `docker` that sees nothing of the home, the keyring and the environment."""
    skip_without("bwrap")
    probe = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"]
    if subprocess.run(probe, check=False, capture_output=True).returncode != 0:
        pytest.skip("bubblewrap cannot make namespaces here")
    (tmp_path / "hunt.py").write_text(HUNT)
    visible = [*SYSTEM, str(ROOT), sys.base_prefix, str(Path(sys.prefix).resolve())]
    base = ["--unshare-all", "--share-net", "--die-with-parent", "--clearenv"]
    base += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]  # noqa: S108 - of the container
    for each in visible:
        base += ["--ro-bind-try", each, each]
    base += ["--ro-bind", str(analyst.site), "/site", "--setenv", "PYTHONPATH", "/site"]
    base += ["--ro-bind", str(tmp_path), "/hunt", "--chdir", "/hunt"]
    base += ["--setenv", "PATH", "/usr/local/bin:/usr/bin:/bin"]
    file = analyst.commands / "docker"
    assigned = f"BASE = {base!r}\nPYTHON = {sys.executable!r}\n"
    file.write_text(f"#!{sys.executable}\n{assigned}{DOCKER}")
    file.chmod(0o755)


@pytest.mark.usefixtures("docker")
def test_a_container_reads_the_token_from_stdin(analyst: Analyst, recipes: Recipes) -> None:
    by_stdin, _ = (each.text for each in recipes.blocks("Containers"))
    assert "dana@northwind.example" in analyst.run_shell(by_stdin)


@pytest.mark.usefixtures("docker")
def test_a_container_uses_the_running_app(analyst: Analyst, recipes: Recipes) -> None:
    _, by_socket = (each.text for each in recipes.blocks("Containers"))
    assert "dana@northwind.example" in analyst.run_shell(by_socket)


@pytest.mark.usefixtures("docker")
def test_a_container_without_the_socket_gets_nothing(analyst: Analyst, recipes: Recipes) -> None:
    _, by_socket = (each.text for each in recipes.blocks("Containers"))
    lines = [each for each in by_socket.splitlines() if "--volume" not in each]
    done = analyst.run("bash", "-c", "\n".join(lines))
    assert done.returncode != 0
    assert "XdrLoginError: Set up your first profile." in done.stderr
