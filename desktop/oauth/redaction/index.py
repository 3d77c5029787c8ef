"""Finds the spellings of secrets, and pieces of them, in one pass over a text."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

from desktop.oauth.redaction.spelling import (
    Located,
    letters_of,
    located_letters,
    located_visible,
    spellings_of,
    visible_of,
)

PIECE = 8  # letters and digits, or characters at an end; fewer of a secret may be shown
_INDEXED = 1024  # letters at both ends of a spelling
_MOST_PLACES = 8  # of one piece in the spellings of one secret
_SHORTEST = 4  # characters of a spelling that is shorter than a piece

Places = tuple[tuple[str, int], ...]
"""The spellings that contain a piece, and where in them it is."""


class SecretForms:
    """The spellings of one secret by pieces of `PIECE` letters and digits.

    A piece begins at every eighth letter, and one is at the end: so the beginning and the end of a
    spelling are found if they have 8 letters, and any other part if it has 15. Spellings that are
    too short for that, or whose letters are `ordinary` words, are found by their punctuation only.
    """

    def __init__(self, secret: str, *, ordinary: Callable[[str], bool]) -> None:
        self.spellings: list[str] = []
        self.pieces: set[str] = set()
        self.literals: set[str] = set()  # all, with their punctuation
        self.by_punctuation: set[str] = set()
        self.ends = _ends_of(secret, ordinary)
        for spelling in dict.fromkeys(spellings_of(secret)):
            letters, visible = letters_of(spelling), visible_of(spelling)
            if len(letters) >= PIECE and not ordinary(letters):
                self.spellings.append(letters)
                self.literals.add(visible)
                self.pieces |= {letters[at : at + PIECE] for at in _starts_of_pieces(letters)}
            elif len(visible) >= _SHORTEST:
                self.by_punctuation.add(visible)

    def places(self) -> dict[str, Places]:
        """Find where the pieces are: needed only once a text contains one, and then slow."""
        found: dict[str, Places] = {}
        for letters in self.spellings:
            for at in _starts_of_pieces(letters):
                piece = letters[at : at + PIECE]
                known = found.get(piece, ())
                if len(known) < _MOST_PLACES:
                    found[piece] = (*known, (letters, at))
        return found


class SecretIndex:
    """What is needed to find all of several secrets."""

    def __init__(self, secrets: Sequence[SecretForms]) -> None:
        self._secrets = secrets
        self._spellings: list[str] = []
        self._pieces: set[str] = set()
        self._by_punctuation: set[str] = set()
        self._ends: dict[str, bool] = {}
        self._literals: set[str] = set()
        for each in secrets:
            self._spellings += each.spellings
            self._pieces |= each.pieces
            self._by_punctuation |= each.by_punctuation
            self._ends |= each.ends
            self._literals |= each.literals
        self._searched = {*self._by_punctuation, *self._ends}

    def may_be_in(self, text: str) -> bool:
        """Whether a closer look at `text` is needed."""
        letters = letters_of(text)
        found = {letters[at : at + PIECE] for at in range(len(letters) - PIECE + 1)}
        if not found.isdisjoint(self._pieces):
            return True
        visible = visible_of(text) if self._searched else ""
        return any(each in visible for each in self._searched)

    def is_whole_in(self, text: str, is_public: Callable[[str], bool]) -> bool:
        """Whether `text` contains all of a secret that has at least `PIECE` characters."""
        letters, visible = letters_of(text), visible_of(text)
        return any(each in letters and not is_public(each) for each in self._spellings) or any(
            each in visible for each in self._by_punctuation if len(each) >= PIECE
        )

    def spans_in(
        self, layer: Located, is_public: Callable[[str], bool]
    ) -> Iterator[tuple[int, int]]:
        """Yield where secrets and parts of them begin and end, unless they are public."""
        yield from self._pieces_in(layer, is_public)
        found = located_visible(layer)
        for literal in (*self._literals, *self._by_punctuation, *self._ends):
            if self._ends.get(literal) and is_public(letters_of(literal)):
                continue
            at = found.text.find(literal)
            while at >= 0:
                end = at + len(literal)
                yield found.spans[at][0], found.spans[end - 1][1]
                at = found.text.find(literal, end)

    @cached_property
    def _places(self) -> dict[str, Places]:
        places: dict[str, Places] = {}
        for secret in self._secrets:
            for piece, found in secret.places().items():
                places[piece] = (*places.get(piece, ()), *found)
        return places

    def _pieces_in(
        self, layer: Located, is_public: Callable[[str], bool]
    ) -> Iterator[tuple[int, int]]:
        found = located_letters(layer)
        letters, at, free = found.text, 0, 0
        while at <= len(letters) - PIECE:
            places = self._places.get(letters[at : at + PIECE])
            if places is None:
                at += 1
                continue
            found_at = [_extended(letters, at, *place, free=free) for place in places]
            start, end = min(start for start, _ in found_at), max(end for _, end in found_at)
            if is_public(letters[start:end]):
                at = end - PIECE + 1
            else:
                yield found.spans[start][0], found.spans[end - 1][1]
                at = free = end


def _starts_of_pieces(letters: str) -> list[int]:
    last = len(letters) - PIECE
    starts = {*range(0, min(last, _INDEXED), PIECE), *range(max(0, last - _INDEXED), last, PIECE)}
    return [*starts, last]


def _ends_of(secret: str, ordinary: Callable[[str], bool]) -> dict[str, bool]:
    """Return both ends with their punctuation, and whether they could be part of an address.

    Without punctuation they are pieces. With it, "ref-resh" is no ordinary word.
    """
    visible = visible_of(secret)
    ends = {visible[:PIECE], visible[-PIECE:]} if len(visible) > PIECE else set()
    return {end: not ordinary(letters_of(end)) for end in ends if end != letters_of(end)}


def _extended(letters: str, at: int, spelling: str, position: int, *, free: int) -> tuple[int, int]:
    """Extend the piece at `at`, which is at `position` of `spelling`; not before `free`."""
    start, end = at, at + PIECE
    ahead, behind = position + PIECE, position
    while end < len(letters) and ahead < len(spelling) and letters[end] == spelling[ahead]:
        end, ahead = end + 1, ahead + 1
    while start > free and behind > 0 and letters[start - 1] == spelling[behind - 1]:
        start, behind = start - 1, behind - 1
    return start, end
