"""Cut a text into sentences, in any language, by rules alone.

The rules are those of Wikimedia's `sentencex`, which knows the marks and the abbreviations of some 300 languages. What
it cuts too often is put together again: a quotation and the particle behind it in Korean and Japanese, what goes on
with a small letter, and an abbreviation that it does not know. Every line is cut by itself, since a line of an article
is a paragraph.

Thai and Lao have no mark for the end of a sentence. A line of theirs is cut at spaces, which stand between clauses and
sentences alike, into pieces of at least `LEAST_CLAUSES` characters: they end where a clause does, which need not be the
end of a sentence.
"""

from collections.abc import Iterator
from typing import NamedTuple

import regex
from sentencex import segment

from index.language import primary

LEAST_CLAUSES = 70
"""Characters. A clause of Thai news has 20 to 60: so a piece has two or three, and says something by itself."""

_WITHOUT_MARKS = regex.compile(r"[\p{Thai}\p{Lao}]")
_CLAUSE = regex.compile(r"\s*\S+(?:\s+(?=\p{N})\S+|(?<=\p{N})\s+\S+)*\s*")
"""Up to a space, but for one beside a number, which belongs to what it counts."""

_CLOSING = tuple("\"'”’»」』）)")
_PARTICLE = regex.compile(r"\p{Hangul}|と|って|など|を|が|の|へ|に|は")
_ABBREVIATION = regex.compile(r"\P{L}*(?:[\p{L}\p{M}]{1,3}\.\s*)+")
_LONGEST_ABBREVIATION = 16
_LOOKED_AT = 200
_FIRST_LETTER = regex.compile(r"[\p{Ps}\p{Pi}\p{Pd}\"'„\s]*(\p{Ll})")


class Span(NamedTuple):
    """Where a sentence stands in its text.

    Attributes:
        start: of its first character.
        end: behind its last one.
    """

    start: int
    end: int


def spans(text: str, lang: str) -> list[Span]:
    """Where the sentences of a text are, in order; what lies between them is white space alone.

    Args:
        text: the text.
        lang: its language, BCP 47; where it is unknown, the marks that most languages have are known.
    """
    found: list[Span] = []
    start = 0
    for line in text.split("\n"):
        at = start
        for piece in _pieces(line, primary(lang)):
            words = piece.strip()
            if words:
                begin = at + piece.index(words)
                found.append(Span(begin, begin + len(words)))
            at += len(piece)
        start += len(line) + 1
    return found


def sentences(text: str, lang: str) -> list[str]:
    """The sentences themselves; see `spans`."""
    return [text[start:end] for start, end in spans(text, lang)]


def _pieces(line: str, language: str) -> Iterator[str]:
    """A line cut into pieces, nothing of it lost."""
    held = ""
    for piece in segment(language, line):
        if held and not _goes_on(held, piece):
            yield from _clauses(held)
            held = ""
        held += piece
    yield from _clauses(held)


def _goes_on(before: str, piece: str) -> bool:
    """Whether a piece goes on with the sentence before it."""
    if not before[-1].isspace() and before.endswith(_CLOSING) and _PARTICLE.match(piece):
        return True
    if len(before) <= _LONGEST_ABBREVIATION and _ABBREVIATION.fullmatch(before):
        return True
    # Not in a text that has no capitals at all.
    return _FIRST_LETTER.match(piece) is not None and any(map(str.isupper, before[:_LOOKED_AT]))


def _clauses(sentence: str) -> Iterator[str]:
    """A sentence of a script without marks, cut into pieces that are long enough; any other one as it is."""
    if len(sentence) < 2 * LEAST_CLAUSES or not _WITHOUT_MARKS.search(sentence):
        yield sentence
        return
    held = ""
    rest = len(sentence)
    for clause in _CLAUSE.findall(sentence):
        held += clause
        rest -= len(clause)
        if len(held) >= LEAST_CLAUSES <= rest:
            yield held
            held = ""
    yield held
