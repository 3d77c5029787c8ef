"""`xdr-login profiles add`, `edit`, `remove`, `import` and `export`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from desktop.cli.profiles.profile_context import ProfileContext, run_with_profiles, store_passwords
from desktop.cli.profiles.profile_options import (
    apply_options,
    draft_options,
    read_passwords,
    require_valid_draft,
)
from desktop.cli.sign_in.logout import sign_out_profile, sign_out_revokes_grant
from desktop.cli.terminal.exits import Exit, handle_errors
from desktop.cli.terminal.output import (
    CommandWithExamples,
    complete_profile,
    confirm,
    print_message,
    print_result,
    yes_option,
)
from desktop.cli.terminal.running_app import (
    notify_profiles_changed,
    notify_tokens_changed,
    sign_out_in_app,
)
from desktop.services.configuration.client_model import ClientModel, read_client_model
from desktop.services.configuration.profile_draft import (
    Draft,
    draft_of,
    profile_of,
    with_client_model,
)
from desktop.services.configuration.profile_file import (
    MAX_IMPORT_LENGTH,
    export_profiles,
    import_profiles,
)
from desktop.services.model.errors import GrantForbidden
from desktop.services.model.profile import Profile, client_binding
from desktop.services.profile_editor import editor_wording as texts
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.secrets.token_store import TokenStore
from desktop.services.system.atomic_file import write_out
from desktop.services.wording.messages import advice_for
from desktop.services.wording.sign_out_texts import sign_out_report

_PASSWORD_OPTIONS = {"client_secret_stdin", "proxy_password_stdin"}


@click.command(
    cls=CommandWithExamples,
    examples="""\
xdr-login profiles add northwind --region eu --client-id client-1234 --auth none
xdr-login profiles add "Northwind lab" --issuer https://login.example --client-id lab \\
  --scope openid --scope profile --client-secret-stdin < password.txt
xdr-login profiles add robot --preset keycloak --issuer https://id.example/realms/soc \\
  --client-id robot --grant client-credentials --client-secret-stdin
""",
)
@click.argument("name")
@draft_options
@handle_errors
def add(*, name: str, **given: Any) -> int:  # noqa: ANN401 - the fields of the form
    """Add a profile called NAME, and print its id.

    Nothing is saved that the form of the window would not save. A password goes into the keyring.
    """

    async def work(desk: ProfileContext) -> Exit:
        desk.require_own_profiles()
        draft = apply_options(Draft(name=name), given)
        return await _save_new(desk, draft, given)

    return run_with_profiles(work)


async def _save_new(
    desk: ProfileContext, draft: Draft, given: dict[str, Any], *, password: str = ""
) -> Exit:
    require_valid_draft(draft, desk.snapshot.presets)
    _check_grant_allowed(desk, draft)
    passwords = read_passwords(given, client=draft.client_id, proxy=draft.proxy_user)
    if password and passwords.client_secret is None:
        passwords = replace(passwords, client_secret=password)
    id_ = desk.editor.new_id(draft.name, desk.snapshot)
    profile = await desk.editor.save(id_, draft, desk.snapshot)
    print_result(id_)
    print_message(f"Saved. Sign in with: xdr-login login --profile {id_}")
    code = await store_passwords(desk, profile, passwords)
    notify_profiles_changed()
    return code


def _check_grant_allowed(desk: ProfileContext, draft: Draft) -> None:
    policy = desk.editor.policy
    if draft.grant == "device" and not policy.device_grant:
        raise GrantForbidden(policy.source)


@click.command(
    cls=CommandWithExamples,
    examples="""\
xdr-login profiles edit northwind --scope casebook --scope response
xdr-login profiles edit northwind --ca-file ""          take it away again
xdr-login profiles edit northwind --client-secret-stdin ask for the client's password
xdr-login profiles edit northwind --proxy http://proxy.example:3128 --proxy-user dana \\
  --proxy-password-stdin < password.txt
""",
)
@click.argument("profile", metavar="NAME", shell_complete=complete_profile)
@click.option("--name", metavar="NAME", help="What it is called on screen.")
@draft_options
@handle_errors
def edit(*, profile: str, name: str | None, **given: Any) -> int:  # noqa: ANN401 - the fields
    """Change what is given of the profile NAME; all else stays as it is.

    An empty value takes one away. The password of a client is read from stdin, or asked for on a
    terminal, also for a profile of your organization.
    """

    async def work(desk: ProfileContext) -> Exit:
        before = desk.snapshot.profiles.find(profile)
        draft = apply_options(draft_of(before, desk.snapshot.presets), given)
        draft = draft if name is None else replace(draft, name=name)
        after = before
        if name is not None or _changes_more_than_passwords(given):
            desk.require_editable(before)
            require_valid_draft(draft, desk.snapshot.presets)
            _check_grant_allowed(desk, draft)
            after = profile_of(before.id, draft, desk.snapshot.presets, kept=before)
            await _check_stored_password(desk, before, after, given)
        elif not any(given[each] for each in _PASSWORD_OPTIONS):
            raise click.UsageError("Say what to change; --help lists it.")
        if given["proxy_password_stdin"] and not after.proxy_user:
            raise click.UsageError("There is no user for the proxy: add --proxy-user NAME.")
        passwords = read_passwords(given, client=after.client_id, proxy=after.proxy_user)
        if after is not before:
            after = await desk.editor.save(before.id, draft, desk.snapshot)
        code = await store_passwords(desk, after, passwords)
        notify_profiles_changed()
        if code == Exit.OK:
            print_message("Saved.")
            notify_tokens_changed(before.id)
        return code

    return run_with_profiles(work)


def _changes_more_than_passwords(given: dict[str, Any]) -> bool:
    # An empty value is one; an empty tuple is an option that was not given.
    return any(
        value not in (None, ()) for name, value in given.items() if name not in _PASSWORD_OPTIONS
    )


async def _check_stored_password(
    desk: ProfileContext, before: Profile, after: Profile, given: dict[str, Any]
) -> None:
    """The form asks for the password anew where it is bound to another client or server."""
    if given["client_secret_stdin"] or client_binding(before) == client_binding(after):
        return
    is_stored, _ = await desk.editor.find_stored_secrets(before)
    if is_stored:
        raise click.UsageError(
            "The stored password is for another client or server: add --client-secret-stdin, and "
            "give the one for this, or an empty line to remove it."
        )


@click.command(
    cls=CommandWithExamples,
    examples="""\
xdr-login profiles remove northwind        ask, sign out, and remove it
xdr-login profiles remove northwind --yes --no-sign-out
""",
)
@click.argument("profile", metavar="NAME", shell_complete=complete_profile)
@click.option(
    "--sign-out/--no-sign-out", default=True, help="Tell the server too; this is what is usual."
)
@yes_option
@handle_errors
def remove(*, profile: str, sign_out: bool, yes: bool) -> int:
    """Remove the profile NAME, and what the keyring holds for it.

    On a terminal it asks; elsewhere it wants --yes.
    """

    async def work(desk: ProfileContext) -> Exit:
        if profile in desk.snapshot.profiles.broken:
            name, before = profile, None
        else:
            before = desk.snapshot.profiles.find(profile)
            desk.require_editable(before)
            name = before.name
        id_ = profile if before is None else before.id
        is_in = before is not None and sign_out and await _is_signed_in(desk, before)
        everywhere = before is not None and sign_out_revokes_grant(before)
        question = texts.delete_question(name, signed_in=is_in, everywhere=everywhere)
        if not confirm(question, yes=yes):
            print_message("Nothing was removed.")
            return Exit.FORBIDDEN
        if is_in and before is not None:
            await _sign_out(desk, before)
        try:
            await desk.editor.remove(id_)
        except KeystoreError as error:
            print_message(
                f"{texts.PROFILE_DELETED} "
                f"{texts.secrets_not_removed_message(advice_for(error).title)}"
            )
            return Exit.KEYRING
        finally:
            notify_profiles_changed()
        print_message(texts.PROFILE_DELETED)
        return Exit.OK

    return run_with_profiles(work)


async def _is_signed_in(desk: ProfileContext, profile: Profile) -> bool:
    store = TokenStore(profile, desk.environment.keystore, desk.environment.lock)
    return await store.load() is not None


async def _sign_out(desk: ProfileContext, profile: Profile) -> None:
    left = sign_out_in_app(profile.id)
    if left is None:
        left = (sign_out_report(profile.id, await sign_out_profile(profile, desk.environment)),)
    for each in left:
        print_message(str(each["text"]))


@click.command(
    name="import",
    cls=CommandWithExamples,
    examples="""\
xdr-login profiles import colleague.toml   what “profiles export” gave
xdr-login profiles import --region eu --name northwind < client.json
                                           a client as the administration of XDR shows it
""",
)
@click.argument("file", default="-", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--name", metavar="NAME", help="What a client model is to be called.")
@draft_options
@handle_errors
def import_(*, file: str, name: str | None, **given: Any) -> int:  # noqa: ANN401 - the fields
    """Add the profiles in FILE, or on stdin, and print their ids.

    None that is there is replaced. A client model of Cisco XDR, which is JSON, becomes a profile
    too: say with --region or --issuer where; its password goes into the keyring.
    """

    async def work(desk: ProfileContext) -> Exit:
        desk.require_own_profiles()
        text = _read_input(file)
        model = read_client_model(text)
        if model is not None:
            return await _import_model(desk, model, name, given)
        if name is not None or _changes_more_than_passwords(given):
            raise click.UsageError("Such options go with a client model in JSON, and this is none.")
        source = Path("stdin" if file == "-" else file)
        ids = import_profiles(desk.editor.file, text, source, taken=desk.snapshot.managed)
        notify_profiles_changed()
        for id_ in ids:
            print_result(id_)
        good = (await desk.editor.load()).profiles.good
        print_message(texts.import_report(len(ids), [good[id_] for id_ in ids if id_ in good]))
        return Exit.OK

    return run_with_profiles(work)


async def _import_model(
    desk: ProfileContext, model: ClientModel, name: str | None, given: dict[str, Any]
) -> Exit:
    draft = with_client_model(Draft(name=name or model.name or model.client_id), model)
    print_message(texts.pasted_model_message(model).partition(" Its password")[0])
    return await _save_new(desk, apply_options(draft, given), given, password=model.client_secret)


def _read_input(file: str) -> str:
    if file == "-":
        try:
            text = sys.stdin.read(MAX_IMPORT_LENGTH + 1)
        except UnicodeDecodeError:
            raise click.ClickException("Nothing was imported: stdin is no text in UTF-8.") from None
    else:
        try:
            with Path(file).open(encoding="utf-8-sig", errors="replace") as opened:
                text = opened.read(MAX_IMPORT_LENGTH + 1)
        except OSError as error:
            raise click.ClickException(texts.import_failed_message(error)) from error
    if len(text) > MAX_IMPORT_LENGTH:
        raise click.ClickException("Nothing was imported: it is far too large for profiles.")
    return text


@click.command(
    cls=CommandWithExamples,
    examples="""\
xdr-login profiles export > profiles.toml  all of your own
xdr-login profiles export northwind --output northwind.toml
""",
)
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=complete_profile)
@click.option("--output", "-o", type=click.Path(dir_okay=False), help="Write to this file.")
@handle_errors
def export(*, names: tuple[str, ...], output: str | None) -> int:
    """Print profiles as TOML, all of your own without a NAME. No secret is in it."""

    async def work(desk: ProfileContext) -> str:
        known = desk.snapshot
        chosen = [known.profiles.find(each) for each in names]
        for each in chosen:
            desk.require_editable(each)
        own = [id_ for id_ in known.profiles.good if id_ not in known.managed]
        return export_profiles(desk.editor.file, [each.id for each in chosen] or own)

    text = run_with_profiles(work)
    if output is None:
        print_result(text.rstrip("\n"))
        return Exit.OK
    try:
        write_out(text, Path(output))
    except OSError as error:
        raise click.ClickException(texts.export_failed_message(error)) from error
    print_message(texts.exported_message(Path(output)))
    return Exit.OK
