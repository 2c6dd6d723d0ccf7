import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Self

import numpy as np
import pytest
from cachetools import LRUCache

from index import Article
from index.errors import MergedStoryError, StoryGoneError, UnknownStoryError
from index.store.stories import HEAT_HALF_LIFE_HOURS, Regrouping, StoryChangeKind, StoryOrder, StoryQuery
from index.stories import library as library_module
from index.stories.library import MOST_NAMES, Day, OfLanguage, Said, Story, StoryLibrary
from tests.index.fakes import NOON, an_article
from tests.index.stories.newsroom import Newsroom, open_newsroom

HOUR = timedelta(hours=1)
GERMAN = "Gipfel im Hafen eröffnet"
ENGLISH = "Summit opens in the harbour"


class Clock(datetime):
    """It is noon, a day after `NOON`."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls(2023, 9, 15, 12, tzinfo=UTC).astimezone(tz)


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> datetime:
    monkeypatch.setattr(library_module, "datetime", Clock)
    return Clock.now(UTC)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Newsroom]:
    with open_newsroom(tmp_path / "other") as opened:
        yield opened


def get(newsroom: Newsroom, number: int) -> Story:
    return newsroom.library.get(f"s{number}")


def said(newsroom: Newsroom, number: int) -> Said:
    return get(newsroom, number).said


def titles(newsroom: Newsroom, number: int) -> dict[str, str]:
    """The headlines by their languages."""
    return {one.lang: one.title for one in said(newsroom, number).headlines}


def regroup(newsroom: Newsroom, *numbers: int, parts: dict[int, list[str]]) -> None:
    keys = {number: [newsroom.key(one) for one in ids] for number, ids in parts.items()}
    with newsroom.store.stories.changing() as stories:
        stories.regroup(numbers, Regrouping(keys))


# What a story is


def test_a_story_is_described_by_its_id(newsroom: Newsroom) -> None:
    one = newsroom.tell(an_article("a", ENGLISH), an_article("b", GERMAN, lang="de"))
    other = newsroom.tell(an_article("c", "A flood"))
    with newsroom.store.stories.changing() as stories:
        stories.link(other, one)
    assert (get(newsroom, one).id, get(newsroom, one).thread) == (f"s{one}", f"t{one}")
    assert (get(newsroom, other).id, get(newsroom, other).thread) == (f"s{other}", f"t{one}")
    assert get(newsroom, one).record == newsroom.store.stories.get(one) == newsroom.library.record(f"s{one}")
    assert titles(newsroom, one) == {"en": ENGLISH, "de": GERMAN}


def test_stories_are_found_as_they_are_described_one_by_one(newsroom: Newsroom) -> None:
    numbers = [
        newsroom.tell(an_article(name, f"Summit {name}", published_at=NOON + place * HOUR))
        for place, name in enumerate("abc")
    ]
    found = newsroom.library.find(StoryQuery(order=StoryOrder.TRENDING, limit=2))
    assert [story.id for story in found] == [f"s{numbers[2]}", f"s{numbers[1]}"]
    assert found == [get(newsroom, numbers[2]), get(newsroom, numbers[1])]
    assert newsroom.library.find(StoryQuery(min_articles=2)) == []


def test_stories_and_what_waits_are_counted(newsroom: Newsroom) -> None:
    library = newsroom.library
    assert (library.count(), library.waiting(), library.last_change()) == (0, 0, 0)
    newsroom.tell(an_article("a"), an_article("b"))
    newsroom.come(an_article("c"), an_article("d"), an_article("e"))
    assert (library.count(), library.waiting(), library.last_change()) == (1, 3, 2)


def test_articles_know_the_ids_of_their_stories(newsroom: Newsroom) -> None:
    number = newsroom.tell(an_article("a"))
    newsroom.come(an_article("b"))
    assert newsroom.library.ids_of([newsroom.key("a"), newsroom.key("b"), 999]) == {newsroom.key("a"): f"s{number}"}
    assert newsroom.library.ids_of([]) == {}


# Errors


def test_an_id_that_no_story_has_or_had_is_an_error(newsroom: Newsroom) -> None:
    newsroom.tell(an_article("a"))
    for given in ("s2", "t1", "1", "", "s01", "x", "s" + "9" * 18):
        for call in (
            newsroom.library.get,
            newsroom.library.record,
            newsroom.library.timeline,
            lambda given: newsroom.library.reports(given, 9),
            lambda given: newsroom.library.changes_after(0, 9, given),
        ):
            with pytest.raises(UnknownStoryError, match=f"no story with the id '{given}'"):
                call(given)


def test_the_id_of_a_story_that_was_merged_tells_into_which(newsroom: Newsroom) -> None:
    numbers = [newsroom.tell(an_article(name, f"Summit {name}")) for name in "abc"]
    one, two, three = numbers
    regroup(newsroom, two, three, parts={two: ["b", "c"]})
    regroup(newsroom, one, two, parts={one: ["a", "b", "c"]})
    for number in (two, three):
        for call in (newsroom.library.get, newsroom.library.timeline):
            with pytest.raises(MergedStoryError) as caught:
                call(f"s{number}")
            assert (caught.value.story, caught.value.into) == (f"s{number}", f"s{one}")
    assert newsroom.library.get(f"s{one}").record.articles == 3


def test_the_id_of_a_story_whose_articles_are_all_gone_says_so(newsroom: Newsroom) -> None:
    one, two = newsroom.tell(an_article("a")), newsroom.tell(an_article("b", "Another summit"))
    regroup(newsroom, one, two, parts={one: ["a", "b"]})
    newsroom.store.take_down("a")
    newsroom.store.take_down("b")
    for call in (newsroom.library.get, newsroom.library.timeline):
        with pytest.raises(StoryGoneError, match=f"the story s{one} has no articles any more"):
            call(f"s{one}")
        with pytest.raises(MergedStoryError, match=f"the story s{two} is a part of s{one} now"):
            call(f"s{two}")


# Headlines


def test_there_is_a_headline_for_each_language_that_with_the_most_reports_first(newsroom: Newsroom) -> None:
    number = newsroom.tell(
        an_article("e", ENGLISH),
        an_article("d1", GERMAN, lang="de"),
        an_article("d2", GERMAN, lang="de-CH"),
        an_article("k", "항구에서 정상회담 개막했다는 소식", lang="ko"),
    )
    headlines = said(newsroom, number).headlines
    assert [one.lang.partition("-")[0] for one in headlines] == ["de", "en", "ko"]
    assert [one.title for one in headlines] == [one.report.title for one in headlines]
    assert headlines[1].report == newsroom.store.stories.reports([number])[0]


def test_the_headline_is_that_of_the_report_closest_to_the_middle(newsroom: Newsroom) -> None:
    number = newsroom.tell(
        an_article("odd", "The summit in a flood of people", published_at=NOON),
        an_article("one", "The summit in the harbour begins", published_at=NOON),
        an_article("two", "The summit in a harbour begins", published_at=NOON),
    )
    assert titles(newsroom, number) == {"en": "The summit in the harbour begins"}


def test_of_articles_that_are_alike_the_headline_is_the_original_one(newsroom: Newsroom) -> None:
    number = newsroom.tell(
        an_article("original", ENGLISH, source="Harbor Tribune", published_at=NOON),
        an_article("bait", "Summit: is the harbour big enough?", source="Cape Meridian", published_at=NOON + 20 * HOUR),
        copies=[an_article("copy", ENGLISH, source="Elbtaler Zeitung", published_at=NOON + HOUR)],
    )
    (headline,) = said(newsroom, number).headlines
    assert headline.report.id == "original"


def test_the_report_of_a_headline_is_a_copy_if_it_is_one_in_the_story(newsroom: Newsroom) -> None:
    number = newsroom.tell(an_article("a", GERMAN, lang="de"), copies=[an_article("copy", ENGLISH)])
    assert {one.lang: one.report.is_copy for one in said(newsroom, number).headlines} == {"de": False, "en": True}


def test_the_headline_of_an_article_without_a_title_is_its_beginning(newsroom: Newsroom) -> None:
    text = "The summit in the harbour begins. " * 20
    number = newsroom.tell(Article(id="a", text=text, lang="en"))
    assert titles(newsroom, number) == {"en": text[:160]}


def test_of_a_large_story_the_latest_reports_are_read(newsroom: Newsroom) -> None:
    articles = [an_article(f"a{n}", f"Nachricht {n} vom Gipfel", lang="de") for n in range(60)]
    number = newsroom.tell(an_article("first", ENGLISH), *articles)
    assert titles(newsroom, number).keys() == {"de"}


def test_what_is_not_embedded_says_nothing(newsroom: Newsroom) -> None:
    number = newsroom.tell(an_article("a", ENGLISH), an_article("b", GERMAN, lang="de"))
    newsroom.put(an_article("a", "Other words"))
    assert titles(newsroom, number) == {"de": GERMAN}
    newsroom.put(an_article("b", "Andere Worte", lang="de"))
    newsroom.put(an_article("c", "A flood"))
    assert StoryLibrary(newsroom.store, newsroom.follower.background).get(f"s{number}").said == Said()


def test_articles_kept_by_an_earlier_version_are_read_again(newsroom: Newsroom) -> None:
    newsroom.put(an_article("a", "The summit in France"))
    newsroom.store.put_vectors(newsroom.store.without_vector(9), np.ones((1, 6), np.float16))
    with newsroom.store.stories.changing() as stories:
        number = stories.open(newsroom.key("a"))
    assert said(newsroom, number).countries == ("FR",)
    assert titles(newsroom, number) == {"en": "The summit in France"}


# Names and countries


def test_names_are_those_that_reports_mention_the_most_often_first(newsroom: Newsroom) -> None:
    number = newsroom.tell(
        an_article("a", "The talks of Macron and Merkel were long"),
        an_article("b", "The talks of Macron with Steinmeier were long"),
        an_article("c", "The talks of Macron and of Merkel and Zelensky"),
    )
    assert said(newsroom, number).names == ("Macron", "Merkel")


def test_of_two_reports_one_may_say_more_than_the_other(newsroom: Newsroom) -> None:
    number = newsroom.tell(
        an_article("a", "The talks of Macron and Merkel in France"),
        an_article("b", "The talks with Macron were long, in Japan"),
    )
    assert said(newsroom, number).names[0] == "Macron"
    assert "Merkel" in said(newsroom, number).names
    assert said(newsroom, number).countries == ("FR", "JP")


def test_a_name_is_written_as_it_is_most_often(newsroom: Newsroom) -> None:
    number = newsroom.tell(
        an_article("a", "Переговоры с участием Путин в порту", lang="ru"),
        an_article("b", "The talks of Putin were long"),
        an_article("c", "More talks of Putin in the harbour"),
    )
    assert said(newsroom, number).names == ("Putin",)


def test_there_are_only_so_many_names(newsroom: Newsroom) -> None:
    many = ["Macron", "Merkel", "Steinmeier", "Zelensky", "Bolsonaro", "Trudeau", "Netanyahu", "Erdogan", "Mitsotakis"]
    assert len(many) > MOST_NAMES
    number = newsroom.tell(*(an_article(one, "We saw " + ", and ".join(many)) for one in "ab"))
    assert len(said(newsroom, number).names) == MOST_NAMES


def test_countries_are_those_that_enough_reports_name(newsroom: Newsroom) -> None:
    named = {"France and Japan": 3, "France": 4, "Italy": 2}
    number = newsroom.tell(
        *(
            an_article(f"{place[:7].strip()}{count}{n}", f"Long talks were held in {place}")
            for place, count in named.items()
            for n in range(count)
        )
    )
    assert said(newsroom, number).countries == ("FR", "JP")


# What a story says is kept until it changes


def test_an_article_that_joins_or_leaves_is_seen(newsroom: Newsroom) -> None:
    number = newsroom.tell(an_article("a", ENGLISH))
    assert titles(newsroom, number) == {"en": ENGLISH}
    newsroom.come(an_article("b", GERMAN, lang="de"))
    with newsroom.store.stories.changing() as stories:
        stories.join(newsroom.key("b"), number, is_copy=False)
    assert titles(newsroom, number) == {"en": ENGLISH, "de": GERMAN}
    newsroom.store.take_down("a")
    assert titles(newsroom, number) == {"de": GERMAN}


def test_what_is_merged_into_a_story_is_seen(newsroom: Newsroom) -> None:
    one, other = newsroom.tell(an_article("a", ENGLISH)), newsroom.tell(an_article("b", GERMAN, lang="de"))
    assert titles(newsroom, one) == {"en": ENGLISH}
    regroup(newsroom, one, other, parts={one: ["a", "b"]})
    assert titles(newsroom, one) == {"en": ENGLISH, "de": GERMAN}


def test_what_is_split_off_a_story_is_not_seen_any_more(newsroom: Newsroom) -> None:
    number = newsroom.tell(
        an_article("a", ENGLISH), an_article("b", GERMAN, lang="de"), an_article("c", "Another summit")
    )
    assert titles(newsroom, number).keys() == {"en", "de"}
    regroup(newsroom, number, parts={number: ["a", "c"], -1: ["b"]})
    assert titles(newsroom, number).keys() == {"en"}


def test_the_words_of_an_article_that_stays_are_its_present_ones(newsroom: Newsroom) -> None:
    newsroom.report(an_article("a", ENGLISH))
    assert titles(newsroom, newsroom.number("a")) == {"en": ENGLISH}
    newsroom.report(an_article("a", "Summit closes in the harbour"))
    assert titles(newsroom, newsroom.number("a")) == {"en": "Summit closes in the harbour"}


def test_an_article_that_was_not_embedded_for_a_while_is_seen_again(newsroom: Newsroom) -> None:
    newsroom.report(an_article("a", ENGLISH))
    newsroom.put(an_article("a", "Summit closes in the harbour"))
    assert titles(newsroom, newsroom.number("a")) == {}
    newsroom.embed()
    newsroom.keeper.assign_waiting()
    assert titles(newsroom, newsroom.number("a")) == {"en": "Summit closes in the harbour"}


def test_the_report_of_a_headline_is_as_it_is_now(newsroom: Newsroom) -> None:
    number = newsroom.tell(an_article("a", ENGLISH, url="https://a.example/old"))
    assert said(newsroom, number).headlines[0].report.source == ""
    newsroom.put(an_article("a", ENGLISH, url="https://a.example/new", source="Harbor Tribune"))
    (headline,) = said(newsroom, number).headlines
    assert (headline.report.url, headline.report.source) == ("https://a.example/new", "Harbor Tribune")


def test_what_was_taken_down_is_not_seen_after_a_restore(newsroom: Newsroom, tmp_path: Path) -> None:
    number = newsroom.tell(an_article("a", ENGLISH), an_article("b", GERMAN, lang="de"))
    newsroom.store.backup(tmp_path / "backup")
    assert titles(newsroom, number) == {"en": ENGLISH, "de": GERMAN}
    newsroom.store.take_down("a")
    newsroom.store.restore(tmp_path / "backup")
    assert titles(newsroom, number) == {"de": GERMAN}


def test_the_stories_of_another_backup_are_told_from_those_before(
    newsroom: Newsroom, other: Newsroom, tmp_path: Path
) -> None:
    number = newsroom.tell(an_article("a", ENGLISH))
    assert other.tell(an_article("b", GERMAN, lang="de")) == number
    assert titles(newsroom, number) == {"en": ENGLISH}
    other.store.backup(tmp_path / "backup")
    newsroom.store.restore(tmp_path / "backup")
    assert titles(newsroom, number) == {"de": GERMAN}


class WatchedCache(LRUCache[object, object]):
    """Notes when a second thread changes it while one is at it, which it cannot bear."""

    def __init__(self, maxsize: int) -> None:
        super().__init__(maxsize)
        self.busy = threading.Lock()
        self.collisions = 0

    def __setitem__(self, key: object, value: object) -> None:
        if not self.busy.acquire(blocking=False):
            self.collisions += 1
            return
        try:
            time.sleep(0.001)
            super().__setitem__(key, value)
        finally:
            self.busy.release()


def test_stories_may_be_asked_for_from_several_threads_at_once(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_module, "LRUCache", WatchedCache)
    monkeypatch.setattr(library_module, "_CACHED", 3)  # so that what is kept is always on its way out
    for n in range(10):
        newsroom.tell(an_article(f"a{n}", f"Summit {n}"))
    library = StoryLibrary(newsroom.store, newsroom.follower.background)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(library.find, [StoryQuery()] * 12))
    assert all(answer == answers[0] for answer in answers)
    assert isinstance(library._said, WatchedCache)
    assert library._said.collisions == 0


# What is new


def test_what_came_within_a_day_is_counted(newsroom: Newsroom, now: datetime) -> None:
    number = newsroom.tell(
        an_article("a", "One", source="Harbor Tribune", published_at=now - 24 * HOUR),
        an_article("b", "Two", source="Harbor Tribune", published_at=now - HOUR),
        an_article("c", "Three", source="Elbtaler Zeitung", published_at=now),
        an_article("d", "Four", source="Cape Meridian", published_at=now - 25 * HOUR),
    )
    old = newsroom.tell(an_article("e", published_at=now - 48 * HOUR))
    assert (get(newsroom, number).articles_today, get(newsroom, number).sources_today) == (3, 2)
    assert (get(newsroom, old).articles_today, get(newsroom, old).sources_today) == (0, 0)


def test_the_trend_is_how_many_publishers_report_just_now(newsroom: Newsroom, now: datetime) -> None:
    half_life = timedelta(hours=HEAT_HALF_LIFE_HOURS)
    just_now = newsroom.tell(
        an_article("a", "One", source="Harbor Tribune", published_at=now),
        an_article("b", "Two", source="Elbtaler Zeitung", published_at=now),
        copies=[an_article("c", "Two", source="Cape Meridian", published_at=now)],
    )
    before = newsroom.tell(an_article("d", "Three", source="Harbor Tribune", published_at=now - half_life))
    both = newsroom.tell(
        an_article("e", "Four", source="Harbor Tribune", published_at=now),
        an_article("f", "Five", source="Elbtaler Zeitung", published_at=now - 2 * half_life),
    )
    trends = [get(newsroom, number).trend for number in (just_now, before, both)]
    assert trends == pytest.approx([2, 0.5, 1.25])


def test_the_trend_of_what_is_long_past_or_far_ahead_is_a_number(newsroom: Newsroom) -> None:
    past = newsroom.tell(an_article("a", published_at="0002-01-01"))
    ahead = newsroom.tell(an_article("b", published_at="9998-01-01"))
    assert get(newsroom, past).trend == 0
    assert 1e6 < get(newsroom, ahead).trend < float("inf")


# How a story came about


def test_a_timeline_tells_of_the_days_and_languages(newsroom: Newsroom) -> None:
    number = newsroom.tell(
        an_article("c", "Three", lang="en", source="Cape Meridian", published_at="2023-09-16T01:00:00+00:00"),
        an_article("a", "One", lang="de", source="Elbtaler Zeitung", published_at="2023-09-15T01:00:00+02:00"),
        an_article("b", "Two", lang="en-GB", source="Harbor Tribune", published_at="2023-09-15T23:00:00-02:00"),
        an_article("d", "Four", lang="en", published_at="2023-09-16T03:00:00+00:00"),
        an_article("e", "Five", lang="de", published_at="2023-09-16T04:00:00+00:00"),
    )
    reports = {report.id: report for report in newsroom.library.reports(f"s{number}", 9)}
    timeline = newsroom.library.timeline(f"s{number}")
    assert timeline.days == (
        Day(date(2023, 9, 14), 1, 1, ("de",), reports["a"]),
        Day(date(2023, 9, 16), 4, 3, ("en", "de"), reports[timeline.days[1].first.id]),
    )
    assert timeline.days[1].first.id in {"b", "c"}  # which are of one moment
    assert timeline.languages == (
        OfLanguage("de", 2, 2, reports["a"]),
        OfLanguage("en", 3, 3, timeline.days[1].first),
    )


def test_the_reports_of_a_story_come_page_by_page(newsroom: Newsroom) -> None:
    number = newsroom.tell(*(an_article(f"a{n}", f"Summit {n}", published_at=NOON - n * HOUR) for n in range(5)))
    newsroom.tell(an_article("other", published_at=NOON))
    first = newsroom.library.reports(f"s{number}", 3)
    rest = newsroom.library.reports(f"s{number}", 3, first[-1].position)
    assert [report.id for report in first + rest] == ["a4", "a3", "a2", "a1", "a0"]


# The log


def test_the_log_is_read_of_all_stories_or_of_one_even_if_it_is_gone(newsroom: Newsroom) -> None:
    one, two = newsroom.tell(an_article("a")), newsroom.tell(an_article("b"), an_article("c"))
    regroup(newsroom, one, two, parts={two: ["a", "b", "c"]})
    newsroom.store.take_down("a")
    library = newsroom.library
    changes = library.changes_after(0, 99)
    assert [change.sequence for change in changes] == list(range(1, 6))
    assert library.changes_after(1, 2) == changes[1:3]
    assert [change.kind for change in library.changes_after(0, 9, f"s{one}")] == [
        StoryChangeKind.OPENED,
        StoryChangeKind.MERGED,
    ]
    assert library.changes_after(3, 9, f"s{two}") == changes[4:]
    assert library.last_change() == 5
