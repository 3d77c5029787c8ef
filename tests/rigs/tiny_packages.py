"""Small .deb and .rpm files, and a key that signs a repository."""

import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

NAME = "xdr-login"
_CONTROL = """\
Package: {name}
Version: {version}
Architecture: {architecture}
Maintainer: A Tester <tester@northwind.example>
Description: a package without files
"""
_SPEC = """\
Name: {name}
Version: {version}
Release: 1
Summary: A package with one file
License: Apache-2.0
BuildArch: {architecture}
AutoReqProv: no
{provides}
%description
A package for tests.
%install
mkdir -p %{{buildroot}}/usr/lib/{name}
echo {version} >%{{buildroot}}/usr/lib/{name}/version.txt
%files
/usr/lib/{name}
"""


def tiny_deb(folder: Path, version: str, architecture: str = "amd64") -> Path:
    """Make a .deb in `folder` and return its path."""
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name)
        tree.chmod(0o755)
        (tree / "DEBIAN").mkdir()
        text = _CONTROL.format(name=NAME, version=version, architecture=architecture)
        (tree / "DEBIAN" / "control").write_text(text, "utf-8")
        file = folder / f"{NAME}_{version}_{architecture}.deb"
        command = ["dpkg-deb", "--root-owner-group", "--build", str(tree), str(file)]
        subprocess.run(command, check=True, capture_output=True)
    return file


def tiny_rpm(folder: Path, version: str, *, name: str = NAME, provides: Iterable[str] = ()) -> Path:
    """Make an .rpm in `folder` and return its path."""
    with tempfile.TemporaryDirectory() as top:
        lines = "\n".join(f"Provides: {each}" for each in provides)
        spec = Path(top) / "package.spec"
        text = _SPEC.format(name=name, version=version, architecture="x86_64", provides=lines)
        spec.write_text(text, "utf-8")
        file = f"{name}-{version}-1.x86_64.rpm"
        define = {"_topdir": top, "_rpmdir": str(folder), "_rpmfilename": file}
        options = [part for key, value in define.items() for part in ("--define", f"{key} {value}")]
        command = ["rpmbuild", "--quiet", "-bb", "--target", "x86_64", *options, str(spec)]
        subprocess.run(command, check=True, capture_output=True)
    return folder / file


def make_key(passphrase: str = "") -> str:
    """Make a key for signing and return it as text. Its folder and its agent are gone then."""
    with tempfile.TemporaryDirectory(prefix="gpg-") as home:
        common = ["gpg", "--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback"]
        common += ["--passphrase", passphrase]
        # RSA, because every rpm and apt knows it.
        make = ["--quick-generate-key", "Tester <tester@northwind.example>", "rsa3072", "sign"]
        try:
            subprocess.run([*common, *make, "never"], check=True, capture_output=True)
            export = [*common, "--armor", "--export-secret-keys"]
            done = subprocess.run(export, check=True, capture_output=True, text=True)
        finally:
            for command in ("--kill", "all"), ("--remove-socketdir",):
                end = ["gpgconf", "--homedir", home, *command]
                subprocess.run(end, check=False, capture_output=True)
    return done.stdout
