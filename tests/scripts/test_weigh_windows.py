"""The parts of weigh_windows that can be worked out by hand."""

import numpy as np
import pytest
import weigh_windows


def test_the_first_window_and_the_mean_of_the_rest() -> None:
    windows = [["a", "b", "c"], ["d"]]
    vectors = np.array([[1, 0], [0, 1], [0, 3], [5, 5]], np.float32)
    first, rest = weigh_windows.first_and_rest(windows, vectors)
    np.testing.assert_array_equal(first, [[1, 0], [5, 5]])
    np.testing.assert_array_equal(rest, [[0, 2], [0, 0]])


def test_every_set_counts_once_and_thresholds_do_not() -> None:
    measured = {"a/one": 0.5, "a/two": 0.7, "b/one": 0.8, "b/best_threshold": 0.1, "all/mean_f1_best": 0.2}
    assert weigh_windows.score(measured) == pytest.approx((0.6 + 0.8) / 2)
