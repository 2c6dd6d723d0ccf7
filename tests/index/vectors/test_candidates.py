"""How many vectors are looked at again."""

from collections.abc import Callable

import pytest

from index.vectors.candidates import OF_ROWS, candidates_among, candidates_of_part


def test_more_are_looked_at_again_where_more_come_near() -> None:
    def grows(measure: Callable[[int], float], *values: int) -> bool:
        measured = [measure(value) for value in values]
        return measured == sorted(measured) and measured[0] < measured[-1]

    assert grows(lambda limit: candidates_among(limit, OF_ROWS, OF_ROWS), 1, 20, 80)
    assert grows(lambda rows: candidates_among(20, rows, rows // 100), 10_000, 100_000, OF_ROWS, 10 * OF_ROWS)
    assert candidates_among(20, OF_ROWS, OF_ROWS // 10) > candidates_among(20, OF_ROWS, OF_ROWS)  # who stand out less
    assert candidates_among(20, 10 * OF_ROWS, OF_ROWS) == candidates_among(20, OF_ROWS, OF_ROWS)


def test_parts_look_for_a_little_more_than_their_share() -> None:
    assert candidates_of_part(600, 1, 20) == 620
    assert candidates_of_part(600, 0.5, 20) == pytest.approx(300 + 3 * 150**0.5 + 20)
    assert sum(candidates_of_part(600, 0.1, 20) for _ in range(10)) < 3 * 600
