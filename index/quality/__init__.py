"""What can be told of an article's quality from what anybody can see in it, and of a publisher's from its articles.

Nothing here knows whether a report is true. Each sign is a number from 0 to 1 that can be counted again by hand, and is
shown beside the whole, so that whoever weighs them otherwise can do their own sum.
"""

from dataclasses import asdict, astuple, dataclass

VERSION = 1
"""Of the signs: what was measured by another one is measured again."""


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


def quality(signs: Signs) -> float:
    """The quality of an article, 0..1: the mean of its signs.

    Each counts the same. No set tells what readers take for better by how much, and where weights cannot be fitted,
    equal ones do about as well as the best (Dawes 1979, The robust beauty of improper linear models in decision making,
    American Psychologist 34:571-582, https://doi.org/10.1037/0003-066X.34.7.571); any others would be taste. That none
    of the signs decides alone, and that no two say the same, is what `scripts/evaluate-quality` shows.
    """
    each: tuple[float, ...] = astuple(signs)
    return sum(each) / len(each)
