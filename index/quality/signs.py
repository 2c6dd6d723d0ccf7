"""The signs that an article has in itself, and how much of its headline its text bears out.

Those that count something are saturated: count / (count + half), where `half` is the count that gives one half. The
first few say the most, each further one less, and no number of them is enough for 1. So the signs do not pile up at
their ends, where they would tell nothing apart.
"""

from functools import cache

import regex

from index.article import ArticleFields
from index.language import WITHOUT_SPACES, locale_of
from index.quality import Signs
from index.quality.attribution import attributed
from index.reading_time import minutes_to_read
from index.related.mentions import numbers
from index.related.near_duplicates import normalised
from index.sentences import sentences

HALF_MINUTES = 1.0
"""A text of a minute, some 230 English words, is halfway: below it are briefs, above it reports."""

HALF_ATTRIBUTED = 2
"""Two sentences with a source are halfway: one source is a claim, the second one is what it can be held against."""

HALF_FIGURES = 3
"""Three numbers or dates are halfway: when it was, how many there were, how much it was."""

READ = 20_000
"""Characters of a text in which sources are looked for; numbers and dates are in its beginning alone (`mentions.READ`).
Otherwise the longest text would take a hundred times as long to measure as a usual one."""

_STEM = 5
_LEAST_WORD = 3
_HANGUL_STEM = 2
_ROUND = 4
_TITLE_WORDS = 40
_UNSPACED = regex.compile(f"[{WITHOUT_SPACES}]")
_HANGUL = regex.compile(r"\p{Hangul}")
_WORD = regex.compile(r"[\p{L}\p{M}]+")

_SHOWN = ("title", "text", "source", "published_at", "url")
"""What a reader needs to know what a report is: what it says, in short and in full, who says it, and when, and where it
can be read."""


def signs_of(article: ArticleFields, originality: float) -> Signs:
    """The signs of an article.

    Args:
        article: the article.
        originality: the share of its text that is its own, 0..1; see `originality`.
    """
    text, lang = article.text or "", article.language
    found = {
        "completeness": sum(getattr(article, name) is not None for name in _SHOWN) / len(_SHOWN),
        "length": saturated(minutes_to_read(text, lang), HALF_MINUTES),
        "attribution": saturated(attributed(sentences(text[:READ], lang), lang), HALF_ATTRIBUTED),
        "figures": saturated(_figures(article.words, lang), HALF_FIGURES),
        "originality": originality,
        "headline": headline_fit(article.title or "", text),
    }
    return Signs(**{name: round(value, _ROUND) for name, value in found.items()})


def saturated(count: float, half: float) -> float:
    """The share count / (count + half): 0 for nothing, one half for `half`, towards 1 for many."""
    return count / (count + half)


def headline_fit(title: str, text: str) -> float:
    """The share of a headline's words that its text has too, by their stems; 0..1, and 0 if one of them is missing.

    A stem is the first five letters of a word of three or more, or the first two syllables of a Korean one; in scripts
    without spaces two characters that stand together.
    """
    units = _units(normalised(title))
    words = normalised(text)
    if not units or not words:
        return float(bool(words) and bool(title) and normalised(title) in words)
    return sum(unit in words for unit in units) / len(units)


def _units(words: str) -> set[str]:
    """What of a headline, as `normalised` gave it, is looked for in the text."""
    found: set[str] = set()
    for word in words.split()[:_TITLE_WORDS]:
        if _UNSPACED.search(word):
            found |= {word[at : at + 2] for at in range(len(word) - 1)}
        elif _HANGUL.search(word):
            found |= {word[:_HANGUL_STEM]} if len(word) >= _HANGUL_STEM else set()
        elif len(word) >= _LEAST_WORD or word.isdecimal():
            found.add(word[:_STEM])
    return found


def _figures(words: str, lang: str) -> int:
    """How many different numbers of two digits and more, names of months and of days there are."""
    names, is_spaced = _calendar(lang)
    small = words[:READ].casefold()
    named = len(names.intersection(_WORD.findall(small))) if is_spaced else sum(name in small for name in names)
    return len(numbers(words)) + named


@cache
def _calendar(lang: str) -> tuple[frozenset[str], bool]:
    """The names of months and days in a language, and whether they stand between spaces."""
    locale = locale_of(lang)
    if locale is None:
        return frozenset(), True
    tables = [table[context]["wide"] for table in (locale.months, locale.days) for context in ("format", "stand-alone")]
    names = frozenset(str(name).casefold() for table in tables for name in table.values())
    letters = "".join(names)
    return names, not (_UNSPACED.search(letters) or _HANGUL.search(letters))
