"""Which waiting windows are embedded together.

Windows of one batch are padded to one length, so they should be of about one length; and a batch holds so many as
fit a budget of tokens, since beyond it larger batches gain nothing and others wait longer.

Lengths and sizes of batches come in steps. OpenVINO prepares itself for every new shape, which takes it ten times
as long as embedding a short text: with every length and size as they come, most batches would be of a new shape.
`scripts/benchmark batches` shows what budget and steps cost and gain.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

TOKEN_BUDGET = 2048

LENGTHS = (*range(8, 64, 8), *range(64, 128, 16), *range(128, 513, 32))
"""Lengths in tokens that windows are padded to, as far as the model takes them."""

SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
"""How many windows a batch may have."""

_MOST_PADDING = 0.25


def padded_length(tokens: int, lengths: Sequence[int] = LENGTHS) -> int:
    """The length in tokens that a window of `tokens` tokens is padded to, of the rising `lengths` that there are."""
    place = bisect_left(lengths, tokens)
    return lengths[place] if place < len(lengths) else tokens


def choose_batch(waiting: Sequence[int], budget: int = TOKEN_BUDGET, sizes: Sequence[int] = SIZES) -> list[int]:
    """Choose a batch: the window that waits longest, and others of about its length.

    Args:
        waiting: the padded lengths in tokens of the windows that wait, longest waiting first; not empty.
        budget: the most tokens of a batch, padding among them.
        sizes: how many windows a batch may have, rising, from 1.

    Returns:
        Their positions in `waiting`, the longest waiting one first. With the first one's length they are
        within the budget (except for one alone), and the others are at most a quarter shorter.
    """
    length = waiting[0]
    room = max(1, budget // length)
    shortest = length * (1 - _MOST_PADDING)
    fitting = [position for position, one in enumerate(waiting) if shortest <= one <= length]
    others = sorted(fitting, key=lambda position: -waiting[position])
    chosen = [0, *(position for position in others if position)]
    return chosen[: sizes[bisect_right(sizes, min(room, len(chosen))) - 1]]
