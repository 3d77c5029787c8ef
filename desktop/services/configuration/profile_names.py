"""The names of profiles: ids and names share one namespace, in which nothing looks like another.

A profile is chosen by its id or its name. If the id of one were the name of another, or read like
it, `--profile prod` would mean another server than before.
"""

# ruff: noqa: RUF001 - the letters that look like others are what this is about

import re
import unicodedata
from collections.abc import Iterable, Mapping

from desktop.services.model.profile import Profile
from desktop.services.system.translation import translatable

NAME_TAKEN = translatable("Another profile has this name or ID, or one that looks like it.")

# Letters of other alphabets that most fonts draw like Latin ones: the part of Unicode's confusables
# (UTS 39) with whole alphabets. Each line has Latin letters, and then those that look like them.
_LOOKALIKES = (
    ("ABEKMHOPCTYXIJSVGQWFLDRNZU", "АВЕКМНОРСТУХІЈЅѴԌԚԜҒԼᎠᎡΝΖՍ"),
    ("aeopcyxijsvdqwhlkmtbnrbhzg", "аеорсухіјѕѵԁԛԝһӏкмтьпгвнᴢց"),
    ("ABEZHIKMNOPTYX", "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"),
    ("aevioptuxknyw", "αενιορτυχκηγω"),
    ("hnousjqgSOLl", "հոօսսյզցՏՕԼլ"),
    ("iagovwcszu", "ıɑɡᴏᴠᴡᴄꜱᴢᴜ"),
    ("vyb", "ʋүƅ"),
    ("prdtknmbjlseu", "ᴘʀᴅᴛᴋɴᴍʙᴊʟꜱᴇᴜ"),
    ("BPDTGKJCZFMNLSRVHWXYAEIOU", "ꓐꓑꓓꓔꓖꓗꓙꓚꓜꓝꓟꓠꓡꓢꓣꓦꓧꓪꓫꓬꓮꓰꓲꓳꓴ"),
)
_TO_LATIN = str.maketrans({o: ours for a, b in _LOOKALIKES for ours, o in zip(a, b, strict=True)})
# Characters that are compared: sorting many accents takes time that grows with their square.
_LONGEST = 512
# What is not drawn, but is no format character: fillers, joiners, and selectors of variants
# (Default_Ignorable_Code_Point), and the empty pattern of Braille.
_UNSEEN = (
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
_HYPHENS = "[\u2010-\u2015\u2043\u2212\u02d7]"


def name_key(name: str) -> str:
    """Reduce `name` to what people see: equal for names that are told apart by nothing visible.

    Case, blanks, hyphens, Unicode's forms and lookalike letters don't count.
    """
    if name.isascii():  # everything below is about other characters
        return " ".join(name[:_LONGEST].casefold().split())
    visible = "".join(each for each in name[:_LONGEST] if unicodedata.category(each) != "Cf")
    plain = unicodedata.normalize("NFKC", re.sub(_UNSEEN, "", visible))
    plain = plain.translate(_TO_LATIN).casefold()
    plain = unicodedata.normalize("NFKC", plain).translate(_TO_LATIN)
    return " ".join(re.sub(_HYPHENS, "-", plain).split())


def name_keys(names: Iterable[str]) -> frozenset[str]:
    """Reduce all `names`."""
    return frozenset(map(name_key, names))


def names_in(tables: Mapping[str, object]) -> list[str]:
    """List the ids and names in `tables` of profiles, as in the file."""
    names = (each.get("name") for each in tables.values() if isinstance(each, Mapping))
    return [*tables, *(each for each in names if isinstance(each, str))]


def names_of(profiles: Iterable[Profile]) -> list[str]:
    """List the ids and names of `profiles`."""
    return [name for each in profiles for name in (each.id, each.name)]


def find_named(profiles: Iterable[Profile], name: str) -> tuple[Profile, ...]:
    """Find the profile called `name`, and all others whose name looks like it; empty for none."""
    key = name_key(name)
    found = [each for each in profiles if name_key(each.name) == key]
    return tuple(found) if any(each.name == name for each in found) else ()


def find_clashes(profiles: Iterable[Profile]) -> dict[str, str]:
    """Find the profiles whose id reads like the name of an earlier one, or the other way round.

    Returns the id of the other by the id of the later.
    """
    ids: dict[str, str] = {}
    names: dict[str, str] = {}
    clashes: dict[str, str] = {}
    for each in profiles:
        id_, name = name_key(each.id), name_key(each.name)
        other = names.get(id_) or ids.get(name)
        if other is not None:
            clashes[each.id] = other
            continue
        ids[id_] = each.id
        names.setdefault(name, each.id)
    return clashes
