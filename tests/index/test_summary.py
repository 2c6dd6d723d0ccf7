"""Which sentences make a summary."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from index.sentences import Span
from index.summary import MOST_READ, MOST_SENTENCES, READ, candidates, chosen, most_of, texts

WHOLE = np.array([0.8, 0.6, 0.0], np.float32)


def rows(*given: tuple[float, float, float]) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    vectors = np.array(given, np.float32)
    unit: np.ndarray[tuple[int, int], np.dtype[np.float32]] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def test_the_closest_come_in_the_order_of_the_text() -> None:
    sentences = rows((0, 0, 1), (0, 1, 0), (0, 0.1, 1), (1, 0, 0))
    assert chosen(sentences, WHOLE, 2) == [1, 3]


def test_what_repeats_the_first_gives_way_to_what_is_new() -> None:
    sentences = rows((1, 0.3, 0), (1, 0.31, 0), (0, 1, 0))
    assert chosen(sentences, WHOLE, 2) == [1, 2]
    assert chosen(sentences, WHOLE, 2, balance=1) == [0, 1]


def test_a_summary_is_a_third_of_the_text_at_most_and_three_sentences() -> None:
    assert [most_of(count) for count in (0, 1, 3, 4, 6, 7, 9, 30)] == [0, 1, 1, 2, 2, 3, 3, MOST_SENTENCES]


def test_bylines_are_no_candidates_but_where_there_is_nothing_else() -> None:
    text = "By our reporter\nThe bridge over the river was closed on Monday.\nPhoto: us"
    assert texts(text, candidates(text, "en")) == ["The bridge over the river was closed on Monday."]
    assert texts("Photo: us", candidates("Photo: us", "en")) == ["Photo: us"]
    assert texts("다리가 월요일에 통제됐다.", candidates("다리가 월요일에 통제됐다.", "ko")) == [
        "다리가 월요일에 통제됐다."
    ]


def test_of_a_long_text_the_beginning_is_read() -> None:
    text = "The bridge over the river was closed on Monday. " * 1_000
    found = candidates(text, "en")
    assert len(found) == MOST_READ
    assert candidates("x" * (2 * READ), "en") == [Span(0, READ)]
    assert (
        max(span.end for span in candidates("Word goes on and on, " * 350 + "end. " + "More of it. " * 300, "en"))
        <= READ
    )


@given(
    arrays(np.float32, st.tuples(st.integers(1, 12), st.just(4)), elements=st.floats(-1, 1, width=32)),
    st.integers(0, 4),
)
def test_as_many_as_are_wanted_are_chosen_each_once_and_in_order(
    vectors: "np.ndarray[tuple[int, int], np.dtype[np.float32]]", most: int
) -> None:
    found = chosen(vectors, vectors.mean(axis=0), most)
    assert found == sorted(set(found))
    assert len(found) == min(most, len(vectors))
    assert set(found) <= set(range(len(vectors)))
