"""How long a text takes to read, by published reading speeds.

    seconds = 60 * units / speed

A unit is a word, and in Korean, Japanese, Chinese and Thai, and where else no spaces stand between words, a character:
a letter or a digit, whatever marks it carries. The speeds are those of IReST: Trauzettel-Klosinski and Dietz 2012,
Standardized Assessment of Reading Performance: The New International Reading Speed Texts IReST, Invest Ophthalmol Vis
Sci 53:5452-5461, https://doi.org/10.1167/iovs.11-8284. Native speakers of 18 to 35 years read paragraphs aloud there.
Silent reading is quicker, in English by a few words a minute: 238 (Brysbaert 2019, How many words do we read per
minute?, J Mem Lang 109:104047, https://doi.org/10.1016/j.jml.2019.104047). So these times are rather too long than too
short.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import regex

from index.language import WITHOUT_SPACES, primary

WORDS_A_MINUTE: Mapping[str, int] = MappingProxyType(
    {
        "ar": 138,
        "de": 179,
        "en": 228,
        "es": 218,
        "fi": 161,
        "fr": 195,
        "he": 187,
        "it": 188,
        "nl": 202,
        "pl": 166,
        "pt": 181,
        "ru": 184,
        "sl": 180,
        "sv": 199,
        "tr": 166,
    }
)
"""The means of IReST by language, of those that put spaces between words."""

CHARACTERS_A_MINUTE: Mapping[str, int] = MappingProxyType({"ja": 357, "zh": 255})
"""The means of IReST by language, of those that do not."""

MEAN_WORDS = 184
MEAN_SYLLABLES = 370
MEAN_CHARACTERS = 863
"""The means of IReST over its 17 languages, for all languages that it lacks. A Hangul character is a syllable, so that
Korean is read by syllables; the 130 words a minute that Rhiu et al. 2017 found in Korean read aloud (Korean J
Ophthalmol 31:202, https://doi.org/10.3341/kjo.2016.0042) are about as many. Thai, Lao, Burmese and Khmer letters are
sounds."""

_SYLLABIC = {"ko"}
_LETTERED = {"th", "lo", "my", "km"}
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:['’.,:-][\p{L}\p{M}\p{N}]+)*")
_CHARACTER = regex.compile(r"[\p{L}\p{N}]")
_UNSPACED = regex.compile(f"[{WITHOUT_SPACES}]")


class Unit(StrEnum):
    """What a reading speed counts."""

    WORDS = "words"
    CHARACTERS = "characters"


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a language is read.

    Attributes:
        a_minute: so many units.
        unit: what they are.
        is_published: whether it was measured in this language; otherwise it is a mean over languages.
    """

    a_minute: int
    unit: Unit
    is_published: bool


def speed_of(lang: str) -> Speed:
    """How fast a language is read.

    Args:
        lang: BCP 47 tag; its region and script make no difference.
    """
    language = primary(lang)
    if language in WORDS_A_MINUTE:
        return Speed(WORDS_A_MINUTE[language], Unit.WORDS, is_published=True)
    if language in CHARACTERS_A_MINUTE:
        return Speed(CHARACTERS_A_MINUTE[language], Unit.CHARACTERS, is_published=True)
    if language in _SYLLABIC:
        return Speed(MEAN_SYLLABLES, Unit.CHARACTERS, is_published=False)
    if language in _LETTERED:
        return Speed(MEAN_CHARACTERS, Unit.CHARACTERS, is_published=False)
    return Speed(MEAN_WORDS, Unit.WORDS, is_published=False)


def seconds_to_read(text: str, lang: str) -> int:
    """Whole seconds that a text takes to read; at least 1, and 0 if there is nothing to read.

    Args:
        text: the text.
        lang: its language, BCP 47.
    """
    exact = minutes_to_read(text, lang) * 60
    return max(1, round(exact)) if exact else 0


def minutes_to_read(text: str, lang: str) -> float:
    """The same exactly, in minutes; 0 or more."""
    speed = speed_of(lang)
    if speed.unit is Unit.WORDS and _is_unspaced(text):
        speed = Speed(MEAN_CHARACTERS, Unit.CHARACTERS, is_published=False)  # of no known language, or of another
    units = _WORD if speed.unit is Unit.WORDS else _CHARACTER
    return sum(1 for _ in units.finditer(text)) / speed.a_minute


def _is_unspaced(text: str) -> bool:
    """Whether most of a text is in scripts that put no spaces between words."""
    if not _UNSPACED.search(text):  # as most texts, of which the characters need not be counted then
        return False
    return len(_UNSPACED.findall(text)) > len(_CHARACTER.findall(text)) / 2
