"""What stories there are, and what each says."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from threading import Lock

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from index.background import Background
from index.errors import MergedStoryError, StoryGoneError, UnknownStoryError
from index.language import primary
from index.related.mentions import name_key
from index.related.reading import ComparableReader
from index.related.signals import names_and_countries
from index.store import ArticleStore, ComparableArticle, StoredArticle
from index.store.stories import HEAT_HALF_LIFE_HOURS, Report, StoryChange, StoryQuery, StoryRecord
from index.stories import headlines
from index.stories.headlines import Headline
from index.stories.ids import number_of, story_id, thread_id

MOST_NAMES = 8
_READ = 48
_CACHED = 2_000
_SECONDS_AN_HOUR = 3_600
_TITLE_LENGTH = 160


_Version = tuple[str, int, int, int]
"""Of what a story says: the lineage of the store, and the story's number, last change and count of articles."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a story says.

    Attributes:
        headlines: one for each language, that with the most reports first.
        names: those that most of its reports mention, as they are written most often.
        countries: that most of its reports name, ISO 3166-1 codes, the most often named first.
    """

    headlines: tuple[Headline, ...] = ()
    names: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """A story: the articles that report one event.

    Attributes:
        id: its id, which lasts.
        thread: the id of the running story that it is a part of.
        record: what the store keeps of it.
        said: what it says.
        articles_today: how many of its articles appeared in the last 24 hours.
        sources_today: of how many publishers.
        trend: how many publishers report it just now: each counts the less the longer its first report of the day is
            past, half as much every `HEAT_HALF_LIFE_HOURS`.
    """

    id: str
    thread: str
    record: StoryRecord
    said: Said
    articles_today: int
    sources_today: int
    trend: float


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a story, in UTC.

    Attributes:
        day: which.
        articles: how many appeared.
        sources: of how many publishers.
        langs: in which languages, the most frequent first.
        first: the first one.
    """

    day: date
    articles: int
    sources: int
    langs: tuple[str, ...]
    first: Report


@dataclass(frozen=True, slots=True)
class OfLanguage:
    """A language of a story.

    Attributes:
        lang: which, without region and script.
        articles: how many are in it.
        sources: of how many publishers.
        first: the first one.
    """

    lang: str
    articles: int
    sources: int
    first: Report


@dataclass(frozen=True, slots=True)
class Timeline:
    """How a story came about: by day, and by language in the order in which they took it up."""

    days: tuple[Day, ...]
    languages: tuple[OfLanguage, ...]


class StoryLibrary:
    """Answers questions about the stories of a store. May be called from several threads at once."""

    def __init__(self, store: ArticleStore, background: Background) -> None:
        """Use a store, and the background by which its embeddings are centred."""
        self._store = store
        self._stories = store.stories
        self._reader = ComparableReader(store, background)
        self._said: LRUCache[_Version, Said] = LRUCache(_CACHED)
        self._saying = Lock()

    def find(self, query: StoryQuery) -> list[Story]:
        """The stories that are wanted, in order."""
        return self._described(self._stories.find(query))

    def get(self, given: str) -> Story:
        """The story with this id.

        Raises:
            MergedStoryError: it is a part of another one now.
            StoryGoneError: it has no articles any more.
            UnknownStoryError: there never was one.
        """
        (story,) = self._described([self.record(given)])
        return story

    def record(self, given: str) -> StoryRecord:
        """What the store keeps of the story with this id; see `get` for the errors."""
        number = number_of(given, "s")
        record = self._stories.get(number) if number is not None else None
        if record is not None:
            return record
        if number is not None and (into := self._stories.merged_into(number)) is not None:
            raise MergedStoryError(given, story_id(into))
        if number is not None and self._stories.was_ever(number):
            raise StoryGoneError(f"the story {given} has no articles any more")
        raise UnknownStoryError(f"no story with the id {given!r}: GET /v1/stories lists them")

    def ids_of(self, keys: Sequence[int]) -> dict[int, str]:
        """The ids of the stories of those articles that have one, by the articles' keys."""
        return {key: story_id(number) for key, number in self._stories.of_articles(keys).items()}

    def reports(self, given: str, limit: int, after: tuple[float, int] | None = None) -> list[Report]:
        """The articles of a story, those that appeared first first; see `get` for the errors.

        Args:
            given: the story's id.
            limit: how many at most.
            after: `Report.position` of the last one that was had.
        """
        return self._stories.reports([self.record(given).number], limit, after)

    def timeline(self, given: str) -> Timeline:
        """How a story came about; see `get` for the errors."""
        reports = self._stories.reports([self.record(given).number])
        by_day: dict[date, list[Report]] = {}
        by_language: dict[str, list[Report]] = {}
        for report in reports:
            by_day.setdefault(report.appeared_at.astimezone(UTC).date(), []).append(report)
            by_language.setdefault(primary(report.lang), []).append(report)
        return Timeline(
            tuple(
                Day(day, len(own), _sources(own), tuple(_most_common(primary(one.lang) for one in own)), own[0])
                for day, own in by_day.items()
            ),
            tuple(OfLanguage(lang, len(own), _sources(own), own[0]) for lang, own in by_language.items()),
        )

    def changes_after(self, sequence: int, limit: int, given: str | None = None) -> list[StoryChange]:
        """What became of stories (or of one, which may be gone) after a change, in order, at most `limit`.

        Raises:
            UnknownStoryError: there never was one with that id.
        """
        number = None
        if given is not None:
            number = number_of(given, "s")
            if number is None or not self._stories.was_ever(number):
                raise UnknownStoryError(f"no story with the id {given!r}: GET /v1/stories lists them")
        return self._stories.changes_after(sequence, limit, number)

    def last_change(self) -> int:
        """The number of the last change, 0 if there was none."""
        return self._stories.last_change()

    def count(self) -> int:
        """The number of stories."""
        return self._stories.count()

    def waiting(self) -> int:
        """The number of articles that are to be assigned to stories."""
        return self._stories.waiting()

    def _described(self, records: Sequence[StoryRecord]) -> list[Story]:
        now = datetime.now(UTC)
        numbers = [record.number for record in records]
        recent = self._stories.recent(numbers, now - timedelta(days=1)) if numbers else {}
        said = self._all_said(records)
        half_lives = now.timestamp() / (HEAT_HALF_LIFE_HOURS * _SECONDS_AN_HOUR)
        return [
            Story(
                id=story_id(record.number),
                thread=thread_id(record.thread),
                record=record,
                said=said[record.number],
                articles_today=recent.get(record.number, (0, 0))[0],
                sources_today=recent.get(record.number, (0, 0))[1],
                trend=float(2.0 ** min(record.heat - half_lives, 60.0)),
            )
            for record in records
        ]

    def _all_said(self, records: Sequence[StoryRecord]) -> dict[int, Said]:
        lineage = self._store.lineage()
        versions = {one.number: (lineage, one.number, one.changed, one.articles) for one in records}
        with self._saying:
            found = {number: said for number, one in versions.items() if (said := self._said.get(one))}
        lacking = versions.keys() - found.keys()
        if lacking:
            members = self._stories.members(sorted(lacking))
            sampled = {number: keys[-_READ:] for number, keys in members.items()}
            everyone = [key for keys in sampled.values() for key in keys]
            articles, stored = self._reader.read(everyone), self._store.get_by_keys(everyone)
            copies = {report.key for report in self._stories.reports(sorted(lacking)) if report.is_copy}
            whole = set()
            for number in lacking:
                keys = [key for key in sampled.get(number, []) if key in articles and key in stored]
                reports = [_report(number, stored[key], is_copy=key in copies) for key in keys]
                found[number] = self._say([articles[key] for key in keys], reports)
                if len(keys) == len(sampled.get(number, [])):  # or one is not embedded just now
                    whole.add(number)
            with self._saying:
                self._said.update({versions[number]: found[number] for number in whole})
        return found

    def _say(self, articles: Sequence[ComparableArticle], reports: Sequence[Report]) -> Said:
        if not articles:
            return Said()
        vectors = self._reader.centred(articles)
        middle = vectors.mean(axis=0)
        central = vectors @ (middle / max(float(np.linalg.norm(middle)), np.finfo(np.float32).tiny))
        mentioned = [names_and_countries(one.signals or b"") for one in articles]
        least = 2 if len(articles) > 2 else 1  # noqa: PLR2004 - of two reports one may say more than the other
        spelled = Counter(name for names, _ in mentioned for name in set(names))
        by_key: dict[str, str] = {}
        for name, _ in spelled.most_common():
            by_key.setdefault(name_key(name), name)
        named = Counter(key for names, _ in mentioned for key in {name_key(name) for name in names})
        countries = Counter(code for _, codes in mentioned for code in set(codes))
        return Said(
            headlines=tuple(_headlines(reports, central.astype(np.float64))),
            names=tuple(by_key[key] for key in _often(named, least)[:MOST_NAMES]),
            countries=tuple(_often(countries, max(least, len(articles) // 3))[:MOST_NAMES]),
        )


def _headlines(reports: Sequence[Report], central: NDArray[np.float64]) -> list[Headline]:
    langs = np.array([primary(report.lang) for report in reports])
    chosen = []
    for lang in _most_common(langs.tolist()):
        places = np.flatnonzero(langs == lang)
        of_language = [reports[place] for place in places.tolist()]
        report = of_language[headlines.best(of_language, central[places])]
        chosen.append(Headline(report.lang, report.title or "", report))
    return chosen


def _report(number: int, stored: StoredArticle, *, is_copy: bool) -> Report:
    article = stored.article
    return Report(
        key=stored.key,
        id=article.id,
        story=number,
        title=article.title or (article.text or "")[:_TITLE_LENGTH],
        url=article.url,
        source=article.source or "",
        country=article.country,
        lang=article.language,
        appeared_at=stored.appeared_at,
        is_copy=is_copy,
    )


def _often(counted: Counter[str], least: int) -> list[str]:
    return [one for one, count in sorted(counted.items(), key=lambda item: (-item[1], item[0])) if count >= least]


def _most_common(values: Iterable[str]) -> list[str]:
    return _often(Counter(values), 1)


def _sources(reports: Sequence[Report]) -> int:
    return len({report.source for report in reports})
