"""The contract of `VectorIndex`. A further implementation is one more line in `IMPLEMENTATIONS`."""

import threading
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from index.language import primary
from index.vectors import NO_FILTERS, Entry, Filters, Hit, VectorIndex
from index.vectors.faiss_index import FaissVectorIndex
from tests.index.fakes import NOON

DIMENSIONS = 3
IMPLEMENTATIONS: dict[str, Callable[[int], VectorIndex]] = {
    "faiss-4": lambda dimensions: FaissVectorIndex(dimensions, segment_rows=4),
    "faiss-8192": lambda dimensions: FaissVectorIndex(dimensions, segment_rows=8_192),
}

Make = Callable[[int], VectorIndex]
Vectors = NDArray[np.float32]


@pytest.fixture(params=list(IMPLEMENTATIONS.values()), ids=list(IMPLEMENTATIONS), scope="module")
def make(request: pytest.FixtureRequest) -> Make:
    factory: Make = request.param
    return factory


def entry(key: int, lang: str = "en", source: str = "", country: str = "", appeared_at: datetime = NOON) -> Entry:
    return Entry(key=key, appeared_at=appeared_at, lang=lang, source=source, country=country)


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
entries = st.builds(Entry, key=keys, appeared_at=moments, lang=langs, source=sources, country=countries)
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


@given(steps=st.lists(additions | removals, max_size=8), asked=st.lists(searches, min_size=1, max_size=4))
@settings(max_examples=200)
def test_a_search_finds_what_an_exact_search_of_all_that_was_added_finds(
    make: Make,
    steps: list[list[tuple[Entry, tuple[float, ...]]] | frozenset[int]],
    asked: list[tuple[tuple[float, ...], int, Filters]],
) -> None:
    index, model = make(DIMENSIONS), Model()
    for step in steps:
        if isinstance(step, frozenset):
            index.remove(step)
            model.remove(step)
        else:
            vectors = np.array([vector for _, vector in step], np.float32).reshape(-1, DIMENSIONS)
            index.add([one for one, _ in step], vectors)
            model.add([one for one, _ in step], vectors)
        assert len(index) == len(model.kept)
        for vector, limit, chosen in asked:
            query = np.array(vector, np.float32)
            found, exact = index.search(query, limit, chosen), model.search(query, len(model.kept), chosen)
            assert [hit.similarity for hit in found] == [hit.similarity for hit in exact[:limit]]
            assert found == sorted(found, key=lambda hit: (-hit.similarity, hit.key))
            assert set(found) <= set(exact)  # of equals, any may be the ones that the limit leaves out


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
