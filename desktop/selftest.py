"""`xdr-login --selftest`: checks that the installation of XDR Login is complete.

It does not touch the user's files or keyring. The only server that it contacts is its own, on this
computer.
"""

import asyncio
import importlib
import os
import pkgutil
import re
import ssl
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from desktop import __version__
from desktop.oauth.http import get
from desktop.services.network.http_client import make_http_client
from desktop.services.secrets import keyring_vault
from desktop.services.secrets.keystore import KeyringMissing
from desktop.services.system.paths import demo_is_installed
from desktop.services.system.resources import resource

RESOURCES = (
    "icons/app.svg",
    "icons/settings-dark.svg",
    "icons/settings-light.svg",
    "openapi/iroh-oauth2.json",
    "presets.toml",
    "profiles.example.toml",
    "schemas/audit.schema.json",
    "schemas/policy.schema.json",
    "schemas/profiles.schema.json",
    "scopes/xdr.toml",
    "themes/window.qss",
)
# Imported late, by name or by a library: no import of our own modules would miss them.
LATE_MODULES = (
    "anyio._backends._asyncio",
    "filelock",
    "httpcore",
    "keyring.backends.SecretService",
    "keyring.backends.Windows",
    "keyring.backends.kwallet",
    "keyring.backends.macOS",
    "segno",
    "tomlkit",
)
# Where truststore looks on Linux if the paths built into OpenSSL do not exist.
AUTHORITIES = (
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/cert.pem",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/ca-bundle.pem",
)
# Warnings about a display without a window manager or a user without a locale, as on a server. They
# do not concern the installation. Anything else is a failure.
EXPECTED_ON_STDERR = re.compile(
    r'Detected locale "C" with character encoding .*'
    r"|Qt depends on a UTF-8 locale, .*|If this causes problems, .*|for more information\."
    r"|This plugin does not support (propagateSizeHints|raise)\(\)"
    r"|QObject::connect: No such signal QPlatformNativeInterface::systemTrayWindowChanged.*"
)


def run() -> int:
    """Run every check and print its result; returns 0 if all passed, else 1."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    results: list[tuple[bool, str, str]] = []
    with _capture_stderr() as captured:
        results += [_run_check(name, check) for name, check in CHECKS.items()]
    lines = [line for line in captured if not EXPECTED_ON_STDERR.fullmatch(line)]
    results.append((not lines, "stderr", "\n".join(lines) or "nothing unexpected"))
    for passed, name, text in results:
        print(f"{'ok    ' if passed else 'FAILED'} {name}: {text}")
    failed = sum(not passed for passed, _, _ in results)
    outcome = f"{failed} of {len(results)} checks failed" if failed else "all checks passed"
    print(f"XDR Login {__version__}: {outcome}")
    return 1 if failed else 0


def _run_check(name: str, check: Callable[[], str]) -> tuple[bool, str, str]:
    try:
        return True, name, check()
    except BaseException:  # noqa: BLE001 - any failure is a result
        return False, name, traceback.format_exc()


def _check_modules() -> str:
    """Import all of our modules, and what they load late."""
    names = [
        each.name
        for each in pkgutil.walk_packages([str(Path(__file__).parent)], "desktop.")
        if not each.name.endswith("__main__")
    ]
    with_demo = demo_is_installed()
    ours = [each for each in names if with_demo or not each.startswith("desktop.demo")]
    if __name__ not in ours:
        raise ValueError(f"the modules below {Path(__file__).parent} cannot be listed")
    for name in (*ours, *LATE_MODULES):
        importlib.import_module(name)
    demo = "included" if with_demo else "not included"
    return f"{len(ours)} own, {len(LATE_MODULES)} loaded late, demo server {demo}"


def _check_resources() -> str:
    for name in RESOURCES:
        if not resource(name).read_bytes():
            raise ValueError(f"{name} is empty")
    return f"{len(RESOURCES)} files in {resource('')}"


def _check_certificates() -> str:
    """Load the trust store of the system as a connection does."""
    make_http_client()
    if sys.platform != "linux":  # the system verifies certificates itself
        return f"trust store of the system, {ssl.OPENSSL_VERSION}"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    files = (ssl.get_default_verify_paths().cafile, *AUTHORITIES)
    found = next((each for each in files if each and Path(each).is_file()), None)
    if found is None:
        raise ValueError("no CA certificates on this system: install ca-certificates")
    context.load_verify_locations(found)
    return (
        f"{context.cert_store_stats()['x509_ca']} CA certificates in {found}, {ssl.OPENSSL_VERSION}"
    )


def _check_keyring() -> str:
    try:
        return type(keyring_vault.choose_backend()).__module__
    except KeyringMissing as error:
        return f"none on this computer ({error})"  # the libraries are there, which is what counts


def _check_window() -> str:
    """Paint the window and send a request, on the event loop of the app."""
    from desktop.ui.app.self_test import paint_and_run

    return paint_and_run(_send_request)


async def _send_request() -> str:
    """Send a request to a server on this computer, to see that the event loop can connect."""
    server = await asyncio.start_server(_answer, "127.0.0.1", 0)
    no_trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # the address is plain http
    async with server, httpx.AsyncClient(verify=no_trust, trust_env=False) as http:
        port = server.sockets[0].getsockname()[1]
        answer = await get(http, f"http://127.0.0.1:{port}/metadata")
    if answer.status != 200:
        raise ValueError(f"something else answered with status {answer.status}")
    return f"got status {answer.status} over a socket"


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
    writer.close()


CHECKS: dict[str, Callable[[], str]] = {
    "modules": _check_modules,
    "resources": _check_resources,
    "certificates": _check_certificates,
    "keyring": _check_keyring,
    "window": _check_window,
}


@contextmanager
def _capture_stderr() -> Iterator[list[str]]:
    """Collect what is written to stderr, also by C libraries."""
    lines: list[str] = []
    try:
        before = os.dup(2)
    except OSError:  # without a console there is no stderr
        yield lines
        return
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield lines
        finally:
            if sys.stderr is not None:
                sys.stderr.flush()
            os.dup2(before, 2)
            os.close(before)
            file.seek(0)
            lines += file.read().decode(errors="replace").splitlines()
