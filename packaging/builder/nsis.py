"""The Windows setup, built with NSIS from windows/installer.nsi."""

import os
import subprocess
from pathlib import Path

from builder import windows
from builder.closure import size_in_megabytes
from builder.linux import sorted_tree
from builder.localized import nsis_strings
from builder.product import PACKAGING, product

IN_USE = 3  # the exit code if the app doesn't quit, as in installer.nsi
_QUIT_TIMEOUT = 60.0  # seconds; the app takes up to 40 to quit


def file_name() -> str:
    return f"XDR_Login-{product().version}-windows-x86_64-setup.exe"


def make_nsis(dist: Path, bundle: Path, work: Path) -> Path:
    """Build the setup and return its path; raise `ValueError` if it is too large."""
    file = dist / file_name()
    pack(file, bundle, work / "nsis")
    if size_in_megabytes(file) > product().limits["windows_megabytes"]:
        raise ValueError(f"{file.name} is too large: {size_in_megabytes(file):.1f} MB")
    return file


def pack(
    file: Path, bundle: Path, work: Path, *, version: str = "", quit_timeout: float = _QUIT_TIMEOUT
) -> None:
    """Build the setup of a bundle; it waits `quit_timeout` seconds for the app to quit.

    `version` replaces that of the product.
    """
    work.mkdir(parents=True, exist_ok=True)
    icon, install, uninstall = (work / each for each in ("app.ico", "install.nsh", "remove.nsh"))
    strings = work / "languages.nsh"
    texts = {f"TEXT_{name.upper()}": text for name, text in product().setup.items()}
    strings.write_text("\n".join(nsis_strings(texts)) + "\n", "utf-8-sig")
    windows.write_icon(icon)
    install.write_text("\n".join(install_list(bundle)) + "\n", "utf-8")
    uninstall.write_text("\n".join(uninstall_list(bundle)) + "\n", "utf-8")
    definitions = {
        "NAME": product().name,
        "PACKAGE": product().package,
        "ID": product().id,
        "VERSION": version or product().version,
        "VENDOR": product().vendor,
        "LICENSE": product().license,
        "HOMEPAGE": product().homepage,
        "COMMAND": windows.command_program(),
        "WINDOW": windows.window_program(),
        "KILOBYTES": str(round(size_in_megabytes(bundle) * 1e6 / 1024)),
        "TRIES": str(round(quit_timeout * 2)),
        "OUTFILE": str(file.resolve()),
        "ICON": str(icon.resolve()),
        "INSTALL_LIST": str(install.resolve()),
        "LANGUAGES": str(strings.resolve()),
        "UNINSTALL_LIST": str(uninstall.resolve()),
    }
    options = [f"-D{name}={value}" for name, value in definitions.items()]
    command = ["makensis", "-V2", "-WX", *options, str(PACKAGING / "windows" / "installer.nsi")]
    # HOME keeps makensis from reading the user's configuration.
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(product().epoch), "HOME": str(work)}
    subprocess.run(command, env=environment, check=True)


def install_list(bundle: Path) -> list[str]:
    """Return the commands that install all files."""
    lines = []
    for folder, files in _folders(bundle):
        lines.append(f'SetOutPath "$INSTDIR{_windows_path(folder, bundle)}"')
        lines += [f'File "{path.resolve()}"' for path in files]
    return lines


def uninstall_list(bundle: Path) -> list[str]:
    """Return the commands that remove exactly the installed files, inner folders first."""
    folders = _folders(bundle)
    lines = [
        f'Delete "$INSTDIR{_windows_path(path, bundle)}"' for _, files in folders for path in files
    ]
    within = [folder for folder, _ in reversed(folders) if folder != bundle]
    return lines + [f'RMDir "$INSTDIR{_windows_path(folder, bundle)}"' for folder in within]


def _folders(bundle: Path) -> list[tuple[Path, list[Path]]]:
    """Return all folders with their files, outer ones first."""
    below = [each for each in sorted_tree(bundle) if each.is_dir()]
    return [
        (folder, [each for each in sorted(folder.iterdir()) if each.is_file()])
        for folder in (bundle, *below)
    ]


def _windows_path(path: Path, bundle: Path) -> str:
    """Return a path relative to the program folder, with backslashes."""
    return "".join(f"\\{part}" for part in path.relative_to(bundle).parts)
