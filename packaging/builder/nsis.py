"""The installer of Windows for people, packed by NSIS; the script is windows/installer.nsi."""

import os
import subprocess
from pathlib import Path

from builder import windows
from builder.closure import size_in_megabytes
from builder.linux import sorted_tree
from builder.product import PACKAGING, product

_QUIT_TIMEOUT = 60.0  # seconds; the longest end of the program takes 40


def make_nsis(dist: Path, bundle: Path, work: Path) -> Path:
    """Pack it and give the file; raises `ValueError` when it is too large."""
    file = dist / f"XDR_Login-{product().version}-windows-x86_64-setup.exe"
    pack(file, bundle, work / "nsis")
    if size_in_megabytes(file) > product().limits["windows_megabytes"]:
        raise ValueError(f"{file.name} has {size_in_megabytes(file):.1f} MB")
    return file


def pack(
    file: Path, bundle: Path, work: Path, *, version: str = "", patience: float = _QUIT_TIMEOUT
) -> None:
    """Write the installer of any bundle, of this version unless another is given.

    It waits for `patience` seconds for the program to end.
    """
    work.mkdir(parents=True, exist_ok=True)
    icon, install, uninstall = (work / each for each in ("app.ico", "install.nsh", "remove.nsh"))
    windows.write_icon(icon)
    install.write_text("\n".join(install_list(bundle)) + "\n", "utf-8")
    uninstall.write_text("\n".join(uninstall_list(bundle)) + "\n", "utf-8")
    names = {
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
        "TRIES": str(round(patience * 2)),
        "OUTFILE": str(file.resolve()),
        "ICON": str(icon.resolve()),
        "INSTALL_LIST": str(install.resolve()),
        "UNINSTALL_LIST": str(uninstall.resolve()),
    }
    given = [f"-D{name}={value}" for name, value in names.items()]
    command = ["makensis", "-V2", "-WX", *given, str(PACKAGING / "windows" / "installer.nsi")]
    # What the compiler finds in the home of a person is of no concern here.
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(product().epoch), "HOME": str(work)}
    subprocess.run(command, env=environment, check=True)


def install_list(bundle: Path) -> list[str]:
    """The lines that unpack every file where it belongs."""
    lines = []
    for folder, files in _folders(bundle):
        lines.append(f'SetOutPath "$INSTDIR{_windows_path(folder, bundle)}"')
        lines += [f'File "{path.resolve()}"' for path in files]
    return lines


def uninstall_list(bundle: Path) -> list[str]:
    """The lines that take away what was unpacked, and nothing else, from the inside out."""
    folders = _folders(bundle)
    lines = [
        f'Delete "$INSTDIR{_windows_path(path, bundle)}"' for _, files in folders for path in files
    ]
    within = [folder for folder, _ in reversed(folders) if folder != bundle]
    return lines + [f'RMDir "$INSTDIR{_windows_path(folder, bundle)}"' for folder in within]


def _folders(bundle: Path) -> list[tuple[Path, list[Path]]]:
    """All folders, outer ones first, each with its files."""
    below = [each for each in sorted_tree(bundle) if each.is_dir()]
    return [
        (folder, [each for each in sorted(folder.iterdir()) if each.is_file()])
        for folder in (bundle, *below)
    ]


def _windows_path(path: Path, bundle: Path) -> str:
    """A path as Windows writes it below the folder of the program."""
    return "".join(f"\\{part}" for part in path.relative_to(bundle).parts)
