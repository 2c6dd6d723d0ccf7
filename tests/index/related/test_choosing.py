from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from index.article import Content
from index.related.choosing import MAX_NEAR_MISSES, SAME_LANGUAGE_BONUS, Asked, Candidates, Choice, choose
from index.related.query import RelatedQuery, Relation
from index.related.scorer import FEATURES, Scorer
from index.related.signals import records, signals_of

HOUR = 3600.0
SCORER = Scorer(np.array([10.0, *[0.0] * (len(FEATURES) - 1)]), 7, 4)
"""By the similarity alone: at 0.4 an article is as likely related as not, at 0.7 the same story."""

ANY = RelatedQuery(max_per_source=10, min_score=0, diversity=0)


class Found:
    """A candidate. Its words are its own unless `text` says otherwise, and its vector is unlike all others."""

    def __init__(
        self, article_id: str, similarity: float, text: str = "", lang: str = "en", source: str = "", hours: float = 0
    ) -> None:
        self.id, self.similarity, self.lang, self.source = article_id, similarity, lang, source
        self.text = text or f"Story {article_id}"
        self.seconds = hours * HOUR


def ask(
    *found: Found, query: RelatedQuery = ANY, text: str = "The story", lang: str = "en", alike: bool = False
) -> Choice:
    asked = Asked(np.zeros(len(found), np.float32), _record(text, lang), lang, 0)
    candidates = Candidates(
        keys=list(range(len(found))),
        ids=[one.id for one in found],
        langs=[one.lang for one in found],
        sources=[one.source for one in found],
        published=np.array([one.seconds for one in found]),
        appeared=np.array([one.seconds for one in found]),
        # copies are found among neighbours, so that articles with one text have one vector
        vectors=np.array([[float(alike or one.text == other.text) for other in found] for one in found], np.float32),
        records=records([signals_of(Content(text=one.text, lang=one.lang)) for one in found]),
        similarities=np.array([one.similarity for one in found], np.float32),
    )
    return choose(asked, candidates, query, SCORER, 1)


def _record(text: str, lang: str) -> np.void:
    record: np.void = records([signals_of(Content(text=text, lang=lang))])[0]
    return record


def items(choice: Choice, *found: Found) -> list[str]:
    return [found[one.place].id for one in choice.items]


def test_without_candidates_the_answer_is_empty() -> None:
    assert ask() == Choice([], [], ())


def test_the_most_similar_comes_first_with_its_relation_and_score() -> None:
    choice = ask(Found("a", 0.9), Found("b", 0.6), Found("c", 0.2))
    assert [one.place for one in choice.items] == [0, 1, 2]
    assert [one.relation for one in choice.items] == [Relation.SAME_STORY, Relation.RELATED, Relation.RELATED]
    assert [round(one.score, 3) for one in choice.items] == [0.993, 0.881, 0.119]
    assert all(one.same_story <= one.score for one in choice.items)


def test_copies_are_folded_into_the_earliest_of_a_known_publisher() -> None:
    same = "The same text"
    choice = ask(
        Found("late", 0.9, same, source="Harbor Tribune", hours=2),
        Found("unknown", 0.9, same, hours=0),
        Found("early", 0.8, same, source="Northgate Courier", hours=1),
        Found("other", 0.7),
    )
    assert [one.place for one in choice.items] == [2, 3]
    assert choice.items[0].copies == (0, 1)
    assert round(choice.items[0].score, 3) == 0.993  # of the best of them


def test_copies_of_what_was_asked_are_never_items() -> None:
    choice = ask(Found("b", 1.0, "The story"), Found("a", 0.1, "THE STORY"), Found("c", 0.8))
    assert [one.place for one in choice.items] == [2]
    assert choice.copies == (1, 0)  # by their ids


def test_a_translation_is_no_copy() -> None:
    assert ask(Found("a", 1.0, "The story", lang="de")).copies == ()


def test_a_publisher_has_no_more_items_than_the_cap_and_unknown_ones_are_not_capped() -> None:
    found = [Found(f"a{number}", 0.9 - number / 100, source="Harbor Tribune") for number in range(4)]
    found += [Found(f"u{number}", 0.5 - number / 100) for number in range(3)]
    query = replace(ANY, max_per_source=2)
    assert items(ask(*found, query=query), *found) == ["a0", "a1", "u0", "u1", "u2"]


def test_copies_do_not_count_against_the_cap() -> None:
    copies = [Found(f"a{number}", 0.9, "Same", source="Harbor Tribune") for number in range(3)]
    found = [*copies, Found("b", 0.8, source="Harbor Tribune")]
    assert items(ask(*found, query=replace(ANY, max_per_source=2)), *found) == ["a0", "b"]


@pytest.mark.parametrize(("share", "first"), [(0.9, "same"), (1.1, "foreign")])
def test_of_two_that_fit_about_equally_the_one_in_the_language_asked_in_comes_first(share: float, first: str) -> None:
    found = [Found("foreign", 0.8, lang="ja"), Found("same", 0.8 - share * SAME_LANGUAGE_BONUS, lang="ko")]
    assert items(ask(*found, lang="ko"), *found)[0] == first


def test_languages_are_compared_without_script_and_region() -> None:
    found = [Found("foreign", 0.80, lang="ja"), Found("same", 0.79, lang="zh-TW")]
    assert items(ask(*found, lang="zh-Hans"), *found) == ["same", "foreign"]


def test_what_is_not_probable_enough_is_a_near_miss_whatever_its_language() -> None:
    found = [Found("a", 0.5, lang="de"), Found("b", 0.39)]
    choice = ask(*found, query=replace(ANY, min_score=0.5))
    assert (items(choice, *found), [one.place for one in choice.near_misses]) == (["a"], [1])


def test_near_misses_are_few() -> None:
    found = [Found(f"a{number}", 0.3 - number / 100) for number in range(MAX_NEAR_MISSES + 2)]
    choice = ask(*found, query=replace(ANY, min_score=0.5))
    assert [one.place for one in choice.near_misses] == list(range(MAX_NEAR_MISSES))


def test_what_the_cap_or_the_limit_leaves_out_is_no_near_miss() -> None:
    found = [Found(f"a{number}", 0.9 - number / 100, source=f"S{number // 2}") for number in range(6)]
    choice = ask(*found, query=replace(ANY, limit=2, max_per_source=1, min_score=0.5))
    assert (items(choice, *found), choice.near_misses) == (["a0", "a2"], [])


def test_relations_choose() -> None:
    found = [Found("same", 0.9), Found("related", 0.6)]
    assert items(ask(*found, query=replace(ANY, relations=frozenset({Relation.RELATED}))), *found) == ["related"]


def test_what_repeats_an_item_above_comes_after_what_does_not() -> None:
    one, again, other = Found("one", 0.9), Found("again", 0.89), Found("other", 0.85, lang="de")
    vectors_alike = ask(one, again, query=replace(ANY, diversity=0.5), alike=True)
    assert [item.place for item in vectors_alike.items] == [0, 1]  # still there
    found = [one, again, other]
    near = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], np.float32)
    assert _order(found, near, diversity=0) == ["one", "again", "other"]
    assert _order(found, near, diversity=0.3) == ["one", "other", "again"]


def _order(found: list[Found], near: np.ndarray[tuple[int, ...], np.dtype[np.float32]], diversity: float) -> list[str]:
    asked = Asked(np.zeros(3, np.float32), _record("The story", "en"), "en", 0)
    times = np.zeros(len(found))
    candidates = Candidates(
        list(range(len(found))),
        [one.id for one in found],
        ["en"] * len(found),
        [""] * len(found),
        times,
        times,
        near,
        records([signals_of(Content(text=one.text, lang="en")) for one in found]),
        np.array([one.similarity for one in found], np.float32),
    )
    return items(choose(asked, candidates, replace(ANY, diversity=diversity), SCORER, 1), *found)


def test_what_is_older_counts_less() -> None:
    found = [Found("old", 0.9, hours=0), Found("new", 0.6, hours=24)]
    assert items(ask(*found), *found) == ["old", "new"]
    assert items(ask(*found, query=replace(ANY, half_life=timedelta(hours=24))), *found) == ["new", "old"]


def test_the_answer_is_the_same_each_time_and_in_whatever_order_the_candidates_are() -> None:
    found = [Found(f"a{number}", 0.5, lang=lang) for number, lang in enumerate(("en", "ko", "en", "de"))]
    assert ask(*found) == ask(*found)
    assert [one.place for one in ask(*found).items] == [0, 2, 1, 3]


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_there_are_no_more_items_than_the_limit(limit: int) -> None:
    found = [Found(f"a{number}", 0.9 - number / 100) for number in range(5)]
    assert items(ask(*found, query=replace(ANY, limit=limit)), *found) == [f"a{n}" for n in range(min(limit, 5))]


@pytest.mark.parametrize("limit", [1, 10, 100])
def test_more_candidates_are_looked_at_than_items_asked_for(limit: int) -> None:
    assert RelatedQuery(limit=limit).candidates > limit
