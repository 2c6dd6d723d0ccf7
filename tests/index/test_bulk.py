"""Many articles put at once end up as if they were put one batch after the other."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index import Article, CoverageIndex, open_index
from index.store import PutStatus
from tests.index.fakes import TOPICS, FakeEncoder, an_article

ARTICLES = [an_article(f"a{number}", title=f"{TOPICS[number % 3]} {number // 20}") for number in range(60)]
BATCHES = [
    ARTICLES[:25],
    [],
    ARTICLES[25:40],
    [*ARTICLES[10:20], an_article("a3", title="Another volcano")],
    ARTICLES[40:],
]


class FailingEncoder(FakeEncoder):
    """Cannot embed football."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if any("football" in text for text in texts):
            raise RuntimeError("no football")
        return super().encode(texts)


def state(index: CoverageIndex) -> tuple[object, ...]:
    """The articles in the order of their keys, and the stories that they are in."""
    articles = sorted(index.latest(100), key=lambda stored: stored.key)
    stories = index.stories.ids_of([stored.key for stored in articles])
    groups: dict[str, list[str]] = {}
    for stored in articles:
        groups.setdefault(stories[stored.key], []).append(stored.article.id)
    return [(one.article.id, one.article.title) for one in articles], sorted(groups.values())


def test_articles_and_stories_are_the_same_as_one_batch_after_the_other(tmp_path: Path) -> None:
    with open_index(tmp_path / "one", FakeEncoder()) as one, open_index(tmp_path / "other", FakeEncoder()) as other:
        apart = [[put.status for put in one.put(batch)] for batch in BATCHES]
        together = [[put.status for put in outcomes] for outcomes in other.bulk.put(BATCHES)]
        assert together == apart
        assert together[3] == [PutStatus.UNCHANGED] * 10 + [PutStatus.UPDATED]
        assert state(one) == state(other)
        assert other.indexed() == len(ARTICLES)


def test_batches_are_asked_for_one_ahead_and_given_back_when_they_are_found(tmp_path: Path) -> None:
    asked = []

    def batches() -> Iterator[list[Article]]:
        for start in range(0, 60, 20):
            asked.append(start)
            yield ARTICLES[start : start + 20]

    with open_index(tmp_path, FakeEncoder()) as index:
        seen = []
        for outcomes in index.bulk.put(batches()):
            keys = [index.article(put.id).key for put in outcomes]
            assert set(index.stories.ids_of(keys)) == set(keys)
            seen.append((len(asked), index.indexed()))
        assert seen == [(2, 20), (3, 40), (3, 60)]


def test_what_is_not_embedded_for_an_error_is_claimed_no_longer(tmp_path: Path) -> None:
    bad = [an_article("bad", title="football")]
    with open_index(tmp_path, FailingEncoder()) as index:
        done = index.bulk.put([ARTICLES[:1], bad, ARTICLES[1:2]])
        assert [put.id for put in next(done)] == ["a0"]
        with pytest.raises(RuntimeError, match="no football"):
            list(done)
        assert not len(index._claims)
    with open_index(tmp_path, FakeEncoder()) as index:
        assert index.indexed() == index.count() == 3


def test_who_goes_away_leaves_nothing_claimed(tmp_path: Path) -> None:
    with open_index(tmp_path, FakeEncoder()) as index:
        done = index.bulk.put([ARTICLES[:20], ARTICLES[20:40], ARTICLES[40:]])
        next(done)
        done.close()  # type: ignore[attr-defined]  # a generator's
        assert not len(index._claims)
        assert index.count() == 40
