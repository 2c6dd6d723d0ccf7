"""What the store keeps of what was measured, and the sums of publishers."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from alembic import command
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import create_engine

from index.store import ModelRecord, migrations
from index.store.measures import KeptSummary, Measure, SourceSums
from index.store.sql_store import SqlArticleStore, open_sqlite
from tests.index.fakes import NOON, an_article

SUMMARY = KeptSummary(1, [(0, 3), (5, 8)])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[SqlArticleStore]:
    with open_sqlite(path) as opened:
        opened.set_model(ModelRecord("one", "its fingerprint"))
        yield opened


def embed(store: SqlArticleStore) -> None:
    waiting = store.without_vector(99)
    store.put_vectors(waiting, np.ones((len(waiting), 2), np.float16))


def key_of(store: SqlArticleStore, article_id: str) -> int:
    return store.keys_of([article_id])[article_id]


def measure(quality: int) -> Measure:
    return Measure(1, quality, "{}")


def test_what_is_embedded_waits_to_be_measured_once(store: SqlArticleStore) -> None:
    store.put([an_article("a"), an_article("b", title="A flood")])
    assert store.measures.waiting() == 0
    embed(store)
    a, b = key_of(store, "a"), key_of(store, "b")
    assert store.measures.unmeasured(9) == [a, b]
    assert store.measures.unmeasured(9, [b]) == [b]
    store.measures.put({a: measure(5_000)})
    store.measures.pass_over([b])
    assert (store.measures.waiting(), store.measures.of([a, b])) == (0, {a: measure(5_000)})
    store.put([an_article("a", source="Harbor Tribune")])
    assert store.measures.unmeasured(9) == [a]
    assert store.measures.of([a]) == {a: measure(5_000)}  # until it is measured again


def test_what_was_measured_goes_with_the_words(store: SqlArticleStore) -> None:
    store.put([an_article("a", source="Harbor Tribune")])
    embed(store)
    key = key_of(store, "a")
    store.measures.put({key: measure(5_000)})
    store.put([an_article("a", title="A flood", source="Harbor Tribune")])
    assert store.measures.of([key]) == {}
    assert store.measures.sources() == [SourceSums("Harbor Tribune", "", 1, 0, 0)]


def test_of_what_is_gone_nothing_is_kept(store: SqlArticleStore) -> None:
    store.measures.put({7: measure(5_000)})
    assert store.measures.of([7]) == {}


def test_what_was_measured_in_another_way_waits(store: SqlArticleStore) -> None:
    store.put([an_article("a"), an_article("b", title="A flood")])
    embed(store)
    a, b = key_of(store, "a"), key_of(store, "b")
    store.measures.put({a: Measure(1, 1, "{}"), b: Measure(2, 1, "{}")})
    assert store.measures.measure_again(2) == 1
    assert store.measures.unmeasured(9) == [a]


def test_a_publisher_has_sums_for_each_country(store: SqlArticleStore) -> None:
    store.put(
        [
            an_article("a", source="Harbor Tribune", country="US"),
            an_article("b", title="A flood", source="Harbor Tribune"),
            an_article("c", title="A vote", source="Harbor Tribune", country="US"),
            an_article("d", title="A match"),
        ]
    )
    embed(store)
    store.measures.put({key_of(store, name): measure(1_000 * place) for place, name in enumerate("abcd", 1)})
    assert store.measures.sources() == [
        SourceSums("Harbor Tribune", "", 1, 1, 2_000),
        SourceSums("Harbor Tribune", "US", 2, 2, 4_000),
    ]


def test_a_summary_is_kept_of_the_present_article_and_model_alone(store: SqlArticleStore) -> None:
    store.put([an_article("a", text="One. Two.")])
    stored = store.get("a")
    assert stored
    assert not store.measures.put_summary(stored, "of another model", SUMMARY)
    assert store.measures.put_summary(stored, "its fingerprint", SUMMARY)
    assert store.measures.summaries([stored.key]) == {stored.key: SUMMARY}
    store.put([an_article("a", text="One. Two.", source="Harbor Tribune")])
    assert store.measures.summaries([stored.key]) == {}
    assert not store.measures.put_summary(stored, "its fingerprint", SUMMARY)


def test_a_backup_brings_measures_back_but_for_what_was_taken_down_since(
    store: SqlArticleStore, tmp_path: Path
) -> None:
    store.put([an_article("a", source="Harbor Tribune"), an_article("b", title="A flood", source="Harbor Tribune")])
    embed(store)
    store.measures.put({key_of(store, "a"): measure(4_000), key_of(store, "b"): measure(6_000)})
    store.backup(tmp_path / "backup")
    store.take_down("b")
    store.restore(tmp_path / "backup")
    assert store.measures.of([key_of(store, "a")]) == {key_of(store, "a"): measure(4_000)}
    assert store.measures.sources() == [SourceSums("Harbor Tribune", "", 1, 1, 4_000)]
    assert store.check() == []


def test_sums_that_are_wrong_are_mended(store: SqlArticleStore, path: Path) -> None:
    store.put([an_article("a", source="Harbor Tribune")])
    embed(store)
    store.measures.put({key_of(store, "a"): measure(4_000)})
    with create_engine(f"sqlite:///{path}").begin() as connection:
        connection.exec_driver_sql("UPDATE sources SET articles = 7, quality = 1")
        connection.exec_driver_sql("INSERT INTO sources VALUES ('Nobody', '', 2, 0, 0)")
    assert store.check() == ["Publishers' sums that did not fit their articles, which is mended: 2."]
    assert store.measures.sources() == [SourceSums("Harbor Tribune", "", 1, 1, 4_000)]
    assert store.check() == []


def test_of_a_store_of_version_4_articles_wait_and_publishers_are_counted(path: Path) -> None:
    with open_sqlite(path) as store:
        store.put([an_article("a", source="Harbor Tribune", country="US"), an_article("b", title="A flood")])
        embed(store)
        store.measures.put({key_of(store, "a"): measure(4_000)})
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        command.downgrade(migrations._config(connection), "0004")
    engine.dispose()
    with open_sqlite(path) as store:
        assert store.measures.unmeasured(9) == sorted(store.keys_of(["a", "b"]).values())
        assert store.measures.sources() == [SourceSums("Harbor Tribune", "US", 1, 0, 0)]
        assert store.check() == []


_IDS = st.sampled_from("abcdef")


class Publishing(RuleBasedStateMachine):
    """Whatever is done to articles, the sums of publishers are those of their articles."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.store = open_sqlite(Path(self.folder.name) / "store.sqlite")

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    @rule(
        ids=st.lists(_IDS, min_size=1, max_size=3, unique=True),
        title=st.sampled_from(["A summit", "A flood"]),
        source=st.sampled_from([None, "Harbor Tribune", "Dawn"]),
        country=st.sampled_from([None, "US", "KR"]),
    )
    def put(self, ids: list[str], title: str, source: str | None, country: str | None) -> None:
        fields = {name: value for name, value in (("source", source), ("country", country)) if value}
        self.store.put([an_article(one, title=f"{title} {one}", **fields) for one in ids], restore=True)

    @rule()
    def embed(self) -> None:
        embed(self.store)

    @rule(quality=st.integers(0, 10_000))
    def measure(self, quality: int) -> None:
        self.store.measures.put({key: measure(quality) for key in self.store.measures.unmeasured(2)})

    @rule(article_id=_IDS)
    def take_down(self, article_id: str) -> None:
        self.store.take_down(article_id)

    @rule(limit=st.integers(1, 3))
    def expire(self, limit: int) -> None:
        self.store.expire(NOON + timedelta(days=40_000), limit)

    @rule()
    def change_model(self) -> None:
        self.store.set_model(ModelRecord("one", str(self.store.last_sequence())))

    @invariant()
    def sums_are_right(self) -> None:
        articles = self.store.latest(99)
        measures = self.store.measures.of([one.key for one in articles])
        wanted: dict[tuple[str, str], list[int]] = {}
        for one in articles:
            if one.article.source:
                sums = wanted.setdefault((one.article.source, one.article.country or ""), [0, 0, 0])
                own = measures.get(one.key)
                for place, more in enumerate((1, int(own is not None), own.quality if own else 0)):
                    sums[place] += more
        assert self.store.measures.sources() == [SourceSums(*place, *wanted[place]) for place in sorted(wanted)]


Publishing.TestCase.settings = settings(max_examples=10, stateful_step_count=20, deadline=None)
TestPublishing = Publishing.TestCase
