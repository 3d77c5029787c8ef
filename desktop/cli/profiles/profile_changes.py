"""`xdr-login profiles add`, `edit`, `remove`, `import` and `export`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from desktop.cli.profiles.profile_context import ProfileContext, run_with_profiles, store_passwords
from desktop.cli.profiles.profile_options import (
    apply_options,
    read_passwords,
    require_valid_draft,
)
from desktop.cli.sign_in.logout import sign_out_profile, sign_out_revokes_grant
from desktop.cli.terminal.exits import Exit
from desktop.cli.terminal.output import (
    confirm,
    print_message,
    print_result,
    wait_notice,
)
from desktop.cli.terminal.running_app import (
    notify_profiles_changed,
    notify_tokens_changed,
    sign_out_in_app,
)
from desktop.cli.terminal.streams import read_stdin
from desktop.services.configuration.client_model import (
    ClientModel,
    name_unusable_format,
    read_client_model,
)
from desktop.services.configuration.foreign_hosts import foreign_hosts
from desktop.services.configuration.profile_draft import (
    Draft,
    draft_of,
    profile_of,
    with_client_model,
)
from desktop.services.configuration.profile_file import (
    MAX_IMPORT_LENGTH,
    export_profiles,
    read_import,
)
from desktop.services.model.errors import ForbiddenByPolicy, GrantForbidden
from desktop.services.model.profile import BrokenProfile, Profile, client_binding
from desktop.services.profile_editor import editor_wording as texts
from desktop.services.profile_editor.editor import ImportedFile
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.secrets.token_store import TokenStore
from desktop.services.system.atomic_file import write_out
from desktop.services.system.files import read_file
from desktop.services.system.text_input import UndecodableText, decode_text
from desktop.services.system.translation import translate
from desktop.services.wording.field_names import secret_name
from desktop.services.wording.messages import advice_for
from desktop.services.wording.sign_out_texts import sign_out_report

_PASSWORD_OPTIONS = {"client_secret_stdin", "proxy_password_stdin"}


def add(*, name: str, **given: Any) -> int:  # noqa: ANN401 - options

    async def work(context: ProfileContext) -> Exit:
        context.require_own_profiles()
        draft = apply_options(Draft(name=name), given)
        return await _save_new(context, draft, given)

    return run_with_profiles(work)


async def _save_new(
    context: ProfileContext, draft: Draft, given: dict[str, Any], *, password: str = ""
) -> Exit:
    require_valid_draft(draft, context.snapshot.presets, taken=context.snapshot.names_besides())
    _check_allowed(context, draft)
    passwords = read_passwords(given, draft)
    if password and passwords.client_secret is None:
        passwords = replace(passwords, client_secret=password)
    id_ = context.editor.new_id(draft.name, context.snapshot)
    profile = await context.editor.save(id_, draft, context.snapshot)
    print_result(id_)
    print_message(translate("Saved. Next: xdr-login login --profile {id}", id=id_))
    _note_foreign_hosts(context, profile)
    code = await store_passwords(context, profile, passwords)
    notify_profiles_changed()
    return code


def _note_foreign_hosts(
    context: ProfileContext, profile: Profile, before: Profile | None = None
) -> None:
    """Name new servers besides the provider's. Nobody is asked: you have just named them."""
    presets = context.snapshot.presets
    known = foreign_hosts(before, presets) if before is not None else {}
    if hosts := [each for each in foreign_hosts(profile, presets) if each not in known]:
        print_message(texts.foreign_hosts_note(hosts), color="yellow")


def _check_allowed(context: ProfileContext, draft: Draft) -> None:
    policy = context.editor.policy
    if draft.services and not policy.own_services:
        raise context.refusal(ForbiddenByPolicy(policy.source))
    if draft.grant == "device" and not policy.device_grant:
        raise context.refusal(GrantForbidden(policy.source))


def edit(*, profile: str, name: str | None, **given: Any) -> int:  # noqa: ANN401 - options

    async def work(context: ProfileContext) -> Exit:
        before = context.snapshot.profiles.find(profile)
        draft = apply_options(draft_of(before, context.snapshot.presets), given)
        draft = draft if name is None else replace(draft, name=name)
        after = before
        if name is not None or _changes_more_than_passwords(given):
            context.require_editable(before)
            taken = context.snapshot.names_besides(before.id)
            require_valid_draft(draft, context.snapshot.presets, taken=taken)
            _check_allowed(context, draft)
            after = profile_of(before.id, draft, context.snapshot.presets, kept=before)
            await _check_stored_password(context, before, after, given)
        elif not any(given[each] for each in _PASSWORD_OPTIONS):
            raise click.UsageError(translate("Nothing to change. Pass an option, see --help."))
        if given["proxy_password_stdin"] and not after.proxy_user:
            raise click.UsageError(translate("Missing --proxy-user NAME for the proxy password."))
        passwords = read_passwords(given, draft)
        if after is not before:
            after = await context.editor.save(before.id, draft, context.snapshot)
        code = await store_passwords(context, after, passwords)
        notify_profiles_changed()
        if code == Exit.OK:
            print_message(translate("Saved."))
            _note_foreign_hosts(context, after, before)
            notify_tokens_changed(before.id)
        return code

    return run_with_profiles(work)


def _changes_more_than_passwords(given: dict[str, Any]) -> bool:
    # An empty string is a value; an empty tuple is an option that was not given.
    return any(
        value not in (None, ()) for name, value in given.items() if name not in _PASSWORD_OPTIONS
    )


async def _check_stored_password(
    context: ProfileContext, before: Profile, after: Profile, given: dict[str, Any]
) -> None:
    """Raise `UsageError` if the stored password is for another client or server."""
    if given["client_secret_stdin"] or client_binding(before) == client_binding(after):
        return
    is_stored, _ = await context.editor.find_stored_secrets(before)
    if is_stored:
        message = translate(
            "The stored {secret} is for another client or server. Pass --client-secret-stdin with "
            "the new one, or with an empty line to remove it.",
            secret=secret_name(after.preset),
        )
        raise click.UsageError(message)


def remove(*, profile: str, sign_out: bool, yes: bool) -> int:

    async def work(context: ProfileContext) -> Exit:
        if profile in context.snapshot.profiles.broken:
            name, before = profile, None
        else:
            before = context.snapshot.profiles.find(profile)
            context.require_editable(before)
            name = before.name
        id_ = profile if before is None else before.id
        signed_in = before is not None and sign_out and await _is_signed_in(context, before)
        everywhere = before is not None and sign_out_revokes_grant(before)
        question = texts.delete_question(name, signed_in=signed_in, everywhere=everywhere)
        if not confirm(question, yes=yes):
            print_message(translate("Nothing was removed."))
            return Exit.FORBIDDEN
        if signed_in and before is not None:
            await _sign_out(context, before)
        try:
            await context.editor.remove(id_)
        except KeystoreError as error:
            print_message(translate(texts.PROFILE_DELETED))
            print_message(texts.secrets_not_removed_message(advice_for(error).title))
            return Exit.KEYRING
        finally:
            notify_profiles_changed()
        print_message(translate(texts.PROFILE_DELETED))
        return Exit.OK

    return run_with_profiles(work)


async def _is_signed_in(context: ProfileContext, profile: Profile) -> bool:
    store = TokenStore(profile, context.environment.keystore, context.environment.lock)
    return await store.load() is not None


async def _sign_out(context: ProfileContext, profile: Profile) -> None:
    reports = sign_out_in_app(profile.id)
    if reports is None:
        state = await sign_out_profile(profile, context.environment)
        reports = (sign_out_report(profile.id, state),)
    for each in reports:
        print_message(str(each["text"]))


def import_(*, file: str, name: str | None, yes: bool, **given: Any) -> int:  # noqa: ANN401 - options

    async def work(context: ProfileContext) -> Exit:
        context.require_own_profiles()
        text = _read_input(file)
        model = read_client_model(text)
        if model is not None:
            return await _import_model(context, model, name, given)
        if format_ := name_unusable_format(text):
            raise click.ClickException(texts.foreign_format_message(format_))
        if name is not None or _changes_more_than_passwords(given):
            message = translate(
                "Profile options work only with a client as JSON, not with a file of profiles."
            )
            raise click.UsageError(message)
        return await _import_profiles(
            context, Path("stdin" if file == "-" else file), text, yes=yes
        )

    return run_with_profiles(work)


async def _import_profiles(context: ProfileContext, source: Path, text: str, *, yes: bool) -> Exit:
    try:
        imported = ImportedFile(source, text, read_import(source, text))
        hosts = texts.foreign_hosts_message(imported.profiles, context.snapshot.presets)
        if hosts:
            print_message(hosts)
            if not confirm(translate(texts.IMPORT_QUESTION), yes=yes):
                print_message(translate(texts.NOT_IMPORTED))
                return Exit.FORBIDDEN
        ids = await context.editor.import_(imported)
    except BrokenProfile as error:
        raise click.ClickException(texts.not_changed_message(error)) from error
    notify_profiles_changed()
    for id_ in ids:
        print_result(id_)
    good = (await context.editor.load()).profiles.good
    print_message(texts.import_report(len(ids), [good[id_] for id_ in ids if id_ in good]))
    return Exit.OK


async def _import_model(
    context: ProfileContext, model: ClientModel, name: str | None, given: dict[str, Any]
) -> Exit:
    chosen = apply_options(Draft(name=name or model.name or model.client_id), given)
    draft = apply_options(with_client_model(chosen, model), given)
    if not (draft.preset or draft.issuer or draft.token_endpoint):
        message = translate(
            "The client doesn't name its server. Pass --region for Cisco XDR, or --issuer."
        )
        raise click.UsageError(message)
    print_message(texts.client_added_message(model, draft.issuer))
    return await _save_new(context, draft, given, password=model.client_secret)


def _read_input(file: str) -> str:
    limit = MAX_IMPORT_LENGTH + 1
    try:
        if file == "-":
            content = read_stdin(limit)
        else:
            notice = wait_notice(Path(file))
            content = read_file(Path(file), limit=MAX_IMPORT_LENGTH, on_wait=notice)
        if len(content) == limit:
            message = translate("Nothing was imported: the file is too large.")
            raise click.ClickException(message)
        return decode_text(content, "stdin" if file == "-" else file)
    except (OSError, UndecodableText) as error:
        raise click.ClickException(texts.import_failed_message(error)) from error


def export(*, names: tuple[str, ...], output: str | None) -> int:

    async def work(context: ProfileContext) -> str:
        snapshot = context.snapshot
        chosen = [snapshot.profiles.find(each) for each in names]
        for each in chosen:
            context.require_editable(each)
        own = [id_ for id_ in snapshot.profiles.good if id_ not in snapshot.managed]
        return export_profiles(context.editor.file, [each.id for each in chosen] or own)

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
