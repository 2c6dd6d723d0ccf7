"""The contract of `StoryStore`, on a SQLite file."""

import math
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import Article
from index.errors import ReadOnlyError
from index.store import ArticleStore, ModelRecord, StoredArticle
from index.store.sql_store import SqlArticleStore, open_sqlite
from index.store.stories import (
    HEAT_HALF_LIFE_HOURS,
    Regrouping,
    Report,
    StoryChangeKind,
    StoryOrder,
    StoryQuery,
    StoryRecord,
    StoryTransaction,
)
from index.stories.reconciling import regrouping
from tests.index.fakes import NOON, an_article

OPENED, JOINED, UPDATED, LEFT = (
    StoryChangeKind.OPENED,
    StoryChangeKind.JOINED,
    StoryChangeKind.UPDATED,
    StoryChangeKind.LEFT,
)
MERGED, SPLIT, LINKED, CLOSED = (
    StoryChangeKind.MERGED,
    StoryChangeKind.SPLIT,
    StoryChangeKind.LINKED,
    StoryChangeKind.CLOSED,
)
HOUR = timedelta(hours=1)
FUTURE = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[SqlArticleStore]:
    with open_sqlite(path) as opened:
        yield opened


def embed_all(store: ArticleStore) -> None:
    waiting = store.without_vector(1_000)
    store.put_vectors(waiting, np.ones((len(waiting), 2), np.float16))


def come(store: ArticleStore, *articles: Article | str) -> list[int]:
    """Articles, of which only the ids matter where only these are given, are put and embedded; returns their keys."""
    given = [one if isinstance(one, Article) else an_article(one, f"Report {one}") for one in articles]
    store.put(given)
    embed_all(store)
    return [stored(store, one.id).key for one in given]


def stored(store: ArticleStore, article_id: str) -> StoredArticle:
    found = store.get(article_id)
    assert found is not None
    return found


def key(store: ArticleStore, article_id: str) -> int:
    return stored(store, article_id).key


def tell(store: ArticleStore, *articles: Article | str) -> int:
    """Articles come and are one story; returns its number."""
    first, *others = come(store, *articles)
    with store.stories.changing() as stories:
        number = stories.open(first)
        for other in others:
            stories.join(other, number, is_copy=False)
    return number


def regroup(store: ArticleStore, *numbers: int, parts: Mapping[int, Sequence[str]]) -> list[int]:
    keys = {number: [key(store, one) for one in ids] for number, ids in parts.items()}
    with store.stories.changing() as stories:
        return stories.regroup(numbers, Regrouping(keys))


def record(store: ArticleStore, number: int) -> StoryRecord:
    found = store.stories.get(number)
    assert found is not None
    return found


def members(store: ArticleStore) -> dict[int, list[str]]:
    """The ids of the articles of all stories."""
    ids: dict[int, list[str]] = {}
    for report in store.stories.reports(store.stories.numbers()):
        ids.setdefault(report.story, []).append(report.id)
    return {number: sorted(own) for number, own in ids.items()}


def waiting(store: ArticleStore) -> list[str]:
    with store.stories.changing() as stories:
        keys = stories.unassigned(1_000)
    return [store.get_by_keys([one])[one].article.id for one in keys]


Logged = tuple[StoryChangeKind, int, str | int | None]


def log(store: ArticleStore, after: int = 0, number: int | None = None) -> list[Logged]:
    """What became of stories: of which one, and of which article or other story."""
    changes = store.stories.changes_after(after, 1_000, number)
    return [(one.kind, one.story, one.article_id or one.other) for one in changes]


def count_of(found: StoryRecord) -> tuple[int, int, int]:
    return found.articles, found.sources, found.languages


def half_lives(moment: datetime) -> float:
    return moment.timestamp() / 3_600 / HEAT_HALF_LIFE_HOURS


# To be assigned


def test_an_article_waits_to_be_assigned_once_it_is_embedded(store: SqlArticleStore) -> None:
    store.put([an_article("a"), an_article("b"), an_article("c")])
    assert store.stories.waiting() == 0
    a, b, c = (stored(store, one) for one in "abc")
    store.put_vectors([c], np.ones((1, 2), np.float16))
    store.put_vectors([b, a], np.ones((2, 2), np.float16))
    assert waiting(store) == ["c", "b", "a"]
    assert store.stories.waiting() == 3
    with store.stories.changing() as stories:
        assert stories.unassigned(2) == [c.key, b.key]
        assert stories.unassigned(9, [a.key, c.key, 999]) == [c.key, a.key]
        assert stories.unassigned(1, [a.key, c.key]) == [c.key]
        assert stories.unassigned(9, []) == []


def test_an_article_with_other_words_waits_again_and_is_in_its_story_still(store: SqlArticleStore) -> None:
    number = tell(store, "a", "b")
    store.put([an_article("a", "Other words")])
    assert waiting(store) == []
    embed_all(store)
    assert waiting(store) == ["a"]
    assert members(store) == {number: ["a", "b"]}


def test_an_article_embedded_twice_before_it_is_assigned_waits_once_behind_those_between(
    store: SqlArticleStore,
) -> None:
    come(store, "a", "b")
    come(store, an_article("a", "Other words"))
    assert waiting(store) == ["b", "a"]


def test_what_changes_but_for_its_words_does_not_wait(store: SqlArticleStore) -> None:
    tell(store, "a")
    store.put([an_article("a", "Report a", source="Harbor Tribune")])
    embed_all(store)
    assert waiting(store) == []


def test_an_article_that_stays_waits_no_more_and_is_where_it_was(store: SqlArticleStore) -> None:
    number = tell(store, "a")
    come(store, an_article("a", "Other words"), "new")
    last = store.stories.last_change()
    with store.stories.changing() as stories:
        stories.stay(key(store, "a"))
        stories.stay(key(store, "new"))
    assert waiting(store) == []
    assert members(store) == {number: ["a"]}
    assert store.stories.of_articles([key(store, "new")]) == {}
    assert log(store, last) == []


def test_vectors_of_another_model_let_all_articles_wait_and_leave_the_stories(store: SqlArticleStore) -> None:
    store.set_model(ModelRecord("one", "1"))
    number = tell(store, "a", "b")
    store.set_model(ModelRecord("two", "2"))
    assert (members(store), waiting(store)) == ({number: ["a", "b"]}, [])
    embed_all(store)
    assert (members(store), waiting(store)) == ({number: ["a", "b"]}, ["a", "b"])


# Open, join, leave


def test_a_story_begins_with_an_article(store: SqlArticleStore) -> None:
    before = datetime.now(UTC)
    (a,) = come(store, an_article("a", source="Harbor Tribune", lang="zh-TW", published_at=NOON))
    with store.stories.changing() as stories:
        number = stories.open(a)
        assert stories.stories_of([a, 999]) == {a: number}
        assert stories.members([number, 999]) == {number: [a]}
    found = record(store, number)
    assert before <= found.opened_at <= datetime.now(UTC)
    assert found == StoryRecord(
        number=number,
        thread=number,
        opened_at=found.opened_at,
        changed=store.stories.last_change(),
        reviewed=1,
        articles=1,
        sources=1,
        languages=1,
        first_at=NOON,
        last_at=NOON,
        heat=half_lives(NOON),
    )
    assert log(store) == [(OPENED, number, "a")]
    assert waiting(store) == []


def test_articles_join_a_story(store: SqlArticleStore) -> None:
    number = tell(
        store,
        an_article("a", source="Harbor Tribune", published_at=NOON),
        an_article("b", source="Harbor Tribune", lang="en-GB", published_at=NOON - HOUR),
        an_article("c", lang="de", published_at=NOON + HOUR),
        an_article("d", lang="de", published_at=NOON),
    )
    found = record(store, number)
    assert count_of(found) == (4, 2, 2)
    assert (found.first_at, found.last_at) == (NOON - HOUR, NOON + HOUR)
    assert found.changed == store.stories.last_change()
    assert log(store) == [(OPENED, number, "a"), *((JOINED, number, one) for one in "bcd")]
    assert members(store) == {number: ["a", "b", "c", "d"]}


def test_an_article_without_a_date_is_of_the_moment_when_it_came(store: SqlArticleStore) -> None:
    number = tell(store, an_article("a", published_at=NOON), "b")
    assert record(store, number).last_at == stored(store, "b").first_seen_at


def test_an_article_leaves_its_story(store: SqlArticleStore) -> None:
    number = tell(store, an_article("a", source="Harbor Tribune", published_at=NOON), an_article("b", lang="de"))
    with store.stories.changing() as stories:
        stories.leave(key(store, "b"))
    found = record(store, number)
    assert (count_of(found), found.last_at, found.heat) == ((1, 1, 1), NOON, half_lives(NOON))
    assert log(store)[2:] == [(LEFT, number, "b")]
    assert found.changed == store.stories.last_change()


def test_a_story_that_its_last_article_leaves_is_closed(store: SqlArticleStore) -> None:
    number = tell(store, "a")
    with store.stories.changing() as stories:
        stories.leave(key(store, "a"))
    assert store.stories.get(number) is None
    assert (store.stories.count(), store.stories.numbers()) == (0, [])
    assert store.stories.was_ever(number)
    assert store.stories.merged_into(number) is None
    assert log(store)[1:] == [(LEFT, number, "a"), (CLOSED, number, None)]


def test_leaving_without_a_story_does_nothing(store: SqlArticleStore) -> None:
    (a,) = come(store, "a")
    with store.stories.changing() as stories:
        stories.leave(a)
    assert log(store) == []
    assert waiting(store) == ["a"]


def test_an_article_goes_from_one_story_to_another(store: SqlArticleStore) -> None:
    one, other = tell(store, "a", "b"), tell(store, "c")
    come(store, an_article("b", "Other words"))
    last = store.stories.last_change()
    with store.stories.changing() as stories:
        stories.leave(key(store, "b"))
        stories.join(key(store, "b"), other, is_copy=True)
    assert members(store) == {one: ["a"], other: ["b", "c"]}
    assert log(store, last) == [(LEFT, one, "b"), (JOINED, other, "b")]
    assert (record(store, one).articles, record(store, other).articles) == (1, 2)
    assert waiting(store) == []


def test_a_transaction_sees_what_it_has_done(store: SqlArticleStore) -> None:
    a, b = come(store, "a", "b")
    with store.stories.changing() as stories:
        number = stories.open(a)
        assert stories.sizes(number) == (1, 1)
        stories.join(b, number, is_copy=False)
        assert stories.sizes(number) == (2, 1)
        assert stories.records([number, 999])[number].articles == 2
        stories.reviewed([number])
        assert stories.sizes(number) == (2, 2)
        stories.leave(a)
        assert stories.members([number]) == {number: [b]}
        assert stories.records([number])[number].articles == 1
        assert stories.unassigned(9) == []


def test_of_what_raises_an_error_nothing_is_kept(store: SqlArticleStore) -> None:
    number = tell(store, "a")
    before = (record(store, number), log(store))
    b, c = come(store, "b", "c")

    def fail() -> None:
        with store.stories.changing() as stories:
            stories.join(b, number, is_copy=False)
            stories.open(c)
            stories.records([number])
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert (record(store, number), log(store)) == before
    assert waiting(store) == ["b", "c"]


Deed = tuple[str, int, int]
DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["open", "join", "leave", "group", "link", "review"]),
        st.integers(0, 7),
        st.integers(0, 7),
    ),
    max_size=20,
)


def test_many_deeds_in_one_transaction_are_what_they_are_one_by_one(tmp_path: Path) -> None:
    begun = tmp_path / "begun.sqlite"
    with open_sqlite(begun) as store:
        come(store, *(an_article(name, f"Report {name}", published_at=NOON) for name in "abcdefgh"))

    @settings(max_examples=30, deadline=None)
    @given(DEEDS, st.integers(0, 19))
    def check(deeds: list[Deed], written: int) -> None:
        with ExitStack() as opened:
            at_once, one_by_one = (
                opened.enter_context(open_sqlite(Path(shutil.copy(begun, tmp_path / name))))
                for name in ("some", "other")
            )
            with at_once.stories.changing() as stories:
                for place, deed in enumerate(deeds):
                    Desk(stories).do(*deed)
                    if place == written:
                        stories.records([])  # for which what was done is written
            for deed in deeds:
                with one_by_one.stories.changing() as stories:
                    Desk(stories).do(*deed)
            assert told(at_once) == told(one_by_one)
            assert waiting(at_once) == waiting(one_by_one)
            assert at_once.stories.mend() == 0

    check()


class Desk:
    """Does what can be done to the stories of eight articles, in the way of those who assign articles."""

    def __init__(self, stories: StoryTransaction) -> None:
        self.stories = stories
        self.of = stories.stories_of(range(1, 9))

    def do(self, name: str, some: int, other: int) -> None:
        key, numbers = some + 1, sorted(set(self.of.values()))
        number, into = self.of.get(key), numbers[other % len(numbers)] if numbers else None
        if key in self.stories.unassigned(9):
            self.assign(name, key, number, into, is_copy=other > 3)
        elif name == "group":
            self.group(numbers, some, other)
        elif number and into:
            self.change(name, key, number, into)

    def assign(self, name: str, key: int, number: int | None, into: int | None, *, is_copy: bool) -> None:
        if number or name == "leave":  # or cannot be assigned now
            self.stories.stay(key, is_copy=is_copy)
        elif name == "join" and into:
            self.stories.join(key, into, is_copy=is_copy)
        elif name == "open":
            self.stories.open(key)

    def group(self, numbers: Sequence[int], some: int, other: int) -> None:
        parts: dict[int, list[int]] = {}
        for key, number in self.of.items():
            parts.setdefault((number + key * other) % (1 + some % 3), []).append(key)
        anew = regrouping(self.of, list(parts.values()))
        self.stories.reviewed(self.stories.regroup(numbers, anew) if anew else numbers)

    def change(self, name: str, key: int, number: int, into: int) -> None:
        if name == "leave" and len(self.stories.members([number])[number]) > 1:
            self.stories.leave(key)
        elif name == "link":
            self.stories.link(number, into)
            assert number in self.stories.of_thread(into, 9)
        elif name == "review":
            self.stories.reviewed([number])
            assert self.stories.sizes(number) == (len(self.stories.members([number])[number]),) * 2


def told(store: ArticleStore) -> object:
    """What there is of stories, but for when that was done."""
    found = store.stories.find(StoryQuery(limit=99))
    changes = [(one.kind, one.story, one.article_id, one.other) for one in store.stories.changes_after(0, 999)]
    ever = [number for number in range(1, 40) if store.stories.was_ever(number)]
    return (
        [replace(one, opened_at=NOON, changed=0) for one in found],
        [(one.id, one.story, one.is_copy) for one in store.stories.reports(store.stories.numbers())],
        changes,
        [(number, store.stories.merged_into(number)) for number in ever],
    )


def test_who_only_reads_changes_nothing(store: SqlArticleStore, path: Path) -> None:
    number = tell(store, "a")
    with open_sqlite(path, writer=False) as reader:
        for call in (reader.stories.reset, reader.stories.mend, lambda: reader.stories.changing().__enter__()):
            with pytest.raises(ReadOnlyError):
                call()
        assert reader.stories.get(number) == record(store, number)


# Regroup


def test_stories_are_merged(store: SqlArticleStore) -> None:
    one, other = tell(store, "a", an_article("b", source="Harbor Tribune")), tell(store, an_article("c", lang="de"))
    last = store.stories.last_change()
    assert regroup(store, one, other, parts={one: ["a", "b", "c"]}) == [one]
    assert members(store) == {one: ["a", "b", "c"]}
    assert count_of(record(store, one)) == (3, 2, 2)
    assert store.stories.get(other) is None
    assert (store.stories.merged_into(other), store.stories.merged_into(one)) == (one, None)
    assert store.stories.was_ever(other)
    assert log(store, last) == [(MERGED, other, one)]
    assert record(store, one).changed == last + 1


def test_the_younger_story_may_be_the_one_that_stays(store: SqlArticleStore) -> None:
    one, other = tell(store, "a"), tell(store, "b")
    regroup(store, one, other, parts={other: ["a", "b"]})
    assert members(store) == {other: ["a", "b"]}
    assert store.stories.merged_into(one) == other


def test_a_story_is_split_and_the_new_one_is_of_its_thread(store: SqlArticleStore) -> None:
    thread, number = tell(store, "t"), tell(store, "a", "b", "c")
    with store.stories.changing() as stories:
        stories.link(number, thread)
    last = store.stories.last_change()
    after = regroup(store, number, parts={number: ["a", "c"], -1: ["b"]})
    (made,) = set(after) - {number}
    assert made > number
    assert members(store) == {thread: ["t"], number: ["a", "c"], made: ["b"]}
    assert (record(store, number).articles, record(store, made).articles) == (2, 1)
    assert record(store, made).thread == record(store, number).thread == thread
    assert log(store, last) == [(SPLIT, made, number)]
    assert record(store, number).changed == record(store, made).changed == last + 1


def test_an_article_is_moved(store: SqlArticleStore) -> None:
    one, other = tell(store, "a", "b"), tell(store, "c")
    last = store.stories.last_change()
    assert regroup(store, one, other, parts={one: ["a"], other: ["b", "c"]}) == [one, other]
    assert members(store) == {one: ["a"], other: ["b", "c"]}
    assert log(store, last) == [(LEFT, one, "b"), (JOINED, other, "b")]
    assert (record(store, one).changed, record(store, other).changed) == (last + 1, last + 2)
    assert (record(store, one).articles, record(store, other).articles) == (1, 2)


def test_a_story_that_falls_apart_leads_to_where_most_of_it_went(store: SqlArticleStore) -> None:
    one, two, three = tell(store, "a"), tell(store, "b"), tell(store, "c", "d", "e")
    last = store.stories.last_change()
    regroup(store, one, two, three, parts={one: ["a", "c"], two: ["b", "d", "e"]})
    assert store.stories.merged_into(three) == two
    assert members(store) == {one: ["a", "c"], two: ["b", "d", "e"]}
    assert log(store, last) == [(LEFT, three, "c"), (JOINED, one, "c"), (MERGED, three, two)]


def test_a_merge_a_split_and_a_move_may_come_at_once(store: SqlArticleStore) -> None:
    one, two, three = tell(store, "a", "b"), tell(store, "c"), tell(store, "d", "e", "f")
    after = regroup(store, one, two, three, parts={one: ["a", "c"], three: ["b", "d", "e"], -7: ["f"]})
    (made,) = set(after) - {one, three}
    assert members(store) == {one: ["a", "c"], three: ["b", "d", "e"], made: ["f"]}
    assert store.stories.merged_into(two) == one
    assert [record(store, number).articles for number in (one, three, made)] == [2, 3, 1]
    assert store.stories.mend() == 0


def test_who_was_merged_leads_on_to_where_it_is_now(store: SqlArticleStore) -> None:
    one, two, three, four = (tell(store, name) for name in "abcd")
    regroup(store, three, four, parts={three: ["c", "d"]})
    regroup(store, two, three, parts={two: ["b", "c", "d"]})
    regroup(store, one, two, parts={one: ["a", "b", "c", "d"]})
    assert [store.stories.merged_into(number) for number in (one, two, three, four)] == [None, one, one, one]


def test_an_id_leads_to_a_story_in_one_step_however_often_stories_are_grouped_anew(store: SqlArticleStore) -> None:
    come(store, *"abcdef")

    @settings(max_examples=25)
    @given(st.lists(st.lists(st.integers(0, 3), min_size=6, max_size=6), min_size=1, max_size=6))
    def check(groupings: list[list[int]]) -> None:
        store.stories.reset()
        with store.stories.changing() as stories:
            for one in stories.unassigned(9):
                stories.open(one)
        for groups in groupings:
            group_anew(store, groups)
            there = set(store.stories.numbers())
            for number in {change.story for change in store.stories.changes_after(0, 1_000)}:
                into = store.stories.merged_into(number)
                assert (into is None) == (number in there)
                assert into is None or into in there

    check()


def group_anew(store: ArticleStore, groups: Sequence[int]) -> None:
    with store.stories.changing() as stories:
        numbers = store.stories.numbers()
        before = {one: number for number, keys in stories.members(numbers).items() for one in keys}
        parts: dict[int, list[int]] = {}
        for one, group in zip(sorted(before), groups, strict=True):
            parts.setdefault(group, []).append(one)
        anew = regrouping(before, list(parts.values()))
        if anew:
            stories.regroup(numbers, anew)
    assert sorted(store.stories.members(store.stories.numbers()).values()) == sorted(parts.values())


# Threads, and what was thought over


def test_a_story_becomes_a_part_of_a_thread(store: SqlArticleStore) -> None:
    one, two, three = tell(store, "a"), tell(store, "b"), tell(store, "c")
    with store.stories.changing() as stories:
        stories.link(two, one)
        stories.link(three, one)
        assert stories.thread_of(three) == one
        assert stories.of_thread(one, 9) == [three, two, one]
        assert stories.of_thread(one, 2) == [three, two]
        assert stories.of_thread(two, 9) == []
    assert [record(store, number).thread for number in (one, two, three)] == [one, one, one]
    assert log(store)[3:] == [(LINKED, two, one), (LINKED, three, one)]


def test_a_thread_outlives_the_story_that_it_began_with(store: SqlArticleStore) -> None:
    one, two = tell(store, "a"), tell(store, "b")
    with store.stories.changing() as stories:
        stories.link(two, one)
    store.take_down("a")
    assert record(store, two).thread == one
    assert [found.number for found in store.stories.find(StoryQuery(thread=one))] == [two]


def test_how_large_a_story_was_when_it_was_thought_over_is_kept(store: SqlArticleStore) -> None:
    number = tell(store, "a", "b")
    assert record(store, number).reviewed == 1
    last = store.stories.last_change()
    with store.stories.changing() as stories:
        stories.reviewed([number])
    store.take_down("a")
    assert (record(store, number).reviewed, record(store, number).articles) == (2, 1)
    assert log(store, last) == [(LEFT, number, "a")]


# Find


@dataclass(frozen=True)
class Newsstand:
    """A store with some stories, and their numbers by their names."""

    store: SqlArticleStore
    numbers: dict[str, int]

    def find(self, query: StoryQuery) -> list[str]:
        names = {number: name for name, number in self.numbers.items()}
        return [names[found.number] for found in self.store.stories.find(query)]


@pytest.fixture(scope="module")
def newsstand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsstand]:
    """To read only. `vote` is of the thread of `quake`; the last reports of `vote` and `twin` are of one moment."""
    us, de, kr = (
        {"source": "Harbor Tribune", "country": "US"},
        {"source": "Elbtaler Zeitung", "country": "DE", "lang": "de"},
        {"source": "한빛일보", "country": "KR", "lang": "ko"},
    )
    stories = {
        "quake": [
            an_article("q1", "Quake one", published_at=NOON, **us),
            an_article("q2", "Quake two", published_at=NOON + HOUR, **de),
            an_article("q3", "Quake three", published_at=NOON + 2 * HOUR, lang="zh-TW"),
        ],
        "vote": [
            an_article("v1", "Vote one", published_at=NOON + 5 * HOUR, **us),
            an_article("v2", "Vote two", published_at=NOON + 6 * HOUR, **us),
        ],
        "cup": [an_article("c1", "Cup", published_at=NOON - 24 * HOUR, **kr)],
        "twin": [an_article("t1", "Twin", published_at=NOON + 6 * HOUR, **{**kr, "lang": "ko-KR"})],
    }
    with open_sqlite(tmp_path_factory.mktemp("newsstand") / "store.sqlite") as store:
        numbers = {name: tell(store, *articles) for name, articles in stories.items()}
        with store.stories.changing() as transaction:
            transaction.link(numbers["vote"], numbers["quake"])
        yield Newsstand(store, numbers)


ALL = ["twin", "vote", "quake", "cup"]
SEOUL = timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (StoryQuery(), ALL),
        (StoryQuery(order=StoryOrder.TRENDING), ["quake", "twin", "vote", "cup"]),
        (StoryQuery(limit=2), ["twin", "vote"]),
        (StoryQuery(langs=frozenset({"en"})), ["vote", "quake"]),
        (StoryQuery(langs=frozenset({"zh"})), ["quake"]),
        (StoryQuery(langs=frozenset({"zh-TW"})), ["quake"]),
        (StoryQuery(langs=frozenset({"zh-CN"})), []),
        (StoryQuery(langs=frozenset({"k"})), []),
        (StoryQuery(langs=frozenset({"ko"})), ["twin", "cup"]),
        (StoryQuery(langs=frozenset({"ko-KR"})), ["twin"]),
        (StoryQuery(langs=frozenset({"ko", "de"})), ["twin", "quake", "cup"]),
        (StoryQuery(countries=frozenset({"US"})), ["vote", "quake"]),
        (StoryQuery(countries=frozenset({"DE", "KR"})), ["twin", "quake", "cup"]),
        (StoryQuery(sources=frozenset({"한빛일보"})), ["twin", "cup"]),
        (StoryQuery(sources=frozenset({"Nobody"})), []),
        (StoryQuery(langs=frozenset({"zh"}), sources=frozenset({"Harbor Tribune"})), ["quake"]),
        (StoryQuery(langs=frozenset({"ko"}), countries=frozenset({"US"})), []),
        (StoryQuery(since=NOON + 2 * HOUR), ["twin", "vote", "quake"]),
        (StoryQuery(since=NOON + 2 * HOUR + timedelta(microseconds=1)), ["twin", "vote"]),
        (StoryQuery(since=(NOON + 3 * HOUR).astimezone(SEOUL)), ["twin", "vote"]),
        (StoryQuery(until=NOON), ["cup"]),
        (StoryQuery(until=(NOON + timedelta(microseconds=1)).astimezone(SEOUL)), ["quake", "cup"]),
        (StoryQuery(since=NOON, until=NOON + HOUR), ["quake"]),
        (StoryQuery(min_articles=2), ["vote", "quake"]),
        (StoryQuery(min_articles=3), ["quake"]),
        (StoryQuery(min_sources=2), ["quake"]),
        (StoryQuery(min_languages=3), ["quake"]),
        (StoryQuery(min_languages=4), []),
        (StoryQuery(order=StoryOrder.TRENDING, min_articles=2, limit=1), ["quake"]),
    ],
)
def test_stories_are_found_in_order(newsstand: Newsstand, query: StoryQuery, expected: list[str]) -> None:
    assert newsstand.find(query) == expected


def test_stories_of_a_thread_are_found(newsstand: Newsstand) -> None:
    assert newsstand.find(StoryQuery(thread=newsstand.numbers["quake"])) == ["vote", "quake"]
    assert newsstand.find(StoryQuery(thread=newsstand.numbers["vote"])) == []


def test_what_is_found_is_what_there_is(newsstand: Newsstand) -> None:
    found = newsstand.store.stories.find(StoryQuery())
    assert found == [record(newsstand.store, newsstand.numbers[name]) for name in ALL]
    assert newsstand.store.stories.count() == 4
    assert newsstand.store.stories.numbers() == sorted(newsstand.numbers.values())


@pytest.mark.parametrize("order", StoryOrder)
def test_page_by_page_each_story_comes_once(store: SqlArticleStore, order: StoryOrder) -> None:
    for number in range(7):  # at one moment, and apart by the least that can be told
        moment = NOON + timedelta(microseconds=number // 2)
        tell(store, an_article(f"m{number}", f"Moment {number}", published_at=moment))
    whole = store.stories.find(StoryQuery(order=order))
    assert [found.number for found in whole] == [7, 6, 5, 4, 3, 2, 1]
    for limit in (1, 2, 3, 7):
        query = StoryQuery(order=order, limit=limit)
        paged: list[StoryRecord] = []
        while page := store.stories.find(replace(query, after=query.position(paged[-1]) if paged else None)):
            assert len(page) <= limit
            paged += page
        assert paged == whole


# Reports


def test_the_articles_of_stories_are_given_as_they_appeared(store: SqlArticleStore) -> None:
    one = tell(
        store,
        an_article(
            "b", "Late", source="Harbor Tribune", country="US", url="https://a.example/x", published_at=NOON + HOUR
        ),
        an_article("a", "Early", lang="zh-TW", published_at=NOON - HOUR),
    )
    other = tell(store, Article(id="c", text="No title", lang="de", published_at=NOON))
    (d,) = come(store, an_article("d", "Late", published_at=NOON + HOUR))
    with store.stories.changing() as stories:
        stories.join(d, one, is_copy=True)
    reports = store.stories.reports([other, one])
    assert reports == [
        Report(key(store, "a"), "a", one, "Early", None, "", None, "zh-TW", NOON - HOUR, is_copy=False),
        Report(key(store, "c"), "c", other, None, None, "", None, "de", NOON, is_copy=False),
        Report(
            key(store, "b"),
            "b",
            one,
            "Late",
            "https://a.example/x",
            "Harbor Tribune",
            "US",
            "en",
            NOON + HOUR,
            is_copy=False,
        ),
        Report(d, "d", one, "Late", None, "", None, "en", NOON + HOUR, is_copy=True),
    ]
    assert [report.id for report in store.stories.reports([other])] == ["c"]
    assert store.stories.reports([]) == store.stories.reports([999]) == []


def test_page_by_page_each_article_of_a_story_comes_once(store: SqlArticleStore) -> None:
    moments = [NOON + timedelta(microseconds=number // 3) for number in range(9)]
    number = tell(store, *(an_article(f"a{n}", f"Report {n}", published_at=one) for n, one in enumerate(moments)))
    tell(store, an_article("other", published_at=NOON))
    for limit in (1, 2, 4, 20):
        paged: list[Report] = []
        while page := store.stories.reports([number], limit, paged[-1].position if paged else None):
            assert len(page) <= limit
            paged += page
        assert [report.id for report in paged] == [f"a{n}" for n in range(9)]
        assert paged == store.stories.reports([number])


def test_what_came_lately_is_counted(store: SqlArticleStore) -> None:
    one = tell(
        store,
        an_article("a", "One", source="Harbor Tribune", published_at=NOON),
        an_article("b", "Two", source="Harbor Tribune", published_at=NOON + HOUR),
        an_article("c", "Three", published_at=NOON + HOUR),
        an_article("d", "Four", published_at=NOON + 2 * HOUR),
    )
    other = tell(store, an_article("e", published_at=NOON - HOUR))
    assert store.stories.recent([one, other], NOON - HOUR) == {one: (4, 2), other: (1, 1)}
    assert store.stories.recent([one, other], NOON + HOUR) == {one: (3, 2)}
    assert store.stories.recent([one], (NOON + 2 * HOUR).astimezone(SEOUL)) == {one: (1, 1)}
    assert store.stories.recent([other], NOON) == store.stories.recent([], NOON - HOUR) == {}


# The log


def test_a_new_store_has_no_stories_and_no_log(store: SqlArticleStore) -> None:
    stories = store.stories
    assert (stories.count(), stories.waiting(), stories.last_change(), stories.numbers()) == (0, 0, 0, [])
    assert (stories.find(StoryQuery()), stories.changes_after(0, 9)) == ([], [])
    assert stories.get(1) is None
    assert stories.merged_into(1) is None
    assert not any(stories.was_ever(number) for number in (-1, 0, 1))


def test_the_log_can_be_read_from_anywhere_and_of_one_story(store: SqlArticleStore) -> None:
    before = datetime.now(UTC)
    one, other = tell(store, "a", "b"), tell(store, "c")
    store.take_down("a")
    store.take_down("c")
    changes = store.stories.changes_after(0, 99)
    assert [change.sequence for change in changes] == [1, 2, 3, 4, 5, 6]
    assert all(before <= change.at <= datetime.now(UTC) for change in changes)
    assert store.stories.last_change() == 6
    assert store.stories.changes_after(2, 3) == changes[2:5]
    assert store.stories.changes_after(6, 9) == []
    assert log(store, number=one) == [(OPENED, one, "a"), (JOINED, one, "b"), (LEFT, one, "a")]
    assert log(store, after=3, number=other) == [(LEFT, other, "c"), (CLOSED, other, None)]
    assert [change.other for change in changes] == [None] * 6


# What happens to articles


@pytest.mark.parametrize("how", ["take down", "expire"])
def test_an_article_that_is_deleted_leaves_its_story(store: SqlArticleStore, how: str) -> None:
    fields = {"source": "Harbor Tribune", "lang": "de"}
    number = tell(store, an_article("a", published_at=NOON, **fields), an_article("b", published_at=NOON + HOUR))
    other = tell(store, an_article("c", published_at=NOON - HOUR))
    come(store, an_article("waits", published_at=NOON - HOUR))
    last = store.stories.last_change()
    if how == "take down":
        for article_id in ("c", "waits", "a"):
            store.take_down(article_id)
    else:
        store.expire(FUTURE, 3)
    found = record(store, number)
    assert (count_of(found), found.first_at, found.last_at) == ((1, 1, 1), NOON + HOUR, NOON + HOUR)
    assert found.heat == half_lives(NOON + HOUR)
    assert members(store) == {number: ["b"]}
    assert (store.stories.get(other), store.stories.was_ever(other)) == (None, True)
    assert sorted(log(store, last), key=str) == sorted(
        [(LEFT, other, "c"), (CLOSED, other, None), (LEFT, number, "a")], key=str
    )
    assert store.stories.waiting() == 0
    assert store.check() == []


def test_no_more_articles_leave_their_stories_than_expire(store: SqlArticleStore) -> None:
    number = tell(store, *(an_article(f"a{n}", f"Report {n}", published_at=NOON + n * HOUR) for n in range(4)))
    store.expire(FUTURE, 3)
    assert members(store) == {number: ["a3"]}


def test_an_article_that_comes_again_after_it_expired_is_to_be_assigned(store: SqlArticleStore) -> None:
    number = tell(store, "a")
    store.expire(FUTURE, 9)
    come(store, "a")
    assert waiting(store) == ["a"]
    assert store.stories.of_articles([key(store, "a")]) == {}
    with store.stories.changing() as stories:
        assert stories.open(key(store, "a")) > number


def test_a_story_goes_by_what_is_known_of_its_articles_now(store: SqlArticleStore) -> None:
    number = tell(
        store, an_article("a", "One", published_at=NOON), an_article("b", "Two", published_at=NOON), an_article("c")
    )
    other = tell(store, an_article("d", published_at=NOON))
    before = record(store, other)
    store.put(
        [
            an_article("a", "One", source="Harbor Tribune", published_at=NOON - HOUR),
            an_article("b", "Two", lang="de", published_at=NOON + HOUR),
            an_article("c", source="Elbtaler Zeitung", published_at=NOON),
        ]
    )
    found = record(store, number)
    assert count_of(found) == (3, 3, 2)
    assert (found.first_at, found.last_at) == (NOON - HOUR, NOON + HOUR)
    moments = [half_lives(NOON + hours * HOUR) for hours in (-1, 0, 1)]
    assert found.heat == pytest.approx(math.log2(sum(2 ** (one - moments[0]) for one in moments)) + moments[0])
    assert record(store, other) == before
    assert store.stories.mend() == 0


def test_a_story_one_of_whose_articles_was_changed_has_changed(store: SqlArticleStore) -> None:
    number, other = tell(store, "a", "b", "c"), tell(store, "d")
    last = store.stories.last_change()
    store.put(
        [
            an_article("b", "Report b", source="Harbor Tribune"),
            an_article("a", "Other words"),
            an_article("c", "Report c"),
            an_article("new"),
        ]
    )
    assert sorted(log(store, last)) == [(UPDATED, number, "a"), (UPDATED, number, "b")]
    assert record(store, number).changed == store.stories.last_change()
    assert record(store, other).changed <= last


def test_an_article_with_other_words_and_metadata_counts_as_it_is_now(store: SqlArticleStore) -> None:
    number = tell(store, an_article("a", published_at=NOON), "b")
    store.put([an_article("a", "Other words", lang="de", published_at=NOON + 24 * HOUR)])
    assert (record(store, number).languages, record(store, number).first_at) == (2, NOON + 24 * HOUR)


def test_an_article_put_as_it_was_changes_nothing(store: SqlArticleStore) -> None:
    number = tell(store, "a", "b")
    before = record(store, number), log(store)
    store.put([an_article("a", "Report a"), an_article("b", "Report b")])
    assert (record(store, number), log(store)) == before


# Heat


def heat_of(store: ArticleStore, *articles: tuple[str, datetime], copies: Sequence[tuple[str, datetime]] = ()) -> float:
    """Of a story of articles by some publishers at some moments, in half lives after noon."""
    given = [
        an_article(f"a{place}", f"Report {place}", source=source or None, published_at=moment)
        for place, (source, moment) in enumerate([*articles, *copies])
    ]
    keys = come(store, *given)
    with store.stories.changing() as stories:
        number = stories.open(keys[0])
        for place, one in enumerate(keys[1:], 1):
            stories.join(one, number, is_copy=place >= len(articles))
    return record(store, number).heat - half_lives(NOON)


def test_a_report_counts_twice_as_much_a_half_life_later(store: SqlArticleStore) -> None:
    later = NOON + timedelta(hours=HEAT_HALF_LIFE_HOURS)
    assert heat_of(store, ("Harbor Tribune", later)) == pytest.approx(1)


def test_publishers_add_up(store: SqlArticleStore) -> None:
    assert heat_of(store, *((name, NOON) for name in ("A", "B", "C", ""))) == pytest.approx(2)


def test_copies_do_not_count(store: SqlArticleStore) -> None:
    copies = [(name, NOON + n * HOUR) for n, name in enumerate("BCD")]
    assert heat_of(store, ("A", NOON), copies=copies) == pytest.approx(0)


def test_a_publisher_counts_once_a_day_by_its_first_report(store: SqlArticleStore) -> None:
    assert heat_of(store, ("A", NOON + HOUR), ("A", NOON), ("A", NOON + 11 * HOUR)) == pytest.approx(0)


def test_publishers_that_are_not_known_count_as_one(store: SqlArticleStore) -> None:
    assert heat_of(store, ("", NOON), ("", NOON + HOUR)) == pytest.approx(0)


def test_a_publisher_counts_again_the_next_day(store: SqlArticleStore) -> None:
    next_day = NOON + timedelta(hours=HEAT_HALF_LIFE_HOURS)
    assert next_day.date() > NOON.date()
    assert heat_of(store, ("A", NOON), ("A", next_day)) == pytest.approx(math.log2(1 + 2))


def test_a_story_of_which_only_copies_are_left_has_the_heat_of_the_first(store: SqlArticleStore) -> None:
    heat_of(store, ("A", NOON), copies=[("B", NOON + 2 * HOUR), ("C", NOON + HOUR)])
    store.take_down("a0")
    (found,) = store.stories.find(StoryQuery())
    assert found.heat == half_lives(NOON + HOUR)


def test_heat_holds_for_any_date(store: SqlArticleStore) -> None:
    far = [datetime(1, 1, 2, tzinfo=UTC), datetime.now(UTC)]  # later ones are not believed
    assert heat_of(store, *(("A", moment) for moment in far)) == pytest.approx(half_lives(far[1]) - half_lives(NOON))


# Reset


def test_after_a_reset_all_articles_are_to_be_assigned_again_as_they_were(store: SqlArticleStore) -> None:
    come(store, "a", "b", "c", "waits")
    with store.stories.changing() as stories:
        number = stories.open(key(store, "c"))
        stories.open(key(store, "a"))
        stories.join(key(store, "b"), number, is_copy=False)
    come(store, an_article("a", "Other words"))
    with store.stories.changing() as stories:
        stories.stay(key(store, "a"))
    store.stories.reset()
    assert waiting(store) == ["b", "c", "waits", "a"]
    assert (store.stories.count(), store.stories.last_change(), log(store)) == (0, 0, [])
    assert store.stories.of_articles([key(store, "a")]) == {}


def test_after_a_reset_with_an_order_only_those_are_to_be_assigned(store: SqlArticleStore) -> None:
    tell(store, "a", "b", "c")
    come(store, "waits")
    store.stories.reset([key(store, one) for one in ("c", "a")])
    assert waiting(store) == ["c", "a"]


def test_a_reset_forgets_redirects_and_no_number(store: SqlArticleStore) -> None:
    one, other = tell(store, "a"), tell(store, "b")
    regroup(store, one, other, parts={one: ["a", "b"]})
    last = store.stories.last_change()
    store.stories.reset()
    assert store.stories.merged_into(other) is None
    with store.stories.changing() as stories:
        assert stories.open(key(store, "a")) == other + 1
    assert store.stories.last_change() == last + 1


# Mend


def run(path: Path, *statements: str) -> None:
    """Change the file behind the store's back."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def test_nothing_is_mended_where_nothing_is_wrong(store: SqlArticleStore) -> None:
    one, other = tell(store, "a", "b"), tell(store, "c")
    regroup(store, one, other, parts={one: ["a"], other: ["b", "c"]})
    come(store, "waits")
    last = store.stories.last_change()
    assert store.stories.mend() == 0
    assert store.check() == []
    assert store.stories.last_change() == last
    assert waiting(store) == ["waits"]


@pytest.mark.parametrize(
    "damage",
    ["articles = 9", "sources = 0", "languages = 9", "heat = 0", "first_at = '2000-01-01'", "last_at = '2000-01-01'"],
)
def test_what_is_derived_of_a_story_is_mended(store: SqlArticleStore, path: Path, damage: str) -> None:
    numbers = [tell(store, "a", an_article("b", lang="de")), tell(store, "c")]
    before = [record(store, number) for number in numbers]
    run(path, f"UPDATE stories SET {damage} WHERE number = {numbers[0]}")  # noqa: S608 - of the test
    assert record(store, numbers[0]) != before[0]
    assert store.stories.mend() == 1
    assert [record(store, number) for number in numbers] == before
    assert store.stories.mend() == 0


def test_a_story_without_articles_is_closed(store: SqlArticleStore, path: Path) -> None:
    number = tell(store, "a")
    run(path, "DELETE FROM story_members")
    assert store.stories.mend() == 1
    assert store.stories.get(number) is None
    assert log(store)[1:] == [(CLOSED, number, None)]


def test_an_embedded_article_without_a_story_waits_for_one_again(store: SqlArticleStore, path: Path) -> None:
    number = tell(store, "a", "b", "c")
    come(store, "waits")
    store.put([an_article("new")])
    run(path, f"DELETE FROM story_members WHERE key = {key(store, 'b')}", "DELETE FROM unassigned")  # noqa: S608 - of the test
    store.stories.mend()
    assert waiting(store) == ["b", "waits"]
    assert record(store, number).articles == 2
    with store.stories.changing() as stories:
        for one in ("b", "waits"):
            stories.join(key(store, one), number, is_copy=False)
    assert members(store) == {number: ["a", "b", "c", "waits"]}


def test_a_check_tells_of_stories_that_do_not_fit_their_articles(store: SqlArticleStore, path: Path) -> None:
    tell(store, "a")
    tell(store, "b")
    run(path, "UPDATE stories SET articles = 9")
    assert store.check() == ["Stories that did not fit their articles, which is mended: 2."]
    assert store.check() == []


# Numbers


def test_numbers_are_not_given_again_after_a_story_is_closed(path: Path) -> None:
    with open_sqlite(path) as store:
        one, other = tell(store, "a"), tell(store, "b")
        regroup(store, one, other, parts={one: ["a", "b"]})
        store.take_down("a")
        store.take_down("b")
        last = store.stories.last_change()
        assert store.stories.count() == 0
    with open_sqlite(path) as store:
        assert tell(store, "c") == other + 1
        assert store.stories.last_change() == last + 1
        assert [store.stories.was_ever(number) for number in (0, one, other, other + 1, other + 2)] == [
            False,
            True,
            True,
            True,
            False,
        ]
        assert store.stories.merged_into(other) == one


def test_a_number_of_a_transaction_that_failed_is_of_no_story(store: SqlArticleStore) -> None:
    (a,) = come(store, "a")

    def fail() -> None:
        with store.stories.changing() as stories:
            stories.open(a)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert not store.stories.was_ever(1)


@pytest.mark.parametrize(("in_backup", "in_store"), [(2, 5), (5, 2), (3, 0), (0, 3)])
def test_numbers_after_a_restore_are_higher_than_any_before(
    store: SqlArticleStore, tmp_path: Path, in_backup: int, in_store: int
) -> None:
    with open_sqlite(tmp_path / "other" / "store.sqlite") as other:
        highest, last = 0, 0
        for one, count in ((store, in_backup), (other, in_store)):
            for number in range(count):
                highest = max(highest, tell(one, f"a{number}"))
            if count:
                one.expire(FUTURE, count)  # so that no row has the highest number any more
            last = max(last, one.stories.last_change())
        store.backup(tmp_path / "backup")
        other.restore(tmp_path / "backup")
        assert other.stories.was_ever(highest)
        assert not other.stories.was_ever(highest + 1)
        assert tell(other, "new") == highest + 1
        assert other.stories.changes_after(0, 999)[-1].sequence == last + 1


def everything(store: ArticleStore) -> object:
    numbers = store.stories.numbers()
    redirects = {number: store.stories.merged_into(number) for number in range(20)}
    return store.stories.find(StoryQuery(limit=99)), store.stories.reports(numbers), log(store), redirects


def test_stories_are_in_a_backup_and_come_back_with_it(store: SqlArticleStore, tmp_path: Path) -> None:
    one, two, three = tell(store, "a"), tell(store, "b", "c", "d"), tell(store, "e")
    regroup(store, one, two, three, parts={one: ["a", "b"], two: ["c", "d", "e"]})
    come(store, "waits")
    before = everything(store)
    store.backup(tmp_path / "backup")
    tell(store, "later")
    store.take_down("waits")
    store.restore(tmp_path / "backup")
    assert everything(store) == before
    assert waiting(store) == []  # as what is taken down stays away
    with open_sqlite(tmp_path / "other" / "store.sqlite") as other:
        tell(other, "x", "y")
        other.restore(tmp_path / "backup")
        assert everything(other) == before
        assert waiting(other) == ["waits"]
        assert other.check() == []


def test_what_was_taken_down_after_the_backup_is_in_no_story_restored(store: SqlArticleStore, tmp_path: Path) -> None:
    number = tell(
        store, an_article("a", source="Harbor Tribune", published_at=NOON), an_article("b", published_at=NOON - HOUR)
    )
    alone = tell(store, "alone")
    store.backup(tmp_path / "backup")
    store.take_down("a")
    store.take_down("alone")
    store.restore(tmp_path / "backup")
    found = record(store, number)
    assert (count_of(found), found.last_at) == ((1, 1, 1), NOON - HOUR)
    assert members(store) == {number: ["b"]}
    assert store.stories.get(alone) is None
    assert (CLOSED, alone, None) in log(store)
    assert store.check() == []
