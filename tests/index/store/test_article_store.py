"""The contract of `ArticleStore`. A further implementation is one more line in `IMPLEMENTATIONS`."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from numpy.typing import NDArray

from index import Article, PutStatus, StoredArticle
from index.errors import ConditionError
from index.store import ArticleStore, Change, ChangeKind, ComparableArticle, ModelRecord
from index.store.sql_store import open_sqlite
from tests.index.fakes import NOON, an_article

Open = Callable[[Path], ArticleStore]
IMPLEMENTATIONS: dict[str, Open] = {
    "sqlite": lambda folder: open_sqlite(folder / "store.sqlite"),
}

FUTURE = datetime(2100, 1, 1, tzinfo=UTC)
MODEL = ModelRecord("one", "1" * 32)
OTHER_MODEL = ModelRecord("two", "2" * 32)
UNCHANGED, CREATED, UPDATED, TAKEN_DOWN = (
    PutStatus.UNCHANGED,
    PutStatus.CREATED,
    PutStatus.UPDATED,
    PutStatus.TAKEN_DOWN,
)


@pytest.fixture(params=list(IMPLEMENTATIONS.values()), ids=list(IMPLEMENTATIONS))
def open_store(request: pytest.FixtureRequest) -> Open:
    factory: Open = request.param
    return factory


@pytest.fixture
def store(open_store: Open, tmp_path: Path) -> Iterator[ArticleStore]:
    with open_store(tmp_path) as opened:
        yield opened


def put(store: ArticleStore, *articles: Article, restore: bool = False) -> list[PutStatus]:
    outcomes = store.put(articles, restore=restore)
    assert [outcome.id for outcome in outcomes] == [article.id for article in articles]
    return [outcome.status for outcome in outcomes]


def stored(store: ArticleStore, article_id: str) -> StoredArticle:
    found = store.get(article_id)
    assert found is not None
    return found


def vectors(*numbers: float) -> NDArray[np.float16]:
    """For every number a vector that begins with it."""
    return np.array([[number, 1] for number in numbers], np.float16)


def embed_all(store: ArticleStore) -> None:
    waiting = store.without_vector(1_000)
    store.put_vectors(waiting, np.ones((len(waiting), 2), np.float16))


def with_vectors(store: ArticleStore) -> list[tuple[list[StoredArticle], NDArray[np.float16]]]:
    """All embedded articles with their vectors, by key, in one chunk; no chunk if there are none."""
    keys, _ = store.embedded_versions()
    entries, rows = store.embedded(keys.tolist())
    there = store.get_by_keys(keys.tolist())
    assert entries == [there[entry.key].entry for entry in entries]
    return [([there[entry.key] for entry in entries], rows)] if entries else []


# Articles


def test_an_article_comes_back_as_it_was_put(store: ArticleStore) -> None:
    article = an_article(
        "a",
        text="Two leaders met.\nThey talked.",
        lang="zh-TW",
        url="https://a.example/x",
        source="한빛일보",
        country="KR",
        published_at="2023-09-14T09:30:00.123456+09:00",
    )
    assert put(store, article) == [CREATED]
    found = stored(store, "a")
    assert found.article == article
    assert found.words_hash == article.words_hash
    assert found.appeared_at == article.published_at
    assert found.article.published_at is not None
    assert found.article.published_at.tzinfo == UTC


def test_fields_left_out_stay_out(store: ArticleStore) -> None:
    put(store, Article(id="a", text="Two leaders met.", lang="en"))
    assert stored(store, "a").article == Article(id="a", text="Two leaders met.", lang="en")


def test_an_article_without_a_date_appeared_when_it_was_first_seen(store: ArticleStore) -> None:
    before = datetime.now(UTC)
    put(store, an_article("a"))
    first = stored(store, "a")
    put(store, an_article("a", title="A flood"))
    second = stored(store, "a")
    assert before <= first.appeared_at == first.first_seen_at == first.updated_at <= datetime.now(UTC)
    assert second.appeared_at == second.first_seen_at == first.first_seen_at <= second.updated_at


def test_a_date_may_come_and_go(store: ArticleStore) -> None:
    put(store, an_article("a"))
    put(store, an_article("a", published_at=NOON))
    assert stored(store, "a").appeared_at == NOON
    put(store, an_article("a"))
    assert stored(store, "a").appeared_at == stored(store, "a").first_seen_at


def test_an_article_dated_in_the_future_appeared_when_it_was_first_seen(store: ArticleStore) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    put(store, an_article("a", published_at=tomorrow), an_article("b", title="A flood"))
    article = stored(store, "a")
    assert article.article.published_at == tomorrow  # which is what the publisher says
    assert article.appeared_at == article.first_seen_at
    assert article.entry.appeared_at == article.first_seen_at
    assert [one.article.id for one in store.latest(2)] == ["a", "b"]  # as they came, not for a day
    store.put_vectors(store.without_vector(1, ["a"]), np.ones((1, 3), np.float16), [b"1"])
    assert store.comparable([article.key])[article.key].published == int(article.first_seen_at.timestamp())
    put(store, an_article("a", published_at=tomorrow, title="A summit ends"))
    assert stored(store, "a").appeared_at == article.first_seen_at


def test_clocks_may_be_minutes_apart(store: ArticleStore) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=5)
    put(store, an_article("a", published_at=soon))
    assert stored(store, "a").appeared_at == soon


def test_an_article_may_be_given_a_later_date_that_has_come(store: ArticleStore) -> None:
    put(store, an_article("a", published_at=NOON))
    later = datetime.now(UTC)
    put(store, an_article("a", published_at=later))
    article = stored(store, "a")
    assert (article.appeared_at, article.first_seen_at < article.updated_at) == (later, True)


def test_a_publisher_that_is_not_named_is_told_by_the_url(store: ArticleStore) -> None:
    article = an_article("a", url="https://news.example.co.kr/1")
    assert put(store, article) == [CREATED]
    found = stored(store, "a")
    assert (found.article.source, found.article.country) == ("example.co.kr", "KR")
    assert (found.entry.source, found.entry.country) == ("example.co.kr", "KR")
    assert store.ids_of_source("example.co.kr") == ["a"]
    assert put(store, article) == [UNCHANGED]


def test_of_several_articles_with_one_id_the_last_one_stays(store: ArticleStore) -> None:
    flood = an_article("a", title="A flood")
    assert put(store, an_article("a"), flood, flood) == [CREATED, UPDATED, UNCHANGED]
    assert stored(store, "a").article == flood
    assert store.count() == 1


def test_putting_nothing_does_nothing(store: ArticleStore) -> None:
    assert store.put([]) == []
    assert store.put([], restore=True) == []
    assert store.put_vectors([], np.empty((0, 2), np.float16)) == []
    assert store.count() == 0


def test_an_article_put_again_keeps_its_sequence_number(store: ArticleStore) -> None:
    put(store, an_article("a"))
    first = stored(store, "a")
    assert put(store, an_article("a")) == [UNCHANGED]
    assert stored(store, "a") == first


def test_the_article_at_a_url_is_the_one_that_was_put_last(store: ArticleStore) -> None:
    url = "https://a.example/x"
    assert store.get_by_url(url) is None
    put(store, an_article("a", url=url))
    put(store, an_article("b", url=url))
    assert store.get_by_url(url) == stored(store, "b")
    put(store, an_article("a", title="A flood", url=url))
    assert store.get_by_url(url) == stored(store, "a")
    store.take_down("a")
    assert store.get_by_url(url) == stored(store, "b")


def test_the_latest_come_first_and_no_more_than_asked(store: ArticleStore) -> None:
    for article_id, hours in (("b", 2), ("d", 4), ("a", 1), ("c", 3)):
        put(store, an_article(article_id, published_at=NOON + timedelta(hours=hours)))
    assert [found.article.id for found in store.latest(3)] == ["d", "c", "b"]
    assert [found.article.id for found in store.latest(9)] == ["d", "c", "b", "a"]


def test_articles_are_found_by_their_keys(store: ArticleStore) -> None:
    put(store, an_article("a"), an_article("b"), an_article("c"))
    a, c = stored(store, "a"), stored(store, "c")
    assert store.get_by_keys([c.key, a.key, 999]) == {a.key: a, c.key: c}
    assert store.get_by_keys([]) == {}


def test_what_the_vector_index_needs_to_know_is_in_the_entry(store: ArticleStore) -> None:
    put(store, an_article("a", lang="ko", source="한빛일보", country="KR", published_at=NOON), an_article("b"))
    first, second = stored(store, "a").entry, stored(store, "b").entry
    assert (first.lang, first.source, first.country, first.appeared_at) == ("ko", "한빛일보", "KR", NOON)
    assert (second.lang, second.source, second.country) == ("en", "", "")


# Takedowns


def test_an_article_taken_down_is_gone_with_its_vector(store: ArticleStore) -> None:
    put(store, an_article("a"))
    embed_all(store)
    key = stored(store, "a").key
    assert store.take_down("a") == key
    assert store.get("a") is None
    assert store.vector(key) is None
    assert store.get_by_keys([key]) == {}
    assert list(with_vectors(store)) == []
    assert store.is_taken_down("a")


def test_an_unknown_article_cannot_be_taken_down(store: ArticleStore) -> None:
    assert store.take_down("a") is None
    assert not store.is_taken_down("a")


def test_an_article_taken_down_is_refused_in_whatever_version(store: ArticleStore) -> None:
    put(store, an_article("a"))
    store.take_down("a")
    assert put(store, an_article("a"), an_article("a", title="A flood")) == [TAKEN_DOWN, TAKEN_DOWN]
    assert store.count() == 0


def test_the_content_taken_down_is_refused_under_another_id(store: ArticleStore) -> None:
    put(store, an_article("a"))
    store.take_down("a")
    assert put(store, an_article("b"), an_article("c", title="A flood")) == [TAKEN_DOWN, CREATED]


def test_an_article_taken_down_is_accepted_again_when_restored_and_has_a_new_key(store: ArticleStore) -> None:
    put(store, an_article("a"))
    old_key = store.take_down("a")
    assert put(store, an_article("a"), restore=True) == [CREATED]
    assert not store.is_taken_down("a")
    assert stored(store, "a").key != old_key
    assert put(store, an_article("a", title="A flood")) == [UPDATED]


def test_an_article_restored_can_be_taken_down_again(store: ArticleStore) -> None:
    put(store, an_article("a"))
    store.take_down("a")
    put(store, an_article("a"), restore=True)
    assert store.take_down("a") is not None
    assert store.is_taken_down("a")


def test_many_articles_are_taken_down_at_once_and_those_that_are_not_there_left_out(store: ArticleStore) -> None:
    put(store, an_article("a"), an_article("b", title="A flood"), an_article("c", title="Football"))
    embed_all(store)
    keys = {article_id: stored(store, article_id).key for article_id in "abc"}
    before = store.last_sequence()
    assert store.take_down_many(["c", "x", "a", "c"]) == {"a": keys["a"], "c": keys["c"]}
    assert [one.article.id for one in store.latest(9)] == ["b"]
    assert [(one.key, one.kind) for one in store.changes_after(before, 9)] == [
        (keys["a"], ChangeKind.TAKE_DOWN),
        (keys["c"], ChangeKind.TAKE_DOWN),
    ]
    assert put(store, an_article("a", title="Another"), an_article("d", title="Football")) == [TAKEN_DOWN, TAKEN_DOWN]
    assert not store.is_taken_down("x")
    assert store.take_down_many(["a", "c"]) == {}
    assert store.take_down_many([]) == {}


def test_articles_are_known_by_their_url_and_by_their_publisher(store: ArticleStore) -> None:
    put(store, an_article("b", url="https://news.example/1", source="News"))
    put(store, an_article("a", url="https://news.example/1?utm_source=x", source="News"))
    put(store, an_article("c", url="https://news.example/2", source="news"), an_article("d"))
    assert store.ids_of_url("https://news.example/1") == ["b", "a"]
    assert store.ids_of_url("https://news.example/3") == []
    assert store.ids_of_source("News") == ["b", "a"]
    assert store.ids_of_source("") == []


# Vectors


def test_articles_without_a_vector_are_given_longest_waiting_first(store: ArticleStore) -> None:
    put(store, an_article("a"), an_article("b"), an_article("c"))
    put(store, an_article("a", title="A flood"))
    assert [found.article.id for found in store.without_vector(2)] == ["b", "c"]
    assert [found.article.id for found in store.without_vector(9)] == ["b", "c", "a"]
    assert [found.article.id for found in store.without_vector(9, ids=["a", "c", "x"])] == ["c", "a"]
    assert store.without_vector(9, ids=[]) == []


def test_a_vector_comes_back_as_it_was_put(store: ArticleStore) -> None:
    put(store, an_article("a"), an_article("b"))
    a, b = stored(store, "a"), stored(store, "b")
    assert store.vector(a.key) is None
    assert store.put_vectors([b, a], vectors(0.5, -3)) == [True, True]
    for article, expected in ((a, [-3, 1]), (b, [0.5, 1])):
        vector = store.vector(article.key)
        assert vector is not None
        assert vector.dtype == np.float16
        assert vector.tolist() == expected
    assert store.without_vector(9) == []


def test_a_vector_put_again_is_not_kept_so_that_an_index_has_each_once(store: ArticleStore) -> None:
    put(store, an_article("a"))
    a = stored(store, "a")
    store.put_vectors([a], vectors(1))
    last = store.last_sequence()
    assert store.put_vectors([a], vectors(2)) == [False]
    vector = store.vector(a.key)
    assert vector is not None
    assert vector.tolist() == [1, 1]
    assert store.last_sequence() == last


def test_the_vector_of_words_that_changed_is_not_given_out(store: ArticleStore) -> None:
    put(store, an_article("a"))
    embed_all(store)
    put(store, an_article("a", title="A flood"))
    changed = stored(store, "a")
    assert store.vector(changed.key) is None
    assert list(with_vectors(store)) == []
    assert store.without_vector(9) == [changed]


def test_the_vector_stays_when_only_other_fields_change(store: ArticleStore) -> None:
    put(store, an_article("a"))
    embed_all(store)
    assert put(store, an_article("a", source="Harbor Tribune")) == [UPDATED]
    assert store.vector(stored(store, "a").key) is not None
    assert store.without_vector(9) == []


def test_the_vector_for_an_article_that_changed_meanwhile_is_not_kept(store: ArticleStore) -> None:
    put(store, an_article("a"), an_article("b"), an_article("c"))
    read = store.without_vector(3)
    put(store, an_article("a", title="A flood"))
    store.take_down("c")
    assert store.put_vectors(read, vectors(1, 2, 3)) == [False, True, False]
    assert [found.article.id for found in store.without_vector(9)] == ["a"]


def test_keys_are_told_by_id(store: ArticleStore) -> None:
    put(store, an_article("a"), an_article("b"))
    assert store.keys_of(["b", "x", "a"]) == {"a": stored(store, "a").key, "b": stored(store, "b").key}
    assert store.keys_of([]) == {}


def test_what_is_needed_to_compare_embedded_articles_is_given(store: ArticleStore) -> None:
    put(store, an_article("a", source="Harbor Tribune", published_at=NOON), an_article("b"), an_article("waiting"))
    a, b, waiting = (stored(store, article_id) for article_id in ("a", "b", "waiting"))
    store.put_vectors([a], vectors(1), [b"\x01 of a"])
    store.put_vectors([b], vectors(2))
    noon = int(NOON.timestamp())
    assert store.comparable([b.key, a.key, waiting.key, 999]) == {
        a.key: ComparableArticle(a.key, "a", "en", "Harbor Tribune", noon, noon, vectors(1).tobytes(), b"\x01 of a"),
        b.key: ComparableArticle(
            b.key, "b", "en", "", None, int(b.appeared_at.timestamp()), vectors(2).tobytes(), None
        ),
    }


def test_signals_of_another_version_are_outdated_until_they_are_put(store: ArticleStore) -> None:
    put(store, an_article("a"), an_article("b"), an_article("c"), an_article("waiting"))
    a, b, c = (stored(store, article_id) for article_id in "abc")
    store.put_vectors([a, b], vectors(1, 2), [b"\x01 of a", b"\x02 of b"])
    store.put_vectors([c], vectors(3))
    assert {one.article.id for one in store.outdated_signals(2, 9)} == {"a", "c"}
    assert len(store.outdated_signals(2, 1)) == 1
    store.put_signals([a, c], [b"\x02 of a", b"\x02 of c"])
    assert store.outdated_signals(2, 9) == []
    assert store.outdated_signals(2, 9) == []  # which is known by now
    assert {one.article.id for one in store.outdated_signals(3, 9)} == {"a", "b", "c"}
    assert store.comparable([c.key])[c.key].signals == b"\x02 of c"


def test_signals_of_former_words_are_not_put(store: ArticleStore) -> None:
    put(store, an_article("a"), an_article("b"))
    read = [stored(store, article_id) for article_id in "ab"]
    put(store, an_article("a", title="A flood"))
    store.take_down("b")
    embed_all(store)
    store.put_signals(read, [b"\x01 of a", b"\x01 of b"])
    (a,) = store.comparable([one.key for one in read]).values()
    assert (a.id, a.signals) == ("a", None)


def test_all_vectors_are_given_by_key(store: ArticleStore) -> None:
    put(store, *[an_article(f"a{number}", title=f"Summit {number}") for number in range(20)])
    waiting = store.without_vector(99)
    store.put_vectors(waiting[::-1], vectors(*(article.key for article in waiting[::-1])))
    given = [
        (article, number) for chunk, rows in with_vectors(store) for article, number in zip(chunk, rows, strict=True)
    ]
    assert [article for article, _ in given] == sorted(waiting, key=lambda article: article.key)
    assert all(row.tolist() == [article.key, 1] for article, row in given)


def test_some_embedded_articles_are_given_by_key(store: ArticleStore) -> None:
    put(store, an_article("a"), an_article("b"), an_article("c"), an_article("d"))
    a, b, c, d = (stored(store, article_id) for article_id in "abcd")
    store.put_vectors([c, a, b], vectors(3, 1, 2))
    entries, rows = store.embedded([d.key, c.key, 999, a.key, c.key])
    assert entries == [a.entry, c.entry]
    assert rows.dtype == np.float16
    assert rows.tolist() == [[1, 1], [3, 1]]


def test_of_no_embedded_articles_there_are_no_vectors(store: ArticleStore) -> None:
    put(store, an_article("a"))
    for keys in ([], [stored(store, "a").key], [999]):
        articles, rows = store.embedded(keys)
        assert articles == []
        assert rows.shape == (0, 0)
        assert rows.dtype == np.float16


def test_any_number_of_articles_can_be_asked_for(store: ArticleStore) -> None:
    put(store, an_article("a"), an_article("b"))
    a, b = stored(store, "a"), stored(store, "b")
    assert store.without_vector(9, ids=["x" + str(number) for number in range(40_000)] + ["b", "a"]) == [a, b]
    embed_all(store)
    assert store.get_by_keys(range(40_000)) == {a.key: a, b.key: b}
    assert store.embedded(range(40_000))[0] == [a.entry, b.entry]


def test_the_versions_of_embedded_articles_are_given_by_sequence(store: ArticleStore) -> None:
    keys, sequences = store.embedded_versions()
    assert keys.shape == sequences.shape == (0,)
    put(store, an_article("a"), an_article("b"), an_article("c"))
    embed_all(store)
    put(store, an_article("a", source="Harbor Tribune"), an_article("c", title="A flood"), an_article("d"))
    keys, sequences = store.embedded_versions()
    a, b = stored(store, "a"), stored(store, "b")
    assert keys.dtype == sequences.dtype == np.int64
    assert list(zip(keys.tolist(), sequences.tolist(), strict=True)) == [(b.key, b.sequence), (a.key, a.sequence)]


def test_the_number_of_articles_that_wait_is_known(store: ArticleStore) -> None:
    put(store, an_article("a"), an_article("b"), an_article("c"))
    assert store.count_without_vector() == 3
    embed_all(store)
    assert store.count_without_vector() == 0
    put(store, an_article("a", title="A flood"), an_article("b", source="Harbor Tribune"))
    assert store.count_without_vector() == 1
    store.take_down("a")
    assert store.count_without_vector() == 0


def test_it_is_known_since_when_the_longest_waiting_article_waits(store: ArticleStore) -> None:
    assert store.waiting_since() is None
    put(store, an_article("a"))
    put(store, an_article("b"))
    assert store.waiting_since() == stored(store, "a").updated_at
    store.put_vectors([stored(store, "a")], vectors(1))
    assert store.waiting_since() == stored(store, "b").updated_at
    embed_all(store)
    assert store.waiting_since() is None


def test_words_that_change_and_change_back_in_one_batch_keep_their_vector(store: ArticleStore) -> None:
    put(store, an_article("a"))
    embed_all(store)
    sequence = stored(store, "a").sequence
    assert put(store, an_article("a", title="A flood"), an_article("a")) == [UPDATED, UPDATED]
    assert stored(store, "a").sequence > sequence
    assert store.vector(stored(store, "a").key) is not None


# Age


def test_articles_that_are_old_and_long_known_expire(store: ArticleStore) -> None:
    long_ago, to_come = NOON, datetime.now(UTC) + timedelta(minutes=5)
    put(store, an_article("old", published_at=NOON), an_article("undated"), an_article("ahead", published_at=to_come))
    old, undated = stored(store, "old").key, stored(store, "undated").key
    embed_all(store)
    assert store.expire(long_ago + timedelta(hours=1), 9) == []  # it appeared before, but was not seen yet
    assert store.expire(to_come, 9) == [old, undated]
    assert [found.article.id for found in store.latest(9)] == ["ahead"]
    assert store.vector(old) is None
    assert store.expire(to_come, 9) == []


def test_no_more_articles_expire_than_asked_and_the_oldest_first(store: ArticleStore) -> None:
    for article_id, hours in (("b", 2), ("c", 3), ("a", 1)):
        put(store, an_article(article_id, published_at=NOON + timedelta(hours=hours)))
    a, b, c = (stored(store, article_id).key for article_id in "abc")
    later = datetime.now(UTC) + timedelta(hours=1)
    assert store.expire(later, 2) == [a, b]
    assert store.expire(later, 2) == [c]


def test_an_article_that_expired_may_come_again_and_has_a_new_key(store: ArticleStore) -> None:
    put(store, an_article("a"))
    (old_key,) = store.expire(datetime.now(UTC) + timedelta(hours=1), 9)
    assert not store.is_taken_down("a")
    assert put(store, an_article("a")) == [CREATED]
    assert stored(store, "a").key != old_key


# The log of changes


def test_the_log_says_what_became_of_which_article(store: ArticleStore) -> None:
    assert store.last_sequence() == 0
    assert store.changes_after(0, 9) == []
    put(store, an_article("a"), an_article("b"))
    a, b = stored(store, "a"), stored(store, "b")
    embed_all(store)
    put(store, an_article("a", title="A flood"), an_article("b"))
    store.take_down("a")
    store.expire(datetime.now(UTC) + timedelta(hours=1), 9)
    expected = [
        Change(1, a.key, ChangeKind.PUT),
        Change(2, b.key, ChangeKind.PUT),
        Change(3, a.key, ChangeKind.EMBED),
        Change(4, b.key, ChangeKind.EMBED),
        Change(5, a.key, ChangeKind.PUT),
        Change(6, a.key, ChangeKind.TAKE_DOWN),
        Change(7, b.key, ChangeKind.EXPIRE),
    ]
    assert (a.sequence, b.sequence) == (1, 2)
    assert store.changes_after(0, 99) == expected
    assert store.changes_after(2, 3) == expected[2:5]
    assert store.changes_after(7, 9) == []
    assert store.last_sequence() == 7


def test_a_vector_does_not_change_the_sequence_of_its_article(store: ArticleStore) -> None:
    put(store, an_article("a"))
    before = stored(store, "a")
    embed_all(store)
    assert stored(store, "a") == before


def test_what_is_not_kept_is_not_in_the_log(store: ArticleStore) -> None:
    put(store, an_article("a"), an_article("b"))
    read = store.without_vector(9)
    put(store, an_article("a", title="A flood"))
    store.take_down("b")
    last = store.last_sequence()
    put(store, an_article("b"), an_article("a", title="A flood"))
    store.put_vectors(read, vectors(1, 2))
    store.take_down("b")
    store.expire(NOON, 9)
    assert store.last_sequence() == last


def test_the_beginning_of_the_log_can_be_forgotten(store: ArticleStore) -> None:
    put(store, an_article("a"), an_article("b"))
    moment = datetime.now(UTC)
    put(store, an_article("c"), an_article("d"))
    assert store.forget_changes(NOON) == 0
    assert store.forget_changes(moment) == 2
    assert [change.sequence for change in store.changes_after(0, 9)] == [3, 4]
    assert store.forget_changes(moment) == 0


def test_the_last_change_is_never_forgotten_and_no_number_given_twice(open_store: Open, tmp_path: Path) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    with open_store(tmp_path) as store:
        assert store.forget_changes(later) == 0
        put(store, an_article("a"), an_article("b"))
        key = store.take_down("b")
        assert store.forget_changes(later) == 2
        assert store.forget_changes(later) == 0
        assert store.last_sequence() == 3
    with open_store(tmp_path) as store:
        put(store, an_article("c", title="A flood"))
        assert stored(store, "c").sequence == 4
        assert key is not None
        assert stored(store, "c").key > key


def test_a_lineage_is_the_stores_own_and_stays(open_store: Open, tmp_path: Path) -> None:
    with open_store(tmp_path / "one") as one, open_store(tmp_path / "two") as two:
        lineage = one.lineage()
        assert len(lineage) == 32
        assert int(lineage, 16) >= 0
        assert two.lineage() != lineage
        put(one, an_article("a"))
        one.set_model(MODEL)
    with open_store(tmp_path / "one") as one:
        assert one.lineage() == lineage


# The model


def test_a_new_store_has_no_model_and_then_the_one_that_was_set(store: ArticleStore) -> None:
    assert store.model() is None
    store.set_model(MODEL)
    assert store.model() == MODEL


def test_another_model_drops_the_vectors(store: ArticleStore) -> None:
    put(store, an_article("a"))
    store.set_model(MODEL)
    embed_all(store)
    store.set_model(OTHER_MODEL)
    assert store.model() == OTHER_MODEL
    assert list(with_vectors(store)) == []
    assert [found.article.id for found in store.without_vector(9)] == ["a"]


def test_the_same_model_under_another_name_keeps_the_vectors(store: ArticleStore) -> None:
    put(store, an_article("a"))
    store.set_model(MODEL)
    embed_all(store)
    store.set_model(ModelRecord("uno", MODEL.fingerprint))
    assert store.model() == ModelRecord("uno", MODEL.fingerprint)
    assert store.without_vector(9) == []


def test_everything_is_there_after_reopening(open_store: Open, tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.set_model(MODEL)
        put(store, an_article("a", published_at=NOON), an_article("b", title="A flood"))
        embed_all(store)
        store.take_down("b")
        before, vectors_before = stored(store, "a"), next(iter(with_vectors(store)))[1]
    with open_store(tmp_path) as store:
        assert stored(store, "a") == before
        assert np.array_equal(next(iter(with_vectors(store)))[1], vectors_before)
        assert store.is_taken_down("b")
        assert store.model() == MODEL


# Any sequence of all that


@dataclass
class Kept:
    article: Article
    key: int
    sequence: int
    embedded: tuple[str, float] | None = None
    first_seen_at: datetime | None = None

    @property
    def vector(self) -> float | None:
        """The number that its words were embedded as."""
        return self.embedded[1] if self.embedded else None

    @property
    def version(self) -> tuple[int, int]:
        return self.key, self.sequence


@dataclass
class Model:
    """What a store should hold, in dictionaries."""

    articles: dict[str, Kept] = field(default_factory=dict)
    takedowns: dict[str, str] = field(default_factory=dict)
    keys: set[int] = field(default_factory=set)
    last_sequence: int = 0

    def bars(self, article: Article) -> bool:
        return article.id in self.takedowns or article.content_hash in self.takedowns.values()

    def put(self, article: Article, restore: bool) -> PutStatus:
        """What becomes of it; the key and sequence of what is kept are filled in by `follow`."""
        kept = self.articles.get(article.id)
        if kept and kept.article.content_hash == article.content_hash:
            return UNCHANGED
        if not restore and self.bars(article):
            return TAKEN_DOWN
        if kept is None:
            self.articles[article.id] = Kept(article, 0, 0)
            return CREATED
        self.articles[article.id] = Kept(article, kept.key, 0, kept.embedded, kept.first_seen_at)
        return UPDATED

    def forget_vectors_of_other_words(self) -> None:
        for kept in self.articles.values():
            if kept.embedded and kept.embedded[0] != kept.article.words_hash:
                kept.embedded = None

    def oldest(self, before: datetime) -> list[Kept]:
        """Those that appeared and were seen before, in the order in which they appeared."""
        times = [
            (kept.article.published_at or kept.first_seen_at, kept.key, kept)
            for kept in self.articles.values()
            if kept.first_seen_at and kept.first_seen_at < before
        ]
        return [kept for appeared_at, _, kept in sorted(times) if appeared_at < before]

    @property
    def embedded(self) -> dict[int, int]:
        """The sequences of the embedded articles by key."""
        return dict(kept.version for kept in self.articles.values() if kept.embedded)

    def restore(self, articles: list[Article]) -> None:
        ids = {article.id for article in articles}
        self.takedowns = {one: content for one, content in self.takedowns.items() if one not in ids}

    def follow(self, found: StoredArticle) -> None:
        """Take over the numbers that the store gave, which have to be new ones."""
        kept = self.articles[found.article.id]
        if kept.key == 0:
            assert found.key not in self.keys
            self.keys.add(found.key)
        else:
            assert found.key == kept.key
        if kept.sequence == 0:
            assert found.sequence > self.last_sequence
        else:
            assert found.sequence == kept.sequence
        kept.key, kept.sequence = found.key, found.sequence
        assert kept.first_seen_at in {None, found.first_seen_at}
        kept.first_seen_at = found.first_seen_at


class Follower:
    """An index that knows of the store what the log told."""

    def __init__(self, position: int = 0, versions: dict[int, int] | None = None) -> None:
        self.position = position
        self.versions = versions or {}

    def catch_up(self, store: ArticleStore, limit: int) -> None:
        while changes := store.changes_after(self.position, limit):
            assert [change.sequence for change in changes] == [self.position + 1 + n for n in range(len(changes))]
            assert len(changes) <= limit
            for change in changes:
                self.versions.pop(change.key, None)
            articles, _ = store.embedded([change.key for change in changes])
            self.versions |= {article.key: article.sequence for article in articles}
            self.position = changes[-1].sequence
        assert self.position == store.last_sequence()


some_articles = st.builds(
    an_article,
    st.sampled_from(["a", "b", "c", "d"]),
    title=st.sampled_from(["A summit", "A flood", "A vote"]),
    source=st.sampled_from([None, "Harbor Tribune"]),
    url=st.sampled_from([None, "https://a.example/x"]),
    published_at=st.sampled_from([None, NOON, NOON + timedelta(hours=1)]),
)


class StoreMachine(RuleBasedStateMachine):
    """Every step on a store and on the model; the subclass says which store."""

    open_store: Open

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.model = Model()
        self.store = type(self).open_store(Path(self.folder.name))
        self.read: list[StoredArticle] = []
        self.follower = Follower()

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    @rule(articles=st.lists(some_articles, max_size=4), restore=st.booleans())
    def put(self, articles: list[Article], restore: bool) -> None:
        if restore:
            self.model.restore(articles)
        expected = [self.model.put(article, restore) for article in articles]
        assert put(self.store, *articles, restore=restore) == expected
        for article_id in {article.id for article in articles} & self.model.articles.keys():
            self.model.follow(stored(self.store, article_id))
        sequences = [kept.sequence for kept in self.model.articles.values()]
        self.model.last_sequence = max([self.model.last_sequence, *sequences])
        self.model.forget_vectors_of_other_words()

    @rule(article_id=st.sampled_from(["a", "b", "c", "d"]))
    def take_down(self, article_id: str) -> None:
        kept = self.model.articles.pop(article_id, None)
        assert self.store.take_down(article_id) == (kept.key if kept else None)
        if kept:
            self.model.takedowns[article_id] = kept.article.content_hash

    @rule(limit=st.integers(1, 5))
    def read_what_waits(self, limit: int) -> None:
        waiting = sorted(
            (kept for kept in self.model.articles.values() if kept.vector is None), key=lambda kept: kept.sequence
        )
        self.read = self.store.without_vector(limit)
        assert [article.article for article in self.read] == [kept.article for kept in waiting[:limit]]

    @rule(number=st.integers(-100, 100))
    def put_vectors_of_what_was_read(self, number: int) -> None:
        expected = []
        for article in self.read:
            kept = self.model.articles.get(article.article.id)
            waits = kept and kept.key == article.key and kept.vector is None
            expected.append(bool(waits and kept and kept.article.words_hash == article.words_hash))
            if kept and expected[-1]:
                kept.embedded = (kept.article.words_hash, number)
        assert self.store.put_vectors(self.read, vectors(*[number] * len(self.read)).reshape(-1, 2)) == expected

    @rule()
    def embed_what_waits(self) -> None:
        self.read = self.store.without_vector(9)
        self.put_vectors_of_what_was_read(7)

    @rule(before=st.sampled_from([NOON + timedelta(hours=2), FUTURE]), limit=st.integers(1, 3))
    def expire(self, before: datetime, limit: int) -> None:
        expected = self.model.oldest(before)[:limit]
        assert self.store.expire(before, limit) == [kept.key for kept in expected]
        for kept in expected:
            del self.model.articles[kept.article.id]

    @rule(limit=st.integers(1, 5))
    def follow(self, limit: int) -> None:
        self.follower.catch_up(self.store, limit)
        assert self.follower.versions == self.model.embedded

    @rule()
    def follow_anew(self) -> None:
        position = self.store.last_sequence()
        keys, sequences = self.store.embedded_versions()
        self.follower = Follower(position, dict(zip(keys.tolist(), sequences.tolist(), strict=True)))

    @rule()
    def forget_what_was_followed(self) -> None:
        self.follower.catch_up(self.store, 99)
        self.store.forget_changes(FUTURE)

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = type(self).open_store(Path(self.folder.name))

    @invariant()
    def holds_the_same(self) -> None:
        kept_by_id = self.model.articles
        assert self.store.count() == len(kept_by_id)
        assert {found.article.id: found.article for found in self.store.latest(9)} == {
            article_id: kept.article for article_id, kept in kept_by_id.items()
        }
        assert all(self.store.is_taken_down(article_id) for article_id in self.model.takedowns)
        assert not any(self.store.is_taken_down(article_id) for article_id in kept_by_id)
        at_url = [kept for kept in kept_by_id.values() if kept.article.url]
        latest = max(at_url, key=lambda kept: kept.sequence, default=None)
        found = self.store.get_by_url("https://a.example/x")
        assert (found and found.article) == (latest and latest.article)

    @invariant()
    def holds_the_same_versions(self) -> None:
        keys, sequences = (numbers.tolist() for numbers in self.store.embedded_versions())
        assert dict(zip(keys, sequences, strict=True)) == self.model.embedded
        assert sequences == sorted(sequences)
        waiting = {article_id for article_id, kept in self.model.articles.items() if kept.vector is None}
        assert self.store.count_without_vector() == len(waiting)
        assert {found.article.id for found in self.store.without_vector(9)} == waiting

    @invariant()
    def holds_the_same_vectors(self) -> None:
        given = {
            article.article.id: float(row[0])
            for chunk, rows in with_vectors(self.store)
            for article, row in zip(chunk, rows, strict=True)
        }
        expected = {one: kept.vector for one, kept in self.model.articles.items() if kept.vector is not None}
        assert given == expected
        for kept in self.model.articles.values():
            vector = self.store.vector(kept.key)
            assert (None if vector is None else float(vector[0])) == kept.vector


def test_any_sequence_of_changes_leaves_what_a_dictionary_would_hold(open_store: Open) -> None:
    class Machine(StoreMachine):
        pass

    Machine.open_store = staticmethod(open_store)
    test_case = Machine.TestCase
    test_case.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
    test_case().runTest()


def test_after_every_change_the_generation_is_another_one(store: ArticleStore) -> None:
    def changes(change: Callable[[], object]) -> bool:
        before = store.generation().of_all
        assert store.generation().of_all == before
        change()
        return store.generation().of_all != before

    assert changes(lambda: put(store, an_article("a"), an_article("b", title="B")))
    assert not changes(lambda: put(store, an_article("a")))
    assert not changes(lambda: store.get("a"))
    assert changes(lambda: put(store, an_article("a", source="Harbor Tribune")))
    articles = store.without_vector(9)
    assert changes(lambda: store.put_vectors(articles, np.ones((2, 3), np.float16), [b"", b""]))
    with store.stories.changing() as transaction:
        keys = transaction.unassigned(9)
    assert len(keys) == 2

    def assign() -> None:
        with store.stories.changing() as transaction:
            transaction.join(keys[1], transaction.open(keys[0]), is_copy=False)

    assert changes(assign)
    assert changes(lambda: store.take_down("a"))
    assert changes(lambda: store.expire(FUTURE, 9))


def test_two_that_have_a_store_open_agree_on_its_generation(open_store: Open, tmp_path: Path) -> None:
    with open_store(tmp_path) as one, open_store(tmp_path) as other:
        assert one.generation().of_all == other.generation().of_all
        before = other.generation().of_all
        put(one, an_article("a"))
        assert before != one.generation().of_all == other.generation().of_all


def test_only_a_takedown_makes_it_another_one_of_takedowns(open_store: Open, tmp_path: Path) -> None:
    with open_store(tmp_path) as store, open_store(tmp_path) as other:
        put(store, *(an_article(name) for name in "abc"))
        before, before_other = store.generation().of_takedowns, other.generation().of_takedowns
        put(store, an_article("a", title="Another title"), an_article("d"))
        assert store.generation().of_takedowns == before
        store.take_down("b")
        put(store, an_article("e"))
        after = store.generation().of_takedowns
        assert after != before
        assert other.generation().of_takedowns != before_other
        store.expire(FUTURE, 9)
        assert store.generation().of_takedowns == after


# Conditions


def test_every_version_has_a_name_of_its_own(store: ArticleStore) -> None:
    names = []
    for title in ("A summit", "A flood", "A summit"):
        (outcome,) = store.put([an_article("a", title)])
        assert outcome.version == stored(store, "a").version
        names.append(outcome.version)
    assert len(set(names)) == 3
    assert store.put([an_article("a", "A summit")])[0].version == names[-1]
    store.take_down("a")
    assert store.put([an_article("a", "A summit")])[0].version is None


def test_of_one_id_twice_the_version_that_stays_is_named(store: ArticleStore) -> None:
    outcomes = store.put([an_article("a", "A summit"), an_article("b"), an_article("a", "A flood")])
    assert outcomes[0].version == outcomes[2].version == stored(store, "a").version
    assert outcomes[1].version == stored(store, "b").version


def test_nothing_is_kept_where_a_condition_does_not_hold(store: ArticleStore) -> None:
    put(store, an_article("a", "A summit"))
    before = stored(store, "a")
    asked: list[str | None] = []

    def is_new(version: str | None) -> bool:
        asked.append(version)
        return version is None

    with pytest.raises(ConditionError, match="'a'"):
        store.put([an_article("b"), an_article("a", "A flood")], condition=is_new)
    assert asked == [None, before.version]
    assert store.get("b") is None
    assert stored(store, "a") == before
    assert store.put([an_article("a", "A flood")], condition=lambda version: version == before.version)[0].status is (
        UPDATED
    )


def test_a_takedown_is_not_lifted_where_a_condition_does_not_hold(store: ArticleStore) -> None:
    put(store, an_article("a"))
    store.take_down("a")
    with pytest.raises(ConditionError, match="none"):
        store.put([an_article("a")], restore=True, condition=lambda version: version is not None)
    assert store.is_taken_down("a")
