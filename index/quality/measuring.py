"""Measure the quality of every article that is embedded: those that wait for it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from index.follower import Follower
from index.language import primary
from index.progress import progress
from index.quality import VERSION, Signs, quality
from index.quality.originality import shares
from index.quality.signs import signs_of
from index.related.copies import LEAST_SIMILAR
from index.related.reading import ComparableReader
from index.related.signals import records
from index.store import ComparableArticle, StoredArticle
from index.store.measures import QUALITY_UNIT, Measure
from index.vectors import Filters

NEIGHBOURS = 40
"""Among so many of the nearest articles the text is looked for. Where there are more copies than that, the nearest are
copies themselves, and one earlier copy tells as much as all."""

WINDOW = timedelta(days=14)
"""How far from an article's appearance copies of it are looked for: as far as for its story."""

_AT_ONCE = 16
"""How many articles are measured in one transaction. Others that write wait meanwhile."""

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

    def __init__(self, follower: Follower) -> None:
        """Use a follower."""
        self._follower = follower
        self._store = follower.store
        self._reader = ComparableReader(follower.store, follower.background)

    def quality(self, key: int) -> Quality | None:
        """The quality of the article with this key; None until it is measured."""
        measure = self._store.measures.of([key]).get(key)
        return Quality.of(measure) if measure else None

    def measure(self, keys: Sequence[int]) -> None:
        """Measure those of some articles that wait for it, before all others."""
        while keys and self._measure(keys):
            pass

    def measure_waiting(self) -> None:
        """Measure all articles that wait for it."""
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
        if not self._store.measures.unmeasured(1, keys):
            return 0
        with self._follower.followed():
            chunk = self._store.measures.unmeasured(_AT_ONCE, keys)
            stored, own = self._store.get_by_keys(chunk), self._reader.read(chunk)
            found: dict[int, Signs] = {}
            for key in chunk:
                if key in stored and key in own:
                    self._add(found, stored[key], own[key])
            self._store.measures.put({key: _measure_of(signs) for key, signs in found.items()})
            if passed := [key for key in chunk if key not in found]:
                self._store.measures.pass_over(passed)
        return len(chunk)

    def _add(self, found: dict[int, Signs], stored: StoredArticle, own: ComparableArticle) -> None:
        """Add the signs of an article, and those of later articles that have its text."""
        others = self._others(own)
        ours, theirs = shares(records([own.signals or b""])[0], records([one.signals or b"" for one in others]))
        is_earlier = np.array([(one.appeared, one.key) < (own.appeared, own.key) for one in others], np.bool_)
        found[own.key] = signs_of(stored.article, 1 - float(ours[is_earlier].max(initial=0.0)))
        copied = {
            one.key: 1 - float(share)
            for one, share, earlier in zip(others, theirs, is_earlier, strict=True)
            if share and not earlier
        }
        known = self._signs(copied.keys() - found.keys()) | found
        for key, originality in copied.items():
            if key in known and known[key].originality > originality:
                found[key] = replace(known[key], originality=round(originality, 4))

    def _others(self, own: ComparableArticle) -> list[ComparableArticle]:
        """The articles near one that may have its text, of other publishers and in its language."""
        around = Filters.around(own.appeared, own.appeared, WINDOW, [own.key])
        filters = replace(around, langs=frozenset({primary(own.lang)}))
        hits = self._follower.vectors.search(self._reader.centred([own])[0], NEIGHBOURS, filters)
        near = self._reader.read([hit.key for hit in hits if hit.similarity >= LEAST_SIMILAR])
        return [one for one in near.values() if not one.source or one.source != own.source]

    def _signs(self, keys: Iterable[int]) -> dict[int, Signs]:
        wanted = sorted(keys)
        measured = self._store.measures.of(wanted) if wanted else {}  # most articles have no copies
        found = {key: Quality.of(measure) for key, measure in measured.items()}
        return {key: one.signs for key, one in found.items() if one}


def _measure_of(signs: Signs) -> Measure:
    return Measure(VERSION, round(quality(signs) * QUALITY_UNIT), json.dumps(signs.as_dict()))
