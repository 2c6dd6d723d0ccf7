"""A short summary of a text: the sentences of it that are closest to the whole, and not to each other.

They are chosen one by one by maximal marginal relevance (Carbonell and Goldstein 1998, The use of MMR, diversity-based
reranking for reordering documents and producing summaries, https://doi.org/10.1145/290941.291025): the next one is that
with the highest

    BALANCE * cos(sentence, article) - (1 - BALANCE) * max(cos(sentence, chosen))

by the embeddings that all else goes by, centred. They are given as they stand, in the order of the text. Nothing is
written anew, so that a summary says nothing that its article does not.
"""

from collections.abc import Sequence
from math import ceil

import numpy as np
import regex
from numpy.typing import NDArray

from index.language import WITHOUT_SPACES
from index.sentences import Span, spans

MOST_SENTENCES = 3

SHARE = 1 / 3
"""A summary has at most this share of the text's sentences, rounded up: otherwise it saves no time."""

BALANCE = 0.5
"""How much being close to the whole counts beside being unlike what was chosen. The lower it is, the less do the
sentences of a summary repeat each other, and down to here it is as close to its article (`scripts/evaluate-summaries`).
"""

READ = 8_000
MOST_READ = 32
"""Of so many characters and sentences from the beginning the choice is made: reports say first what matters most, and
to embed the rest of a long text would take longer than all else that is done with it."""

_LEAST = 25
_LEAST_UNSPACED = 10
"""Characters. What is shorter is a byline, a caption or an exclamation, unless there is nothing else."""

_UNSPACED = regex.compile(f"[{WITHOUT_SPACES}\\p{{Hangul}}]")

Vectors = NDArray[np.float32]


def candidates(text: str, lang: str) -> list[Span]:
    """Where the sentences are of which a summary may consist.

    Args:
        text: an article's.
        lang: its language, BCP 47.
    """
    found = [span for span in spans(text[: READ + 1], lang) if len(text) <= READ or span.end <= READ]
    found = (found or [Span(0, READ)])[:MOST_READ]
    return [span for span in found if _is_long(text[span.start : span.end])] or found[:1]


def most_of(count: int) -> int:
    """How many sentences the summary of a text of `count` sentences has at most."""
    return min(MOST_SENTENCES, ceil(count * SHARE))


def chosen(sentences: Vectors, whole: Vectors, most: int, balance: float = BALANCE) -> list[int]:
    """Which sentences make the summary: their numbers, ascending.

    Args:
        sentences: their centred embeddings, shape (n, dimensions), rows of unit length.
        whole: that of the article, shape (dimensions,).
        most: how many are chosen, if there are so many.
        balance: see `BALANCE`.
    """
    close = sentences @ whole
    between = sentences @ sentences.T
    taken: list[int] = []
    while len(taken) < min(most, len(sentences)):
        alike = between[:, taken].max(axis=1) if taken else np.zeros_like(close)
        worth = balance * close - (1 - balance) * alike
        worth[taken] = -np.inf
        taken.append(int(worth.argmax()))
    return sorted(taken)


def texts(text: str, found: Sequence[tuple[int, int]]) -> list[str]:
    """The sentences themselves."""
    return [text[start:end] for start, end in found]


def _is_long(sentence: str) -> bool:
    return len(sentence) >= (_LEAST_UNSPACED if _UNSPACED.search(sentence) else _LEAST)
