import logging
import math
import threading
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from index.opening import STORE_FILE
from index.related import remembering
from index.related.signals import signals_of
from index.store.sql_store import open_sqlite
from index.store.stories import Regrouping, StoryChangeKind
from index.stories import assigning, keeping
from index.stories.grouping import DEMAND
from tests.index.fakes import NOON, FakeEncoder, an_article
from tests.index.stories.newsroom import Newsroom, a_history, open_newsroom

DAY = timedelta(days=1)


def nearly_a_summit(other: str, *, enough: float = assigning.THREAD_LEAST + 0.02) -> str:
    """A title of an article that is close enough to a summit to be of its thread, and not to be of its story."""
    too_much = DEMAND.least - 0.02
    times, others = next(
        (times, others)
        for others in range(1, 60)
        for times in range(1, others)
        if enough < 10 * times / math.hypot(times, others) < too_much
    )
    return " and ".join(["summit"] * times + [other] * others)


def two_topics(count: int) -> list[str]:
    """Titles of articles of two topics in turn."""
    return [
        f"{('A summit', 'A flood')[number % 2]} {'abcdefghijklmnopqrstuvwxyz'[number % 26]}" for number in range(count)
    ]


# All that waits


def test_articles_of_one_topic_are_one_story(newsroom: Newsroom) -> None:
    newsroom.come(*(an_article(f"a{n}", title) for n, title in enumerate(two_topics(5))))
    assert newsroom.keeper.assign_waiting() == 5
    assert newsroom.stories() == ["a0 a2 a4", "a1 a3"]
    assert newsroom.library.waiting() == 0


def test_where_nothing_waits_nothing_is_done(newsroom: Newsroom) -> None:
    newsroom.put(an_article("a"))
    assert newsroom.keeper.assign_waiting() == 0
    newsroom.keeper.assign([newsroom.key("a")])
    newsroom.keeper.assign([])
    assert newsroom.changes() == []


def test_more_articles_are_assigned_than_go_into_one_transaction(newsroom: Newsroom) -> None:
    newsroom.come(*(an_article(f"a{n}", title) for n, title in enumerate(two_topics(2 * keeping._AT_ONCE + 3))))
    assert newsroom.keeper.assign_waiting() == 2 * keeping._AT_ONCE + 3
    assert [len(ids) for ids in newsroom.members().values()] == [keeping._AT_ONCE + 2, keeping._AT_ONCE + 1]


def test_some_articles_are_assigned_before_all_others(newsroom: Newsroom) -> None:
    newsroom.come(*(an_article(f"a{n:02}", title) for n, title in enumerate(two_topics(40))))
    odd = [newsroom.key(f"a{n:02}") for n in range(1, 40, 2)]
    newsroom.keeper.assign([*reversed(odd), 999])
    assert newsroom.stories() == [" ".join(f"a{n:02}" for n in range(1, 40, 2))]
    assert newsroom.library.waiting() == 20
    newsroom.keeper.assign(odd)
    assert newsroom.library.waiting() == 20
    assert newsroom.keeper.assign_waiting() == 20
    assert len(newsroom.stories()) == 2


@pytest.mark.parametrize("seed", range(3))
def test_stories_are_the_same_whether_articles_come_one_by_one_or_all_at_once(newsroom: Newsroom, seed: int) -> None:
    articles = a_history(seed, 40)
    newsroom.report(*articles)
    with open_newsroom(newsroom.folder / "other") as other:
        for article in articles:
            other.report(article)
        assert other.members() == newsroom.members()
        assert 1 < len(other.members()) < 40


def test_the_progress_of_many_is_told(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(keeping, "_SILENTLY", 20)
    newsroom.come(*(an_article(f"a{n}", title) for n, title in enumerate(two_topics(19))))
    with caplog.at_level(logging.INFO):
        assert newsroom.keeper.assign_waiting() == 19
        assert caplog.messages == []
        newsroom.come(*(an_article(f"b{n}", title) for n, title in enumerate(two_topics(20))))
        assert newsroom.keeper.assign_waiting() == 20
    assert caplog.messages == [f"assigning articles to stories: {done}" for done in ("0 of 20", "20 of 20")]


def test_of_very_many_that_wait_all_are_assigned(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "_MOST_WAITING", 5)
    newsroom.come(*(an_article(f"a{n}", title) for n, title in enumerate(two_topics(40))))
    assert newsroom.keeper.assign_waiting() == 40
    assert [len(ids) for ids in newsroom.members().values()] == [20, 20]


def test_articles_that_wait_do_not_hide_the_story_that_one_belongs_to(newsroom: Newsroom) -> None:
    newsroom.report(an_article("first", "Flood, flood, flood, flood and a summit"))
    number = newsroom.number("first")
    newsroom.report(*(an_article(f"a{n:02}", f"Flood {n}") for n in range(remembering.NEIGHBOURS + 20)))
    assert newsroom.members().keys() == {number}
    opened = [change for change in newsroom.changes() if change.kind is not StoryChangeKind.JOINED]
    assert [(change.kind, change.story) for change in opened] == [(StoryChangeKind.OPENED, number)]


def test_several_threads_may_assign_at_once(newsroom: Newsroom) -> None:
    newsroom.come(*(an_article(f"a{n}", title) for n, title in enumerate(two_topics(60))))
    keys = [newsroom.key(f"a{n}") for n in range(60)]
    errors: list[Exception] = []

    def work(first: int) -> None:
        try:
            newsroom.keeper.assign(keys[first::3])
            newsroom.keeper.assign_waiting()
        except Exception as error:  # noqa: BLE001 - whatever it is
            errors.append(error)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [len(ids) for ids in newsroom.members().values()] == [30, 30]
    assert len(newsroom.changes()) == 60
    assert newsroom.store.stories.mend() == 0


def test_articles_that_another_process_has_embedded_are_assigned(newsroom: Newsroom) -> None:
    newsroom.report(an_article("a", "A summit"))
    with open_sqlite(newsroom.folder / STORE_FILE) as other:
        other.put([an_article("b", "Another summit"), an_article("c", "A flood")])
        (b, c) = other.without_vector(9)
        embeddings = FakeEncoder().encode([one.article.words for one in (b, c)]).astype(np.float16)
        other.put_vectors([b, c], embeddings, [signals_of(one.article) for one in (b, c)])
    assert newsroom.keeper.assign_waiting() == 2
    assert newsroom.stories() == ["a b", "c"]


def test_articles_of_a_backup_that_waited_are_assigned(newsroom: Newsroom) -> None:
    newsroom.report(an_article("a", "A summit"), an_article("gone", "A volcano"))
    newsroom.come(an_article("b", "Another summit"))
    newsroom.store.backup(newsroom.folder / "backup")
    newsroom.report(an_article("later", "A third summit"))
    newsroom.store.take_down("gone")
    newsroom.store.restore(newsroom.folder / "backup")
    assert newsroom.keeper.assign_waiting() == 1
    assert newsroom.stories() == ["a b"]


# Which story an article comes to


def test_an_article_in_another_language_comes_to_the_story(newsroom: Newsroom) -> None:
    newsroom.report(an_article("a", "A summit"), an_article("b", "Der Summit", lang="de"))
    assert newsroom.stories() == ["a b"]


def test_a_copy_is_known_as_one(newsroom: Newsroom) -> None:
    newsroom.report(
        an_article("a", "A summit", source="Harbor Tribune"),
        an_article("same", "A Summit!", source="Elbtaler Zeitung"),
        an_article("german", "A summit", lang="de"),
        an_article("other", "Another summit"),
    )
    (number,) = newsroom.members()
    reports = newsroom.library.reports(f"s{number}", 9)
    assert {report.id: report.is_copy for report in reports} == {
        "a": False,
        "same": True,
        "german": False,
        "other": False,
    }


def copies_in(newsroom: Newsroom) -> set[str]:
    return {
        one.id for number in newsroom.members() for one in newsroom.library.reports(f"s{number}", 99) if one.is_copy
    }


def test_an_article_in_a_story_is_a_copy_as_long_as_its_words_are(newsroom: Newsroom) -> None:
    newsroom.report(an_article("a", "A summit"), an_article("b", "A summit"))
    assert copies_in(newsroom) == {"b"}
    newsroom.report(an_article("b", "What the summit means for fishermen"))
    assert newsroom.stories() == ["a b"]
    assert copies_in(newsroom) == set()
    newsroom.report(an_article("b", "A summit"))
    assert copies_in(newsroom) == {"b"}


def test_an_article_alone_that_becomes_a_copy_is_known_as_one(newsroom: Newsroom) -> None:
    newsroom.report(an_article("a", "A summit"), an_article("b", "A flood"))
    newsroom.report(an_article("b", "A summit"))
    assert newsroom.stories() == ["a b"]
    assert copies_in(newsroom) == {"b"}


def test_articles_too_far_apart_are_not_one_story_unless_others_came_between(newsroom: Newsroom) -> None:
    too_far = remembering.WINDOW + DAY
    newsroom.report(
        an_article("a", "Summit one", published_at=NOON),
        an_article("b", "Summit two", published_at=NOON + too_far),
        an_article("c", "Summit three", published_at=NOON + 2 * too_far),
    )
    assert newsroom.stories() == ["a", "b", "c"]
    newsroom.report(an_article("d", "Summit four", published_at=NOON + 1.5 * too_far))
    assert newsroom.stories() == ["a", "b c d"]


@pytest.mark.parametrize(
    ("year", "stories"),
    [(1, ["a0", "a1", "b"]), (9999, ["a0 a1", "b"])],  # what is dated in the future appeared when it arrived
)
def test_an_article_of_any_date_comes_into_a_story(newsroom: Newsroom, year: int, stories: list[str]) -> None:
    dates = [datetime(year, month, day, tzinfo=UTC) for month, day in ((1, 2), (12, 30))]
    newsroom.report(*(an_article(f"a{n}", f"Summit {n}", published_at=date) for n, date in enumerate(dates)))
    newsroom.report(an_article("b", "Summit in time", published_at=NOON))
    assert newsroom.stories() == stories


def test_a_story_that_is_nearly_close_enough_is_of_the_same_thread(newsroom: Newsroom) -> None:
    newsroom.report(an_article("a", "A summit"), an_article("b", nearly_a_summit("flood")), an_article("c", "Football"))
    one, other, third = (newsroom.record(name) for name in "abc")
    assert len({one.number, other.number, third.number}) == 3
    assert (one.thread, other.thread, third.thread) == (one.number, one.number, third.number)
    (linked,) = [change for change in newsroom.changes() if change.kind is StoryChangeKind.LINKED]
    assert (linked.story, linked.other) == (other.number, one.number)


def test_a_story_close_to_one_of_a_thread_and_far_from_the_others_is_not_of_it(newsroom: Newsroom) -> None:
    newsroom.report(an_article("a", "A summit"), an_article("b", nearly_a_summit("flood")))
    assert newsroom.record("b").thread == newsroom.record("a").number
    newsroom.report(an_article("c", nearly_a_summit("football")))
    assert newsroom.record("c").thread == newsroom.record("c").number


# Articles that change


def test_an_article_whose_new_words_fit_elsewhere_goes_there(newsroom: Newsroom) -> None:
    newsroom.report(an_article("a", "A summit"), an_article("b", "Another summit"), an_article("c", "A flood"))
    one, other = newsroom.number("a"), newsroom.number("c")
    last = newsroom.library.last_change()
    newsroom.report(an_article("b", "Another flood"))
    assert newsroom.members() == {one: {"a"}, other: {"b", "c"}}
    kinds = [(change.kind, change.story) for change in newsroom.changes(last)]
    assert kinds == [(StoryChangeKind.UPDATED, one), (StoryChangeKind.LEFT, one), (StoryChangeKind.JOINED, other)]


def test_an_article_whose_new_words_fit_nowhere_begins_a_story(newsroom: Newsroom) -> None:
    newsroom.report(an_article("a", "A summit"), an_article("b", "Another summit"))
    number = newsroom.number("a")
    newsroom.report(an_article("b", "Football"))
    assert newsroom.stories() == ["a", "b"]
    assert newsroom.number("a") == number


def test_an_article_whose_new_words_fit_stays(newsroom: Newsroom) -> None:
    newsroom.report(an_article("a", "A summit"), an_article("b", "Another summit"))
    before, last = newsroom.members(), newsroom.library.last_change()
    newsroom.report(an_article("b", "One more summit"))
    assert newsroom.members() == before
    assert {change.kind for change in newsroom.changes(last)} == {StoryChangeKind.UPDATED}


def test_an_article_stays_with_words_that_would_not_have_brought_it_there(newsroom: Newsroom) -> None:
    fits = DEMAND.least - DEMAND.stay + 0.02
    newsroom.report(an_article("a", "A summit"), an_article("b", "Another summit"))
    newsroom.report(an_article("b", nearly_a_summit("flood", enough=fits)))
    assert newsroom.stories() == ["a b"]
    newsroom.store.take_down("b")
    newsroom.report(an_article("c", nearly_a_summit("volcano", enough=fits)))
    assert newsroom.stories() == ["a", "c"]


def test_an_article_alone_whose_new_words_fit_nowhere_keeps_its_story(newsroom: Newsroom) -> None:
    newsroom.report(an_article("a", "A summit"), an_article("b", "A flood"))
    before = newsroom.members()
    newsroom.report(an_article("a", "Football"))
    assert newsroom.members() == before
    newsroom.report(an_article("a", "Football and football"))
    assert newsroom.members() == before


@pytest.mark.parametrize(("changed", "gone"), [("a", "b"), ("b", "b")])
def test_an_article_alone_whose_new_words_fit_elsewhere_takes_its_id_along(
    newsroom: Newsroom, changed: str, gone: str
) -> None:
    newsroom.report(an_article("a", "A summit"), an_article("b", "A flood"))
    numbers = {name: newsroom.number(name) for name in "ab"}
    newsroom.report(an_article(changed, "Another summit" if changed == "b" else "Another flood"))
    assert newsroom.members() == {numbers["a"]: {"a", "b"}}
    assert newsroom.store.stories.merged_into(numbers[gone]) == numbers["a"]
    newsroom.report(an_article("c", "Volcano"))
    assert newsroom.library.waiting() == 0


def test_a_story_one_of_whose_articles_is_not_embedded_now_is_thought_over_all_the_same(newsroom: Newsroom) -> None:
    newsroom.report(an_article("a", "A summit"), an_article("b", "Another summit"))
    newsroom.put(an_article("a", "One more summit"))
    newsroom.store.put([an_article("c", "A third summit"), an_article("d", "A fourth summit")])
    waiting = [one for one in newsroom.store.without_vector(9) if one.article.id in "cd"]
    embeddings = FakeEncoder().encode([one.article.words for one in waiting]).astype(np.float16)
    newsroom.store.put_vectors(waiting, embeddings, [signals_of(one.article) for one in waiting])
    newsroom.keeper.assign_waiting()
    newsroom.keeper.review(newsroom.number("a"))
    assert newsroom.stories() == ["a b c d"]
    newsroom.embed()
    newsroom.keeper.assign_waiting()
    assert newsroom.stories() == ["a b c d"]


def test_an_article_whose_words_change_while_it_waits_does_not_stand_in_the_way(newsroom: Newsroom) -> None:
    newsroom.come(an_article("a", "A summit"), an_article("b", "Another summit"))
    newsroom.put(an_article("a", "A flood"))
    newsroom.keeper.assign_waiting()
    assert newsroom.stories() == ["b"]
    newsroom.embed()
    assert newsroom.library.waiting() == 1
    newsroom.keeper.assign_waiting()
    assert newsroom.stories() == ["a", "b"]


def test_an_article_that_is_deleted_while_it_waits_does_not_stand_in_the_way(newsroom: Newsroom) -> None:
    newsroom.come(an_article("a", "A summit"), an_article("b", "Another summit"), an_article("c", "A third summit"))
    a = newsroom.key("a")
    newsroom.store.take_down("a")
    newsroom.keeper.assign([a])
    assert newsroom.keeper.assign_waiting() == 2
    assert newsroom.stories() == ["b c"]


# Stories that are thought over


def test_a_story_is_thought_over_when_it_has_grown(newsroom: Newsroom) -> None:
    reviewed = []
    for n in range(8):
        newsroom.report(an_article(f"a{n}", f"Summit {n}"))
        reviewed.append(newsroom.record("a0").reviewed)
    assert reviewed == [1, 2, 3, 3, 5, 5, 7, 7]


def grouped_by_hand(newsroom: Newsroom, *parts: str) -> list[int]:
    """Articles by the first letters of their topics come into stories, whatever is alike; returns the numbers."""
    topics = {"s": "summit", "f": "flood", "v": "volcano"}
    return [
        newsroom.tell(*(an_article(one, f"Report {one} of a {topics[one[0]]}") for one in part.split()))
        for part in parts
    ]


def test_a_story_that_is_two_is_split_when_it_is_thought_over(newsroom: Newsroom) -> None:
    (number,) = grouped_by_hand(newsroom, "f1 s1 s2 f2 s3")
    newsroom.keeper.review(number)
    (made,) = set(newsroom.members()) - {number}
    assert newsroom.members() == {number: {"s1", "s2", "s3"}, made: {"f1", "f2"}}
    assert (newsroom.record("s1").reviewed, newsroom.record("f1").reviewed) == (3, 2)


def test_stories_that_are_one_are_merged_when_one_is_thought_over(newsroom: Newsroom) -> None:
    one, other, third = grouped_by_hand(newsroom, "s1 s2", "s3 s4 s5", "f1 f2")
    newsroom.keeper.review(other)
    assert newsroom.members() == {one: {"s1", "s2", "s3", "s4", "s5"}, third: {"f1", "f2"}}
    assert newsroom.store.stories.merged_into(other) == one


@pytest.mark.parametrize("articles", [2, 2 * remembering.NEIGHBOURS])
def test_stories_that_are_one_are_merged_when_one_has_grown_however_large_it_is(
    newsroom: Newsroom, articles: int
) -> None:
    one, _ = grouped_by_hand(newsroom, " ".join(f"s{n}" for n in range(articles)), "so1 so2 so3")
    newsroom.report(an_article("s", "One more report of a summit"))
    assert set(newsroom.members()) == {one}


def test_an_article_in_the_wrong_story_moves_when_one_is_thought_over(newsroom: Newsroom) -> None:
    one, other = grouped_by_hand(newsroom, "s1 s2 s3", "f1 f2 f3 s4")
    newsroom.keeper.review(other)
    assert newsroom.members() == {one: {"s1", "s2", "s3", "s4"}, other: {"f1", "f2", "f3"}}


def test_a_story_that_is_one_is_as_before_when_it_is_thought_over(newsroom: Newsroom) -> None:
    (number,) = grouped_by_hand(newsroom, "s1 s2 s3")
    before = newsroom.changes()
    newsroom.keeper.review(number)
    assert newsroom.changes() == before
    assert newsroom.record("s1").reviewed == 3


def test_a_story_that_is_too_large_or_not_there_is_not_thought_over(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    (number,) = grouped_by_hand(newsroom, "s1 s2 f1")
    monkeypatch.setattr(assigning, "MOST_REVIEWED", 2)
    newsroom.keeper.review(number)
    newsroom.keeper.review(number + 1)
    assert newsroom.stories() == ["f1 s1 s2"]
    monkeypatch.setattr(assigning, "MOST_REVIEWED", 3)
    newsroom.keeper.review(number)
    assert newsroom.stories() == ["f1", "s1 s2"]


def test_a_story_is_not_merged_with_more_articles_than_are_thought_over_at_once(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assigning, "MOST_REVIEWED", 4)
    (one, _) = grouped_by_hand(newsroom, "s1 s2", "s3 s4 s5")
    newsroom.keeper.review(one)
    assert newsroom.stories() == ["s1 s2", "s3 s4 s5"]


def test_a_story_none_of_whose_articles_is_embedded_now_is_not_thought_over(newsroom: Newsroom) -> None:
    (number,) = grouped_by_hand(newsroom, "s1 s2 f1")
    newsroom.put(*(an_article(one, f"Other words of {one}") for one in ("s1", "s2", "f1")))
    newsroom.keeper.review(number)
    assert newsroom.members() == {number: {"s1", "s2", "f1"}}


def test_articles_that_wait_are_not_looked_at_when_a_story_is_thought_over(newsroom: Newsroom) -> None:
    (number,) = grouped_by_hand(newsroom, "s1 s2")
    newsroom.come(an_article("s3", "A third summit"))
    newsroom.keeper.review(number)
    assert newsroom.members() == {number: {"s1", "s2"}}
    assert newsroom.library.waiting() == 1


def test_what_happens_in_a_transaction_that_fails_is_undone(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom.come(an_article("a", "A summit"), an_article("b", "Another summit"), an_article("c", "A flood"))

    def fail(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as failing:
        failing.setattr(assigning.StoryAssigner, "review", fail)
        with pytest.raises(MemoryError):
            newsroom.keeper.assign_waiting()
    assert (newsroom.members(), newsroom.library.waiting(), newsroom.changes()) == ({}, 3, [])
    newsroom.keeper.assign_waiting()
    assert newsroom.stories() == ["a b", "c"]


def test_the_regrouping_of_nothing_changes_nothing(newsroom: Newsroom) -> None:
    with newsroom.store.stories.changing() as stories:
        assert stories.regroup([], Regrouping()) == []
    assert newsroom.changes() == []
