"""Copies of reports as publishers make them of what an agency sends.

Each changes what editors and their systems change: the byline, the agency's tag, the length, a corrected number,
quotation marks and dashes, and what is left of the page's HTML. The words of the report stay.
"""

import re
from collections.abc import Callable

import numpy as np

_SENTENCE = re.compile(r"(?<=\w\w[.!?])\s+(?=\W?[^\W\d_a-z])|(?<=[。！？।])")
_AGENCIES = ("(AP)", "(Reuters) -", "AFP –", "[ANSA]", "(연합뉴스)", "【共同】", "(dpa)")
_PLACES = ("WASHINGTON", "LONDON", "서울", "МОСКВА", "Paris", "BERLIN", "北京")
_BYLINES = ("By our own correspondent", "From staff and wire reports", "World desk", "기자 = 국제부", "Новости дня")
_ENDS = (
    "Read more on our site and follow us for the latest updates.",
    "All rights reserved. This material may not be published or redistributed.",
    "Share this article. Related topics: world, politics.",
)
_QUOTES = str.maketrans({'"': "”", "“": '"', "”": '"', "'": "’", "’": "'"})
_DASHES = str.maketrans({"-": "–", "—": "-", "–": "—"})

LEAST_KEPT = 0.55
"""Of the sentences, when the end of a report is cut off."""

Change = Callable[[str, np.random.Generator], str]


def wire_copy(text: str, rng: np.random.Generator) -> str:
    """A copy of a report, with at least two kinds of changes."""
    changes: list[Change] = [_byline, _agency, _cut, _corrected, _marks, _html, _ending]
    for number in sorted(rng.permutation(len(changes))[: int(rng.integers(2, 6))].tolist()):
        text = changes[number](text, rng)
    return text


def _byline(text: str, rng: np.random.Generator) -> str:
    return f"{rng.choice(_BYLINES)}\n{text}"


def _agency(text: str, rng: np.random.Generator) -> str:
    return f"{rng.choice(_PLACES)} {rng.choice(_AGENCIES)} {text}"


def _cut(text: str, rng: np.random.Generator) -> str:
    sentences = _SENTENCE.split(text)
    kept = max(1, round(len(sentences) * rng.uniform(LEAST_KEPT, 1)))
    return " ".join(sentences[:kept])


def _corrected(text: str, rng: np.random.Generator) -> str:
    numbers = list(re.finditer(r"\d+", text))
    if not numbers:
        return text
    chosen = numbers[int(rng.integers(len(numbers)))]
    return text[: chosen.start()] + str(int(chosen.group()) + int(rng.integers(1, 9))) + text[chosen.end() :]


def _marks(text: str, rng: np.random.Generator) -> str:  # noqa: ARG001 - as all changes
    return text.translate(_QUOTES).translate(_DASHES)


def _html(text: str, rng: np.random.Generator) -> str:
    sentences = _SENTENCE.split(text.replace("&", "&amp;"))
    place = int(rng.integers(len(sentences)))
    sentences[place] = f'<p class="story">{sentences[place]}</p>&nbsp;<br/>'
    return " ".join(sentences)


def _ending(text: str, rng: np.random.Generator) -> str:
    return f"{text}\n{rng.choice(_ENDS)}"
