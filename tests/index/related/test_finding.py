"""Related coverage through the library, with an encoder whose similarities can be worked out by hand."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index import Article, Content, CoverageIndex, Filters, RelatedQuery, Relation, open_index
from index.errors import UnknownArticleError
from index.related import ReasonKind
from index.related.finding import MOST_CANDIDATES
from index.store.sql_store import SqlArticleStore
from index.vectors import Hit
from tests.index.fakes import NOON, FakeEncoder, an_article

ANY = RelatedQuery(min_score=0)
PROBABLE = RelatedQuery()


@pytest.fixture
def index(tmp_path: Path) -> Iterator[CoverageIndex]:
    with open_index(tmp_path, FakeEncoder()) as opened:
        yield opened


def found(index: CoverageIndex, article_id: str, query: RelatedQuery = PROBABLE) -> list[str]:
    return [item.stored.article.id for item in index.related_to(index.article(article_id), query).items]


def many(count: int, **fields: object) -> Sequence[Article]:
    return [an_article(f"a{number:03}", title=f"Summit of the {number}th kind", **fields) for number in range(count)]


def test_an_item_says_what_it_is_and_why(index: CoverageIndex) -> None:
    index.put(
        [
            an_article("a", title="Summit", text="They met in Vladivostok. 2,900 came.", published_at=NOON),
            an_article(
                "b", title="A summit", text="There was rain in Vladivostok, and 2900 guests.", published_at=NOON
            ),
            an_article("c", title="Flood"),
        ]
    )
    answer = index.related_to(index.article("a"), PROBABLE)
    (item,), (miss,) = answer.items, answer.near_misses
    assert (item.stored.article.id, item.relation) == ("b", Relation.SAME_STORY)
    assert 0.9 < item.same_story <= item.score <= 1
    assert {reason.kind: reason.evidence for reason in item.reasons} == {
        ReasonKind.MEANING: ("1.00",),
        ReasonKind.NAMES: ("Vladivostok",),
        ReasonKind.NUMBERS: ("2900",),
        ReasonKind.TIME: ("0",),
    }
    assert (miss.stored.article.id, miss.relation) == ("c", Relation.RELATED)
    assert miss.score < 0.1


def test_nothing_is_better_than_something_bad(index: CoverageIndex) -> None:
    index.put([an_article("a", title="Summit"), an_article("b", title="Flood")])
    assert found(index, "a") == []


def test_copies_are_shown_with_their_sources(index: CoverageIndex) -> None:
    index.put([an_article("a", title="The summit"), *many(0)])
    index.put([an_article(f"c{n}", title="Another summit", source=f"Paper {n}", published_at=NOON) for n in (2, 1, 3)])
    (item,) = index.related_to(index.article("a"), PROBABLE).items
    assert item.stored.article.id == "c1"
    assert [one.article.source for one in item.copies] == ["Paper 2", "Paper 3"]


def test_more_is_looked_at_where_copies_fill_the_first_places(index: CoverageIndex) -> None:
    index.put([an_article("a", title="The summit")])
    index.put([an_article(f"c{number:03}", title="Another summit") for number in range(200)])
    index.put([an_article("d", title="Some other summit")])
    assert found(index, "a", RelatedQuery(limit=2)) == ["c000", "d"]


def test_more_is_looked_at_where_one_publisher_fills_the_first_places(index: CoverageIndex) -> None:
    index.put([an_article("a", title="The summit"), *many(200, source="Harbor Tribune")])
    index.put([an_article("d", title="Some other summit", source="Northgate Courier")])
    assert found(index, "a", RelatedQuery(max_per_source=1, diversity=0)) == ["a000", "d"]


def test_there_is_an_end_to_looking(index: CoverageIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    index.put([an_article("a", title="The summit"), *many(500, source="Harbor Tribune")])
    looked_at: list[int] = []
    search = index._vectors.search

    def counted(vector: NDArray[np.float32], limit: int, filters: Filters) -> list[Hit]:
        looked_at.append(limit)
        return search(vector, limit, filters)

    monkeypatch.setattr(index._vectors, "search", counted)
    found(index, "a", RelatedQuery(limit=100))
    assert looked_at == [440, 1760]
    assert max(looked_at) <= MOST_CANDIDATES


def test_what_was_liked_is_looked_for_too_and_is_no_item(index: CoverageIndex) -> None:
    index.put(
        [an_article("s", title="Summit one"), an_article("f", title="Flood one"), an_article("g", title="Flood two")]
    )
    content = Content(title="Of a summit", lang="en")
    assert [i.stored.article.id for i in index.related_to_content(content, PROBABLE).items] == ["s"]
    like = RelatedQuery(like=("f",), min_score=0)
    scores = {i.stored.article.id: i.similarity for i in index.related_to_content(content, like).items}
    assert scores.keys() == {"s", "g"}
    assert scores["g"] > 0.4


def test_what_was_not_liked_is_moved_away_from(index: CoverageIndex) -> None:
    index.put(
        [
            an_article("s", title="Summit and flood"),
            an_article("f", title="Flood one"),
            an_article("g", title="Flood two"),
        ]
    )
    content = Content(title="Summit, flood", lang="en")

    def similarity(query: RelatedQuery) -> float:
        items = index.related_to_content(content, query).items
        return next(item.similarity for item in items if item.stored.article.id == "g")

    assert similarity(RelatedQuery(min_score=0, unlike=("f",))) < similarity(ANY)


def test_an_example_that_is_not_there_is_an_error(index: CoverageIndex) -> None:
    index.put([an_article("a")])
    for query in (RelatedQuery(like=("x",)), RelatedQuery(unlike=("a", "x"))):
        with pytest.raises(UnknownArticleError, match="'x'"):
            index.related_to(index.article("a"), query)


def test_what_is_excluded_is_no_item_whether_it_is_there_or_not(index: CoverageIndex) -> None:
    index.put([an_article("a", title="The summit"), *many(3)])
    assert found(index, "a", RelatedQuery(exclude=("a001", "x"))) == ["a000", "a002"]


def test_articles_kept_by_an_earlier_version_are_compared_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_vectors = SqlArticleStore.put_vectors
    with monkeypatch.context() as earlier, open_index(tmp_path, FakeEncoder()) as index:
        earlier.setattr(SqlArticleStore, "put_vectors", lambda self, batch, rows, _: put_vectors(self, batch, rows))
        index.put([an_article("a", title="Summit"), *many(2)])
        assert found(index, "a") == ["a000", "a001"]
    with open_index(tmp_path, FakeEncoder()) as index:
        assert index._store.outdated_signals(1, 9) == []
        assert found(index, "a") == ["a000", "a001"]


def test_two_texts_are_compared_as_two_articles_are(index: CoverageIndex) -> None:
    index.put([an_article("a", title="Summit"), an_article("b", title="A summit")])
    (item,) = index.related_to(index.article("a"), ANY).items
    compared = index.compare(index.article("a").article, index.article("b").article)
    assert (compared.score, compared.same_story) == pytest.approx((item.score, item.same_story))


def test_filters_hold(index: CoverageIndex) -> None:
    index.put([an_article("a", title="The summit"), *many(2), an_article("k", title="Summit", lang="ko")])
    assert found(index, "a", RelatedQuery(filters=Filters(langs=frozenset({"ko"})))) == ["k"]
