import numpy as np
import pytest
from scorer_measures import best_f1, calibration_error, f1, measure

EVEN = np.ones(4)


def test_what_is_as_probable_as_it_is_true_is_calibrated() -> None:
    labels = np.array([1.0, 0, 1, 0])
    assert calibration_error(labels, np.full(4, 0.5), EVEN) == 0
    assert calibration_error(labels, np.full(4, 0.75), EVEN) == pytest.approx(0.25)
    assert calibration_error(labels, labels, EVEN) == 0


def test_every_bin_has_its_error() -> None:
    labels, probabilities = np.array([1.0, 1, 0, 0]), np.array([0.85, 0.85, 0.25, 0.25])
    assert calibration_error(labels, probabilities, EVEN) == pytest.approx(0.2)
    assert calibration_error(labels, probabilities, np.array([2.0, 2, 1, 1])) == pytest.approx(
        (4 * 0.15 + 2 * 0.25) / 6
    )


def test_f1_is_of_what_is_taken() -> None:
    labels = np.array([1.0, 1, 0, 0])
    assert f1(labels, np.array([True, False, True, False]), EVEN) == 0.5
    assert best_f1(labels, np.array([0.4, 0.3, 0.2, 0.1]), EVEN) == 1


def test_what_one_threshold_costs_is_measured() -> None:
    found = measure(np.array([1.0, 1, 0, np.nan]), np.array([-1.0, -2, -3, 9]))
    assert (found["auc"], found["f1"], found["f1_lost"]) == (1, 0, 1)


def test_without_both_labels_there_is_nothing_to_measure() -> None:
    assert measure(np.array([1.0, np.nan]), np.array([1.0, 2])) == {}
