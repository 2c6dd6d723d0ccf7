"""Measure the quality of every article that is embedded: those that wait for it."""

import json
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from index.follower import Follower
from index.language import primary
from index.progress import progress
from index.quality import VERSION, Signs, quality
from index.quality.originality import shares
from index.quality.signs import signs_of
from index.related.remembering import RememberingReader
from index.related.reports import UNKNOWN, Reports
from index.store import StoredArticle
from index.store.measures import QUALITY_UNIT, Measure

_AT_ONCE = 64
"""How many articles are measured in one transaction. Others that write wait meanwhile."""

_MOST_WAITING = 2_000
"""Of so many it is looked whether they are in anybody's hand."""

_SILENTLY = 1_000


@dataclass(frozen=True, slots=True)
class Quality:
    """The quality of an article.

    Attributes:
        value: 0..1; see `index.quality.quality`.
        signs: what it is made of.
    """

    value: float
    signs: Signs

    @classmethod
    def of(cls, measure: Measure) -> "Quality | None":
        """What the store keeps; None if it was measured in another way than now."""
        if measure.version != VERSION:
            return None
        return cls(measure.quality / QUALITY_UNIT, Signs(**json.loads(measure.signs)))


class Measurer:
    """Measures the articles that a follower's store has. May be called from several threads at once."""

    def __init__(self, follower: Follower, reader: RememberingReader, in_hand: Container[int] = ()) -> None:
        """Use a follower, and a reader of its store.

        Args:
            follower: these.
            reader: likewise.
            in_hand: keys of articles that somebody is about to `measure`, which are left to them.
        """
        self._in_hand = in_hand
        self._follower = follower
        self._store = follower.store
        self._reader = reader

    def quality(self, key: int) -> Quality | None:
        """The quality of the article with this key; None until it is measured."""
        measure = self._store.measures.of([key]).get(key)
        return Quality.of(measure) if measure else None

    def measure(self, keys: Sequence[int]) -> None:
        """Measure those of some articles that wait for it, before all others."""
        while keys and self._measure(keys):
            pass

    def measure_waiting(self) -> None:
        """Measure all articles that wait for it and are in nobody's hand."""
        waiting = self._store.measures.waiting()
        if waiting < _SILENTLY:
            while self._measure(None):
                pass
            return
        with progress("measuring articles", waiting) as advance:
            while count := self._measure(None):
                advance(count)

    def measure_again(self) -> None:
        """Let those articles wait that an earlier version measured in another way."""
        with self._follower.writing:
            self._store.measures.measure_again(VERSION)

    def _measure(self, keys: Sequence[int] | None) -> int:
        if not self._waiting(keys):
            return 0
        with self._follower.followed():
            chunk = self._waiting(keys)
            stored, own = self._store.get_by_keys(chunk), self._reader.reports(chunk)
            found: dict[int, Signs] = {}
            for key, place in self._follower.turns.each(own.places.items()):
                if key in stored:
                    self._add(found, stored[key], own.of(np.array([place])))
            self._store.measures.put({key: _measure_of(signs) for key, signs in found.items()})
            if passed := [key for key in chunk if key not in found]:
                self._store.measures.pass_over(passed)
        return len(chunk)

    def _waiting(self, keys: Sequence[int] | None) -> list[int]:
        """The next ones that wait, of these or of those that are in nobody's hand."""
        if keys is not None:
            return self._store.measures.unmeasured(_AT_ONCE, keys)
        waiting = self._store.measures.unmeasured(_MOST_WAITING)
        return [key for key in waiting if key not in self._in_hand][:_AT_ONCE]

    def _add(self, found: dict[int, Signs], stored: StoredArticle, own: Reports) -> None:
        """Add the signs of an article, and those of later articles that have its text."""
        others = self._others(own, primary(stored.article.language))
        ours, theirs = shares(own.records[0], others.records)
        is_earlier = others.appeared < own.appeared
        is_earlier |= (others.appeared == own.appeared) & (others.keys < own.keys)
        found[stored.key] = signs_of(stored.article, 1 - float(ours[is_earlier].max(initial=0.0)))
        is_copied = (theirs > 0) & ~is_earlier
        copied = dict(zip(others.keys[is_copied].tolist(), (1 - theirs[is_copied]).tolist(), strict=True))
        known = self._signs(copied.keys() - found.keys()) | found
        self._reader.search_again(copied.keys() - known.keys())  # when they are measured: this one is one of theirs
        for key, originality in copied.items():
            if key in known and known[key].originality > originality:
                found[key] = replace(known[key], originality=round(originality, 4))

    def _others(self, own: Reports, lang: str) -> Reports:
        """The articles near one that may have its text, of other publishers and in its language."""
        found = self._reader.reports(self._reader.similar(own, lang))
        is_other = (found.sources == UNKNOWN) | (found.sources != own.sources)
        return found.of(np.flatnonzero(is_other & (found.langs == own.langs)))

    def _signs(self, keys: Iterable[int]) -> dict[int, Signs]:
        wanted = sorted(keys)
        measured = self._store.measures.of(wanted) if wanted else {}  # most articles have no copies
        found = {key: Quality.of(measure) for key, measure in measured.items()}
        return {key: one.signs for key, one in found.items() if one}


def _measure_of(signs: Signs) -> Measure:
    return Measure(VERSION, round(quality(signs) * QUALITY_UNIT), json.dumps(signs.as_dict()))
