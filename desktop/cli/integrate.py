"""`xdr-login integrate`: the menu entry that packages have, for pip, pipx and uv."""

from __future__ import annotations

from pathlib import Path

import click

from desktop.cli.terminal.exits import Exit, command, report_failure
from desktop.cli.terminal.output import json_option, print_json, print_message
from desktop.services.system import autostart
from desktop.services.system.components import is_bundled
from desktop.services.system.menu import menu_entry
from desktop.services.system.paths import NoHomeFolder
from desktop.services.system.translation import translate


@command("""\
xdr-login integrate                        add the menu entry and the icon
xdr-login integrate --start-at-login       the same, and start when you log in
xdr-login integrate --remove               before you uninstall XDR Login
""")
@click.option("--remove", is_flag=True, help="Remove the menu entry, and don't start at login.")
@click.option("--start-at-login", is_flag=True, help="Also start XDR Login when you log in.")
@json_option
def integrate(*, remove: bool, start_at_login: bool, as_json: bool) -> int:
    """For pip, pipx, uv and the AppImage on Linux. Other packages already include a menu entry.

    Run this command again after you move or reinstall XDR Login. On Windows and macOS, only
    --start-at-login and its removal are available.
    """
    if remove and start_at_login:
        raise click.UsageError(translate("--remove cannot be used with --start-at-login."))
    if refusal := _find_refusal(remove=remove, start_at_login=start_at_login):
        return report_failure(Exit.FAILURE, refusal, as_json=as_json)
    try:
        if remove:
            _remove(as_json=as_json)
        else:
            _add(start_at_login=start_at_login, as_json=as_json)
    except NoHomeFolder:
        raise
    except menu_entry.ForeignEntry as error:
        message = translate(
            "{file} was not created by xdr-login integrate. Remove it first, then try again.",
            file=error.filename,
        )
        return report_failure(Exit.FAILURE, message, as_json=as_json)
    except OSError as error:
        return report_failure(Exit.FAILURE, _describe(error), as_json=as_json)
    return Exit.OK


def _find_refusal(*, remove: bool, start_at_login: bool) -> str:
    """Say why this installation can't be added or removed here, if so."""
    if is_bundled() and autostart.appimage_path() is None:
        return translate(
            "XDR Login was installed from a package, which includes the menu entry. "
            "To remove it, uninstall the package."
        )
    if not menu_entry.is_supported():
        if remove or start_at_login:
            return ""
        return translate(
            "On Windows and macOS, only --start-at-login is available. The installers add XDR "
            "Login to the menu."
        )
    packaged = None if remove else menu_entry.find_packaged_entry()
    if packaged is None:
        return ""
    return translate(
        "A package on this computer already adds XDR Login to the menu: {file}. "
        "Uninstall the package first.",
        file=packaged,
    )


def _add(*, start_at_login: bool, as_json: bool) -> None:
    changed = menu_entry.add() if menu_entry.is_supported() else []
    # An entry that works stays as it is: it may start with a profile.
    if start_at_login and not (autostart.is_on() and _starts_at_login_from_here(working=True)):
        autostart.set_on(True, hidden=_is_start_hidden())
    at_login = autostart.is_on()
    if as_json:
        print_json({"changed": _names(changed), "start_at_login": at_login})
        return
    if changed:
        print_message(translate("XDR Login is now in the menu."))
    elif menu_entry.is_supported():
        print_message(translate("XDR Login is already in the menu."))
    if start_at_login:
        print_message(translate("XDR Login starts when you log in."))


def _remove(*, as_json: bool) -> None:
    other = menu_entry.find_other_installation() if menu_entry.is_supported() else ""
    removed = menu_entry.remove() if menu_entry.is_supported() and not other else []
    was_on = autostart.is_on() and _starts_at_login_from_here()
    if was_on:
        autostart.set_on(False, hidden=False)
    if as_json:
        print_json({"removed": _names(removed), "start_at_login": autostart.is_on()})
        return
    if removed:
        print_message(translate("XDR Login is no longer in the menu."))
    if was_on:
        print_message(translate("XDR Login no longer starts when you log in."))
    if other:
        print_message(
            translate(
                "The menu entry starts another installation: {program}. To remove it, run "
                "that program with “integrate --remove”.",
                program=other,
            )
        )
    elif not removed and not was_on:
        print_message(translate("There is nothing to remove."))


def _starts_at_login_from_here(*, working: bool = False) -> bool:
    """Tell whether it is this XDR Login that starts at login, or one that is gone.

    With `working`, an entry whose program is gone doesn't count.
    """
    if not menu_entry.is_supported():
        return not working  # cannot be told, so it is written again
    own = autostart.own_entry_file()
    gone = any(each.missing for each in menu_entry.find_own_entries() if each.file == own)
    if gone:
        return not working
    return menu_entry.starts_this_installation(own)


def _is_start_hidden() -> bool:
    """Read how XDR Login starts at login: the setting, or what the policy requires."""
    from desktop.services.configuration.policy_reader import load_policy
    from desktop.services.model.settings import load_settings
    from desktop.services.system.paths import settings_file

    managed = load_policy().settings.get("start_hidden")
    return load_settings(settings_file()).start_hidden if managed is None else bool(managed)


def _names(files: list[Path]) -> list[str]:
    return [str(each) for each in files]


def _describe(error: OSError) -> str:
    reason = error.strerror or str(error)
    if error.filename is None:
        return translate("Can't change the menu: {reason}.", reason=reason)
    file = Path(error.filename)
    if file.name.startswith("."):  # a temporary file, whose name nobody knows
        file = file.parent
    return translate("Can't change the menu: {reason} ({file}).", reason=reason, file=file)
