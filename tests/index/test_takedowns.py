"""Articles are taken down by ids, URL and publisher."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from index import CoverageIndex, PutStatus, RelatedQuery, open_index, takedowns
from index.article import Content
from index.errors import ReadOnlyError
from tests.index.fakes import FakeEncoder, an_article


@pytest.fixture
def index(tmp_path: Path) -> Iterator[CoverageIndex]:
    with open_index(tmp_path, FakeEncoder()) as opened:
        opened.put(
            [
                an_article("a", "A summit", source="Harbor Tribune", url="https://news.example/1"),
                an_article("b", "The summit", source="Harbor Tribune", url="https://news.example/1?utm_source=x"),
                an_article("c", "Another summit", source="Morning News"),
            ]
        )
        yield opened


def found(index: CoverageIndex) -> list[str]:
    answer = index.related_to_content(Content(title="summit", lang="en"), RelatedQuery(max_per_source=9))
    return sorted([item.stored.article.id for item in answer.items] + list(answer.copies))


def left(index: CoverageIndex) -> tuple[list[str], int]:
    return sorted(one.article.id for one in index.latest(99)), index.indexed()


def test_by_ids(index: CoverageIndex) -> None:
    assert found(index) == ["a", "b", "c"]
    assert sorted(index.takedowns.by_ids(["c", "x", "a"])) == ["a", "c"]
    assert (left(index), found(index)) == ((["b"], 1), ["b"])
    assert index.takedowns.by_ids(["a"]) == []
    assert index.takedowns.by_ids([]) == []


def test_by_url_in_whatever_form(index: CoverageIndex) -> None:
    assert index.takedowns.by_url("https://NEWS.example/1#top") == ["a", "b"]
    assert (left(index), found(index)) == ((["c"], 1), ["c"])


def test_by_source_which_may_send_other_articles(index: CoverageIndex) -> None:
    assert index.takedowns.by_source("Harbor Tribune") == ["a", "b"]
    assert (left(index), found(index)) == ((["c"], 1), ["c"])
    again = index.put([an_article("a", "Anything"), an_article("d", "A flood", source="Harbor Tribune")])
    assert [put.status for put in again] == [PutStatus.TAKEN_DOWN, PutStatus.CREATED]


def test_stories_lose_them_at_once(index: CoverageIndex) -> None:
    (story,) = set(index.stories.ids_of([index.article(one).key for one in "abc"]).values())
    index.takedowns.by_source("Harbor Tribune")
    assert [report.id for report in index.stories.reports(story, 9)] == ["c"]


def test_many_are_taken_down_some_at_a_time(index: CoverageIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    index.put([an_article(f"f{number}", f"Flood {number}", source="Daily") for number in range(7)])
    monkeypatch.setattr(takedowns, "_CHUNK", 3)
    sizes: list[int] = []
    take_down_many = index._store.take_down_many

    def counting(ids: Sequence[str]) -> dict[str, int]:
        assert index._follower.writing.locked()
        sizes.append(len(ids))
        return take_down_many(ids)

    monkeypatch.setattr(index._store, "take_down_many", counting)
    assert len(index.takedowns.by_source("Daily")) == 7
    assert sizes == [3, 3, 1]
    assert left(index) == (["a", "b", "c"], 3)


def test_another_process_drops_them_too(index: CoverageIndex, tmp_path: Path) -> None:
    with open_index(tmp_path, FakeEncoder(), writer=False) as reader:
        assert found(reader) == ["a", "b", "c"]
        index.takedowns.by_source("Harbor Tribune")
        reader.follow()
        assert found(reader) == ["c"]
        with pytest.raises(ReadOnlyError):
            reader.takedowns.by_ids(["c"])
