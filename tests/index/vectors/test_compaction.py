import numpy as np
import pytest

from index.vectors.columns import Columns
from index.vectors.compaction import FANOUT, merge, quiet_seconds, rest_to_merge, to_merge
from index.vectors.segments import Sealed

SMALLEST = 4


def sealed(rows: int, first: int = 0, dead: int = 0) -> Sealed:
    """Rows whose key, sequence and time are the same number, and whose vector begins with it."""
    numbers = np.arange(first, first + rows)
    names = np.zeros(rows, np.int32)
    columns = Columns(numbers, numbers, numbers, names, names, names)
    vectors = np.stack([numbers, np.ones(rows)], axis=1).astype(np.float16)
    return Sealed.build(columns, vectors).with_alive(np.arange(rows) >= dead)


def test_few_segments_are_left_alone() -> None:
    assert to_merge([sealed(SMALLEST) for _ in range(FANOUT - 1)], SMALLEST) == []


def test_as_many_of_one_size_are_merged_the_smallest_first() -> None:
    small, large = [sealed(SMALLEST) for _ in range(FANOUT)], [sealed(SMALLEST * FANOUT) for _ in range(FANOUT)]
    assert to_merge([*large, *small], SMALLEST) == small
    assert to_merge([*large, *small[1:]], SMALLEST) == large


def test_the_rest_is_merged_but_for_what_is_much_larger_than_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.vectors.compaction.MOST_ROWS", 200)
    first, second, larger, much_larger, grown = (sealed(rows) for rows in (4, 5, 36, 45 * FANOUT // 2 + 1, 100))
    assert rest_to_merge([grown, larger, second, first]) == [first, second, larger]
    assert rest_to_merge([first, second]) == [first, second]
    assert rest_to_merge([much_larger, first, second]) == [first, second]
    assert rest_to_merge([much_larger, first]) == []
    assert rest_to_merge([first]) == rest_to_merge([]) == []


def test_the_more_there_is_to_merge_the_longer_nothing_has_to_come_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.vectors.compaction._ROWS_A_SECOND", 10)
    assert quiet_seconds([]) == 5
    assert quiet_seconds([sealed(4), sealed(6)]) == 10
    assert quiet_seconds([sealed(4), sealed(6), sealed(100)]) == 10


def test_a_segment_with_many_dead_rows_is_written_again() -> None:
    shrunk = sealed(8, dead=3)
    assert to_merge([sealed(8), sealed(8, dead=1), shrunk], SMALLEST) == [shrunk]


def test_the_largest_are_not_merged_and_what_is_too_large_is_cut_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.vectors.compaction.MOST_ROWS", 10)
    segments = [sealed(4, first) for first in (12, 0, 4, 8)]
    pieces = [piece for piece, _ in merge(segments).pieces]
    assert [piece.columns.moments.tolist() for piece in pieces] == [list(range(8)), list(range(8, 16))]
    assert to_merge(pieces * FANOUT, SMALLEST) == []


def test_a_merged_segment_has_the_living_rows_with_their_vectors_in_the_order_of_time() -> None:
    ((piece, origins),) = merge([sealed(4, 10, dead=1), sealed(4, 2, dead=2)]).pieces
    assert piece.columns.keys.tolist() == [4, 5, 11, 12, 13]
    assert piece.vectors.stored()[:, 0].tolist() == [4, 5, 11, 12, 13]
    assert origins.tolist() == [6, 7, 1, 2, 3]


def test_rows_that_die_during_a_merge_are_dead_after_it() -> None:
    first, second = sealed(4, 10), sealed(4, 2)
    merger = merge([first, second])
    now = [first.with_alive(np.array([True, False, True, True]))]  # and none of the second is left
    (piece,) = merger.finished(now)
    assert piece.columns.keys[piece.alive].tolist() == [10, 12, 13]
    assert merger.finished([]) == []
