"""Reads profiles from TOML, and says what makes no sense in them, and where."""

import logging
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from desktop.oauth.addresses import has_hidden_characters
from desktop.oauth.errors import printable
from desktop.services.configuration.profile_rules import NEVER_IN_A_FILE, faults, names_secret
from desktop.services.model.policy import NO_POLICY, Policy
from desktop.services.model.profile import (
    MEMBERS,
    BrokenProfile,
    NoProfile,
    Profile,
    UnknownProfile,
)
from desktop.services.system import paths
from desktop.services.system.resources import resource

_log = logging.getLogger(__name__)

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


@dataclass(frozen=True, slots=True)
class Profiles:
    """What there is, by id and in its order: those that make sense, and why others do not.

    `file` is the person's own. `policy` is what an administrator has decided besides.
    """

    file: Path
    good: Mapping[str, Profile]
    broken: Mapping[str, BrokenProfile]
    policy: Policy = NO_POLICY

    def named(self, name: str | None) -> Profile:
        """The profile with the id or else the name `name`, or the first. Raises `ProfileError`."""
        if name is None:
            for id_ in self.good:
                return self.good[id_]
            for complaint in self.broken.values():
                raise complaint
            raise NoProfile(self.file)
        if name in self.broken:
            raise self.broken[name]
        if name not in self.good:
            called = [each for each in self.good.values() if each.name == name]
            if len(called) == 1:
                return called[0]
            if not self.good and not self.broken:
                raise NoProfile(self.file)
            raise UnknownProfile(self.file, name, self.good, self._near(name))
        return self.good[name]

    def _near(self, name: str) -> tuple[str, ...]:
        """The ids of those that whoever wrote `name` may have meant, by id or name."""
        import difflib  # needed by few

        plain = name.casefold()
        called = {id_: (id_, each.name.casefold()) for id_, each in self.good.items()}
        return tuple(
            id_
            for id_, names in called.items()
            if difflib.get_close_matches(plain, names, cutoff=_NEAR_NAME)
        )


def load_profile(name: str | None = None, *, file: Path | None = None) -> Profile:
    """The profile `name`, or the first one. Raises `ProfileError`."""
    return load_profiles(file or paths.profiles_file()).named(name)


def load_profiles(file: Path) -> Profiles:
    """What `file` holds. Raises `BrokenProfile` where it cannot be read as a whole. Blocks.

    One profile that makes no sense takes no other away.
    """
    text = read_text(file)
    return read_profiles(file, read_document(file, text), text)


def load_presets() -> dict[str, Mapping[str, object]]:
    """The providers that are known by name, as members of a profile."""
    file = resource("presets.toml")
    presets = read_document(file, read_text(file))
    return {name: table for name, table in presets.items() if isinstance(table, dict)}


def preset_members(
    preset: Mapping[str, object], members: Mapping[str, object]
) -> dict[str, object]:
    """What a profile with those `members` has from `preset`: not what is for a form alone."""
    issuer = str(members.get("issuer") or preset.get("issuer", "")).strip().rstrip("/")
    return {
        name: value.replace("{issuer}", issuer) if isinstance(value, str) else value
        for name, value in preset.items()
        if name in MEMBERS
    }


def read_profiles(file: Path, document: Mapping[str, object], text: str = "") -> Profiles:
    """What `document`, from `file`, holds; with its `text` lines are told. Raises `BrokenProfile`.

    One profile that makes no sense takes no other away.
    """
    for name in document:
        if name != "profiles" and near(name, ("profiles",)):
            raise BrokenProfile(file, f"`[{name}.…]` is not known; did you mean `[profiles.…]`?")
    tables = document.get("profiles", {})
    if not isinstance(tables, dict):
        raise BrokenProfile(file, "`profiles` must be a table")
    presets = load_presets()
    good: dict[str, Profile] = {}
    broken: dict[str, BrokenProfile] = {}
    for id_, table in tables.items():
        try:
            good[id_] = _profile(_Place(file, text, id_), table, presets)
        except BrokenProfile as complaint:
            broken[id_] = complaint
    return Profiles(file, good, broken)


def prepare_folder() -> Path:
    """The folder of the profiles; created, with an example in it, where there is none.

    Raises `BrokenProfile` where that is impossible.
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
    """What is in `file`, empty where there is none. Raises `BrokenProfile`. Blocks."""
    try:
        # Windows editors may put a byte order mark in front.
        return file.read_bytes().decode("utf-8-sig")  # which keeps the ends of its lines
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise BrokenProfile(file, "it is no text in UTF-8; save it as UTF-8") from error
    except OSError as error:
        raise BrokenProfile(file, str(error)) from error


def read_document(file: Path, text: str) -> dict[str, object]:
    """What the TOML `text` of `file` says. Raises `BrokenProfile`."""
    if _DEEP.search(text):
        raise BrokenProfile(file, "its names have too many parts")
    try:
        return tomllib.loads(text)
    # TOMLDecodeError is a ValueError; brackets may be nested too deep.
    except (ValueError, RecursionError) as error:
        raise BrokenProfile(file, str(error)) from error


# Of a name with n parts the standard library keeps n * n: a hundred kilobytes would take gigabytes.
_DEEP = re.compile(
    r"""^[ \t\[]*(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){32}""", re.ASCII | re.MULTILINE
)


def near(name: str, known: Iterable[str]) -> str:
    """The one of `known` that whoever wrote `name` may have meant; empty for none."""
    import difflib  # needed by few

    plain = name.lower().replace("-", "_")
    return next(iter(difflib.get_close_matches(plain, known, n=1, cutoff=_NEAR)), "")


_NEAR_NAME = 0.8  # of 1: one letter of five is another
# Of 1. `clientid` is near to `client_id`, and what a later version may know is near to nothing.
_NEAR = 0.85


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a profile stands: its file, that file's text, and its id."""

    file: Path
    text: str
    id: str

    def complaint(self, detail: str, member: str = "") -> BrokenProfile:
        """That something is wrong, with the line where that can be found."""
        line = self._line(member)
        return BrokenProfile(self.file, f"{detail} (line {line})" if line else detail)

    def _line(self, member: str) -> int:
        """The line of `member`, or else of the table itself; 0 where neither is found."""
        found, inside = 0, False
        table = re.compile(rf"\s*\[\s*profiles\s*\.\s*[\"']?{re.escape(self.id)}[\"']?\s*[].]")
        given = re.compile(rf"\s*[\"']?{re.escape(member)}[\"']?\s*[.=]")
        for number, line in enumerate(self.text.split("\n"), 1):  # as TOML ends lines
            if line.lstrip().startswith("["):
                inside = table.match(line) is not None
                found = found or (number if inside else 0)
            elif inside and member and given.match(line):
                return number
        return found


def _profile(place: _Place, table: object, presets: Mapping[str, object]) -> Profile:
    if not is_plain_id(place.id) or not isinstance(table, dict):
        raise place.complaint(f"`{place.id}` is no table with a plain name (a-z, 0-9, . _ -)")
    preset_name = table.get("preset")
    preset = {} if preset_name is None else presets.get(str(preset_name))
    if not isinstance(preset, dict):
        known = ", ".join(presets)
        raise place.complaint(f"`{place.id}`: unknown preset; known are {known}", "preset")
    if not preset.get("issuer") and "issuer_example" in preset and not table.get("issuer"):
        example = preset["issuer_example"]
        raise place.complaint(
            f"profile `{place.id}`: `issuer` is missing, such as {example}", "preset"
        )
    return _Reader(place, {**preset_members(preset, table), **table}).profile()


def is_plain_id(id_: str) -> bool:
    """Whether `id_` can name a profile on disk and in the keyring."""
    return _ID.fullmatch(id_) is not None


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one table, naming the file, the profile and the member in every complaint."""

    place: _Place
    table: Mapping[str, object]

    def profile(self) -> Profile:
        self.check_names()
        profile = Profile(
            id=self.place.id,
            name=self.text("name", default=self.place.id),
            client_id=self.text("client_id"),
            preset=self.text("preset", default=""),
            grant=self.text("grant", default="device"),
            provider=self.text("provider", default=""),
            region=self.text("region", default=""),
            issuer=self.text("issuer", default=""),
            expected_issuer=self.text("expected_issuer", default="") or None,
            device_authorization_endpoint=self.text("device_authorization_endpoint", default=""),
            token_endpoint=self.text("token_endpoint", default=""),
            authorization_endpoint=self.text("authorization_endpoint", default=""),
            userinfo_endpoint=self.text("userinfo_endpoint", default=""),
            revocation_endpoint=self.text("revocation_endpoint", default=""),
            app_grant_endpoint=self.text("app_grant_endpoint", default=""),
            client_authentication=self.text("client_authentication", default="auto"),
            scope=self.texts("scope"),
            verification_hosts=self.texts("verification_hosts"),
            scope_guide=self.text("scope_guide", default=""),
            extra_parameters=self.parameters("extra_parameters"),
            redirect_uri=self.text("redirect_uri", default=""),
            letter=self.text("letter", default=""),
            color=self.text("color", default=""),
            proxy=self.text("proxy", default="system"),
            proxy_user=self.text("proxy_user", default=""),
            ca_file=self.text("ca_file", default=""),
            settings=self.members("settings"),
        )
        for member, detail in faults(profile):
            raise self.complaint(detail, member)
        return profile

    def check_names(self) -> None:
        """What looks like a slip is told; what a later version may know does no harm."""
        for name in sorted(self.table.keys() - MEMBERS):
            if names_secret(name):
                raise self.complaint(f"`{name}`: {NEVER_IN_A_FILE}", name)
            if meant := near(name, MEMBERS):
                raise self.complaint(f"`{name}` is not known; did you mean `{meant}`?", name)
            _log.info(
                "profile %s: a member that is not known: %s", self.place.id, printable(name, 60)
            )

    def text(self, name: str, *, default: str | None = None) -> str:
        value = self.table.get(name, default)
        if value is None:
            raise self.complaint(f"`{name}` is missing", name)
        if not isinstance(value, str):
            raise self.complaint(f"`{name}` must be a text", name)
        if default is None and not value.strip():
            raise self.complaint(f"`{name}` is empty", name)
        if has_hidden_characters(value.strip()):
            raise self.complaint(f"`{name}` holds characters that cannot be seen", name)
        return value.strip()

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.table.get(name, [])
        if isinstance(value, str):
            value = value.split()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.complaint(f"`{name}` must be a list of texts", name)
        if any(has_hidden_characters(item) for item in value):
            raise self.complaint(f"`{name}` holds characters that cannot be seen", name)
        return tuple(value)

    def members(self, name: str) -> dict[str, object]:
        value = self.table.get(name, {})
        if not isinstance(value, dict):
            raise self.complaint(f"`{name}` must be a table", name)
        return dict(value)

    def parameters(self, name: str) -> dict[str, str]:
        value = self.table.get(name, {})
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise self.complaint(f"`{name}` must be a table of texts", name)
        return dict(value)

    def complaint(self, detail: str, member: str = "") -> BrokenProfile:
        return self.place.complaint(f"profile `{self.place.id}`: {detail}", member)
