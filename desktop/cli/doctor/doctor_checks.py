"""The checks of `xdr-login doctor` on this computer. Loads no Qt."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import AsyncIterator
from enum import Enum
from functools import partial

from desktop import __version__
from desktop.cli.terminal.window import has_display
from desktop.frozen import frozen
from desktop.ipc import address
from desktop.ipc.client import NoAnswer, NotRunning, send_command
from desktop.ipc.messages import RefusedByAgent
from desktop.services.audit import lost_events
from desktop.services.audit.audit_log import system_logs, user_audit_log
from desktop.services.configuration.load import load_configuration
from desktop.services.configuration.policy_reader import load_policy
from desktop.services.configuration.profile_reader import Profiles
from desktop.services.model.errors import PresenceNotProven
from desktop.services.model.profile import ProfileError
from desktop.services.model.settings import find_read_error
from desktop.services.secrets.keystore import KeystoreError, Vault, VaultKeystore
from desktop.services.session.lock.presence import Presence, SystemPresence
from desktop.services.system.about import describe_language
from desktop.services.system.browsers import find_browsers
from desktop.services.system.components import is_bundled
from desktop.services.system.menu import menu_entry
from desktop.services.system.paths import keystore_index_folder, log_folder, settings_file
from desktop.services.system.translation import translate, translate_plural
from desktop.services.system.worker import Worker
from desktop.services.wording.formats import format_values, join_sentences
from desktop.services.wording.messages import Surface, advice_for

_TIMEOUT = 8.0  # seconds for the keyring, and for the running app


class Outcome(Enum):
    """How a check ended; the value is its name in JSON."""

    OK = "ok"
    WARNING = "warning"
    FAIL = "fail"


@frozen
class Check:
    """A check and its result.

    If it concerns a server: `host`, its `address` (host and port), and the `profiles` that use it.
    """

    name: str
    text: str
    remedy: str = ""
    host: str = ""
    address: str = ""
    profiles: str = ""
    outcome: Outcome = Outcome.OK


warning = partial(Check, outcome=Outcome.WARNING)
failure = partial(Check, outcome=Outcome.FAIL)


def failed_check(name: str, error: Exception, *, host: str = "") -> Check:
    """Make a failed check from `error`, described as in the window."""
    advice = advice_for(error, surface=Surface.TERMINAL)
    return failure(name, advice.title, advice.text, host)


async def check_computer(worker: Worker) -> AsyncIterator[Check]:
    """Run the checks one after the other; `worker` runs those that block."""
    python = f"Python {platform.python_version()}"
    yield Check("program", f"XDR Login {__version__}, {python}, {platform.platform()}")
    yield Check("language", describe_language())
    for check in await worker.run(_check_configuration):
        yield check
    yield await _check_keyring()
    yield await worker.run(_check_running_app)
    yield _check_display()
    yield _check_clipboard()
    yield await worker.run(_check_tray)
    yield await worker.run(_check_browsers)
    for check in await worker.run(_check_entries):
        yield check
    yield await worker.run(_check_state)
    yield await worker.run(_check_log)
    for check in await worker.run(_check_audit):
        yield check
    for check in await check_presence(SystemPresence()):
        yield check


def _check_configuration() -> list[Check]:
    name = "configuration"
    try:
        found = load_configuration()
    except ProfileError as error:
        return [failed_check(name, error)]
    checks = [
        warning(
            name,
            translate("a profile can't be used: {problem}", problem=why.detail),
            translate("Correct {file}.", file=why.where),
        )
        for why in found.broken.values()
    ]
    if why := find_read_error(settings_file()):
        text = translate("the settings can't be read: {problem}", problem=why)
        remedy = translate("Correct {file}.", file=settings_file())
        checks.append(warning(name, text, remedy))
    if not found.good:
        remedy = translate("Add a profile: xdr-login profiles add --help")
        return [*checks, warning(name, translate("no profiles yet"), remedy)]
    return [Check(name, _profile_count(found)), *checks]


def _profile_count(found: Profiles) -> str:
    managed = sum(each.managed for each in found.good.values())
    if managed:
        return translate_plural(
            "{count} profile, {managed} managed by your administrator",
            "{count} profiles, {managed} managed by your administrator",
            len(found.good),
            managed=managed,
        )
    return translate_plural("{count} profile", "{count} profiles", len(found.good))


async def _check_keyring() -> Check:
    names: list[str] = []
    # Without the index of entries, so that the keyring itself must answer.
    keystore = VaultKeystore(partial(_open_vault, names), timeout=_TIMEOUT)
    try:
        await keystore.load("(doctor)")  # not a valid id of a profile
    except KeystoreError as error:
        return failed_check("keyring", error)
    return Check("keyring", translate("available ({name})", name=names[0]))


_KEYRING_NAMES = {
    "SecretService": "Secret Service",
    "libsecret": "Secret Service",
    "kwallet": "KWallet",
    "Windows": "Windows Credential Manager",
    "macOS": "macOS Keychain",
}


def _open_vault(names: list[str]) -> Vault:
    from desktop.services.secrets.keyring_vault import choose_backend, open_vault

    module = type(choose_backend()).__module__.rpartition(".")[2]
    names.append(_KEYRING_NAMES.get(module, module))
    return open_vault()


def _check_running_app() -> Check:
    name = "agent"
    try:
        if sys.platform != "win32":
            address.lock_path()  # creates the folder, and raises if others could use it
        send_command("status", timeout=_TIMEOUT)
    except NotRunning:
        return Check(name, translate("not running (commands still work)"))
    except (NoAnswer, RefusedByAgent) as error:
        text = translate("running, but not responding: {reason}", reason=error)
        return failure(name, text, translate("Quit XDR Login and start it again."))
    except OSError as error:
        reason = error.strerror or error
        text = translate("no private folder for the socket: {reason}", reason=reason)
        remedy = translate("Set XDG_RUNTIME_DIR to a folder that only you can use.")
        return failure(name, text, remedy)
    return Check(name, translate("running"))


def _check_display() -> Check:
    if has_display():
        return Check("display", translate("available ({name})", name=_display_name()))
    remedy = translate("Sign in from the terminal: xdr-login login")
    return warning("display", translate("none, so the window can't open here"), remedy)


def _display_name() -> str:
    if sys.platform in {"win32", "darwin"}:
        return platform.system()
    return "Wayland" if os.environ.get("WAYLAND_DISPLAY") else "X11"


def _check_clipboard() -> Check:
    if not has_display():
        remedy = translate("Print a token instead: xdr-login token")
        return warning("clipboard", translate("not available without a display"), remedy)
    return Check("clipboard", translate("available ({name})", name=_display_name()))


# https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/StatusNotifierWatcher/
_TRAY_BUS_NAME = "org.kde.StatusNotifierWatcher"


def _check_tray() -> Check:
    if sys.platform in {"win32", "darwin"}:
        return Check("tray", translate("available ({name})", name=platform.system()))
    if not has_display():
        return warning("tray", translate("not available without a display"))
    owner = name_has_owner(_TRAY_BUS_NAME)
    if owner:
        return Check("tray", translate("available ({name})", name="StatusNotifier"))
    minimizes = translate("Without a tray, closing the window minimizes it.")
    if owner is None:
        text = translate("not found, because there is no session bus")
        remedy = translate(
            "To use a tray, start XDR Login in your desktop session, which sets "
            "DBUS_SESSION_BUS_ADDRESS."
        )
        return warning("tray", text, join_sentences(minimizes, remedy))
    remedy = translate("On GNOME, install the AppIndicator extension.")
    return warning(
        "tray", translate("not found on the session bus"), join_sentences(minimizes, remedy)
    )


def name_has_owner(name: str) -> bool | None:
    """Tell whether `name` has an owner on the session bus; `None` without a bus. Blocks."""
    import jeepney
    from jeepney.io.blocking import open_dbus_connection

    bus = jeepney.DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus")
    call = jeepney.new_method_call(bus, "NameHasOwner", "s", (name,))
    try:
        with open_dbus_connection("SESSION") as connection:
            return bool(connection.send_and_get_reply(call, timeout=_TIMEOUT).body[0])
    # The address may be invalid, of an unknown kind, or of a socket that is gone.
    except (OSError, KeyError, ValueError, RuntimeError, TimeoutError):
        return None


def _check_browsers() -> Check:
    found = format_values(each.name for each in find_browsers())
    if found:
        return Check("browser", found)
    remedy = translate("Open the link or its QR code on another device.")
    return warning("browser", translate("none found on this computer"), remedy)


def _check_entries() -> list[Check]:
    """Check the menu entry and starting at login, where a package doesn't take care of them."""
    name = "menu"
    if not menu_entry.is_supported() or is_bundled():
        return []
    try:
        found = menu_entry.find_own_entries()
        packaged = menu_entry.find_packaged_entry()
        has_menu = packaged is not None or menu_entry.entry_file() in [each.file for each in found]
    except OSError as error:
        reason = error.strerror or str(error)
        return [warning(name, translate("can't be read: {reason}", reason=reason))]
    stale = [each for each in found if each.missing]
    if not stale and not has_menu:
        return [
            Check(
                name,
                translate("not installed"),
                translate("Add XDR Login to the menu: xdr-login integrate"),
            )
        ]
    if not stale:
        return [Check(name, translate("installed"))]
    return [_stale_entry(name, each) for each in stale]


def _stale_entry(name: str, entry: menu_entry.Entry) -> Check:
    """Describe an entry that starts nothing any more, and the command that mends it."""
    text = translate(
        "{file} starts {program}, which no longer exists", file=entry.file, program=entry.missing
    )
    if entry.file == menu_entry.entry_file():
        return warning(name, text, translate("Update the menu entry: xdr-login integrate"))
    return warning(
        name, text, translate("Update the autostart entry: xdr-login integrate --start-at-login")
    )


async def check_presence(presence: Presence) -> list[Check]:
    """Check that the system can ask for a password, if a profile demands that."""
    name = "presence"
    try:
        profiles = load_configuration().good
    except ProfileError:  # which another check tells
        return []
    if not any(each.demands_presence for each in profiles.values()):
        return []
    try:
        await presence.check()
    except PresenceNotProven as error:
        return [failed_check(name, error)]
    return [Check(name, translate("your system can ask for your password or fingerprint"))]


def _check_state() -> Check:
    """Check the folder of the locks, and of the list of what is in the keyring."""
    folder = keystore_index_folder().parent
    try:
        place = next(each for each in (folder, *folder.parents) if each.exists())
        tempfile.TemporaryFile(dir=place).close()
    except OSError as error:
        reason = error.strerror or str(error)
        text = translate("can't write to {folder}: {reason}", folder=folder, reason=reason)
        remedy = translate(
            "Make the folder writable. Until then, XDR Login opens the keyring more often, and "
            "two programs may renew a token at the same time."
        )
        return warning("state", text, remedy)
    return Check("state", str(folder))


def _check_log() -> Check:
    folder = log_folder()
    if not folder.exists() or os.access(folder, os.W_OK):
        return Check("log", str(folder))
    text = translate("none, because {folder} is not writable", folder=folder)
    remedy = translate("Give yourself write permission to this folder.")
    return warning("log", text, remedy)


def _check_audit() -> list[Check]:
    """Check the log of the system if XDR Login records events there."""
    name, lost = "audit", lost_events.count()
    if not user_audit_log().is_on(load_policy()):
        return []
    found = next((each.name for each in system_logs() if each.is_available()), "")
    if not found:
        text = translate("this system has neither systemd's journal nor syslog")
        return [
            warning(name, text, translate("Start journald or syslog, or turn off the audit log."))
        ]
    if lost:
        text = translate_plural(
            "{count} event couldn't be written to the {name}",
            "{count} events couldn't be written to the {name}",
            lost,
            name=found,
        )
        remedy = translate("The next event that is written reports this number too.")
        return [warning(name, text, remedy)]
    return [Check(name, translate("on ({name})", name=found))]
