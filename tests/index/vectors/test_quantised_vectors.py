"""What is found where not every vector is looked at whole."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index.vectors import Entry, Filters
from index.vectors.candidates import candidates_among
from index.vectors.columns import Mask
from index.vectors.quantised_vectors import EXACT_ROWS, SPAN, Chosen, QuantisedVectors, packed
from index.vectors.segmented_index import SegmentedVectorIndex
from tests.index.fakes import NOON

DIMENSIONS = 96
ROWS = 70_000
LIMIT = 20
QUERIES = 40
STANDS_OUT = 0.6
"""Of 70,000 vectors with nothing in common two are seldom as similar, and those of a group mostly are."""

Vectors = NDArray[np.float32]


def news_like(rows: int) -> Vectors:
    """Vectors in groups, as reports of one event are, which differ in some directions more than in others."""
    rng = np.random.default_rng(rows)
    centres = rng.standard_normal((rows // 8, DIMENSIONS), np.float32)
    vectors = centres[rng.integers(len(centres), size=rows)] + 0.5 * rng.standard_normal((rows, DIMENSIONS), np.float32)
    vectors *= np.exp(-np.arange(DIMENSIONS, dtype=np.float32) / DIMENSIONS)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float16).astype(np.float32)


def kinds_of(rows: int) -> NDArray[np.intp]:
    return np.random.default_rng(0).choice(3, rows, p=[0.2, 0.7, 0.1])


def chosen_of(index: QuantisedVectors, rows: Mask) -> Chosen:
    return Chosen(int(np.count_nonzero(rows)), None if rows.all() else packed(rows), index.lists_with(rows))


def share_found(found: set[int], vectors: Vectors, query: Vectors, places: NDArray[np.intp]) -> float:
    """Of those of the best that stand out: of the others one is as good as another."""
    similarities = vectors[places] @ query
    order = np.argsort(-similarities, kind="stable")[:LIMIT]
    wanted = set(places[order[similarities[order] > STANDS_OUT]].tolist())
    return len(found & wanted) / len(wanted) if wanted else 1.0


def assert_finds_the_best(vectors: Vectors, index: QuantisedVectors, rows: Mask, least: float = 0.97) -> None:
    """Of the chosen rows alone, and with their exact similarities."""
    chosen, places = chosen_of(index, rows), np.flatnonzero(rows)
    limit = min(LIMIT, len(places))
    candidates = candidates_among(limit, len(vectors), len(places))
    found = 0.0
    for query in vectors[:QUERIES]:
        own, similarities = index.search(query, limit, chosen, candidates)
        assert set(own.tolist()) <= set(places.tolist())
        assert similarities == pytest.approx(vectors[own] @ query, abs=1e-5)
        found += share_found(set(own.tolist()), vectors, query, places)
    assert found / QUERIES > least


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    return news_like(ROWS)


@pytest.fixture(scope="module")
def index(vectors: Vectors) -> QuantisedVectors:
    return QuantisedVectors.build(vectors.astype(np.float16), kinds_of(ROWS))


@pytest.mark.parametrize("share", [1.0, 0.1, 0.002])
def test_nearly_all_of_the_best_are_found(vectors: Vectors, index: QuantisedVectors, share: float) -> None:
    assert_finds_the_best(vectors, index, np.random.default_rng(1).random(ROWS) < share)


@pytest.mark.parametrize(("rows", "least"), [(EXACT_ROWS, 0.999), (EXACT_ROWS + 1, 0.97), (20_000, 0.97)])
@pytest.mark.parametrize("share", [1.0, 0.1])
def test_so_they_are_of_fewer(rows: int, least: float, share: float) -> None:
    vectors = news_like(rows)
    index = QuantisedVectors.build(vectors.astype(np.float16), kinds_of(rows))
    assert_finds_the_best(vectors, index, np.random.default_rng(1).random(rows) < share, least)


@pytest.mark.parametrize("first", [0, 5_001, SPAN, 40_000])
@pytest.mark.parametrize("last", [40_010, 2 * SPAN, ROWS])
def test_and_of_consecutive_ones(vectors: Vectors, index: QuantisedVectors, first: int, last: int) -> None:
    assert_finds_the_best(vectors, index, (first <= np.arange(ROWS)) & (np.arange(ROWS) < last))


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_and_of_a_kind(vectors: Vectors, index: QuantisedVectors, kind: int) -> None:
    assert_finds_the_best(vectors, index, kinds_of(ROWS) == kind)


def test_each_kind_has_lists_of_its_own_in_every_span(index: QuantisedVectors) -> None:
    kinds, spans = kinds_of(ROWS), np.arange(ROWS) // SPAN
    assert len(index.lists) == 3 * 3
    assert index.lists.all()
    for span in range(3):
        of_span = index.lists_between(span * SPAN, min(ROWS, (span + 1) * SPAN))
        assert np.flatnonzero(index.lists_with(spans == span)).tolist() == list(range(of_span.start, of_span.stop))
        for kind in range(3):
            found = np.flatnonzero(index.lists_with((spans == span) & (kinds == kind)))
            assert found.tolist() == [of_span.start + kind]
    assert index.lists_between(SPAN - 1, SPAN + 1) == slice(0, 6)


def test_is_the_same_from_a_file(vectors: Vectors, index: QuantisedVectors, tmp_path: Path) -> None:
    index.write(tmp_path / "vectors")
    read = QuantisedVectors.read(tmp_path / "vectors")
    assert np.array_equal(read.stored(), index.stored())
    for rows in (np.arange(ROWS) < SPAN, kinds_of(ROWS) == 1, np.ones(ROWS, np.bool_)):
        for query in vectors[:QUERIES]:
            mine, others = (one.search(query, LIMIT, chosen_of(one, rows), 300) for one in (index, read))
            assert np.array_equal(mine[0], others[0])
            assert np.array_equal(mine[1], others[1])


def test_vectors_of_few_dimensions_are_looked_at_whole() -> None:
    vectors = news_like(EXACT_ROWS + 1)[:, :8].copy()
    index = QuantisedVectors.build(vectors.astype(np.float16), kinds_of(len(vectors)))
    assert len(index.lists) == 0
    found, _ = index.search(vectors[3], 1, chosen_of(index, np.ones(len(vectors), np.bool_)), 2)
    assert found.tolist() == [np.argmax(vectors @ vectors[3])]


def test_segments_find_as_much_together_as_one_finds_and_less_with_less_effort(vectors: Vectors) -> None:
    index = SegmentedVectorIndex(DIMENSIONS, segment_rows=4_096, in_background=False)
    langs = ("ko", "en", "en", "en")
    index.add([Entry(key, key, NOON, langs[key % 4], "", "") for key in range(ROWS)], vectors)
    assert len(index.segment_rows()) > 10
    of_filter = [(Filters(), np.arange(ROWS)), (Filters(langs=frozenset({"ko"})), np.arange(0, ROWS, 4))]
    for filters, places in of_filter:
        found = [
            share_found({hit.key for hit in index.search(query, LIMIT, filters)}, vectors, query, places)
            for query in vectors[:QUERIES]
        ]
        assert sum(found) / QUERIES > 0.97
        usual, less = (
            sum(hit.similarity for query in vectors[:QUERIES] for hit in index.search(query, LIMIT, filters, effort))
            for effort in (1, 0.1)
        )
        assert 0.97 * usual < less < usual
