"""Every article that is embedded is in a story: those that wait for one are assigned."""

from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

from index.follower import Follower
from index.progress import progress
from index.related.remembering import RememberingReader
from index.related.scorer import Scorer
from index.store.stories import StoryTransaction
from index.stories.assigning import StoryAssigner
from index.stories.grouping import DEMAND, Demand

_AT_ONCE = 32
"""How many articles are assigned in one transaction. Others that write wait meanwhile."""

_MOST_WAITING = 2_000
"""Of more articles that wait, some may take places among the neighbours from which candidates are found."""

_SILENTLY = 1_000


class StoryKeeper:
    """Assigns the articles that a follower's store has. May be called from several threads at once."""

    def __init__(
        self,
        follower: Follower,
        reader: RememberingReader,
        scorer: Scorer,
        demand: Demand = DEMAND,
        *,
        in_hand: Container[int] = (),
    ) -> None:
        """Use a follower, and a reader of its store.

        Args:
            follower: these.
            reader: likewise.
            scorer: see `StoryAssigner`.
            demand: likewise.
            in_hand: keys of articles that somebody is about to `assign`, which are left to them.
        """
        self._in_hand = in_hand
        self._follower = follower
        self._stories = follower.store.stories
        self._assigner = StoryAssigner(reader, scorer, demand, follower.turns)

    def assign(self, keys: Sequence[int]) -> None:
        """Assign those of some articles that wait for it, before all others."""
        while keys and self._assign(keys):
            pass

    def assign_waiting(self) -> int:
        """Assign all articles that wait for it and are in nobody's hand; returns how many they were."""
        waiting = self._stories.waiting()
        if waiting < _SILENTLY:
            return sum(self._each_chunk())
        with progress("assigning articles to stories", waiting) as advance:
            done = 0
            for count in self._each_chunk():
                advance(count)
                done += count
        return done

    def review(self, number: int) -> None:
        """Think a story over."""
        with self._changing() as stories:
            self._assigner.review(stories, number)

    def _each_chunk(self) -> Iterator[int]:
        while count := self._assign(None):
            yield count

    def _assign(self, keys: Sequence[int] | None) -> int:
        if not self._stories.waiting():
            return 0
        with self._changing() as stories:
            # However articles came, one or many at once, each is assigned by what came before it.
            waiting = dict.fromkeys(stories.unassigned(_MOST_WAITING))
            chunk = stories.unassigned(_AT_ONCE, keys) if keys is not None else self._in_no_hand(waiting)
            for key in chunk:
                waiting.pop(key, None)
            self._assigner.assign(stories, chunk, waiting)
        return len(chunk)

    def _in_no_hand(self, waiting: Iterable[int]) -> list[int]:
        return list(islice((key for key in waiting if key not in self._in_hand), _AT_ONCE))

    @contextmanager
    def _changing(self) -> Iterator[StoryTransaction]:
        with self._follower.followed(), self._stories.changing() as stories:
            yield stories
