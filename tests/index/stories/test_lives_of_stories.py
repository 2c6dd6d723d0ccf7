"""What becomes of stories with the real model: which events stay one story, and which stay apart."""

from collections.abc import Sequence
from itertools import combinations

import pytest

from index import Article, CoverageIndex
from tests.index.stories import reported
from tests.index.stories.reported import Event, in_order


def put(index: CoverageIndex, reports: Sequence[Article]) -> None:
    """Reports come one by one."""
    for report in reports:
        index.put([report])


def story_of(index: CoverageIndex, reports: Sequence[Article]) -> dict[str, str]:
    """The ids of the stories of reports, by the reports' ids."""
    keys = index._store.keys_of([report.id for report in reports])
    stories = index.stories.ids_of(list(keys.values()))
    return {one: stories[key] for one, key in keys.items()}


def stories_with(index: CoverageIndex, *events: Event) -> list[list[str]]:
    """The ids of the reports of some events, story by story."""
    together: dict[str, list[str]] = {}
    for report, story in sorted(story_of(index, in_order(*events)).items()):
        together.setdefault(story, []).append(report)
    return sorted(together.values())


def ids(*events: Event) -> list[str]:
    return sorted(report.id for event in events for report in event.reports)


def mixed(index: CoverageIndex, events: Sequence[Event]) -> list[tuple[str, ...]]:
    """The names of the events of every story that has reports of more than one."""
    names = {report.id: event.name for event in events for report in event.reports}
    stories = stories_with(index, *events)
    of_stories = [tuple(sorted({names[one] for one in story})) for story in stories]
    return [one for one in of_stories if len(one) > 1]


def test_a_story_that_runs_for_twenty_days_stays_one(index: CoverageIndex) -> None:
    put(index, reported.MINE_RESCUE.reports)
    assert stories_with(index, reported.MINE_RESCUE) == [ids(reported.MINE_RESCUE)]
    (first, *_), (*_, last) = reported.MINE_RESCUE.reports, reported.MINE_RESCUE.reports
    story = index.stories.get(story_of(index, [first])[first.id])
    assert (story.record.first_at, story.record.last_at) == (first.published_at, last.published_at)
    assert [day.articles for day in index.stories.timeline(story.id).days] == [
        3,
        2,
        2,
        3,
        *[2] * 4,
        3,
        *[2] * 8,
        3,
        2,
        3,
    ]


def test_whoever_saw_a_running_story_on_its_first_day_finds_it_on_its_last(index: CoverageIndex) -> None:
    (first, *others) = reported.MINE_RESCUE.reports
    index.put([first])
    seen = story_of(index, [first])[first.id]
    put(index, others)
    assert story_of(index, [others[-1]])[others[-1].id] == seen


def test_an_event_that_recurs_every_year_is_another_story_each_time(index: CoverageIndex) -> None:
    years = (reported.SUMMIT_2023, reported.SUMMIT_2024)
    put(index, in_order(*years))
    assert stories_with(index, *years) == [ids(year) for year in years]


def test_two_earthquakes_of_one_week_are_two_stories(index: CoverageIndex) -> None:
    quakes = (reported.QUAKE_IN_PERU, reported.QUAKE_IN_SULAWESI)
    put(index, in_order(*quakes))
    assert stories_with(index, *quakes) == [ids(quake) for quake in quakes]


@pytest.mark.parametrize(
    "match_days",
    [
        pytest.param(reported.MATCH_DAYS_A_WEEK_APART, id="a week apart"),
        pytest.param(reported.MATCH_DAYS_SOME_DAYS_APART, id="some days apart"),
    ],
)
def test_no_story_has_reports_of_two_match_days(index: CoverageIndex, match_days: Sequence[Event]) -> None:
    put(index, in_order(*match_days))
    assert mixed(index, match_days) == []


def test_two_reports_of_one_match_by_two_publishers_are_one_story(index: CoverageIndex) -> None:
    put(index, in_order(*reported.MATCH_DAYS_A_WEEK_APART))
    for match_day in reported.MATCH_DAYS_A_WEEK_APART:
        of_elbtaler, of_alpenkurier, *_ = story_of(index, match_day.reports).values()
        assert of_elbtaler == of_alpenkurier


@pytest.mark.parametrize("event", reported.MARKET_REPORTS, ids=lambda event: event.name)
def test_what_a_publisher_writes_every_evening_is_no_story(index: CoverageIndex, event: Event) -> None:
    put(index, event.reports)
    stories = story_of(index, event.reports)
    together = [pair for pair in combinations(sorted(stories), 2) if stories[pair[0]] == stories[pair[1]]]
    assert together == []


def test_articles_that_tell_of_two_events_do_not_make_them_one_story(index: CoverageIndex) -> None:
    put(index, in_order(reported.PORT_STRIKE, reported.FLOOD, reported.BRIDGES))
    events = (reported.FLOOD, reported.PORT_STRIKE)
    assert stories_with(index, *events) == [ids(event) for event in events]
