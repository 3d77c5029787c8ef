"""Starting at login, on Linux, macOS and Windows."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.services.system.atomic_file import write_atomically
from desktop.services.system.files import LARGEST_ENTRY, parse_desktop_entry, read_file
from desktop.services.system.paths import all_configuration_folder, home_folder
from desktop.services.system.translation import translate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ID = "io.github.xdr_login.XDRLogin"
NAME = "XDR Login"
_RUN_KEY = r"Software\Microsoft\Windows\CurrentVersion\Run"


def is_on() -> bool:
    """Tell whether XDR Login starts at login; raises `OSError`."""
    if sys.platform == "win32":
        return _read_run_key() is not None
    if sys.platform == "darwin":
        return _agent_file().exists()
    found = next((each for each in _entry_files() if each.exists()), None)
    if found is None:
        return False
    return _is_entry_enabled(read_file(found, limit=LARGEST_ENTRY).decode("utf-8", "replace"))


def set_on(on: bool, *, hidden: bool, profile: str | None = None) -> None:  # noqa: FBT001 - set_on(False) says it
    """Switch starting at login on or off; with `hidden` it starts in the tray. Raises `OSError`.

    `profile` is the profile to start with, `None` for the last one that was shown.
    """
    arguments = start_command(hidden=hidden, profile=profile)
    if sys.platform == "win32":
        _write_run_key(run_key_command(arguments) if on else None)
    elif sys.platform == "darwin":
        agent = launch_agent(arguments, folder=_start_folder())
        replace_file(_agent_file(), agent if on else None)
    else:
        _write_entry(arguments if on else None)


def start_command(*, hidden: bool, profile: str | None = None) -> list[str]:
    # One argument: the name of a profile may begin with a hyphen.
    chosen = [f"--profile={profile}"] if profile is not None else []
    return [*program_command(), *chosen, *(["--hidden"] if hidden else [])]


def desktop_entry(arguments: Sequence[str], *, folder: Path | None = None) -> str:
    """Write the autostart file of Linux desktops, for a command that runs in `folder`.

    Desktop Entry Specification 1.5 and Desktop Application Autostart Specification.
    """
    lines = [
        "[Desktop Entry]",
        "Type=Application",
        f"Name={NAME}",
        f"Comment={translate('Sign in and keep a valid token one click away')}",
        f"Icon={ID}",
        f"Exec={exec_value(arguments)}",
        *([f"Path={desktop_string(str(folder))}"] if folder is not None else []),
        "Terminal=false",
        "X-GNOME-Autostart-enabled=true",
    ]
    return "\n".join(lines) + "\n"


def hidden_entry() -> str:
    """Write an autostart file that overrules the one of the system: nothing is started."""
    lines = ("[Desktop Entry]", "Type=Application", f"Name={NAME}", "Exec=true", "Hidden=true")
    return "\n".join(lines) + "\n"


def launch_agent(arguments: Sequence[str], *, folder: Path | None = None) -> str:
    import plistlib  # with a parser of XML, which only macOS needs

    agent: dict[str, object] = {
        "Label": ID,
        "ProgramArguments": list(arguments),
        "RunAtLoad": True,
        "ProcessType": "Interactive",
    }
    if folder is not None:
        agent["WorkingDirectory"] = str(folder)
    return plistlib.dumps(agent).decode()


def run_key_command(arguments: Sequence[str]) -> str:
    return subprocess.list2cmdline(arguments)


def program_command() -> list[str]:
    """Return the command that starts this installation."""
    if getattr(sys, "frozen", False):
        return [appimage_path() or str(_without_console(Path(sys.executable)))]
    if script := _installed_script():
        return [str(script)]
    python = Path(sys.executable)
    without_console = python.with_name("pythonw.exe")
    chosen = without_console if without_console.exists() else python
    # By its file and with -P: `-m` would import modules from whatever folder it is started in.
    return [str(chosen), "-P", str(_module_folder() / "desktop" / "__main__.py")]


def _without_console(program: Path) -> Path:
    """Return the executable that opens no console: on Windows there is one beside `program`."""
    beside = program.with_stem(f"{program.stem.removesuffix('-window')}-window")
    return beside if sys.platform == "win32" and beside.exists() else program


def appimage_path() -> str | None:
    """Return the AppImage that is running: it is mounted at another path each time it starts."""
    mounted = os.environ.get("APPDIR", "")
    # A program that another AppImage has started inherits these variables.
    if not mounted or not Path(sys.executable).is_relative_to(mounted):
        return None
    return os.environ.get("APPIMAGE")


def _installed_script() -> Path | None:
    """Return the script in the virtual environment of a wheel.

    It stays where it is when Python is upgraded; the folder of the modules does not. On Windows it
    would open a console.
    """
    is_wheel = _module_folder().name == "_app"
    if not is_wheel or sys.prefix == sys.base_prefix or sys.platform == "win32":
        return None
    script = Path(sys.executable).with_name("xdr-login")
    return script if script.exists() else None


def _module_folder() -> Path:
    return Path(__file__).resolve().parents[3]


def _start_folder() -> Path | None:
    """Return the folder to start in; a bundle and a script need none."""
    return None if getattr(sys, "frozen", False) or _installed_script() else _module_folder()


# Linux


def _write_entry(arguments: Sequence[str] | None) -> None:
    own, *systems = _entry_files()
    if arguments is not None:
        replace_file(own, desktop_entry(arguments, folder=_start_folder()))
    else:
        replace_file(own, hidden_entry() if any(each.exists() for each in systems) else None)


def _entry_files() -> Iterable[Path]:
    """List where the file may be, the user's first: the first one that exists counts."""
    folders = [str(all_configuration_folder())]
    folders += filter(None, (os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":"))
    return [Path(folder) / "autostart" / f"{ID}.desktop" for folder in folders]


def _is_entry_enabled(text: str) -> bool:
    values = parse_desktop_entry(text)
    if values.get("Hidden") == "true" or values.get("X-GNOME-Autostart-enabled") == "false":
        return False
    return bool(values.get("Exec"))


def own_entry_file() -> Path:
    """Return where the user's autostart file of Linux desktops is. Raises `NoHomeFolder`."""
    return next(iter(_entry_files()))


def exec_value(arguments: Sequence[str]) -> str:
    """Write the value of the key Exec for a command.

    GLib looks for the program before it replaces %%, and ignores an entry whose program it does not
    find. So `env` starts a program with a percent sign in its path.
    """
    if "%" in arguments[0]:
        arguments = ["env", *arguments]
    return desktop_string(" ".join(map(_exec_quoted, arguments)))


_RESERVED = set(" \t\n\"'\\><~|&;$*?#()`")


def _exec_quoted(argument: str) -> str:
    """Quote an argument for the key Exec."""
    argument = argument.replace("%", "%%")
    if argument and not _RESERVED.intersection(argument):
        return argument
    return '"' + "".join(f"\\{each}" if each in '"`$\\' else each for each in argument) + '"'


def desktop_string(value: str) -> str:
    """Escape a value of the type string; in Exec this comes after quoting."""
    escapes = {"\\": r"\\", "\n": r"\n", "\t": r"\t", "\r": r"\r"}
    return "".join(escapes.get(each, each) for each in value)


# macOS


def _agent_file() -> Path:
    return home_folder() / "Library" / "LaunchAgents" / f"{ID}.plist"


# Windows


def _read_run_key() -> str | None:
    if sys.platform == "win32":
        import winreg

        with (
            suppress(FileNotFoundError),
            winreg.OpenKey(winreg.HKEY_CURRENT_USER, _RUN_KEY) as key,
        ):
            return str(winreg.QueryValueEx(key, NAME)[0])
    return None


def _write_run_key(value: str | None) -> None:
    if sys.platform == "win32":
        import winreg

        with winreg.CreateKey(winreg.HKEY_CURRENT_USER, _RUN_KEY) as key:
            if value is not None:
                winreg.SetValueEx(key, NAME, 0, winreg.REG_SZ, value)
            else:
                with suppress(FileNotFoundError):
                    winreg.DeleteValue(key, NAME)


def replace_file(path: Path, content: str | None) -> None:
    """Replace the file in one step, or remove it."""
    if content is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(content, path)
    path.chmod(0o644)
