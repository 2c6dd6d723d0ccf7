from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.article import Content
from index.related.scorer import FEATURES, Scorer, features, load_scorer
from index.related.signals import records, signals_of

SHIPPED = load_scorer()


def of(text: str) -> Any:
    return records([signals_of(Content(text=text, lang="en"))])[0]


def feature(name: str, one: str = "A", other: str = "B", similarity: float = 0, days: float = 0) -> float:
    others = np.array([of(other)])
    found = features(np.array([similarity], np.float32), of(one), others, np.array([days]))
    return float(found[0, FEATURES.index(name)])


def test_numbers_in_common_count_if_they_are_telling() -> None:
    assert feature("telling_numbers", "2900 dead", "2900 people") == pytest.approx(np.log(2))
    assert feature("telling_numbers", "in 2023", "of 2023") == 0
    assert feature("telling_numbers", "111 222 333 444", "111 222 333 444") == feature(
        "telling_numbers", "111 222 333", "111 222 333"
    )


def test_no_number_in_common_counts_if_both_have_numbers() -> None:
    assert feature("no_number_in_common", "2900 dead", "3000 dead") == 1
    assert feature("no_number_in_common", "2900 dead", "many dead") == 0
    assert feature("no_number_in_common", "2900 dead", "2900 or 3000 dead") == 0


@pytest.mark.parametrize(
    ("days", "flags"),
    [(0.0, [0, 0]), (-7.0, [0, 0]), (8.0, [1, 0]), (-40.0, [1, 1]), (np.nan, [0, 0])],
)
def test_the_gap_counts_both_ways_and_not_where_a_date_is_unknown(days: float, flags: list[int]) -> None:
    names = ("beyond_a_week", "beyond_a_month")
    assert [feature(name, days=days) for name in names] == flags


def test_weights_have_the_signs_that_an_editor_would_give_them() -> None:
    signs = dict(zip(FEATURES, np.sign(SHIPPED.weights), strict=True))
    assert signs["similarity"] == 1
    assert signs["telling_numbers"] >= 0
    assert max(signs["no_number_in_common"], signs["beyond_a_week"], signs["beyond_a_month"]) <= 0


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=20))
def test_what_is_one_story_is_related_all_the_more(sums: list[float]) -> None:
    probable = SHIPPED.probabilities(np.array(sums))
    assert (probable.same_story <= probable.related).all()
    assert ((probable.related >= 0) & (probable.related <= 1)).all()


def test_at_the_thresholds_it_is_as_likely_as_not() -> None:
    assert SHIPPED.probabilities(np.array([SHIPPED.same_story])).same_story[0] == 0.5
    assert SHIPPED.probabilities(np.array([SHIPPED.related])).related[0] == 0.5


def test_ranks_are_in_units_of_similarity() -> None:
    scorer = Scorer(np.array([2.0, *[0.0] * (len(FEATURES) - 1)]), 3, 1)
    assert scorer.ranks(scorer.sums(np.eye(len(FEATURES))[:1])).tolist() == [1]


def test_where_no_date_is_known_that_may_be_said_in_short() -> None:
    others = np.array([of("2900 dead"), of("many dead")])
    one, close = of("2900 people"), np.array([0.5, 0.25], np.float32)
    unknown = np.full(2, np.nan)
    np.testing.assert_array_equal(features(close, one, others, None), features(close, one, others, unknown))
