"""What a text mentions that can be recognised in another one: names, countries, numbers, quotations.

None of it needs a model. Names are told by their capitals, so that only scripts that have them, and katakana, have
names; countries are known by CLDR in every language.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

import regex
from anyascii import anyascii

from index.article import territories
from index.language import WITHOUT_SPACES, locale_of, primary

MOST_NAMES = 16
READ = 4_000
"""Characters of a text that are looked through: what a report is about stands in its beginning."""

_TOKEN = regex.compile(r"[\p{L}\p{M}]+(?:['’.-][\p{L}\p{M}]+)*|[.!?…:;|\n\"«»“”„()—–]")
_UNSPACED = re.compile(f"[{WITHOUT_SPACES}]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")  # whose countries can have two letters, with particles behind them
_KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc]{3,}(?:・[\u30a1-\u30fa\u30fc]{2,})*")
_KATAKANA_RUN = re.compile(r"[\u30a1-\u30fa\u30fc]+")
_POSSESSIVE = re.compile(r"['’]s$")
_NUMBER = re.compile(r"(?<!\d)\d{1,3}(?:[ \u00a0\u202f'’]\d{3}){1,3}(?!\d)|\d+(?:[.,٫٬]\d+)*")
_GROUPS = re.compile(r"[.,٫٬ \u00a0\u202f'’](?=\d{3}(?!\d))")
_YEAR = re.compile(r"(?:19|20)\d\d")
_VOWELS_AT_END = re.compile(r"[aeiouyáéíóúàèìòùäöüâêîôûæøåąęěůаеёиіїоуыэюяйьαεηιουωάέήίόύώς]+$")
_QUOTATION = re.compile(r"[“„«「『‘\"]([^“”„«»「」『』\"\n]{8,300})[”“»」』’\"]")
_NOUNS_HAVE_CAPITALS = {"de", "lb"}
_LEAST_STEM = 4
_LONGEST_ENDING = 3
_SHORT_ENDING = 2
"""A country's name is known by its stem, since languages decline it: without the vowels at its end, and with an ending
of at most so many letters, fewer where the stem is short. In a script without capitals it is known by the whole of
it."""

_NOT_DECLINED = {"da", "en", "es", "fr", "id", "it", "ms", "nl", "no", "pt", "sv", "vi"}
"""Languages in which the name of a country stays as it is, so that `George` need not be taken for Georgia."""

_AMBIGUOUS = {"이란", "수단", "가나", "오만"}
"""Names of countries in Korean that are in common words too: these are left out."""

_LEAST_QUOTED = 15
_LEAST_QUOTED_UNSPACED = 8


class Number(NamedTuple):
    """A number in its plain form: digits of ASCII, no grouping."""

    plain: str

    @property
    def is_telling(self) -> bool:
        """Whether it is rare enough to say something: of three digits without leading zeros, and no year."""
        return len(self.plain.replace(".", "").lstrip("0")) >= len("100") and not _YEAR.fullmatch(self.plain)


def names(text: str, lang: str) -> list[str]:
    """Proper names as they are written first, in order, at most `MOST_NAMES`.

    A word that begins a sentence is none by that, nor one that comes without a capital too.
    """
    text = text[:READ]
    plain = {word for word in _TOKEN.findall(text) if word[0].islower()} | _days_and_months(lang)
    found: dict[str, str] = {}
    for words in _capitalised(text, plain):
        if primary(lang) in _NOUNS_HAVE_CAPITALS and len(words) == 1:
            continue
        name = _POSSESSIVE.sub("", " ".join(words))
        found.setdefault(name_key(name), name)
    for name in _KATAKANA.findall(text):
        found.setdefault(name_key(name), name)
    return [name for key, name in found.items() if len(key) >= _LEAST_STEM][:MOST_NAMES]


def name_key(name: str) -> str:
    """Equal for one name in several scripts, where they agree on its sounds: `Путин` and `Putin`."""
    latin = "".join(filter(str.isalpha, anyascii(name).lower())).replace("c", "k").replace("y", "i").replace("w", "v")
    single = re.sub(r"(.)\1+", r"\1", latin)
    stem = single.rstrip("aeiou")  # which languages decline
    return stem if len(stem) >= _LEAST_STEM else single


def countries(text: str, lang: str) -> list[str]:
    """ISO 3166-1 codes of the countries that the text names, in the order of the alphabet."""
    text = text[:READ]
    by_beginning, phrases, katakana = _country_names(lang)
    found: set[str] = set()
    for phrase, code in phrases:  # the longest first: Indonesia's Chinese name begins with India's
        if phrase in text:
            found.add(code)
            text = text.replace(phrase, " ")
    found |= {katakana[run] for run in _KATAKANA_RUN.findall(text) if run in katakana} if katakana else set()
    for word in set(_TOKEN.findall(text)):
        small = word.casefold()
        if word[0] == small[0] and word[0] != word[0].upper():
            continue  # countries have a capital where there are any
        stems = [one for one in by_beginning.get(small[:_LEAST_STEM], ()) if small.startswith(one[0])]
        if stems:
            stem, code = max(stems)  # of Niger and Nigeria the longer one that fits
            if len(small) <= len(stem) + _longest_ending(stem, lang):
                found.add(code)
    return sorted(found)


def numbers(text: str) -> list[Number]:
    """The numbers of two digits and more, each once, in order."""
    found: dict[str, None] = {}
    for written in _NUMBER.findall(text[:READ]):
        digits = "".join(
            str(unicodedata.digit(character)) if character.isdigit() else character for character in written
        )
        plain = _GROUPS.sub("", digits).replace(",", ".").replace("٫", ".")
        if len(plain.replace(".", "")) > 1:
            found.setdefault(plain)
    return [Number(plain) for plain in found]


def quotations(text: str) -> list[str]:
    """What stands in quotation marks and is long enough not to be a mere expression."""
    return [quoted for quoted in map(str.strip, _QUOTATION.findall(text[:READ])) if _is_long(quoted)]


def _is_long(quoted: str) -> bool:
    return len(quoted) >= (_LEAST_QUOTED_UNSPACED if _UNSPACED.search(quoted) else _LEAST_QUOTED)


def _capitalised(text: str, plain: set[str]) -> Iterator[list[str]]:
    """Runs of words with capitals; the first word of a sentence belongs to one only if it is followed by another."""
    run: list[str] = []
    begins, run_begins = True, True
    end = 0
    for match in _TOKEN.finditer(text):
        word = match.group()
        is_word = word[0].isalpha()
        is_capital = is_word and word[0].isupper() and word[0].lower() + word[1:] not in plain
        joined = text[end : match.start()] == " "
        if run and not (is_capital and joined):
            if not run_begins or len(run) > 1:
                yield run
            run = []
        if is_capital:
            run_begins = begins if not run else run_begins
            run.append(word)
        begins = not is_word
        end = match.end()
    if run and (not run_begins or len(run) > 1):
        yield run


def _longest_ending(stem: str, lang: str) -> int:
    if primary(lang) in _NOT_DECLINED:
        return 0
    return _LONGEST_ENDING if len(stem) > _LEAST_STEM else _SHORT_ENDING


class _CountryNames(NamedTuple):
    """The names of countries in a language, each with its code.

    Attributes:
        by_beginning: stems, by the letters that they begin with.
        phrases: names to be looked for as they are.
        katakana: names that have to stand alone: `タイ` is in `タイガース` too.
    """

    by_beginning: dict[str, list[tuple[str, str]]]
    phrases: list[tuple[str, str]]
    katakana: dict[str, str]


@cache
def _country_names(lang: str) -> _CountryNames:
    names = _CountryNames({}, [], {})
    for name, code in _cldr_names(lang):
        whole = name.casefold()
        if name in _AMBIGUOUS:
            continue
        if _KATAKANA_RUN.fullmatch(name):
            names.katakana[name] = code
        elif _UNSPACED.search(name) or _HANGUL.search(name) or " " in name or "-" in name:
            names.phrases.append((name, code))
        elif len(whole) >= _LEAST_STEM:
            is_declined = name != name.lower() and primary(lang) not in _NOT_DECLINED
            stem = _VOWELS_AT_END.sub("", whole) if is_declined else whole
            stem = whole[: max(_LEAST_STEM, len(stem))]
            names.by_beginning.setdefault(stem[:_LEAST_STEM], []).append((stem, code))
    names.phrases.sort(key=lambda phrase: -len(phrase[0]))
    return names


@cache
def _days_and_months(lang: str) -> frozenset[str]:
    locale = locale_of(lang)
    tables = [table["wide"] for table in (locale.days["format"], locale.months["format"])] if locale else []
    return frozenset(str(word).lower() for table in tables for word in table.values())


def _cldr_names(lang: str) -> Iterable[tuple[str, str]]:
    locale = locale_of(lang)
    if locale is None:
        return []
    written = {str(name): str(key)[:2] for key, name in locale.territories.items()}
    return [(name, code) for name, code in written.items() if code in territories() and len(name) > 1]
