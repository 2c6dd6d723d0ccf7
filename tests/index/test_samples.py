from collections import Counter, defaultdict
from urllib.parse import urlsplit

import pytest

from index.language import primary
from index.samples import Sample, samples

SUMMIT = "kp-ru-summit"


@pytest.fixture(scope="module")
def stories() -> list[Sample]:
    return samples()


def test_there_are_enough_stories_in_enough_languages(stories: list[Sample]) -> None:
    assert len(stories) >= 150
    assert len({primary(story.article.language) for story in stories}) >= 12


def test_there_are_events_with_many_reports_and_stories_on_their_own(stories: list[Sample]) -> None:
    reports = Counter(story.event for story in stories)
    assert sum(count >= 6 for count in reports.values()) >= 25
    assert sum(count == 1 for count in reports.values()) >= 30


def test_every_event_is_reported_in_several_languages(stories: list[Sample]) -> None:
    languages = defaultdict(list)
    for story in stories:
        languages[story.event].append(primary(story.article.language))
    assert all(len(set(spoken)) > 1 for spoken in languages.values() if len(spoken) > 1)


def test_ids_urls_and_words_are_unique(stories: list[Sample]) -> None:
    for values in (
        [story.article.id for story in stories],
        [story.article.url for story in stories],
        [story.article.words_hash for story in stories],
    ):
        assert [value for value, count in Counter(values).items() if count > 1] == []


def test_every_story_has_all_its_fields(stories: list[Sample]) -> None:
    assert [story.article.id for story in stories if None in story.article.model_dump().values()] == []


def test_every_domain_is_invented_and_belongs_to_one_publisher(stories: list[Sample]) -> None:
    publishers = defaultdict(set)
    domains = defaultdict(set)
    for story in stories:
        domain = urlsplit(story.article.url or "").hostname or ""
        assert domain.endswith(".example")
        publishers[domain].add(story.article.source)
        domains[story.article.source].add(domain)
    assert {domain: names for domain, names in publishers.items() if len(names) > 1} == {}
    assert {name: of_name for name, of_name in domains.items() if len(of_name) > 1} == {}


def test_every_publisher_is_of_one_country(stories: list[Sample]) -> None:
    countries = defaultdict(set)
    for story in stories:
        countries[story.article.source].add(story.article.country)
    assert {name: of_name for name, of_name in countries.items() if len(of_name) > 1} == {}


@pytest.mark.parametrize("angle", ["talks", "minister", "envoys", "statements", "china"])
def test_the_summit_has_its_angle_in_korean_and_in_another_language(stories: list[Sample], angle: str) -> None:
    languages = {
        story.article.language
        for story in stories
        if story.event == SUMMIT and story.article.id.startswith(f"{SUMMIT}-{angle}-")
    }
    assert "ko" in languages
    assert languages - {"ko"}


def test_the_summit_is_reported_in_many_languages(stories: list[Sample]) -> None:
    assert len({story.article.language for story in stories if story.event == SUMMIT}) >= 6


def test_the_stories_were_published_over_many_days_and_are_in_that_order(stories: list[Sample]) -> None:
    moments = [story.article.published_at for story in stories if story.article.published_at]
    assert len({moment.date() for moment in moments}) >= 14
    assert moments == sorted(moments)
