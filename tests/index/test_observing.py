"""What can be seen of an index from outside."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from index import CoverageIndex, PutStatus, RelatedQuery, open_index
from index.article import Content
from index.observing import IndexFigures
from index.vectors import SegmentState
from tests.index.fakes import FakeEncoder, an_article


class Seen:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.outcomes: Counter[PutStatus] = Counter()
        self.answers: list[tuple[int, int]] = []

    def put(self, outcomes: Counter[PutStatus]) -> None:
        self.outcomes += outcomes

    def answered(self, seconds: float, same_language: int, other_language: int) -> None:
        assert seconds > 0
        self.answers.append((same_language, other_language))


@pytest.fixture
def index(tmp_path: Path) -> Iterator[CoverageIndex]:
    with open_index(tmp_path, FakeEncoder()) as opened:
        yield opened


@pytest.fixture
def seen(index: CoverageIndex) -> Seen:
    index.observer = seen = Seen()
    return seen


def counts(figures: IndexFigures) -> tuple[int, int, int, int, int]:
    return figures.articles, figures.waiting, figures.behind, figures.indexed, figures.stories


def test_figures_tell_of_articles_until_they_are_found(index: CoverageIndex) -> None:
    assert counts(index.figures()) == (0, 0, 0, 0, 0)
    index._store.put([an_article("a"), an_article("b", "A flood")])
    waiting = index.figures()
    assert counts(waiting) == (2, 2, 2, 0, 0)
    assert waiting.waiting_since == index.article("a").updated_at
    index.encode_waiting()
    assert counts(index.figures()) == (2, 0, 4, 0, 0)
    index.follow()
    figures = index.figures()
    assert counts(figures) == (2, 0, 0, 2, 2)
    assert figures.waiting_since is None
    assert figures.segments == [(SegmentState.LIVE, 2)]
    assert figures.encoder.texts == 2


def test_puts_are_told_by_outcome(index: CoverageIndex, seen: Seen) -> None:
    index.put([an_article("a"), an_article("b", "A flood")])
    index.put([an_article("a"), an_article("b", "A football match")])
    index.take_down("a")
    index.put([an_article("a")])
    assert seen.outcomes == {
        PutStatus.CREATED: 2,
        PutStatus.UNCHANGED: 1,
        PutStatus.UPDATED: 1,
        PutStatus.TAKEN_DOWN: 1,
    }


def test_answers_are_told_by_the_languages_of_their_items(index: CoverageIndex, seen: Seen) -> None:
    titles = {"en": "A summit", "en-GB": "The summit of two", "ko": "정상회담 summit", "zh-TW": "高峰會 summit"}
    index.put([an_article(lang, title, lang=lang, source=lang) for lang, title in titles.items()])
    index.related_to(index.article("en"), RelatedQuery(min_score=0))
    index.related_to_content(Content(title="summit 峰会", lang="zh"), RelatedQuery(min_score=0))
    assert seen.answers == [(1, 2), (1, 3)]
