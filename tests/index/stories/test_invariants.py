"""Whatever happens to articles, their stories stay in accord with them, with each other and with their log."""

import math
import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from numpy.typing import NDArray

from index import Article, CoverageIndex, open_index
from index.article import ArticleFields
from index.maintenance import back_up, check, rebuild_stories, restore
from index.opening import INDEX_FOLDER
from index.store import StoredArticle
from index.store.stories import (
    HEAT_HALF_LIFE_HOURS,
    Regrouping,
    StoryChange,
    StoryChangeKind,
    StoryQuery,
    StoryRecord,
    StoryStore,
)
from index.stories.library import Said, StoryLibrary
from index.stories.rebuilding import Rebuilt
from index.stories.reconciling import regrouping
from tests.index.fakes import TOPICS, FakeEncoder, an_article

MANY = 1_000_000
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
"""Near this are all dates: articles without one appear now."""

IDS = [f"a{number}" for number in range(24)]
SOURCES = (None, "Harbor Tribune", "Elbtaler Zeitung", "Cape Meridian")
LANGS = ("en", "de", "ko", "zh", "zh-TW", "und")
DAYS = 50


class FailingEncoder(FakeEncoder):
    """Fails as often as it is told to."""

    failures = 0

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if texts and self.failures:
            self.failures -= 1
            raise MemoryError
        return super().encode(texts)


@st.composite
def words(draw: st.DrawFn) -> str:
    """A title with some topics in some proportion: few enough that many articles are near others, and few are alike."""
    topics = draw(st.lists(st.sampled_from(TOPICS[:3]), max_size=6))
    number = draw(st.sampled_from(["", " of 700", " of 800"]))
    return f"Report {' and '.join(sorted(topics))}{number}"


moments = st.none() | st.integers(0, DAYS * 24).map(lambda hours: TODAY + timedelta(hours=hours))
metadata = st.fixed_dictionaries(
    {"source": st.sampled_from(SOURCES), "lang": st.sampled_from(LANGS), "published_at": moments}
)
contents = st.builds(lambda title, fields: ArticleFields(title=title, **fields), words(), metadata)


def named(article_id: str, content: ArticleFields) -> Article:
    return Article(id=article_id, **content.model_dump())


batches = st.dictionaries(st.sampled_from(IDS), contents, min_size=1, max_size=6).map(
    lambda batch: [named(article_id, content) for article_id, content in batch.items()]
)


def stories_of(index: CoverageIndex) -> StoryStore:
    return index._store.stories


def records_of(index: CoverageIndex) -> list[StoryRecord]:
    return stories_of(index).find(StoryQuery(limit=MANY))


def log_of(index: CoverageIndex) -> list[StoryChange]:
    return stories_of(index).changes_after(0, MANY)


def members_of(index: CoverageIndex) -> dict[int, list[str]]:
    """The ids of the articles of every story."""
    ids: dict[int, list[str]] = {}
    for report in stories_of(index).reports(stories_of(index).numbers()):
        ids.setdefault(report.story, []).append(report.id)
    return {number: sorted(own) for number, own in ids.items()}


def said_by(library: StoryLibrary) -> dict[str, Said]:
    return {story.id: story.said for story in library.find(StoryQuery(limit=MANY))}


def everything(index: CoverageIndex) -> object:
    """All that is kept of stories."""
    numbers = stories_of(index).numbers()
    log = log_of(index)
    redirects = {change.story: stories_of(index).merged_into(change.story) for change in log}
    return records_of(index), stories_of(index).reports(numbers), redirects, log


@dataclass(frozen=True)
class Derived:
    """What a story's record says of its articles, computed in another way."""

    articles: int
    sources: int
    languages: int
    first_at: datetime
    last_at: datetime

    @classmethod
    def of(cls, stored: Sequence[StoredArticle]) -> "Derived":
        appeared = sorted(one.appeared_at for one in stored)
        return cls(
            articles=len(stored),
            sources=len({one.article.source for one in stored}),
            languages=len({(one.article.lang or "").split("-")[0] for one in stored}),
            first_at=appeared[0],
            last_at=appeared[-1],
        )

    @classmethod
    def said_by(cls, record: StoryRecord) -> "Derived":
        return cls(record.articles, record.sources, record.languages, record.first_at, record.last_at)


def heat_of(stored: Sequence[StoredArticle], copies: set[int]) -> float:
    originals = [one for one in stored if one.key not in copies]
    firsts: dict[object, float] = {}
    for one in originals or [min(stored, key=lambda each: each.appeared_at)]:
        day = (one.article.source, one.appeared_at.date())
        firsts[day] = min(firsts.get(day, math.inf), one.appeared_at.timestamp())
    half_lives = [moment / 3_600 / HEAT_HALF_LIFE_HOURS for moment in firsts.values()]
    return max(half_lives) + math.log2(math.fsum(2 ** (one - max(half_lives)) for one in half_lives))


@dataclass(eq=False)
class Kin:
    """Stories that came from each other by merges and splits, of which the log does not say which has which article."""

    stories: set[int]
    articles: set[str]


@dataclass
class Told:
    """What the log of changes tells: which stories there are, and what became of the others."""

    kin: dict[int, Kin] = field(default_factory=dict)
    alive: set[int] = field(default_factory=set)
    merged: dict[int, StoryChange] = field(default_factory=dict)
    closed: dict[int, StoryChange] = field(default_factory=dict)

    @classmethod
    def by(cls, log: Sequence[StoryChange]) -> "Told":
        told = cls()
        for change in log:
            told._hear(change)
        return told

    def articles(self) -> dict[frozenset[int], set[str]]:
        """The articles of all kin that there are still."""
        kin = {id(one): one for number, one in self.kin.items() if number in self.alive}.values()
        return {frozenset(one.stories & self.alive): one.articles for one in kin}

    def _hear(self, change: StoryChange) -> None:
        begins = change.kind in {StoryChangeKind.OPENED, StoryChangeKind.SPLIT}
        assert (change.story in self.kin) is not begins, change
        assert (change.story in self.alive) is not begins, change
        assert (change.article_id is not None) == (change.kind in _OF_AN_ARTICLE), change
        assert (change.other is not None) == (change.kind in _OF_TWO), change
        getattr(self, f"_{change.kind}")(change)

    def _opened(self, change: StoryChange) -> None:
        self.kin[change.story] = Kin({change.story}, {str(change.article_id)})
        self.alive.add(change.story)

    def _split(self, change: StoryChange) -> None:
        assert change.other in self.alive, change
        self.kin[change.story] = self.kin[change.other]
        self.kin[change.story].stories.add(change.story)
        self.alive.add(change.story)

    def _joined(self, change: StoryChange) -> None:
        assert not any(change.article_id in one.articles for one in self.kin.values()), change
        self.kin[change.story].articles.add(str(change.article_id))

    def _left(self, change: StoryChange) -> None:
        assert change.article_id in self.kin[change.story].articles, change
        self.kin[change.story].articles.remove(change.article_id)

    def _updated(self, change: StoryChange) -> None:
        assert change.article_id in self.kin[change.story].articles, change

    def _merged(self, change: StoryChange) -> None:
        assert change.other in self.alive - {change.story}, change
        gone, into = self.kin[change.story], self.kin[change.other]
        if gone is not into:
            into.stories |= gone.stories
            into.articles |= gone.articles
            self.kin |= dict.fromkeys(gone.stories, into)
        self.alive.remove(change.story)
        self.merged[change.story] = change

    def _linked(self, change: StoryChange) -> None:
        assert change.story in self.alive, change

    def _closed(self, change: StoryChange) -> None:
        kin = self.kin[change.story]
        self.alive.remove(change.story)
        self.closed[change.story] = change
        assert kin.stories & self.alive or not kin.articles, change


_OF_AN_ARTICLE = {StoryChangeKind.OPENED, StoryChangeKind.JOINED, StoryChangeKind.LEFT, StoryChangeKind.UPDATED}
_OF_TWO = {StoryChangeKind.SPLIT, StoryChangeKind.MERGED, StoryChangeKind.LINKED}


class AnyHistory(RuleBasedStateMachine):
    """An index on a data directory, to which all that can happen happens, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.data, self.backup = Path(self.folder.name) / "data", Path(self.folder.name) / "backup"
        self.encoder = FailingEncoder()
        self.opened = ExitStack()
        self.index = self.opened.enter_context(open_index(self.data, self.encoder))
        self.taken_down: set[str] = set()
        self.highest = self.last = 0
        self.gone: set[int] = set()
        self.gone_at_backup: set[int] | None = None
        self.highest_at_backup = 0

    # What happens to articles

    @rule(batch=batches)
    def put(self, batch: list[Article]) -> None:
        self.index.put(batch)

    @rule(batch=batches)
    def put_and_restore(self, batch: list[Article]) -> None:
        self.index.put(batch, restore=True)
        self.taken_down -= {article.id for article in batch}

    @rule(batch=batches)
    def put_one_by_one(self, batch: list[Article]) -> None:
        for article in batch:
            self.index.put([article])

    @precondition(lambda self: self.index.count())
    @rule(data=st.data(), title=words())
    def change_words(self, data: st.DataObject, title: str) -> None:
        changed = self._any_article(data).model_copy(update={"title": title})
        self.index.put([changed])

    @precondition(lambda self: self.index.count())
    @rule(data=st.data(), fields=metadata)
    def change_metadata(self, data: st.DataObject, fields: Mapping[str, object]) -> None:
        self.index.put([self._any_article(data).model_copy(update=fields)])

    @rule(batch=batches)
    def put_what_cannot_be_embedded_now(self, batch: list[Article]) -> None:
        self.encoder.failures = 1
        with suppress(MemoryError):
            self.index.put(batch)
        self.encoder.failures = 0

    @precondition(lambda self: self.index.count())
    @rule(data=st.data())
    def take_down(self, data: st.DataObject) -> None:
        article = self._any_article(data)
        self.index.take_down(article.id)
        self.taken_down.add(article.id)

    @rule(days=st.integers(1, DAYS))
    def expire(self, days: int) -> None:
        before = TODAY + timedelta(days=days)
        self.index.expire(before)
        assert all(one.appeared_at >= before for one in self.index.latest(MANY))

    # What happens to stories

    @precondition(lambda self: self.index.stories.count())
    @rule(data=st.data())
    def review(self, data: st.DataObject) -> None:
        self.index._keeper.review(data.draw(st.sampled_from(stories_of(self.index).numbers())))

    @precondition(lambda self: self.index.stories.count())
    @rule(data=st.data())
    def group_anew(self, data: st.DataObject) -> None:
        """Merge stories, split them, or both at once."""
        numbers = data.draw(
            st.lists(st.sampled_from(stories_of(self.index).numbers()), min_size=1, max_size=3, unique=True)
        )
        with stories_of(self.index).changing() as stories:
            before = {key: number for number, keys in stories.members(numbers).items() for key in keys}
            parts: dict[int, list[int]] = {}
            for key in sorted(before):
                parts.setdefault(data.draw(st.integers(0, 3)), []).append(key)
            anew = regrouping(before, list(parts.values()))
            if anew:
                after = stories.regroup(numbers, anew)
                assert sorted(map(sorted, stories.members(after).values())) == sorted(map(sorted, parts.values()))

    # What happens to the data directory

    @rule(is_index_lost=st.booleans())
    def open_again(self, is_index_lost: bool) -> None:
        was_embedded = self._is_embedded()
        before = everything(self.index)
        self.opened.close()
        assert check(self.data) == []
        if is_index_lost:
            shutil.rmtree(self.data / INDEX_FOLDER)
        self.index = self.opened.enter_context(open_index(self.data, self.encoder))
        self.index.follow()
        if was_embedded:
            assert everything(self.index) == before

    @rule()
    def back_up(self) -> None:
        back_up(self.data, self.backup)
        self.gone_at_backup, self.highest_at_backup = set(self.gone), self.highest

    @precondition(lambda self: self.gone_at_backup is not None)
    @rule()
    def restore(self) -> None:
        restore(self.data, self.backup)
        self.index.follow()
        assert self.gone_at_backup is not None
        self.gone = self.gone_at_backup | set(range(self.highest_at_backup + 1, self.highest + 1))

    # What is true whatever happens

    @invariant()
    def every_article_is_in_one_story(self) -> None:
        index = self.index
        keys = index._store.embedded_versions()[0].tolist()
        members = stories_of(index).members(stories_of(index).numbers())
        counted = Counter(key for own in members.values() for key in own)
        assert set(counted.values()) <= {1}
        assert set(keys) <= counted.keys()
        assert all(members.values())
        assert stories_of(index).of_articles(list(counted)) == {
            key: number for number, own in members.items() for key in own
        }
        assert counted.keys() == index._store.get_by_keys(list(counted)).keys()
        assert index.stories.waiting() == 0

    @invariant()
    def what_was_taken_down_is_nowhere(self) -> None:
        assert not self.taken_down & {one for own in members_of(self.index).values() for one in own}
        headlines = [headline for said in said_by(self.index.stories).values() for headline in said.headlines]
        assert not self.taken_down & {headline.report.id for headline in headlines}

    @invariant()
    def what_stories_say_is_as_if_they_were_read_for_the_first_time(self) -> None:
        anew = StoryLibrary(self.index._store, self.index._follower.background)
        assert said_by(self.index.stories) == said_by(anew)

    @invariant()
    def stories_say_what_their_articles_say(self) -> None:
        index = self.index
        for record in records_of(index):
            stored = index._store.get_by_keys(stories_of(index).members([record.number])[record.number])
            copies = {report.key for report in stories_of(index).reports([record.number]) if report.is_copy}
            assert Derived.said_by(record) == Derived.of(list(stored.values()))
            assert record.heat == pytest.approx(heat_of(list(stored.values()), copies), rel=1e-12)
        assert stories_of(index).mend() == 0

    @invariant()
    def numbers_are_never_given_twice(self) -> None:
        alive = set(stories_of(self.index).numbers())
        assert not alive & self.gone
        for change in stories_of(self.index).changes_after(self.last, MANY):
            assert change.sequence > self.last
            self.last = change.sequence
            if change.kind in {StoryChangeKind.OPENED, StoryChangeKind.SPLIT}:
                assert change.story > self.highest
                self.highest = change.story
        assert alive <= set(range(1, self.highest + 1))
        assert all(stories_of(self.index).was_ever(number) for number in range(1, self.highest + 1))
        assert not stories_of(self.index).was_ever(self.highest + 1)
        self.gone = set(range(1, self.highest + 1)) - alive

    @invariant()
    def the_log_tells_which_stories_there_are(self) -> None:
        log = log_of(self.index)
        assert all(one.sequence < other.sequence for one, other in pairwise(log))
        told = Told.by(log)
        assert sorted(told.alive) == stories_of(self.index).numbers()
        members = members_of(self.index)
        assert told.articles() == {kin: {one for number in kin for one in members[number]} for kin in told.articles()}
        for number in range(1, self.highest + 1):
            into = stories_of(self.index).merged_into(number)
            assert (into is not None) == (number in told.merged)
            if into is not None:
                assert number not in told.alive
                assert into != number
                assert stories_of(self.index).merged_into(into) is None
                assert into in told.alive or told.closed[into].sequence > told.merged[number].sequence

    @invariant()
    def records_know_that_they_were_changed(self) -> None:
        last = {change.story: change.sequence for change in log_of(self.index)}
        for record in records_of(self.index):
            assert last[record.number] <= record.changed <= self.index.stories.last_change()

    def teardown(self) -> None:
        self.opened.close()
        self.folder.cleanup()

    def _is_embedded(self) -> bool:
        return not self.index._store.count_without_vector()

    def _any_article(self, data: st.DataObject) -> Article:
        return data.draw(st.sampled_from(sorted(self.index.latest(MANY), key=lambda one: one.article.id))).article


def test_stories_are_in_accord_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    # What failed to be embedded is embedded when a rule says so, and not between two looks at it.
    monkeypatch.setattr(CoverageIndex, "embed_waiting", lambda _: None)
    run_state_machine_as_test(
        AnyHistory, settings=settings(max_examples=10, stateful_step_count=10, deadline=None, derandomize=True)
    )


arrivals = st.lists(contents, min_size=12, max_size=24).map(
    lambda given_contents: [named(f"a{number:02}", one) for number, one in enumerate(given_contents)]
)
places = st.frozensets(st.integers(1, 23))


def put_in_batches(data: Path, articles: Sequence[Article], cuts: Collection[int], restarts: Collection[int]) -> None:
    """Put articles, as many at once as lie between two cuts; at each restart the index is opened again."""
    ends = sorted({one for one in {*cuts, *restarts} if one < len(articles)} | {len(articles)})
    with ExitStack() as opened:
        index = opened.enter_context(open_index(data, FakeEncoder()))
        for start, end in pairwise([0, *ends]):
            if start in restarts:
                opened.close()
                index = opened.enter_context(open_index(data, FakeEncoder()))
            index.put(articles[start:end])


def test_articles_that_come_again_come_into_the_same_stories() -> None:
    kinds: Counter[StoryChangeKind] = Counter()

    @settings(max_examples=15, deadline=None, derandomize=True)
    @given(articles=arrivals, cuts=places, restarts=places)
    def come_again(articles: list[Article], cuts: frozenset[int], restarts: frozenset[int]) -> None:
        with TemporaryDirectory() as folder:
            data, other = Path(folder) / "data", Path(folder) / "other"
            put_in_batches(data, articles, cuts, restarts)
            put_in_batches(other, articles, (), ())
            with open_index(data, FakeEncoder()) as index, open_index(other, FakeEncoder()) as at_once:
                live, before = members_of(index), everything(index)
                assert members_of(at_once) == live
                assert sorted(map(sorted, index.replay_stories())) == sorted(live.values())
                assert everything(index) == before
                kinds.update(change.kind for change in log_of(index))
            assert rebuild_stories(data) == Rebuilt(len(articles), len(live), moved=0)
            with open_index(data, FakeEncoder()) as index:
                assert everything(index) == before

    come_again()
    assert {StoryChangeKind.MERGED, StoryChangeKind.SPLIT, StoryChangeKind.LINKED} <= kinds.keys()


# What histories like those have brought to light, one by one


@pytest.fixture
def encoder() -> FailingEncoder:
    return FailingEncoder()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def index(data: Path, encoder: FailingEncoder) -> Iterator[CoverageIndex]:
    with open_index(data, encoder) as opened:
        yield opened


def headlines_of(index: CoverageIndex) -> dict[str, list[str]]:
    return {story: [headline.title for headline in said.headlines] for story, said in said_by(index.stories).items()}


def group(index: CoverageIndex, parts: Mapping[int, Sequence[str]]) -> None:
    """Group the articles with some ids anew, by the numbers of their stories, as a review does."""
    keys = index._store.keys_of([one for ids in parts.values() for one in ids])
    with stories_of(index).changing() as stories:
        numbers = sorted(set(stories.stories_of(list(keys.values())).values()))
        stories.regroup(numbers, Regrouping({part: [keys[one] for one in ids] for part, ids in parts.items()}))


def test_an_article_that_was_a_story_by_itself_goes_where_its_new_words_fit(index: CoverageIndex) -> None:
    index.put([an_article("a"), an_article("b", title="The flood"), an_article("c", title="A flood")])
    assert members_of(index) == {1: ["a"], 2: ["b", "c"]}
    index.put([an_article("a", title="Our flood")])
    assert members_of(index) == {1: ["a", "b", "c"]}
    assert stories_of(index).merged_into(2) == 1


@pytest.fixture
def unembedded(index: CoverageIndex, encoder: FailingEncoder) -> CoverageIndex:
    """Two articles in a story, one of which has new words that could not be embedded."""
    index.put([an_article("a"), an_article("b", title="The summit")])
    encoder.failures = 1
    with pytest.raises(MemoryError):
        index.put([an_article("a", title="A summit, corrected")])
    assert members_of(index) == {1: ["a", "b"]}
    return index


def test_articles_join_a_story_while_another_of_it_waits_to_be_embedded(unembedded: CoverageIndex) -> None:
    for number in range(9):
        unembedded.put([an_article(f"c{number}", title=f"Summit {number}")])
    assert unembedded.stories.waiting() == 0
    assert members_of(unembedded) == {1: ["a", "b", *(f"c{number}" for number in range(9))]}


def test_stories_are_rebuilt_while_an_article_waits_to_be_embedded(data: Path) -> None:
    encoder = FailingEncoder()
    with open_index(data, encoder) as index:
        index.put([an_article("a"), an_article("b", title="The summit")])
        encoder.failures = 1
        with pytest.raises(MemoryError):
            index.put([an_article("a", title="A summit, corrected")])
    rebuild_stories(data)
    with open_index(data, encoder) as index:
        index.follow()
        assert members_of(index) == {1: ["a", "b"]}


@pytest.mark.parametrize("published_at", ["0001-01-01T00:00:00Z", "1601-01-01T00:00:00Z", "9999-12-31T00:00:00Z"])
def test_an_article_comes_into_a_story_whatever_its_date(index: CoverageIndex, published_at: str) -> None:
    """Publishers' systems write such dates where they know none."""
    index.put([an_article("a", published_at=published_at)])
    index.put([an_article("b", title="The summit", published_at=published_at)])
    index.follow()
    assert members_of(index) == {1: ["a", "b"]}


def test_a_headline_that_is_corrected_is_corrected_in_the_story(index: CoverageIndex) -> None:
    index.put([an_article("a", title="A summit with an error")])
    assert headlines_of(index) == {"s1": ["A summit with an error"]}
    index.put([an_article("a", title="A summit without one")])
    assert headlines_of(index) == {"s1": ["A summit without one"]}


def test_a_story_that_was_split_says_what_is_left_to_it(index: CoverageIndex) -> None:
    index.put([an_article("a", title="A summit now"), an_article("b", title="A summit then, long ago")])
    said = headlines_of(index)
    (kept,) = {"A summit now", "A summit then, long ago"} - set(said["s1"])
    moved, stays = ("a", "b") if kept.startswith("A summit then") else ("b", "a")
    group(index, {1: [stays], -1: [moved]})
    assert headlines_of(index) == {"s1": [kept], "s2": said["s1"]}
    index.take_down(moved)
    assert headlines_of(index) == {"s1": [kept]}


def test_a_story_into_which_another_one_was_merged_says_what_that_said(index: CoverageIndex) -> None:
    index.put([an_article("a", title="A summit"), an_article("b", title="Ein Hochwasser, flood", lang="de")])
    assert headlines_of(index) == {"s1": ["A summit"], "s2": ["Ein Hochwasser, flood"]}
    group(index, {1: ["a", "b"]})
    assert headlines_of(index) == {"s1": ["Ein Hochwasser, flood", "A summit"]}


def test_the_headline_of_an_article_taken_down_does_not_come_back_with_a_backup(
    index: CoverageIndex, data: Path, tmp_path: Path
) -> None:
    index.put([an_article("a", title="A summit to be forgotten"), an_article("b", title="The summit")])
    assert headlines_of(index) == {"s1": ["A summit to be forgotten"]}
    back_up(data, tmp_path / "backup")
    index.take_down("a")
    restore(data, tmp_path / "backup")
    index.follow()
    assert headlines_of(index) == {"s1": ["The summit"]}


def test_the_log_tells_that_an_article_taken_down_since_a_backup_left_its_story(
    index: CoverageIndex, data: Path, tmp_path: Path
) -> None:
    index.put([an_article("a"), an_article("b", title="The summit"), an_article("c", title="A flood")])
    back_up(data, tmp_path / "backup")
    index.take_down("a")
    index.take_down("c")
    last = index.stories.last_change()
    restore(data, tmp_path / "backup")
    index.follow()
    assert [(one.kind, one.story, one.article_id) for one in stories_of(index).changes_after(last, MANY)] == [
        (StoryChangeKind.LEFT, 1, "a"),
        (StoryChangeKind.LEFT, 2, "c"),
        (StoryChangeKind.CLOSED, 2, None),
    ]


def test_the_log_tells_of_every_article_of_another_story_than_the_one_that_was_split(index: CoverageIndex) -> None:
    index.put([an_article(f"a{number}", title=f"Summit {number}") for number in range(4)])
    index.put([an_article(f"b{number}", title=f"Flood {number}") for number in range(4)])
    assert sorted(members_of(index)) == [1, 2]
    group(index, {1: ["a0", "a1"], 2: ["b0", "b1", "b2"], -1: ["a2", "a3", "b3"]})
    split, *others = stories_of(index).changes_after(8, MANY)
    assert (split.kind, split.story, split.other) == (StoryChangeKind.SPLIT, 3, 1)
    assert [(one.kind, one.story, one.article_id) for one in others] == [
        (StoryChangeKind.LEFT, 2, "b3"),
        (StoryChangeKind.JOINED, 3, "b3"),
    ]


def test_an_article_with_words_of_its_own_is_no_copy_any_more(index: CoverageIndex) -> None:
    index.put([an_article("a", source="Harbor Tribune"), an_article("b", source="Cape Meridian")])
    assert [report.is_copy for report in index.stories.reports("s1", MANY)] == [False, True]
    index.put([an_article("b", source="Cape Meridian", title="What our own reporter saw at the summit")])
    assert members_of(index) == {1: ["a", "b"]}
    assert [report.is_copy for report in index.stories.reports("s1", MANY)] == [False, False]
