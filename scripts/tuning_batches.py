"""The batches that an embedding is tuned with: which pairs of texts are to be told apart from each other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tuning_data import Document, Event, Group, Pair, Rng, Text, shuffled

Vectors = NDArray[np.float32]
Flags = NDArray[np.bool_]
Places = Sequence[int] | NDArray[np.intp]

CLUSTER = 8
"""How many of a batch are look-alikes of each other."""

NEIGHBOURS = 20
"""Among how many of the nearest look-alikes are drawn, so that they are not always the same."""

SENTENCES = 6
"""How many of a document are to be told apart in a batch of translations."""

SAME_EVENT = 0.85
SAME_DOCUMENT = 0.7
"""What the stock model finds more similar than this may be of one event, so it need not be told apart. Events are
labelled: of those at 0.8 nearly all are two weeks of one statistic. Documents are not: at 0.78 they may be of one."""


def _reported(event: Event, rng: Rng) -> list[Pair]:
    return [event.reported(rng)]


def _passages(document: Document, rng: Rng) -> list[Pair]:
    return [document.passages(rng)]


def _translations(document: Document, rng: Rng) -> list[Pair]:
    places = rng.permutation(document.length)[:SENTENCES]
    return [document.translation(rng, int(place)) for place in places]


class Kind(NamedTuple):
    """A kind of batches.

    Attributes:
        of: what the pairs come from.
        pairs: makes some of one group.
        reason: what is learnt from it.
        look_alikes: whether a batch is of groups that the stock model finds alike, or of any.
    """

    of: type[Group]
    pairs: Callable[[Any, Rng], list[Pair]]
    reason: str
    look_alikes: bool = False


KINDS = {
    "events": Kind(Event, _reported, "that unrelated events are far apart, whatever their look-alikes do"),
    "look_alikes": Kind(Event, _reported, "what tells events of one topic apart", look_alikes=True),
    "passages": Kind(Document, _passages, "one event in other words and languages", look_alikes=True),
    "translations": Kind(Document, _translations, "what the others would lose: what a sentence says"),
}


@dataclass(frozen=True, slots=True)
class Batch:
    """Pairs, and which of them need not be told apart: true for two that may say the same, shape (pairs, pairs)."""

    kind: str
    pairs: list[Pair]
    same: Flags

    @property
    def texts(self) -> list[Text]:
        """The first ones of all pairs, then the second ones."""
        return [first for first, _ in self.pairs] + [second for _, second in self.pairs]


class Batches:
    """Draws batches; for one seed always the same ones."""

    def __init__(self, groups: Sequence[Group], vectors: Vectors, *, pairs: int, seed: int) -> None:
        """Draw from groups.

        Args:
            groups: events, documents or both.
            vectors: of their examples by the stock model, centred; shape (groups, dimensions), rows of unit length.
            pairs: of a batch.
            seed: of all that is drawn.
        """
        self._rng = np.random.default_rng(seed)
        self._pairs = pairs
        self._groups = groups
        self._vectors = vectors
        self._are_events = np.array([isinstance(group, Event) for group in groups])
        pools = {Event: np.flatnonzero(self._are_events), Document: np.flatnonzero(~self._are_events)}
        self._pools = {of: places for of, places in pools.items() if len(places) > 1}
        self.kinds = [name for name, kind in KINDS.items() if kind.of in self._pools]

    def draw(self, shares: dict[str, float]) -> Batch:
        """A batch of any kind, as likely as its share.

        Raises:
            ValueError: all kinds that there is data for have a share of 0.
        """
        weights = np.array([shares[name] for name in self.kinds])
        if not weights.sum():
            raise ValueError(f"the shares of {', '.join(self.kinds)}, which the data are for, are all 0")
        return self.of(str(self._rng.choice(self.kinds, p=weights / weights.sum())))

    def of(self, name: str) -> Batch:
        """A batch of one kind."""
        kind = KINDS[name]
        pool = self._pools[kind.of]
        order = self._look_alikes(pool) if kind.look_alikes else self._rng.permutation(pool)
        pairs: list[Pair] = []
        chosen: list[int] = []
        for place in cycle(order):  # where there are fewer groups, each comes more than once
            made = kind.pairs(self._groups[place], self._rng)[: self._pairs - len(pairs)]
            pairs += made
            chosen += [int(place)] * len(made)
            if len(pairs) == self._pairs:
                break
        same = self._alike(chosen, chosen)
        if kind.pairs is _translations:  # two sentences of a document are to be told apart, two passages of it are not
            same &= ~np.equal.outer(chosen, chosen)
        return Batch(name, pairs, same | np.eye(len(pairs), dtype=np.bool_))

    def _alike(self, one: Places, other: Places) -> Flags:
        """Which of some groups may be of one event with which of others; shape (one, other)."""
        both_events = np.logical_and.outer(self._are_events[one], self._are_events[other])
        cosines = self._vectors[one] @ self._vectors[other].T
        return np.equal.outer(one, other) | (cosines >= np.where(both_events, SAME_EVENT, SAME_DOCUMENT))

    def _look_alikes(self, pool: NDArray[np.intp]) -> list[int]:
        chosen: list[int] = []
        for seed in self._rng.permutation(pool):
            if len(chosen) >= self._pairs:
                break
            if seed not in chosen:
                cosines = self._vectors[pool] @ self._vectors[seed]
                is_near = ~self._alike([seed], pool)[0] & ~np.isin(pool, chosen)
                nearest = pool[is_near][np.argsort(-cosines[is_near])][:NEIGHBOURS].tolist()
                chosen += [int(seed), *shuffled(nearest, self._rng)[: CLUSTER - 1]]
        return chosen
