"""What a message says."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import Article
from service.problems import Problem
from service.streams.messages import Deletion, read_message, runs, without_superseded
from service.streams.source import Message
from tests.index.fakes import an_article

ARTICLE = {"id": "a", "title": "A summit", "lang": "en", "published_at": "2023-09-14T09:30:00+09:00"}


def read(**fields: bytes) -> Article | Deletion | Problem:
    return read_message(Message("1-0", fields), 1_000)


def test_both_forms_give_the_same_article() -> None:
    expected = Article.model_validate(ARTICLE)
    assert read(article=json.dumps(ARTICLE).encode()) == expected
    assert read(**{name: value.encode() for name, value in ARTICLE.items()}) == expected


def test_the_id_may_come_from_the_url() -> None:
    article = read(title=b"A summit", url=b"https://example.org/1")
    assert isinstance(article, Article)
    assert article.id.startswith("url-")


def test_a_takedown_names_an_article() -> None:
    assert read(delete=b"a") == Deletion("a")


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({}, "was deleted from the stream"),
        ({"article": b"{"}, "the article is not JSON"),
        ({"article": b"[]"}, "the article: "),
        ({"article": b"\xff"}, "the article is not JSON"),
        ({"id": b"a", "title": b"\xff"}, "not all UTF-8"),
        ({"id": b"a", "title": b"A summit", "publishd_at": b"2023"}, "did you mean 'published_at'?"),
        ({"title": b"A summit"}, "the message: an article needs an 'id'"),
        ({"delete": b"\xff"}, "delete: is not UTF-8"),
        ({"delete": b"no id"}, "'no id' is not an id"),
        ({"delete": b"a", "id": b"a"}, "'delete' does not go with other fields: 'id'"),
        ({"article": b"{}", "trace": b"1"}, "'article' does not go with other fields: 'trace'"),
        ({"id": b"a", "text": b"a" * 1_000}, "larger than 1000 bytes"),
    ],
)
def test_what_is_neither_says_why(fields: dict[str, bytes], detail: str) -> None:
    problem = read(**fields)
    assert isinstance(problem, Problem)
    assert detail in problem.detail


@given(st.dictionaries(st.sampled_from(["article", "delete", "id", "title", "url", "published_at", "?"]), st.binary()))
def test_whatever_is_in_a_message_it_is_read_or_refused(fields: dict[str, bytes]) -> None:
    said = read(**fields)
    if isinstance(said, Problem):
        assert said.detail.encode()  # as it is put aside


def test_of_versions_of_an_article_the_last_before_a_takedown_counts() -> None:
    first, second, other = an_article("a"), an_article("a", "A flood"), an_article("b")
    read_in_order: list[tuple[str, Article | Deletion]] = [
        ("1", first),
        ("2", other),
        ("3", second),
        ("4", Deletion("a")),
        ("5", first),
        ("6", Deletion("b")),
    ]
    left, superseded = without_superseded(read_in_order)
    assert superseded == ["1"]
    assert [one for one, _ in left] == ["2", "3", "4", "5", "6"]


def test_articles_and_takedowns_stay_in_order() -> None:
    a, b = an_article("a"), an_article("b")
    assert list(runs([a, b, Deletion("a"), Deletion("c"), b])) == [([a, b], ["a", "c"]), ([b], [])]
    assert list(runs([Deletion("a"), a])) == [([], ["a"]), ([a], [])]
    assert list(runs([])) == []
