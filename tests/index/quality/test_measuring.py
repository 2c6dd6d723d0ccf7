"""Articles are measured as they come in, and again when they change."""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from index import Article, CoverageIndex, open_index
from index.quality import VERSION, Signs
from index.quality.measuring import Measurer, Quality
from index.related.remembering import RememberingReader
from index.related.scorer import load_scorer
from index.store.measures import Measure
from index.stories.keeping import StoryKeeper
from tests.index.fakes import NOON, FakeEncoder, an_article
from tests.index.stories.newsroom import open_newsroom
from tests.waiting import wait_until

TEXT = (
    "A summit of two neighbours ended on Wednesday without a declaration. Both leaders spoke for two hours and shook "
    "hands for the cameras, but neither took questions. Diplomats had hoped for a treaty on fishing rights."
)
OTHER = "The summit was guarded by four hundred officers, who had closed all streets around the town hall since dawn."


@pytest.fixture
def index(tmp_path: Path) -> Iterator[CoverageIndex]:
    with open_index(tmp_path / "data", FakeEncoder()) as opened:
        yield opened


def report(article_id: str, hours: float = 0, text: str = TEXT, source: str | None = None) -> Article:
    at = NOON + timedelta(hours=hours)
    return an_article(
        article_id, title=f"A summit {article_id}", text=text, source=source or article_id, published_at=at
    )


def quality(index: CoverageIndex, article_id: str) -> Quality:
    found = index.measurer.quality(index.article(article_id).key)
    assert found
    return found


def originality(index: CoverageIndex, article_id: str) -> float:
    return quality(index, article_id).signs.originality


def test_whoever_put_an_article_finds_it_measured(index: CoverageIndex) -> None:
    index.put([report("a")])
    found = quality(index, "a")
    assert found.signs.originality == 1
    assert found.value == pytest.approx(sum(found.signs.as_dict().values()) / 6, abs=0.0001)


def test_a_later_copy_is_not_original(index: CoverageIndex) -> None:
    index.put([report("first"), report("copy", hours=2)])
    assert originality(index, "first") == 1
    assert originality(index, "copy") < 0.2


def test_a_copy_that_came_in_first_loses_its_originality(index: CoverageIndex) -> None:
    index.put([report("copy", hours=2, source="Evening Post")])
    before = quality(index, "copy")
    index.put([report("first")])
    after = quality(index, "copy")
    assert (before.signs.originality, originality(index, "first")) == (1, 1)
    assert after.signs.originality < 0.2
    assert after.value < before.value
    source = index.sources.get("Evening Post")
    assert source
    assert source.measured == 1


def test_a_report_with_words_of_its_own_is_original_in_part(index: CoverageIndex) -> None:
    index.put([report("first"), report("mixed", hours=1, text=f"{TEXT} {OTHER}")])
    assert 0.2 < originality(index, "mixed") < 0.6


@pytest.mark.parametrize("change", [{"source": "first"}, {"hours": 24 * 20}, {"text": OTHER}])
def test_what_is_no_copy_is_original(index: CoverageIndex, change: dict[str, object]) -> None:
    index.put([report("first"), report("second", **{"hours": 1, **change})])  # type: ignore[arg-type]
    assert originality(index, "second") == 1


def test_a_text_in_another_language_is_no_copy(index: CoverageIndex) -> None:
    index.put([report("first"), report("second", hours=1).model_copy(update={"lang": "de"})])
    assert originality(index, "second") == 1


def test_an_article_with_other_words_is_measured_anew(index: CoverageIndex) -> None:
    index.put([report("a")])
    before = quality(index, "a")
    index.put([report("a", text=f'{TEXT} "We did not agree on anything at all," he said.')])
    assert quality(index, "a").signs.attribution > before.signs.attribution


def test_an_article_that_changed_otherwise_is_measured_a_little_later(index: CoverageIndex) -> None:
    index.put([report("a")])
    before = quality(index, "a").signs.completeness
    index.put([report("a").model_copy(update={"url": "https://example.org/a"})])
    wait_until(lambda: quality(index, "a").signs.completeness > before)


def test_what_goes_takes_its_measure_along(index: CoverageIndex) -> None:
    index.put([report("a", source="Harbor Tribune"), report("b", source="Harbor Tribune", hours=1)])
    key = index.article("a").key
    index.take_down("a")
    source = index.sources.get("Harbor Tribune")
    assert index.measurer.quality(key) is None
    assert source
    assert (source.articles, source.measured) == (1, 1)
    index.expire(NOON + timedelta(days=40_000))
    assert index.sources.find(9) == []


def test_what_was_measured_in_another_way_is_measured_again(tmp_path: Path) -> None:
    with open_index(tmp_path / "data", FakeEncoder()) as index:
        index.put([report("a")])
        key = index.article("a").key
        index._store.measures.put({key: Measure(VERSION + 1, 1, "{}")})
        assert index.measurer.quality(key) is None
    with open_index(tmp_path / "data", FakeEncoder()) as index:
        wait_until(lambda: index.measurer.quality(key) is not None)
        assert isinstance(quality(index, "a").signs, Signs)


def test_answers_are_other_ones_once_something_is_measured(index: CoverageIndex) -> None:
    index.put([report("a")])
    before = index.generation()
    index._store.measures.put({index.article("a").key: Measure(VERSION, 1, "{}")})
    assert index.generation() != before


def test_in_whatever_order_copies_are_measured_the_later_one_is_not_original(tmp_path: Path) -> None:
    for place, order in enumerate(itertools.permutations(("first", "copy", "last"))):
        folder = tmp_path / str(place)
        folder.mkdir()
        with open_newsroom(folder) as newsroom:
            reader = RememberingReader.of(newsroom.follower)
            keeper, measurer = (
                StoryKeeper(newsroom.follower, reader, load_scorer()),
                Measurer(newsroom.follower, reader),
            )
            for hours, name in (
                (2, "copy"),
                (0, "first"),
                (4, "last"),
            ):  # each is searched for before the next one comes
                newsroom.come(report(name, hours))
                keeper.assign_waiting()
            for name in order:
                measurer.measure([newsroom.key(name)])
            found = {name: measurer.quality(newsroom.key(name)) for name in order}
            assert {name: one.signs.originality > 0.9 for name, one in found.items() if one} == {
                "first": True,
                "copy": False,
                "last": False,
            }
