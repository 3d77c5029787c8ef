"""Finds the spellings of secrets, and pieces of them, in one pass over a text."""

from collections.abc import Callable, Iterable, Iterator

from desktop.oauth.redaction.spelling import (
    Located,
    letters_of,
    located_letters,
    located_visible,
    visible_of,
)

_PIECE = 8  # letters and digits, or characters at an end; fewer of a secret may be shown
_INDEXED = 1024  # letters at both ends of a spelling
_SHORTEST = 4  # characters of a spelling that is shorter than a piece


class SecretIndex:
    """The spellings of secrets by pieces of `_PIECE` letters and digits.

    A piece begins at every eighth letter, and one is at the end: so the beginning and the end of a
    spelling are found if they have 8 letters, and any other part if it has 15. Spellings that are
    too short for that, or whose letters are `ordinary` words, are found by their punctuation only.
    """

    def __init__(
        self, secrets: Iterable[tuple[str, ...]], *, ordinary: Callable[[str], bool]
    ) -> None:
        self._ordinary = ordinary
        self._spellings: list[str] = []
        self._pieces: dict[str, tuple[str, int]] = {}  # with the spelling, and where in it
        self._literals: set[str] = set()  # all, with their punctuation
        self._by_punctuation: set[str] = set()
        self._ends: set[str] = set()  # characters at the ends of secrets
        for secret in secrets:
            self._add_ends(visible_of(secret[0]))
            for spelling in secret:
                letters, visible = letters_of(spelling), visible_of(spelling)
                if len(letters) >= _PIECE and not ordinary(letters):
                    self._spellings.append(letters)
                    self._add(letters)
                elif len(visible) >= _SHORTEST:
                    self._by_punctuation.add(visible)
                else:
                    continue
                self._literals.add(visible)

    def may_be_in(self, text: str) -> bool:
        """Whether a closer look at `text` is needed."""
        letters, pieces = letters_of(text), self._pieces
        if any(letters[at : at + _PIECE] in pieces for at in range(len(letters) - _PIECE + 1)):
            return True
        searched = self._by_punctuation | self._ends
        visible = visible_of(text) if searched else ""
        return any(each in visible for each in searched)

    def is_whole_in(self, text: str, is_public: Callable[[str], bool]) -> bool:
        """Whether `text` contains all of a secret that has at least `_PIECE` characters."""
        letters, visible = letters_of(text), visible_of(text)
        return any(each in letters and not is_public(each) for each in self._spellings) or any(
            each in visible for each in self._by_punctuation if len(each) >= _PIECE
        )

    def spans_in(
        self, layer: Located, is_public: Callable[[str], bool]
    ) -> Iterator[tuple[int, int]]:
        """Yield where secrets and parts of them begin and end, unless they are public."""
        yield from self._pieces_in(layer, is_public)
        yield from self._literals_in(layer, is_public)

    def _pieces_in(
        self, layer: Located, is_public: Callable[[str], bool]
    ) -> Iterator[tuple[int, int]]:
        found = located_letters(layer)
        letters, at, free = found.text, 0, 0
        while at <= len(letters) - _PIECE:
            hit = self._pieces.get(letters[at : at + _PIECE])
            if hit is None:
                at += 1
                continue
            start, end = _extended(letters, at, *hit, free=free)
            if is_public(letters[start:end]):
                at = end - _PIECE + 1
            else:
                yield found.spans[start][0], found.spans[end - 1][1]
                at = free = end

    def _literals_in(
        self, layer: Located, is_public: Callable[[str], bool]
    ) -> Iterator[tuple[int, int]]:
        found = located_visible(layer)
        for literal in self._literals | self._ends:
            letters = letters_of(literal)
            # The punctuation tells "ref-resh" from an ordinary word, but not from an address.
            if literal in self._ends and is_public(letters) and not self._ordinary(letters):
                continue
            at = found.text.find(literal)
            while at >= 0:
                end = at + len(literal)
                yield found.spans[at][0], found.spans[end - 1][1]
                at = found.text.find(literal, end)

    def _add_ends(self, visible: str) -> None:
        for end in (visible[:_PIECE], visible[-_PIECE:]):
            # Without punctuation, the pieces are longer and those of ordinary words are known.
            if len(visible) > _PIECE and end != letters_of(end):
                self._ends.add(end)

    def _add(self, letters: str) -> None:
        last = len(letters) - _PIECE
        near_an_end = (at for at in range(0, last, _PIECE) if at < _INDEXED or at > last - _INDEXED)
        for at in (*near_an_end, last):
            self._pieces.setdefault(letters[at : at + _PIECE], (letters, at))


def _extended(letters: str, at: int, spelling: str, position: int, *, free: int) -> tuple[int, int]:
    """Extend the piece at `at`, which is at `position` of `spelling`; not before `free`."""
    start, end = at, at + _PIECE
    ahead, behind = position + _PIECE, position
    while end < len(letters) and ahead < len(spelling) and letters[end] == spelling[ahead]:
        end, ahead = end + 1, ahead + 1
    while start > free and behind > 0 and letters[start - 1] == spelling[behind - 1]:
        start, behind = start - 1, behind - 1
    return start, end
