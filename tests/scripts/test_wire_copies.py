from pathlib import Path

import numpy as np
import pytest
from evaluate_copies import REPORTS, copied, judged, same_event
from wire_copies import wire_copy

from index.related.near_duplicates import LEAST_CONTAINED, normalised
from index.samples import samples

LEAST_RECALL = 0.97
LEAST_PRECISION = 0.995


def test_a_copy_is_made_the_same_way_each_time_and_is_not_the_report() -> None:
    text = samples()[0].article.words
    assert wire_copy(text, np.random.default_rng(1)) == wire_copy(text, np.random.default_rng(1)) != text


@pytest.mark.parametrize("seed", range(20))
def test_a_copy_has_the_words_of_the_report(seed: int) -> None:
    text = next(one.article.text for one in samples() if one.article.language == "en") or ""
    copy = set(normalised(wire_copy(text, np.random.default_rng(seed))).split())
    words = set(normalised(text).split())
    assert len(words & copy) > len(words) / 2


def test_copies_are_known_and_other_reports_of_the_same_event_are_not_taken_for_copies(evaluation: Path) -> None:
    real, others = copied(evaluation), same_event(evaluation)
    assert (len(real), len(others) > REPORTS) == (REPORTS, True)
    hits, wrong = judged(real, LEAST_CONTAINED), judged(others, LEAST_CONTAINED)
    assert hits / len(real) >= LEAST_RECALL
    assert hits / (hits + wrong) >= LEAST_PRECISION
