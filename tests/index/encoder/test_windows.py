"""Windows: all of the text, in pieces that are short enough, and one vector of them all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.encoder.windows import REST_WEIGHT, combine, split


@given(st.lists(st.text("ab ", min_size=1, max_size=5), max_size=60), st.integers(1, 20))
def test_windows_are_the_text_and_no_longer_than_asked(tokens: list[str], longest: int) -> None:
    text = "".join(tokens)
    ends = np.cumsum([len(token) for token in tokens], dtype=np.int64)
    windows = split(text, ends, longest)
    assert "".join(windows) == text
    assert len(windows) == max(1, -(-len(tokens) // longest))
    for number, window in enumerate(windows):
        assert window == "".join(tokens[number * longest : (number + 1) * longest])


def test_what_the_tokenizer_leaves_out_at_the_end_stays_in_the_last_window() -> None:
    assert split("ab cd  ", np.array([2, 5]), 1) == ["ab", " cd  "]


def test_one_window_is_the_vector_itself() -> None:
    vector = np.array([[0.6, 0.8]], np.float32)
    np.testing.assert_array_equal(combine(vector), vector[0])


def test_the_first_window_counts_more_than_all_others_together() -> None:
    first, others = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
    combined = combine(np.stack([first, others, others, others]))
    assert np.linalg.norm(combined) == pytest.approx(1, abs=1e-6)
    assert combined[1] / combined[0] == pytest.approx(REST_WEIGHT)
