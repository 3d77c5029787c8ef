"""What `xdr-login doctor` looks at on this computer. Loads no Qt."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import Enum
from functools import partial

from desktop import __version__
from desktop.cli.terminal.window import has_display
from desktop.ipc import address
from desktop.ipc.client import NoAnswer, NotRunning, send_command
from desktop.ipc.messages import RefusedByAgent
from desktop.services.configuration.load import load_configuration
from desktop.services.model.profile import ProfileError
from desktop.services.model.settings import find_read_error
from desktop.services.secrets.keystore import KeystoreError, Vault, VaultKeystore
from desktop.services.system.browsers import find_browsers
from desktop.services.system.paths import log_folder, settings_file
from desktop.services.system.worker import Worker
from desktop.services.wording.field_names import for_terminal
from desktop.services.wording.messages import advice_for

_TIMEOUT = 8.0  # seconds for the keyring, and for the running program


class Outcome(Enum):
    """How a check ended; the value is its name in the report."""

    OK = "ok"
    WARNING = "warning"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, and what to do about it where something is to be done."""

    name: str
    outcome: Outcome
    text: str
    remedy: str = ""


def failed_check(name: str, error: Exception) -> Check:
    """The check that `error` ended, with the words of the window."""
    advice = advice_for(error)
    return Check(name, Outcome.FAIL, f"{advice.title}.", for_terminal(advice.text))


async def check_computer(worker: Worker) -> AsyncIterator[Check]:
    """One after the other; `worker` does what blocks."""
    python = f"Python {platform.python_version()}"
    yield Check("program", Outcome.OK, f"XDR Login {__version__}, {python}, {platform.platform()}")
    for check in await worker.run(_check_configuration):
        yield check
    yield await _check_keyring()
    yield await worker.run(_check_running_app)
    yield _check_display()
    yield _check_clipboard()
    yield await worker.run(_check_tray)
    yield await worker.run(_check_browsers)
    yield await worker.run(_check_log)


def _check_configuration() -> list[Check]:
    name = "configuration"
    try:
        found = load_configuration()
    except ProfileError as error:
        return [failed_check(name, error)]
    checks = [
        Check(
            name, Outcome.WARNING, f"A profile cannot be used: {why.detail}.", f"See {why.where}."
        )
        for why in found.broken.values()
    ]
    if why := find_read_error(settings_file()):
        text = f"The settings cannot be read: {why}."
        checks.append(Check(name, Outcome.WARNING, text, f"Correct {settings_file()}."))
    if not found.good:
        text, remedy = "There is no profile yet.", "Make one: xdr-login profiles add --help"
        return [*checks, Check(name, Outcome.WARNING, text, remedy)]
    managed = sum(each.managed for each in found.good.values())
    count = "One profile" if len(found.good) == 1 else f"{len(found.good)} profiles"
    text = f"{count}, {managed} of them set by your organization." if managed else f"{count}."
    return [Check(name, Outcome.OK, text), *checks]


async def _check_keyring() -> Check:
    kinds: list[str] = []
    # Without the notes: an empty look is what is wanted here.
    keystore = VaultKeystore(partial(_open_vault, kinds), timeout=_TIMEOUT)
    try:
        await keystore.load("(doctor)")  # no profile can be called that
    except KeystoreError as error:
        return failed_check("keyring", error)
    return Check("keyring", Outcome.OK, f"It answers ({', '.join(kinds)}).")


def _open_vault(kinds: list[str]) -> Vault:
    from desktop.services.secrets.keyring_vault import choose_backend, open_vault

    kinds.append(type(choose_backend()).__module__.rpartition(".")[2])
    return open_vault()


def _check_running_app() -> Check:
    name = "agent"
    try:
        if sys.platform != "win32":
            address.lock_path()  # the folder is made, and is nobody else's
        send_command("status", patience=_TIMEOUT)
    except NotRunning:
        return Check(name, Outcome.OK, "The program does not run; commands do without it.")
    except (NoAnswer, RefusedByAgent) as error:
        text = f"The program runs and does not answer: {error}."
        return Check(name, Outcome.FAIL, text, "Quit it, and start it again.")
    except OSError as error:
        text = f"There is no private folder for its socket: {error}."
        return Check(name, Outcome.FAIL, text, "Set XDG_RUNTIME_DIR to a folder of your own.")
    return Check(name, Outcome.OK, "The program runs, and answers commands.")


def _check_display() -> Check:
    if has_display():
        return Check("display", Outcome.OK, f"There is one ({_kind_of_display()}).")
    text = "There is none, so the window cannot be shown."
    return Check("display", Outcome.WARNING, text, "Commands do without: xdr-login login")


def _kind_of_display() -> str:
    if sys.platform in {"win32", "darwin"}:
        return platform.system()
    return "Wayland" if os.environ.get("WAYLAND_DISPLAY") else "X11"


def _check_clipboard() -> Check:
    if not has_display():
        text = "Without a display there is none."
        return Check("clipboard", Outcome.WARNING, text, "For scripts: xdr-login token")
    text = f"{_kind_of_display()} has one; the window verifies each copy."
    return Check("clipboard", Outcome.OK, text)


# https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/StatusNotifierWatcher/
_TRAY_BUS_NAME = "org.kde.StatusNotifierWatcher"


def _check_tray() -> Check:
    if sys.platform in {"win32", "darwin"}:
        return Check("tray", Outcome.OK, "Every desktop of this system has one.")
    if not has_display():
        return Check("tray", Outcome.WARNING, "Without a display there is none.")
    owner = name_has_owner(_TRAY_BUS_NAME)
    if owner:
        return Check("tray", Outcome.OK, "The desktop shows icons of programs.")
    why = "no session bus" if owner is None else "nobody offers it on the session bus"
    text = f"Perhaps there is none: {why}. The window is minimized instead of hidden."
    remedy = "On GNOME, install the extension AppIndicator. Panels of the older kind need nothing."
    return Check("tray", Outcome.WARNING, text, remedy)


def name_has_owner(name: str) -> bool | None:
    """Whether `name` has an owner on the session bus; `None` where there is no bus. Blocks."""
    import jeepney
    from jeepney.io.blocking import open_dbus_connection

    bus = jeepney.DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus")
    call = jeepney.new_method_call(bus, "NameHasOwner", "s", (name,))
    try:
        with open_dbus_connection("SESSION") as connection:
            return bool(connection.send_and_get_reply(call, timeout=_TIMEOUT).body[0])
    # Whatever is in the address: a socket that is gone, a kind that the library does not know.
    except (OSError, KeyError, ValueError, RuntimeError, TimeoutError):
        return None


def _check_browsers() -> Check:
    found = ", ".join(each.name for each in find_browsers())
    if found:
        return Check("browser", Outcome.OK, f"{found}.")
    text = "None was found on this computer."
    remedy = "Open the link elsewhere: it is printed, and has a QR code."
    return Check("browser", Outcome.WARNING, text, remedy)


def _check_log() -> Check:
    folder = log_folder()
    if not folder.exists() or os.access(folder, os.W_OK):
        return Check("log", Outcome.OK, f"It is in {folder}.")
    text = f"{folder} cannot be written, so there is none."
    return Check("log", Outcome.WARNING, text, "Make that folder yours again.")
