"""What can be told of an article's quality from what anybody can see in it, and of a publisher's from its articles.

Nothing here knows whether a report is true. Each sign is a number from 0 to 1 that can be counted again by hand, and is
shown beside the whole, so that whoever thinks otherwise of its weight can do their own sum.
"""

from dataclasses import asdict, astuple, dataclass

VERSION = 1
"""Of the signs and their weights: what was measured by another one is measured again."""


@dataclass(frozen=True, slots=True)
class Signs:
    """The signs of an article's quality, each 0..1; see `signs.py` for the formulas.

    Attributes:
        completeness: of what tells a reader what the report is and whose.
        length: of the text, by the time that it takes to read.
        attribution: how much of it is quoted, or said to be somebody's word.
        figures: numbers and dates.
        originality: the share of the text that no other publisher had earlier.
        headline: the share of the headline that the text bears out.
    """

    completeness: float
    length: float
    attribution: float
    figures: float
    originality: float
    headline: float

    def as_dict(self) -> dict[str, float]:
        """The signs by their names."""
        return asdict(self)


WEIGHTS = Signs(completeness=1, length=1, attribution=2, figures=1, originality=2, headline=1)
"""What each sign counts. Attribution and originality count twice: whether one can see where a report has its knowledge
from, and whether somebody did the work that others copy, is what a reader cannot make up for. The rest is form, of
which nothing tells what counts more: so each counts the same. How the signs go together in real articles is what
`scripts/evaluate-quality` prints."""


def quality(signs: Signs) -> float:
    """The quality of an article, 0..1: the mean of its signs, weighted by `WEIGHTS`.

    quality = sum(weight * sign) / sum(weight)
    """
    weights = astuple(WEIGHTS)
    total: float = sum(weight * sign for weight, sign in zip(weights, astuple(signs), strict=True))
    return total / float(sum(weights))
