import pytest

from index import RelatedQuery, StoredArticle
from index.related import MAX_NEAR_MISSES, SAME_LANGUAGE_BONUS, Answer, choose
from tests.index.fakes import NOON, an_article

ANY = RelatedQuery(limit=10, max_per_source=10, min_similarity=0.0)


def found(article_id: str, similarity: float, title: str = "", **fields: object) -> tuple[StoredArticle, float]:
    """A candidate, whose words are its own unless `title` says otherwise."""
    article = an_article(article_id, title or f"Story {article_id}", **fields)
    return StoredArticle(1, 1, article, article.words_hash, NOON, NOON, NOON), similarity


def ask(
    *candidates: tuple[StoredArticle, float], query: RelatedQuery = ANY, asked: str = "The story", lang: str = "en"
) -> Answer:
    return choose(candidates, query, an_article("asked", title=asked).words_hash, lang)


def ids(answer: Answer) -> list[str]:
    return [item.stored.article.id for item in answer.items]


def missed(answer: Answer) -> list[str]:
    return [item.stored.article.id for item in answer.near_misses]


def test_without_candidates_the_answer_is_empty() -> None:
    assert ask() == Answer([], [])


def test_the_most_similar_comes_first() -> None:
    answer = ask(found("a", 0.9), found("b", 0.8), found("c", 0.7))
    assert ids(answer) == ["a", "b", "c"]
    assert [item.similarity for item in answer.items] == [0.9, 0.8, 0.7]


def test_articles_with_the_same_words_are_one_item_with_copies() -> None:
    answer = ask(
        found("a", 0.9, title="Same"), found("b", 0.9), found("c", 0.8, title="Same"), found("d", 0.7, title="Same")
    )
    assert ids(answer) == ["a", "b"]
    assert [item.copies for item in answer.items] == [("c", "d"), ()]


def test_copies_of_the_article_asked_about_are_never_in_the_answer() -> None:
    answer = ask(found("a", 1.0, title="The story"), found("b", 0.1, title="The story"), found("c", 0.8))
    assert ids(answer) == ["c"]
    assert answer.copies == ("a", "b")
    assert ask(found("a", -0.5, title="The story")) == Answer([], [], ("a",))


def test_a_publisher_has_no_more_items_than_the_cap() -> None:
    candidates = [found(f"a{number}", 0.9 - number / 100, source="Harbor Tribune") for number in range(4)]
    answer = ask(
        *candidates, found("b", 0.5, source="한빛일보"), query=RelatedQuery(max_per_source=2, min_similarity=0)
    )
    assert ids(answer) == ["a0", "a1", "b"]


def test_articles_of_unknown_publishers_are_not_capped() -> None:
    candidates = [found(f"a{number}", 0.9 - number / 100) for number in range(4)]
    assert len(ask(*candidates, query=RelatedQuery(max_per_source=1, min_similarity=0)).items) == 4


def test_copies_do_not_count_against_the_cap() -> None:
    copies = [found(f"a{number}", 0.9, title="Same", source="Harbor Tribune") for number in range(3)]
    answer = ask(
        *copies, found("b", 0.8, source="Harbor Tribune"), query=RelatedQuery(max_per_source=2, min_similarity=0)
    )
    assert ids(answer) == ["a0", "b"]


def test_of_two_that_fit_about_equally_the_one_in_the_language_asked_in_comes_first() -> None:
    answer = ask(
        found("foreign", 0.80, lang="ja"), found("same", 0.80 - 0.9 * SAME_LANGUAGE_BONUS, lang="ko"), lang="ko"
    )
    assert ids(answer) == ["same", "foreign"]


def test_the_language_does_not_outweigh_a_clear_difference() -> None:
    answer = ask(
        found("foreign", 0.80, lang="ja"), found("same", 0.80 - 1.1 * SAME_LANGUAGE_BONUS, lang="ko"), lang="ko"
    )
    assert ids(answer) == ["foreign", "same"]


def test_languages_are_compared_without_script_and_region() -> None:
    answer = ask(found("foreign", 0.80, lang="ja"), found("same", 0.79, lang="zh-TW"), lang="zh-Hans")
    assert ids(answer) == ["same", "foreign"]


def test_the_bonus_is_not_in_the_similarity() -> None:
    assert ask(found("same", 0.8, lang="ko"), lang="ko").items[0].similarity == 0.8


def test_the_cap_keeps_the_first_in_order_and_not_the_most_similar() -> None:
    query = RelatedQuery(max_per_source=1, min_similarity=0)
    foreign = found("foreign", 0.80, lang="ja", source="Harbor Tribune")
    same = found("same", 0.79, lang="ko", source="Harbor Tribune")
    assert ids(ask(foreign, same, query=query, lang="ko")) == ["same"]


def test_what_is_not_similar_enough_is_a_near_miss() -> None:
    answer = ask(found("a", 0.5), found("b", 0.4), found("c", 0.39), query=RelatedQuery(min_similarity=0.4))
    assert ids(answer) == ["a", "b"]
    assert missed(answer) == ["c"]


def test_the_language_bonus_does_not_make_an_item_of_a_near_miss() -> None:
    answer = ask(found("a", 0.39, lang="ko"), query=RelatedQuery(min_similarity=0.4), lang="ko")
    assert (ids(answer), missed(answer)) == ([], ["a"])


def test_near_misses_are_few() -> None:
    candidates = [found(f"a{number}", 0.3 - number / 100) for number in range(MAX_NEAR_MISSES + 2)]
    answer = ask(*candidates, query=RelatedQuery(min_similarity=0.4))
    assert missed(answer) == [f"a{number}" for number in range(MAX_NEAR_MISSES)]


def test_what_the_cap_or_the_limit_leaves_out_is_no_near_miss() -> None:
    candidates = [found(f"a{number}", 0.9 - number / 100, source=f"S{number // 2}") for number in range(6)]
    answer = ask(*candidates, query=RelatedQuery(limit=2, max_per_source=1, min_similarity=0.4))
    assert (ids(answer), missed(answer)) == (["a0", "a2"], [])


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_there_are_no_more_items_than_the_limit(limit: int) -> None:
    candidates = [found(f"a{number}", 0.9 - number / 100) for number in range(5)]
    answer = ask(*candidates, query=RelatedQuery(limit=limit, min_similarity=0))
    assert ids(answer) == [f"a{number}" for number in range(min(limit, 5))]


@pytest.mark.parametrize("limit", [1, 10, 100])
def test_more_candidates_are_looked_at_than_items_asked_for(limit: int) -> None:
    assert RelatedQuery(limit=limit).candidates > limit
