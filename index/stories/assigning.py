"""Put every article into a story when it comes, and think a story over when it has grown.

What it costs does not depend on how many stories there are: a search of the vector index, and a look at some articles
of the few stories that it finds. Everything is decided from what the store has, in the order in which articles were
embedded, so that the same articles in the same order give the same stories.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from index.related.remembering import RememberingReader
from index.related.reports import Numbers, Reports
from index.related.scorer import Scorer
from index.store.stories import Regrouping, StoryTransaction
from index.stories.grouping import (
    DEMAND,
    Closeness,
    Demand,
    grouped,
    is_copy,
    span,
)
from index.stories.reconciling import regrouping, with_absent
from index.turns import Turns

MOST_CANDIDATES = 5
"""How many stories are looked at, those of the nearest articles first."""

SAMPLE = 24
"""By so many of its articles, evenly spread over the order in which they came, a story is judged."""

GROWTH = 1.4
"""A story is thought over when it has so many times as many articles as the last time."""

MOST_REVIEWED = 150
"""How many articles are grouped anew at once; a larger story is not thought over. It takes the square of it."""

MOST_NEAR = 8
MOST_REVIEWED_STORIES = 4
NEAR = 1.0
"""With a story that is thought over, at most so many others are: those of the so many nearest ones that are, by so many
units, nearly close enough to be one with it."""

FEW = 8
"""A story of so few is thought over with what is near to the article by which it has grown, which was searched for
already. What is near to an article of a larger one may be that story alone."""

_ASKED = 8
_PAIR = 2
_NONE: Numbers = np.empty(0, np.intp)

THREAD_LEAST = 3.0
"""How close, on average, a new story has to be to one of a thread to become a part of it, in units of similarity."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A story that an article may belong to.

    Attributes:
        number: the story's.
        articles: how many it has.
        link: how close the article is to it on average, less what the time between them takes away.
        reports: articles, with this one and some of the story's.
        place: its place there.
        places: those of the story's.
    """

    number: int
    articles: int
    link: float
    reports: Reports
    place: int
    places: Numbers

    @property
    def others(self) -> Reports:
        """The story's articles."""
        return self.reports.of(self.places)

    def is_copy(self) -> bool:
        """Whether the story has the article's text."""
        return is_copy(self.reports, self.place, self.places)


class StoryAssigner:
    """Assigns the articles of a store to stories. One thread at a time."""

    def __init__(
        self, reader: RememberingReader, scorer: Scorer, demand: Demand = DEMAND, turns: Turns | None = None
    ) -> None:
        """Put the parts together.

        Args:
            reader: of the articles.
            scorer: its weights tell how close articles are.
            demand: how close they have to be.
            turns: given to others between articles.
        """
        self._turns = turns or Turns()
        self._reader = reader
        self._closeness = Closeness(scorer, reader.background.spread)
        self._demand = demand

    def assign(self, stories: StoryTransaction, keys: Sequence[int], waiting: Collection[int] = ()) -> None:
        """Put articles where they belong, one after the other: each into a story, or into one of its own.

        Args:
            stories: of the store.
            keys: of articles that are to be assigned. One that is in a story and still fits stays there.
            waiting: keys of others that are in the index, and to be assigned after them.
        """
        later = {key: [*keys[place + 1 :], *waiting] for place, key in enumerate(keys)}
        near = self._near_ahead(stories, later)
        for key in self._turns.each(keys):
            self._assign(stories, key, near[key], later[key])

    def _near_ahead(self, stories: StoryTransaction, later: Mapping[int, Collection[int]]) -> dict[int, list[int]]:
        """The keys of what is near to articles, the nearest first, for each of them.

        All that is looked at for them is read at once, which takes less time than one after the other.

        Args:
            stories: of the store.
            later: the keys of those that are to be assigned after each of them.
        """
        self._reader.remember(list(later))
        each = self._turns.each(later.items())
        near = {key: [hit.key for hit in self._reader.nearest(key, others)] for key, others in each}
        of_hits = stories.stories_of([*later, *dict.fromkeys(one for hits in near.values() for one in hits)])
        numbers = {one for hits in near.values() for one in _first_stories(hits, of_hits)}
        members = stories.members(sorted(numbers))
        self._reader.remember([one for own in members.values() for one in _sampled(own)])
        return near

    def _assign(self, stories: StoryTransaction, key: int, near: Sequence[int], waiting: Collection[int]) -> None:
        own = stories.stories_of([key]).get(key)
        found = self._candidates(stories, key, own, near)
        if found is None:
            stories.stay(key)
            return
        best = next((one for one in found if one.link >= self._demanded(one, is_own=one.number == own)), None)
        if best is None:
            self._open(stories, key, own, found)
        elif best.number == own:
            stories.stay(key, is_copy=best.is_copy())
        else:
            self._join(stories, key, own, best)
            self._review_if_grown(stories, stories.stories_of([key])[key], near, waiting)

    def _demanded(self, candidate: Candidate, *, is_own: bool) -> float:
        """How close an article has to be to belong to a story."""
        size, stay = np.array(float(candidate.articles)), self._demand.stay * is_own
        least = float(self._demand.of(np.array(-np.inf), size)) - stay
        if candidate.link < least:  # however dense it is, more is demanded, and to tell how dense takes time
            return least
        dense = self._demand.density_of(self._closeness.matrix(candidate.others))
        return float(self._demand.of(np.array(dense), size)) - stay

    def _open(self, stories: StoryTransaction, key: int, own: int | None, found: Sequence[Candidate]) -> None:
        if own is not None:
            if stories.members([own])[own] == [key]:
                stories.stay(key)
                return
            stories.leave(key)
        number = stories.open(key)
        if found and found[0].link >= THREAD_LEAST:
            thread = stories.thread_of(found[0].number)
            if self._fits_thread(stories, key, stories.of_thread(thread, MOST_CANDIDATES)):
                stories.link(number, thread)

    def _fits_thread(self, stories: StoryTransaction, key: int, numbers: Sequence[int]) -> bool:
        members = sorted(one for keys in stories.members(numbers).values() for one in keys)
        others = _sampled(members)
        known = self._reader.remember([key, *others])
        own = np.array([known.places[key]])
        return self._closeness.of(known.reports, own, known.at(others)).mean() >= THREAD_LEAST

    def _join(self, stories: StoryTransaction, key: int, own: int | None, best: Candidate) -> None:
        if own is not None and stories.members([own])[own] == [key]:  # so that its id leads to where it went
            stories.stay(key, is_copy=best.is_copy())
            merged = [*stories.members([best.number])[best.number], key]
            stories.regroup([own, best.number], Regrouping({min(own, best.number): merged}))
            return
        if own is not None:
            stories.leave(key)
        stories.join(key, best.number, is_copy=best.is_copy())

    def _review_if_grown(
        self, stories: StoryTransaction, number: int, near: Sequence[int], waiting: Collection[int]
    ) -> None:
        articles, reviewed = stories.sizes(number)
        if articles >= GROWTH * reviewed:
            self._turns.give()
            self.review(stories, number, near if articles <= FEW else None, waiting)

    def review(
        self, stories: StoryTransaction, number: int, near: Sequence[int] | None = None, waiting: Collection[int] = ()
    ) -> None:
        """Think a story over, together with those that are near: articles may be grouped otherwise by now.

        Args:
            stories: of the store.
            number: the story's.
            near: keys of what is near to the article by which it has just grown, the nearest first; None to search for
                what is near to the middle of the story.
            waiting: keys of articles that are in the index, and still to be assigned.
        """
        own = stories.members([number]).get(number, [])
        if not 1 < len(own) <= MOST_REVIEWED:
            return
        sample = _sampled(own)
        around = near if near is not None else [hit.key for hit in self._reader.near_middle(sample, [*own, *waiting])]
        near_by = _first_stories(around, stories.stories_of(around), MOST_NEAR + 1)
        members = stories.members([one for one in near_by if one != number][:MOST_NEAR])
        together, count = [number], len(own)
        for other in self._near(sample, members):
            if count + len(members[other]) <= MOST_REVIEWED and len(together) <= MOST_REVIEWED_STORIES:
                together.append(other)
                count += len(members[other])
        if near is not None and len(together) == 1 and len(own) == _PAIR:  # the two are as close as they had to be
            stories.reviewed(together)
            return
        before = {one: number for number in together for one in (own if number == together[0] else members[number])}
        everyone = self._reader.reports(sorted(before))
        if not len(everyone):
            return
        keys = everyone.keys.tolist()
        groups = grouped(everyone, np.array([before[one] for one in keys], np.intp), self._closeness, self._demand)
        parts: dict[int, list[int]] = {}
        for one, group in zip(keys, groups.tolist(), strict=True):
            parts.setdefault(group, []).append(one)
        anew = regrouping(before, with_absent(before, list(parts.values())))
        after = stories.regroup(together, anew) if anew else together
        stories.reviewed(after)

    def _near(self, own: Sequence[int], members: dict[int, list[int]]) -> list[int]:
        """The numbers of stories that are nearly close enough to some articles, the closest first."""
        sampled = {number: _sampled(keys) for number, keys in members.items()}
        known = self._reader.remember([*own, *(key for keys in sampled.values() for key in keys)])
        asked = known.at(_spread(own, _ASKED))
        places = {number: known.at(keys) for number, keys in sampled.items()}
        links = self._closeness.of(known.reports, asked, np.concatenate([*places.values(), _NONE]))
        near = []
        start = 0
        for number, others in places.items():
            link = links[:, start : start + len(others)].mean()
            if link >= self._demand.least - NEAR:
                near.append((-link, number))
            start += len(others)
        return [number for _, number in sorted(near)]

    def _candidates(
        self, stories: StoryTransaction, key: int, own: int | None, near: Sequence[int]
    ) -> list[Candidate] | None:
        """The stories that an article may belong to, the closest first; None if it is not there, or not embedded."""
        nearest = _first_stories(near, stories.stories_of(near))
        if own is not None and own not in nearest:
            nearest.append(own)
        members = stories.members(nearest)
        sampled = {number: [one for one in _sampled(members[number]) if one != key] for number in nearest}
        known = self._reader.remember([key, *(one for keys in sampled.values() for one in keys)])
        place = known.places.get(key)
        if place is None:
            return None
        reports = known.reports
        places = {number: others for number, keys in sampled.items() if len(others := known.at(keys))}
        links = self._closeness.of(reports, np.array([place]), np.concatenate([*places.values(), _NONE]))
        judged = []
        start = 0
        for number, others in places.items():
            link = links[:, start : start + len(others)].mean()
            link += float(self._closeness.apart(reports.published[[place]], *span(reports.published[others]))[0])
            judged.append(Candidate(number, len(members[number]), link, reports, place, others))
            start += len(others)
        return sorted(judged, key=lambda one: (-one.link, one.number))


def _first_stories(near: Sequence[int], of: Mapping[int, int], most: int = MOST_CANDIDATES) -> list[int]:
    """The numbers of the stories of the first of some articles that are in any, so many at most."""
    return list(dict.fromkeys(of[one] for one in near if one in of))[:most]


def _sampled(keys: Sequence[int]) -> list[int]:
    return _spread(keys, SAMPLE)


def _spread(keys: Sequence[int], most: int) -> list[int]:
    if len(keys) <= most:
        return list(keys)
    step = (len(keys) - 1) / (most - 1)
    return [keys[round(place * step)] for place in range(most)]
