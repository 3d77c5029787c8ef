"""`xdr-login profiles add`, `edit`, `remove`, `import` and `export`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from desktop.cli.profiles.profile_context import Desk, at_desk, store
from desktop.cli.profiles.profile_options import (
    changed,
    draft_options,
    refuse_faults,
    typed_passwords,
)
from desktop.cli.sign_in.logout import ends_all, sign_out_of
from desktop.cli.terminal.exits import Exit, reporting
from desktop.cli.terminal.output import (
    Examples,
    answer,
    complete_profile,
    confirmed,
    say,
    yes_option,
)
from desktop.cli.terminal.running_app import signed_out_by_app, tell_profiles_changed, tell_saved
from desktop.services.configuration.client_model import ClientModel, read_client_model
from desktop.services.configuration.profile_draft import Draft, draft_of, profile_of, with_model
from desktop.services.configuration.profile_file import (
    LARGEST_IMPORT,
    export_profiles,
    import_profiles,
)
from desktop.services.model.errors import GrantForbidden
from desktop.services.model.profile import Profile, issued_for
from desktop.services.profile_editor import editor_wording as texts
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.secrets.token_store import TokenStore
from desktop.services.system.atomic_file import write_out
from desktop.services.wording.messages import advice_for
from desktop.services.wording.sign_out_texts import told

_PASSWORDS = {"client_secret_stdin", "proxy_password_stdin"}


@click.command(
    cls=Examples,
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
@reporting
def add(*, name: str, **given: Any) -> int:  # noqa: ANN401 - the fields of the form
    """Add a profile called NAME, and print its id.

    Nothing is saved that the form of the window would not save. A password goes into the keyring.
    """

    async def work(desk: Desk) -> Exit:
        desk.must_have_own()
        draft = changed(Draft(name=name), given)
        return await _save_new(desk, draft, given)

    return at_desk(work)


async def _save_new(desk: Desk, draft: Draft, given: dict[str, Any], *, password: str = "") -> Exit:
    refuse_faults(draft, desk.known.presets)
    _refuse_grant(desk, draft)
    passwords = typed_passwords(given, client=draft.client_id, proxy=draft.proxy_user)
    if password and passwords.client is None:
        passwords = replace(passwords, client=password)
    id_ = desk.deeds.new_id(draft.name, desk.known)
    profile = await desk.deeds.save(id_, draft, desk.known)
    answer(id_)
    say(f"Saved. Sign in with: xdr-login login --profile {id_}")
    code = await store(desk, profile, passwords)
    tell_profiles_changed()
    return code


def _refuse_grant(desk: Desk, draft: Draft) -> None:
    policy = desk.deeds.policy
    if draft.grant == "device" and not policy.device_grant:
        raise GrantForbidden(policy.source)


@click.command(
    cls=Examples,
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
@reporting
def edit(*, profile: str, name: str | None, **given: Any) -> int:  # noqa: ANN401 - the fields
    """Change what is given of the profile NAME; all else stays as it is.

    An empty value takes one away. The password of a client is read from stdin, or asked for on a
    terminal, also for a profile of your organization.
    """

    async def work(desk: Desk) -> Exit:
        before = desk.known.profiles.named(profile)
        draft = changed(draft_of(before, desk.known.presets), given)
        draft = draft if name is None else replace(draft, name=name)
        after = before
        if name is not None or _changes_more_than_passwords(given):
            desk.must_be_own(before)
            refuse_faults(draft, desk.known.presets)
            _refuse_grant(desk, draft)
            after = profile_of(before.id, draft, desk.known.presets, kept=before)
            await _refuse_lost_password(desk, before, after, given)
        elif not any(given[each] for each in _PASSWORDS):
            raise click.UsageError("Say what to change; --help lists it.")
        if given["proxy_password_stdin"] and not after.proxy_user:
            raise click.UsageError("There is no user for the proxy: add --proxy-user NAME.")
        passwords = typed_passwords(given, client=after.client_id, proxy=after.proxy_user)
        if after is not before:
            after = await desk.deeds.save(before.id, draft, desk.known)
        code = await store(desk, after, passwords)
        tell_profiles_changed()
        if code == Exit.OK:
            say("Saved.")
            tell_saved(before.id)
        return code

    return at_desk(work)


def _changes_more_than_passwords(given: dict[str, Any]) -> bool:
    # An empty value is one; an empty tuple is an option that was not given.
    return any(value not in (None, ()) for name, value in given.items() if name not in _PASSWORDS)


async def _refuse_lost_password(
    desk: Desk, before: Profile, after: Profile, given: dict[str, Any]
) -> None:
    """The form asks for the password anew where it is bound to another client or server."""
    if given["client_secret_stdin"] or issued_for(before) == issued_for(after):
        return
    is_stored, _ = await desk.deeds.stored(before)
    if is_stored:
        raise click.UsageError(
            "The stored password is for another client or server: add --client-secret-stdin, and "
            "give the one for this, or an empty line to remove it."
        )


@click.command(
    cls=Examples,
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
@reporting
def remove(*, profile: str, sign_out: bool, yes: bool) -> int:
    """Remove the profile NAME, and what the keyring holds for it.

    On a terminal it asks; elsewhere it wants --yes.
    """

    async def work(desk: Desk) -> Exit:
        if profile in desk.known.profiles.broken:
            name, before = profile, None
        else:
            before = desk.known.profiles.named(profile)
            desk.must_be_own(before)
            name = before.name
        id_ = profile if before is None else before.id
        is_in = before is not None and sign_out and await _is_signed_in(desk, before)
        everywhere = before is not None and ends_all(before)
        question = texts.delete_question(name, signed_in=is_in, everywhere=everywhere)
        if not confirmed(question, yes=yes):
            say("Nothing was removed.")
            return Exit.FORBIDDEN
        if is_in and before is not None:
            await _leave(desk, before)
        try:
            await desk.deeds.remove(id_)
        except KeystoreError as error:
            say(f"{texts.DELETED} {texts.secrets_left(advice_for(error).title)}")
            return Exit.KEYRING
        finally:
            tell_profiles_changed()
        say(texts.DELETED)
        return Exit.OK

    return at_desk(work)


async def _is_signed_in(desk: Desk, profile: Profile) -> bool:
    store = TokenStore(profile, desk.world.keystore, desk.world.lock)
    return await store.load() is not None


async def _leave(desk: Desk, profile: Profile) -> None:
    left = signed_out_by_app(profile.id)
    if left is None:
        left = (told(profile.id, await sign_out_of(profile, desk.world)),)
    for each in left:
        say(str(each["text"]))


@click.command(
    name="import",
    cls=Examples,
    examples="""\
xdr-login profiles import colleague.toml   what “profiles export” gave
xdr-login profiles import --region eu --name northwind < client.json
                                           a client as the administration of XDR shows it
""",
)
@click.argument("file", default="-", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--name", metavar="NAME", help="What a client model is to be called.")
@draft_options
@reporting
def import_(*, file: str, name: str | None, **given: Any) -> int:  # noqa: ANN401 - the fields
    """Add the profiles in FILE, or on stdin, and print their ids.

    None that is there is replaced. A client model of Cisco XDR, which is JSON, becomes a profile
    too: say with --region or --issuer where; its password goes into the keyring.
    """

    async def work(desk: Desk) -> Exit:
        desk.must_have_own()
        text = _read(file)
        model = read_client_model(text)
        if model is not None:
            return await _import_model(desk, model, name, given)
        if name is not None or _changes_more_than_passwords(given):
            raise click.UsageError("Such options go with a client model in JSON, and this is none.")
        source = Path("stdin" if file == "-" else file)
        ids = import_profiles(desk.deeds.file, text, source, taken=desk.known.managed)
        tell_profiles_changed()
        for id_ in ids:
            answer(id_)
        good = (await desk.deeds.known()).profiles.good
        say(texts.about_imported(len(ids), [good[id_] for id_ in ids if id_ in good]))
        return Exit.OK

    return at_desk(work)


async def _import_model(
    desk: Desk, model: ClientModel, name: str | None, given: dict[str, Any]
) -> Exit:
    draft = with_model(Draft(name=name or model.name or model.client_id), model)
    say(texts.taken(model).partition(" Its password")[0])
    return await _save_new(desk, changed(draft, given), given, password=model.password)


def _read(file: str) -> str:
    if file == "-":
        try:
            text = sys.stdin.read(LARGEST_IMPORT + 1)
        except UnicodeDecodeError:
            raise click.ClickException("Nothing was imported: stdin is no text in UTF-8.") from None
    else:
        try:
            with Path(file).open(encoding="utf-8-sig", errors="replace") as opened:
                text = opened.read(LARGEST_IMPORT + 1)
        except OSError as error:
            raise click.ClickException(texts.not_imported(error)) from error
    if len(text) > LARGEST_IMPORT:
        raise click.ClickException("Nothing was imported: it is far too large for profiles.")
    return text


@click.command(
    cls=Examples,
    examples="""\
xdr-login profiles export > profiles.toml  all of your own
xdr-login profiles export northwind --output northwind.toml
""",
)
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=complete_profile)
@click.option("--output", "-o", type=click.Path(dir_okay=False), help="Write to this file.")
@reporting
def export(*, names: tuple[str, ...], output: str | None) -> int:
    """Print profiles as TOML, all of your own without a NAME. No secret is in it."""

    async def work(desk: Desk) -> str:
        known = desk.known
        chosen = [known.profiles.named(each) for each in names]
        for each in chosen:
            desk.must_be_own(each)
        own = [id_ for id_ in known.profiles.good if id_ not in known.managed]
        return export_profiles(desk.deeds.file, [each.id for each in chosen] or own)

    text = at_desk(work)
    if output is None:
        answer(text.rstrip("\n"))
        return Exit.OK
    try:
        write_out(text, Path(output))
    except OSError as error:
        raise click.ClickException(texts.not_exported(error)) from error
    say(texts.exported(Path(output)))
    return Exit.OK
