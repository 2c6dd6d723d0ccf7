"""How many vectors a search looks at again as fp16: the best by their short codes, so that hardly any is missed.

The constants are from `scripts/weigh-candidates`, which prints what others find, and how long that takes.
"""

from math import sqrt

CANDIDATES = 1_100
CANDIDATES_OF_ONE = 65
"""How many, and how many more for each that is wanted. Each costs half a microsecond or more."""

OF_ROWS = 1 << 20
"""These are of so many rows; of fewer the fourth root of their share is enough, since fewer come near to the best."""

AMONG_MANY = 0.31
"""As many of these are enough where half of `OF_ROWS` may be found: the best of more stand out more."""

_DEVIATIONS = 3.0


def candidates_among(limit: int, rows: int, passing: int) -> float:
    """How many rows of an index have to be looked at again.

    Args:
        limit: how many are wanted.
        rows: of the index.
        passing: of those, how many may be found.
    """
    candidates = (CANDIDATES + CANDIDATES_OF_ONE * limit) * min(1.0, rows / OF_ROWS) ** 0.25
    return float(candidates * AMONG_MANY if 2 * passing >= OF_ROWS else candidates)


def candidates_of_part(candidates: float, share: float, limit: int) -> float:
    """How many of them to look for in a part of an index that has a share of what may be found: seldom are there more.

    Those of a binomial distribution, three standard deviations more than its mean; and as many as are wanted, since
    the best may all be in one part, where the reports of an event's days are.
    """
    return candidates * share + _DEVIATIONS * sqrt(candidates * share * (1 - share)) + limit
