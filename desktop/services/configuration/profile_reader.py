"""Reads profiles from TOML, and reports what is invalid in them and where."""

import logging
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from desktop.frozen import frozen
from desktop.oauth.addresses import ascii_address
from desktop.oauth.errors import printable
from desktop.services.configuration.exchange_rules import read_exchanges
from desktop.services.configuration.profile_lines import ProfileLines
from desktop.services.configuration.profile_names import find_clashes, find_named
from desktop.services.configuration.profile_rules import (
    NO_SECRETS_IN_FILE,
    find_faults,
    has_invisible_characters,
    is_secret_name,
    with_ascii_host,
)
from desktop.services.model.members import Kind, Member
from desktop.services.model.policy import NO_POLICY, Policy
from desktop.services.model.profile import (
    MEMBERS,
    AmbiguousName,
    BrokenProfile,
    NoProfile,
    Profile,
    UnknownProfile,
    is_same_server,
)
from desktop.services.model.toml_text import LARGEST_TOML, UnreadableToml, parse_toml
from desktop.services.system import paths
from desktop.services.system.files import read_file
from desktop.services.system.resources import resource
from desktop.services.system.translation import translatable, translate
from desktop.services.wording.formats import format_values

_log = logging.getLogger(__name__)

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


@frozen
class Profiles:
    """The valid profiles by id, in the order of the file, and why others are broken.

    `file` is the user's own. `policy` is the administrator's.
    """

    file: Path
    good: Mapping[str, Profile]
    broken: Mapping[str, BrokenProfile]
    policy: Policy = NO_POLICY

    def find(self, name: str | None) -> Profile:
        """Find the profile with the id or name `name`, or the first. Raises `ProfileError`."""
        if name is None:
            for id_ in self.good:
                return self.good[id_]
            for error in self.broken.values():
                raise error
            raise NoProfile(self.file)
        if name in self.broken:
            raise self.broken[name]
        return self.good[name] if name in self.good else self._find_named(name)

    def _find_named(self, name: str) -> Profile:
        found = find_named(self.good.values(), name)
        if len(found) == 1:
            return found[0]
        if found:
            raise AmbiguousName(self.file, name, [each.id for each in found])
        if not self.good and not self.broken:
            raise NoProfile(self.file)
        raise UnknownProfile(self.file, name, self.good, self._similar(name))

    def _similar(self, name: str) -> tuple[str, ...]:
        """List the ids of the profiles with a similar id or name."""
        import difflib  # needed by few

        plain = name.casefold()
        called = {id_: (id_, each.name.casefold()) for id_, each in self.good.items()}
        return tuple(
            id_
            for id_, names in called.items()
            if difflib.get_close_matches(plain, names, cutoff=_PROFILE_CUTOFF)
        )


def load_profile(name: str | None = None, *, file: Path | None = None) -> Profile:
    """Load the profile `name`, or the first one. Raises `ProfileError`."""
    return load_profiles(file or paths.profiles_file()).find(name)


def load_profiles(file: Path) -> Profiles:
    """Load the profiles of `file`. Raises `BrokenProfile` where it cannot be read at all. Blocks.

    A broken profile does not affect others, also where the file as a whole is not TOML.
    """
    content = _read_bytes(file)
    try:
        text = _decode(file, content)
        return read_profiles(file, read_document(file, text), text)
    except BrokenProfile as error:
        profiles = _read_apart(file, content, error)
        if not profiles.good:
            raise
        return profiles


def _read_apart(file: Path, content: bytes, error: BrokenProfile) -> Profiles:
    """Read each profile on its own; `error` is why the file cannot be read as a whole."""
    from desktop.services.configuration.profile_parts import split_profiles  # needed by few

    text = content.decode("utf-8-sig", "surrogateescape")
    presets, lines = load_presets(), ProfileLines(text)
    good: dict[str, Profile] = {}
    broken: dict[str, BrokenProfile] = {}
    parts = split_profiles(text) if len(text) <= LARGEST_TOML else {}
    for id_, part in parts.items():
        try:
            _decode(file, part.text.encode("utf-8", "surrogateescape"))
            document: Any = read_document(file, part.text)
            table = document["profiles"][id_]
            good[id_] = _read_profile(_Location(file, lines, id_), table, presets)
        except BrokenProfile as why:
            broken[id_] = BrokenProfile(file, part.with_real_lines(why.detail))
        except (KeyError, TypeError):  # a heading that means something else to TOML
            broken[id_] = error
    for id_, detail in describe_clashes(good.values()).items():
        del good[id_]
        broken[id_] = _Location(file, lines, id_).error(detail, "name")
    if good and not broken:
        broken[f"({file.name})"] = error  # what is wrong belongs to none of them
    return Profiles(file, good, broken)


def load_presets() -> dict[str, Mapping[str, object]]:
    """Load the built-in providers by name, as members of a profile."""
    presets = tomllib.loads(resource("presets.toml").read_text("utf-8"))
    return {name: table for name, table in presets.items() if isinstance(table, dict)}


def preset_members(
    preset: Mapping[str, object], members: Mapping[str, object]
) -> dict[str, object]:
    """List what a profile with those `members` gets from `preset`, but for the form's hints."""
    issuer = str(members.get("issuer") or preset.get("issuer", "")).strip().rstrip("/")
    found = {
        name: value.replace("{issuer}", issuer) if isinstance(value, str) else value
        for name, value in preset.items()
        if name in MEMBERS
    }
    home = str(preset.get("issuer") or preset.get("token_endpoint", ""))
    own = issuer or str(members.get("token_endpoint") or home)
    # A token of another server than the preset's is not meant for the preset's services.
    is_at_home = not home or is_same_server(own, home)
    if "services" in found:
        found["services"] = _preset_services(preset, issuer, is_at_home=is_at_home)
    if not is_at_home:
        found.pop("exchanges", None)
    return found


def _preset_services(preset: Mapping[str, Any], issuer: str, *, is_at_home: bool) -> dict[str, str]:
    """List the API services that `preset` names for a profile at `issuer`."""
    origin = _ORIGIN.match(issuer)
    meanings = {"{issuer}": issuer, "{issuer_origin}": origin[0] if origin else ""}
    found = {}
    for name, address in preset["services"].items():
        start = next((each for each in meanings if address.startswith(each)), "")
        if start and meanings[start]:
            found[name] = ascii_address(meanings[start] + address.removeprefix(start))
        elif not start and is_at_home:
            found[name] = address
    return found


_ORIGIN = re.compile(r"https?://[^/?#]+")


def read_profiles(file: Path, document: Mapping[str, object], text: str = "") -> Profiles:
    """Read the profiles of `document`, from `file`; its `text` is needed to report lines.

    A broken profile does not affect others. Raises `BrokenProfile` where nothing can be read.
    """
    tables = document.get("profiles", {})
    if not isinstance(tables, dict):
        raise BrokenProfile(file, translate("{field} must be a table", field="`profiles`"))
    uses_presets = any(isinstance(each, dict) and "preset" in each for each in tables.values())
    presets = load_presets() if uses_presets else {}
    good: dict[str, Profile] = {}
    broken = _misspelled_tables(file, document)
    lines = ProfileLines(text)
    for id_, table in tables.items():
        try:
            good[id_] = _read_profile(_Location(file, lines, id_), table, presets)
        except BrokenProfile as error:
            broken[id_] = error
    for id_, detail in describe_clashes(good.values()).items():
        del good[id_]
        broken[id_] = _Location(file, lines, id_).error(detail, "name")
    return Profiles(file, good, broken)


def _misspelled_tables(file: Path, document: Mapping[str, object]) -> dict[str, BrokenProfile]:
    """Find profiles that are not in the table `profiles`, which would be ignored."""
    found = {}
    for name, table in document.items():
        if name == "profiles":
            continue
        if similar_name(name, ("profiles",)):
            found[f"[{name}]"] = BrokenProfile(file, similar_key(f"[{name}.…]", "[profiles.…]"))
        elif isinstance(table, dict) and "client_id" in table:
            shown = printable(name, 60)
            detail = translate("`[{name}]` must be `[profiles.{name}]`", name=shown)
            found[f"[{name}]"] = BrokenProfile(file, detail)
    return found


def describe_clashes(profiles: Iterable[Profile]) -> dict[str, str]:
    """Say, by id, which of the `profiles` cannot be used because an earlier one has its name."""
    return {
        id_: _in_profile(
            id_,
            translate(
                "its name or ID is that of profile `{other}`, or looks like it; rename one of them",
                other=other,
            ),
        )
        for id_, other in find_clashes(profiles).items()
    }


def prepare_folder() -> Path:
    """Return the folder of the profiles; create it, with an example, if it is missing.

    Raises `BrokenProfile`.
    """
    folder = paths.configuration_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not paths.profiles_file().exists():
            example = resource("profiles.example.toml").read_text("utf-8")
            paths.profiles_file().write_text(example, "utf-8")
    except OSError as error:
        raise BrokenProfile(paths.profiles_file(), str(error)) from error
    return folder


def read_text(file: Path) -> str:
    """Read `file`; empty where there is none. Raises `BrokenProfile`. Blocks."""
    return _decode(file, _read_bytes(file))


def _read_bytes(file: Path) -> bytes:
    try:
        return read_file(file, limit=LARGEST_TOML)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise BrokenProfile(file, error.strerror or str(error)) from error


def _decode(file: Path, content: bytes) -> str:
    try:
        # Windows editors may put a byte order mark in front.
        return content.decode("utf-8-sig")  # which keeps the ends of its lines
    except UnicodeDecodeError as error:
        raise BrokenProfile(
            file, translate("the file is not UTF-8 text; save it as UTF-8")
        ) from error


def read_document(file: Path, text: str) -> dict[str, object]:
    """Parse the TOML `text` of `file`. Raises `BrokenProfile`."""
    try:
        return parse_toml(text)
    except UnreadableToml as error:
        raise BrokenProfile(file, str(error)) from error


def similar_name(name: str, known: Iterable[str]) -> str:
    """Find the one of `known` that is misspelled as `name`; empty for none."""
    import difflib  # needed by few

    plain = name.lower().replace("-", "_")
    # Where lengths differ by more, no comparison can reach the cutoff: see `SequenceMatcher.ratio`.
    close = [each for each in known if abs(len(each) - len(plain)) <= len(each) * 0.4]
    return next(iter(difflib.get_close_matches(plain, close, n=1, cutoff=_MEMBER_CUTOFF)), "")


_PROFILE_CUTOFF = 0.8  # of 1: one letter of five differs
# Of 1. `clientid` is similar to `client_id`; a key of a later version should not be.
_MEMBER_CUTOFF = 0.85


_MOST_UNKNOWN = 20  # keys of a profile that are compared with known ones and logged
_INVISIBLE = translatable("{field} contains invisible characters")
# TOML reads "C:\temp" as one with a tab in it.
_INVISIBLE_IN_PATH = translatable(
    "{field} contains invisible characters; put a path with backslashes in single quotes, such as "
    "'C:\\certificates\\northwind.pem'"
)


def similar_key(name: str, similar: str) -> str:
    """Say that a key is unknown, and which one it resembles."""
    return translate("unknown key `{name}` (did you mean `{similar}`?)", name=name, similar=similar)


def _in_profile(id_: str, detail: str) -> str:
    return translate("profile `{id}`: {detail}", id=id_, detail=detail)


@frozen
class _Location:
    """The place of a profile: its file, the lines of that file, and its id."""

    file: Path
    lines: ProfileLines
    id: str

    def error(self, detail: str, member: str = "") -> BrokenProfile:
        """Make an error with the line of `member`, if it is found."""
        line = self.lines.find(self.id, member)
        if line:
            detail = translate("{detail} (line {line})", detail=detail, line=line)
        return BrokenProfile(self.file, detail)


def _read_profile(place: _Location, table: object, presets: Mapping[str, object]) -> Profile:
    if not is_valid_id(place.id) or not isinstance(table, dict):
        raise place.error(
            translate('`{id}` must be a table named with a-z, 0-9, ".", "_" or "-"', id=place.id)
        )
    preset_name = table.get("preset")
    preset = {} if preset_name is None else presets.get(str(preset_name))
    if not isinstance(preset, dict):
        detail = translate("unknown preset; presets are {presets}", presets=format_values(presets))
        raise place.error(_in_profile(place.id, detail), "preset")
    if not preset.get("issuer") and "issuer_example" in preset and not table.get("issuer"):
        example = preset["issuer_example"]
        detail = translate("`issuer` is missing, such as {example}", example=example)
        raise place.error(_in_profile(place.id, detail), "preset")
    given = preset_members(preset, table)
    members = {"name": place.id, **given, **table}
    for name in ("services", "exchanges"):
        added, own = given.get(name), table.get(name)
        if isinstance(added, dict) and isinstance(own, dict):
            members[name] = added | own
    return with_preset(_Reader(place, members).read(), preset, given)


def with_preset(
    profile: Profile, preset: Mapping[str, object], given: Mapping[str, Any]
) -> Profile:
    """Let `profile` know what it has of `preset`, which has `given` it members.

    It shows its server, unless provider, region and server are those of the preset.
    """
    fixed = ("provider", "region", "issuer" if profile.issuer else "token_endpoint")
    is_own = any(getattr(profile, name) != preset.get(name, "") for name in fixed)
    return replace(
        profile,
        names_own_server=is_own,
        preset_services=given.get("services", {}),
        preset_exchanges=given.get("exchanges", {}),
    )


def _read_addresses(table: Mapping[str, str]) -> dict[str, str]:
    return {name: ascii_address(address.strip()) for name, address in table.items()}


_TABLE_READERS: Mapping[Kind, Callable[[Any], Mapping[str, Any]]] = {
    Kind.ADDRESSES: _read_addresses,
    Kind.EXCHANGES: read_exchanges,
}


def is_valid_id(id_: str) -> bool:
    """Whether `id_` can name a profile on disk and in the keyring."""
    return _ID.fullmatch(id_) is not None


class _Reader:
    """Reads one table; every error names the file, the profile and the member."""

    def __init__(self, location: _Location, table: Mapping[str, object]) -> None:
        self.location = location
        self.table = table

    def read(self) -> Profile:
        self.check_names()
        values = {
            name: self.read_value(each, self.table[name]) if name in self.table else each.default
            for name, each in MEMBERS.items()
        }
        profile = Profile(id=self.location.id, **values)
        for fault in find_faults(profile):
            raise self.error(fault.describe(), fault.member)
        return profile

    def check_names(self) -> None:
        """Reject secrets, misspelled and missing keys; log other unknown ones."""
        unknown = sorted(self.table.keys() - MEMBERS.keys())
        for name in unknown:
            if is_secret_name(name):
                raise self.error(translate(NO_SECRETS_IN_FILE, field=f"`{name}`"), name)
        for name in unknown[:_MOST_UNKNOWN]:
            if meant := similar_name(name, MEMBERS):
                raise self.error(similar_key(name, meant), name)
            _log.info("profile %s: unknown key: %s", self.location.id, printable(name, 60))
        for name, member in MEMBERS.items():
            if member.is_required and name not in self.table:
                raise self.error(translate("`{name}` is missing", name=name), name)

    def read_value(self, member: Member, value: Any) -> Any:  # noqa: ANN401 - of its kind
        name = member.name
        if fault := member.find_kind_fault(value):
            raise self.error(fault.describe(), name)
        match member.kind:
            case Kind.MEMBERS | Kind.PARAMETERS | Kind.ADDRESSES | Kind.EXCHANGES:
                return _TABLE_READERS.get(member.kind, dict)(value)
            case Kind.STRINGS:
                value = tuple(value.split() if isinstance(value, str) else value)
            case Kind.STRING:
                value = with_ascii_host(member, value.strip())
            case _:
                return value
        if member.is_required and not value:
            raise self.error(translate("`{name}` is empty", name=name), name)
        values = value if isinstance(value, tuple) else (value,)
        if any(has_invisible_characters(member, each) for each in values):
            message = _INVISIBLE_IN_PATH if member.is_file else _INVISIBLE
            raise self.error(translate(message, field=f"`{name}`"), name)
        return value or None if member.default is None else value

    def error(self, detail: str, member: str = "") -> BrokenProfile:
        return self.location.error(_in_profile(self.location.id, detail), member)
