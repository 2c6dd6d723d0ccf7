"""How probable it is that two articles report the same event, or events of one running story.

A logistic regression on a few features, with one weight each and two thresholds (the proportional odds model, McCullagh
1980, https://doi.org/10.1111/j.2517-6161.1980.tb01109.x): what is the same story is related all the more.
`README.md` beside this file tells which other features were tried, and what each is worth.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from index.related import signals
from index.related.signals import Records

SCORER_FILE = "scorer.json"

FEATURES = (
    "similarity",
    "telling_numbers",
    "no_number_in_common",
    "beyond_a_week",
    "beyond_a_month",
)
"""In the order in which `features` gives them."""

_MOST_TELLING = 3
_WEEK = 7.0
_MONTH = 30.0
_SECONDS_A_DAY = 86_400

Floats = NDArray[np.float64]


class Probabilities(NamedTuple):
    """Of some articles, each of shape (n,), float64, 0..1; the second is never less than the first."""

    same_story: Floats
    related: Floats


def days_between(some: Floats, other: float) -> Floats:
    """Days from moments to another one, all in seconds since 1970; nan where one is not known."""
    days: Floats = np.abs(some - other) / _SECONDS_A_DAY
    return days


def seconds_of(moment: datetime | None) -> float:
    """A moment in seconds since 1970; nan if it is not known."""
    return moment.timestamp() if moment else float("nan")


def features(similarities: NDArray[np.float32], own: np.void | Records, others: Records, gaps: Floats | None) -> Floats:
    """What the scorer goes by; shape (..., len(FEATURES)), float64.

    Args:
        similarities: cosines of the centred embeddings in units of those of unrelated articles, of any shape.
        own: the record of the article asked about, or of the one article of each pair, of a shape that is broadcast to
            theirs.
        others: those of the others, likewise.
        gaps: days between the publications, see `days_between`, likewise; nan counts neither way. None if none is
            known.
    """
    telling = signals.common(own["telling"], others["telling"])
    shared = signals.common(own["numbers"], others["numbers"])
    both_have_numbers = signals.has_any(own["numbers"]) & signals.has_any(others["numbers"])
    found = np.zeros((*similarities.shape, len(FEATURES)))
    found[..., 0] = similarities
    found[..., 1] = np.log1p(np.minimum(telling, _MOST_TELLING))
    found[..., 2] = both_have_numbers & (shared == 0)
    if gaps is not None:
        found[..., 3], found[..., 4] = _of_time(gaps)
    return found


def _of_time(gaps: Floats) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    days = np.where(np.isnan(gaps), 0, np.abs(gaps))
    return days > _WEEK, days > _MONTH


@dataclass(frozen=True, slots=True)
class Scorer:
    """The weights of the features, and from which sum of them on articles are one story, or related.

    Attributes:
        weights: shape (len(FEATURES),), float64.
        same_story: the sum at which P(same story) is a half.
        related: the sum at which P(related) is a half; not higher.
    """

    weights: Floats
    same_story: float
    related: float

    def sums(self, of: Floats) -> Floats:
        """The weighted sums of features, of shape (..., len(FEATURES)); shape (...)."""
        total: Floats = np.einsum("...f,f->...", of, self.weights)  # other than a product, the same in any company
        return total

    def probabilities(self, sums: Floats) -> Probabilities:
        """How probable each relation is."""
        return Probabilities(expit(sums - self.same_story), expit(sums - self.related))

    def ranks(self, sums: Floats) -> Floats:
        """The sums in units of similarity: what is closer in time, say, ranks as if it were so much more similar."""
        scaled: Floats = sums / self.weights[0]
        return scaled

    def apart(self, gaps: Floats) -> Floats:
        """What being apart in time takes from the ranks, 0 or less; of days between, of the same shape."""
        taken: Floats = np.stack(_of_time(gaps), axis=-1) @ self.weights[-2:] / self.weights[0]
        return taken


def load_scorer(without: str | None = None) -> Scorer:
    """Read the scorer that is shipped.

    Args:
        without: a set by which it is to be measured: then one trained without that set, if it had a part in it.
    """
    kept = json.loads(files(__package__).joinpath(SCORER_FILE).read_text(encoding="utf-8"))
    chosen = kept["left_out"].get(without, kept)
    weights = np.array([chosen["weights"][name] for name in FEATURES], np.float64)
    return Scorer(weights, chosen["same_story"], chosen["related"])
