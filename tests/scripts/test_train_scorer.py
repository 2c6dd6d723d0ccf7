import numpy as np
import pytest
from scorer_data import LabelledPairs
from train_scorer import ALL, RIDGE, left_out, measures, train

from index.related.scorer import FEATURES

PAIRS = 400


def made(name: str, shift: float = 0, *, numbers: float = 0.0, seed: int = 0) -> LabelledPairs:
    """Pairs that are one story if their similarity is above 5 + shift, more or less; related from 3 on."""
    rng = np.random.default_rng(seed)
    features = np.zeros((PAIRS, len(ALL)))
    similarity = rng.uniform(0, 10, PAIRS)
    features[:, ALL.index("similarity")] = similarity
    features[:, ALL.index("telling_numbers")] = rng.integers(0, 2, PAIRS)
    features[:, ALL.index("one_language")] = 1
    noisy = similarity - shift + rng.normal(0, 1, PAIRS) + numbers * features[:, ALL.index("telling_numbers")]
    return LabelledPairs(name, features, (noisy > 5).astype(float), (noisy > 3).astype(float))


SETS = [made("stories-a", seed=1), made("stories-b", seed=2), made("pairs-c", seed=3)]


def test_the_thresholds_are_where_the_labels_change() -> None:
    trained = train(SETS, FEATURES)
    slope = trained.weights["similarity"]
    assert trained.same_story / slope == pytest.approx(5, abs=0.4)
    assert trained.related / slope == pytest.approx(3, abs=0.4)


def test_a_feature_that_tells_nothing_has_hardly_a_weight_and_one_that_does_has_one() -> None:
    nothing, much = train(SETS, FEATURES), train([made("a", numbers=2, seed=1), made("b", numbers=2, seed=2)], FEATURES)
    assert nothing.weights["telling_numbers"] < 0.3 < much.weights["telling_numbers"]


def test_a_weight_has_its_sign_or_is_nothing() -> None:
    assert train([made("a", numbers=-2, seed=1)], FEATURES).weights["telling_numbers"] == 0


def test_sets_are_not_told_apart_by_their_thresholds() -> None:
    slopes = [train([made("a", seed=1), made("b", shift, seed=2)], ["similarity"]) for shift in (0.0, 3.0)]
    assert slopes[1].same_story / slopes[1].weights["similarity"] == pytest.approx(6.5, abs=0.5)
    assert RIDGE > 0


def test_every_set_is_measured_by_a_scorer_trained_without_it() -> None:
    odd = made("stories-odd", shift=4, seed=4)
    trained = left_out([*SETS, odd], FEATURES)
    assert trained.keys() == {"stories-a", "stories-b", "pairs-c", "stories-odd"}
    assert trained["stories-odd"] == train(SETS, FEATURES)
    found = measures([*SETS, odd], trained)
    assert found["stories-odd"]["calibration_error"] > found["stories-a"]["calibration_error"]
    assert {"auc", "f1_lost", "related_auc"} <= found["stories-a"].keys()
    assert "auc" in found["all"]
