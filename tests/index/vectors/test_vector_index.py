"""The contract of `VectorIndex`. A further implementation is one more line in `IMPLEMENTATIONS`."""

import tempfile
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from numpy.typing import NDArray

from index.language import primary
from index.vectors import NO_FILTERS, Entry, Filters, Hit, VectorIndex
from index.vectors.segmented_index import SegmentedVectorIndex
from tests.index.fakes import NOON

DIMENSIONS = 3
Open = Callable[[int, Path], VectorIndex]
Make = Callable[[int], VectorIndex]
Vectors = NDArray[np.float32]


class MergedAtOnce(SegmentedVectorIndex):
    """Merges after every addition, as soon as there is something to merge."""

    def add(self, entries: Sequence[Entry], vectors: Vectors) -> None:
        super().add(entries, vectors)
        while self.compact():
            pass


class AllMergedAtOnce(MergedAtOnce):
    """Merges the rest then, too, as if nothing came for a while."""

    def add(self, entries: Sequence[Entry], vectors: Vectors) -> None:
        super().add(entries, vectors)
        while self.compact_rest():
            pass


IMPLEMENTATIONS: dict[str, Open] = {
    "segments of 4": lambda dimensions, folder: SegmentedVectorIndex(dimensions, folder, segment_rows=4),
    "segments of 1, merged at once": lambda dimensions, folder: MergedAtOnce(
        dimensions, folder, segment_rows=1, in_background=False
    ),
    "segments of 2, all merged at once": lambda dimensions, folder: AllMergedAtOnce(
        dimensions, folder, segment_rows=2, in_background=False
    ),
    "segments of 8192": SegmentedVectorIndex,
}


@pytest.fixture(params=list(IMPLEMENTATIONS.values()), ids=list(IMPLEMENTATIONS), scope="module")
def make(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    opened: list[VectorIndex] = []

    def make_one(dimensions: int) -> VectorIndex:
        opened.append(request.param(dimensions, tmp_path_factory.mktemp("index")))
        return opened[-1]

    yield make_one
    for index in opened:
        index.close()


def entry(key: int, lang: str = "en", source: str = "", country: str = "", appeared_at: datetime = NOON) -> Entry:
    return Entry(key=key, sequence=key, appeared_at=appeared_at, lang=lang, source=source, country=country)


def passes(one: Entry, filters: Filters) -> bool:
    """The meaning of `Filters`, written out."""
    tags = {one.lang, primary(one.lang)}
    return (
        (not filters.langs or bool(tags & filters.langs))
        and not tags & filters.exclude_langs
        and (not filters.sources or one.source in filters.sources)
        and (not filters.countries or one.country in filters.countries)
        and (filters.since is None or one.appeared_at >= filters.since)
        and (filters.until is None or one.appeared_at < filters.until)
        and one.key not in filters.exclude
    )


class Model:
    """An exact index: a dictionary, searched whole."""

    def __init__(self) -> None:
        self.kept: dict[int, tuple[Entry, Vectors]] = {}

    def add(self, entries: Sequence[Entry], vectors: Vectors) -> None:
        rounded = vectors.astype(np.float16).astype(np.float32)
        self.kept |= {one.key: (one, vector) for one, vector in zip(entries, rounded, strict=True)}

    def remove(self, keys: Collection[int]) -> None:
        self.kept = {key: value for key, value in self.kept.items() if key not in keys}

    def sequences(self) -> NDArray[np.int64]:
        return np.array(sorted(one.sequence for one, _ in self.kept.values()), np.int64)

    def search(self, vector: Vectors, limit: int, filters: Filters) -> list[Hit]:
        hits = [Hit(key, float(row @ vector)) for key, (one, row) in self.kept.items() if passes(one, filters)]
        return sorted(hits, key=lambda hit: (-hit.similarity, hit.key))[:limit]


# Products of these numbers are exact in every order of summation, and ties are common.
exact_vectors = st.tuples(*[st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0])] * DIMENSIONS)
langs = st.sampled_from(["en", "ko", "zh", "zh-TW", "zh-Hant", "und"])
sources = st.sampled_from(["", "Harbor Tribune", "한빛일보"])
countries = st.sampled_from(["", "KR", "US"])
moments = st.integers(-2, 2).map(lambda microseconds: NOON + timedelta(microseconds=microseconds))
keys = st.integers(0, 12)
entries = st.builds(Entry, key=keys, sequence=keys, appeared_at=moments, lang=langs, source=sources, country=countries)
filters = st.just(NO_FILTERS) | st.builds(
    Filters,
    langs=st.frozensets(langs, max_size=2),
    exclude_langs=st.frozensets(langs, max_size=1),
    sources=st.frozensets(sources | st.just("Unheard Of"), max_size=1),
    countries=st.frozensets(countries, max_size=1),
    since=st.none() | moments,
    until=st.none() | moments,
    exclude=st.frozensets(keys, max_size=3),
)
additions = st.lists(st.tuples(entries, exact_vectors), max_size=9, unique_by=lambda pair: pair[0].key)
removals = st.frozensets(keys, max_size=4)
searches = st.tuples(exact_vectors, st.integers(1, 15), filters)


class AnyHistory(RuleBasedStateMachine):
    """Whatever is added, removed, merged, closed and opened again, searches are those of a dictionary."""

    opening: Open

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.index = self.opening(DIMENSIONS, Path(self.folder.name))
        self.model = Model()
        self.sequence = 0

    @rule(rows=additions)
    def add(self, rows: list[tuple[Entry, tuple[float, ...]]]) -> None:
        added = []
        for one, _ in rows:
            self.sequence += 1
            added.append(replace(one, sequence=self.sequence))
        vectors = np.array([vector for _, vector in rows], np.float32).reshape(-1, DIMENSIONS)
        self.index.add(added, vectors)
        self.model.add(added, vectors)

    @rule(gone=removals)
    def remove(self, gone: frozenset[int]) -> None:
        self.index.remove(gone)
        self.model.remove(gone)

    @rule(gone=removals)
    def keep_only(self, gone: frozenset[int]) -> None:
        self.model.remove(gone)
        self.index.keep_only(self.model.sequences())

    @rule(gone=removals)
    def reopen(self, gone: frozenset[int]) -> None:
        """As a store does that has gone on meanwhile: what is missing is added, and what is gone removed."""
        self.index.close()
        self.index = self.opening(DIMENSIONS, Path(self.folder.name))
        self.model.remove(gone)
        self.index.keep_only(self.model.sequences())
        there = self.index.sequences()
        missing = [kept for kept in self.model.kept.values() if kept[0].sequence not in there]
        self.index.add([one for one, _ in missing], np.array([vector for _, vector in missing]).reshape(-1, DIMENSIONS))

    @rule(asked=searches)
    def search(self, asked: tuple[tuple[float, ...], int, Filters]) -> None:
        vector, limit, chosen = asked
        query = np.array(vector, np.float32)
        found, exact = self.index.search(query, limit, chosen), self.model.search(query, len(self.model.kept), chosen)
        assert [hit.similarity for hit in found] == [hit.similarity for hit in exact[:limit]]
        assert found == sorted(found, key=lambda hit: (-hit.similarity, hit.key))
        assert set(found) <= set(exact)  # of equals, any may be the ones that the limit leaves out

    @invariant()
    def holds_what_was_added(self) -> None:
        assert len(self.index) == len(self.model.kept)
        assert self.index.sequences().tolist() == self.model.sequences().tolist()
        stored = {
            sequence: vector
            for sequences, vectors in self.index.stored()
            for sequence, vector in zip(sequences.tolist(), vectors.tolist(), strict=True)
        }
        assert stored == {one.sequence: vector.tolist() for one, vector in self.model.kept.values()}

    def teardown(self) -> None:
        self.index.close()
        self.folder.cleanup()


@pytest.mark.parametrize("opening", list(IMPLEMENTATIONS.values()), ids=list(IMPLEMENTATIONS))
def test_searches_are_those_of_an_exact_index_whatever_happened_before(opening: Open) -> None:
    machine = type("AnyHistoryOfOne", (AnyHistory,), {"opening": staticmethod(opening)})
    run_state_machine_as_test(machine, settings=settings(max_examples=60, stateful_step_count=30, deadline=None))


@given(rows=arrays(np.float32, st.tuples(st.integers(1, 20), st.just(8)), elements=st.floats(-1, 1, width=32)))
def test_similarities_are_products_with_the_vectors_rounded_to_half_precision(make: Make, rows: Vectors) -> None:
    index = make(8)
    index.add([entry(key) for key in range(len(rows))], rows)
    found = {hit.key: hit.similarity for hit in index.search(rows[0], len(rows))}
    expected = rows.astype(np.float16).astype(np.float32) @ rows[0]
    assert [found[key] for key in range(len(rows))] == pytest.approx(expected.tolist(), abs=1e-5)


def test_equal_similarities_are_in_the_order_of_keys(make: Make) -> None:
    index = make(2)
    for key in (9, 3, 7, 1, 8, 2, 6, 5, 4):
        index.add([entry(key)], np.array([[1, 0]], np.float32))
    assert [hit.key for hit in index.search(np.array([1, 0], np.float32), 9)] == list(range(1, 10))


def test_a_window_of_time_may_begin_and_end_at_any_row(make: Make) -> None:
    index = make(2)
    moments = [NOON + timedelta(seconds=second) for second in range(20)]
    index.add([entry(key, appeared_at=moment) for key, moment in enumerate(moments)], np.ones((20, 2), np.float32))
    for first in range(20):
        for last in (first, min(first + 1, 19), 17, 19):
            window = Filters(since=moments[first], until=moments[last])
            found = [hit.key for hit in index.search(np.ones(2, np.float32), 20, window)]
            assert found == list(range(first, last))


def test_an_empty_index_finds_nothing(make: Make) -> None:
    index = make(2)
    assert index.search(np.ones(2, np.float32), 5) == []
    assert index.search(np.ones(2, np.float32), 5, Filters(langs=frozenset({"ko"}))) == []
    assert len(index) == 0


def test_adding_and_removing_nothing_changes_nothing(make: Make) -> None:
    index = make(2)
    index.add([], np.empty((0, 2), np.float32))
    index.remove([])
    index.remove([1, 2])
    assert len(index) == 0


def test_one_call_may_fill_several_segments(make: Make) -> None:
    index = make(2)
    index.add([entry(key) for key in range(30)], np.array([[key, 1] for key in range(30)], np.float32))
    assert [hit.key for hit in index.search(np.array([1, 0], np.float32), 3)] == [29, 28, 27]


def test_an_entry_that_is_replaced_is_found_by_its_new_vector_and_fields_only(make: Make) -> None:
    index = make(2)
    index.add([entry(1, lang="ko")], np.array([[1, 0]], np.float32))
    index.add([entry(1, lang="ja")], np.array([[0, 1]], np.float32))
    assert index.search(np.array([0, 1], np.float32), 5) == [Hit(1, 1.0)]
    assert index.search(np.array([0, 1], np.float32), 5, Filters(langs=frozenset({"ko"}))) == []


@pytest.mark.parametrize("shape", [(1, 2), (2, 3), (0, 2), (2,)])
def test_vectors_of_another_shape_are_refused_and_nothing_is_added(make: Make, shape: tuple[int, ...]) -> None:
    index = make(2)
    with pytest.raises(ValueError, match="shape"):
        index.add([entry(1), entry(2)], np.ones(shape, np.float32))
    assert len(index) == 0


def test_a_key_twice_in_one_call_is_refused_and_nothing_is_changed(make: Make) -> None:
    index = make(2)
    index.add([entry(1)], np.array([[1, 0]], np.float32))
    with pytest.raises(ValueError, match="twice"):
        index.add([entry(2), entry(1), entry(2)], np.ones((3, 2), np.float32))
    assert index.search(np.array([1, 0], np.float32), 5) == [Hit(1, 1.0)]


def test_a_search_while_entries_are_added_sees_what_was_there_before_and_nothing_else(make: Make) -> None:
    total, batch = 600, 3
    index = make(2)
    query = np.array([1, 0], np.float32)
    added = 0
    started = threading.Barrier(2)

    def add_all() -> None:
        nonlocal added
        started.wait()
        for first in range(0, total, batch):
            index.add([entry(key) for key in range(first, first + batch)], np.ones((batch, 2), np.float32))
            added = first + batch

    writer = threading.Thread(target=add_all)
    writer.start()
    started.wait()
    counts: list[int] = []
    while not counts or counts[-1] < total:
        before = added
        found = [hit.key for hit in index.search(query, total)]
        assert found == list(range(len(found)))
        assert len(found) >= before
        assert len(found) % batch == 0
        counts.append(len(found))
        if before == total:
            break
    writer.join()
    assert counts == sorted(counts)
    assert counts[-1] == total


def test_a_search_while_entries_are_replaced_finds_each_exactly_once(make: Make) -> None:
    index = make(2)
    everything = [entry(key) for key in range(10)]
    index.add(everything, np.ones((10, 2), np.float32))
    finished = threading.Event()

    def replace_all() -> None:
        for _ in range(100):
            index.add(everything, np.ones((10, 2), np.float32))
        finished.set()

    writer = threading.Thread(target=replace_all)
    writer.start()
    while not finished.is_set():
        assert [hit.key for hit in index.search(np.ones(2, np.float32), 20)] == list(range(10))
    writer.join()
