"""Which report's headline stands for a story.

The one of the report closest to the middle of the story; known publishers, original reports, recent ones and plain
headlines have an advantage. The weights are an editor's choice: no set has such labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import regex
from numpy.typing import NDArray

from index.language import WITHOUT_SPACES
from index.store.stories import Report

PER_SIGN = 0.1
"""What a sign of click-bait takes from the cosine with the middle of the story."""

UNKNOWN_SOURCE = 0.05
COPY = 0.05
STALE = 0.05
"""The oldest report of a story loses so much against the latest one, those between in proportion."""

_UNSPACED = regex.compile(f"[{WITHOUT_SPACES}]")
_ASKS_OR_SHOUTS = regex.compile(r"[?？؟!！]")
_TRAILS_OFF = regex.compile(r"(…|\.\.\.)\s*$")
_COUNTS = regex.compile(r"^\s*\d{1,2}\s+\p{Ll}")
_LENGTHS = {False: (15, 160), True: (6, 80)}
_MOSTLY = 0.6


@dataclass(frozen=True, slots=True)
class Headline:
    """A headline of a story.

    Attributes:
        lang: its language.
        title: it.
        report: whose it is.
    """

    lang: str
    title: str
    report: Report


def signs_of_click_bait(title: str) -> int:
    """How many signs there are that a headline wants to be clicked rather than to tell something.

    It asks or shouts, trails off, is in capitals, counts what it lists, or is very short or long.
    """
    is_unspaced = bool(_UNSPACED.search(title))
    shortest, longest = _LENGTHS[is_unspaced]
    cased = [letter for letter in title if letter.lower() != letter.upper()]
    signs = (
        _ASKS_OR_SHOUTS.search(title),
        _TRAILS_OFF.search(title),
        _COUNTS.search(title),
        sum(map(str.isupper, cased)) > _MOSTLY * max(len(cased), shortest),
        not shortest <= len(title) <= longest,
    )
    return sum(map(bool, signs))


def best(reports: Sequence[Report], central: NDArray[np.float64]) -> int:
    """The place of the report whose headline is the best.

    Args:
        reports: at least one, with titles, of one story.
        central: their cosines with the middle of the story, shape (reports,).
    """
    appeared = np.array([report.appeared_at.timestamp() for report in reports])
    age = (appeared.max() - appeared) / max(float(np.ptp(appeared)), 1.0)
    worth = central - STALE * age
    worth -= PER_SIGN * np.array([signs_of_click_bait(report.title or "") for report in reports])
    worth -= UNKNOWN_SOURCE * np.array([not report.source for report in reports])
    worth -= COPY * np.array([report.is_copy for report in reports])
    return int(np.argmax(worth))
