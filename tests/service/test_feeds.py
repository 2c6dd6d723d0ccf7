"""Feeds by the API, polled by the running service."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from index import CoverageIndex
from index.article import id_of_url
from service.access.keys import Scope
from service.app import create_app
from service.settings import Settings
from tests.service.conftest import add_key
from tests.service.feeds import written_feeds as written
from tests.service.feeds.time_machine import START
from tests.service.feeds.written_feeds import RSS, Report
from tests.service.fetching.sites import Answer, Sites, served
from tests.service.test_articles import assert_problem
from tests.service.test_metrics import told
from tests.waiting import wait_until

JSON = {"Content-Type": "application/json"}
FEED = {"url": "https://harbor-tribune.example/feed"}


@pytest.fixture
def sites() -> Iterator[Sites]:
    with served() as sites:
        yield sites


@pytest.fixture
def url(sites: Sites) -> str:
    url = f"http://127.0.0.1:{sites.port}"
    reports = [Report(str(number), f"{url}/{number}", f"Summit {number}", "They met.", START) for number in range(3)]
    sites.put(f"127.0.0.1:{sites.port}/feed", Answer(written.rss(reports).encode(), headers={"Content-Type": RSS}))
    return url


@pytest.fixture
def settings(sites: Sites, keys: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The site's own address is one of this network's, as that of an operator's own site can be."""
    monkeypatch.setenv("SIMILAR_NEWS_FETCH_PRIVATE_NETWORKS", "127.0.0.0/8")
    monkeypatch.setenv("SIMILAR_NEWS_FETCH_PORTS", f"443,{sites.port}")
    return Settings()


@pytest.fixture
def client(settings: Settings, topical_index: CoverageIndex, keys: Path) -> Iterator[TestClient]:
    with TestClient(create_app(settings, topical_index), raise_server_exceptions=False) as client:
        client.headers["Authorization"] = f"Bearer {add_key(keys, Scope.ADMIN)}"
        yield client


def listed(client: TestClient) -> list[dict[str, object]]:
    answer = client.get("/v1/feeds")
    assert answer.status_code == 200
    items: list[dict[str, object]] = answer.json()["items"]
    return items


def test_a_feed_that_is_added_is_polled_at_once(client: TestClient, url: str) -> None:
    added = client.post("/v1/feeds", json={"url": f"{url}/feed", "country": "kr", "source": "Our Paper"})
    assert added.status_code == 201
    assert (added.json()["state"], added.json()["country"], added.json()["next_at"]) == ("new", "KR", None)
    wait_until(lambda: listed(client)[0]["state"] == "well")
    (feed,) = listed(client)
    assert (feed["id"], feed["format"], feed["title"]) == (added.json()["id"], "rss20", "Harbor Tribune")
    assert feed["news_at"] == feed["succeeded_at"] != feed["next_at"]
    article = client.get(f"/v1/articles/{id_of_url(f'{url}/1')}").json()
    assert (article["title"], article["source"], article["country"]) == ("Summit 1", "Our Paper", "KR")
    samples = told(client)
    assert samples['similar_news_feeds{state="well"}'] == 1
    assert samples['similar_news_feed_polls_total{outcome="news"}'] == 1
    assert samples['similar_news_feed_items_total{outcome="created"}'] == 3
    assert samples["similar_news_articles"] == 3


def test_a_feed_that_fails_says_why(client: TestClient, url: str) -> None:
    client.post("/v1/feeds", json={"url": f"{url}/nothing"})
    wait_until(lambda: listed(client)[0]["state"] == "failing")
    assert listed(client)[0]["problem"] == "127.0.0.1 answered 404"


def test_a_feed_is_there_once_and_its_settings_can_be_changed(client: TestClient) -> None:
    assert client.post("/v1/feeds", json=FEED).status_code == 201
    changed = client.post("/v1/feeds", json=FEED | {"lang": "KO"})
    assert (changed.status_code, changed.json()["lang"]) == (200, "ko")
    assert [feed["lang"] for feed in listed(client)] == ["ko"]


def test_a_feed_is_removed_and_its_articles_stay(client: TestClient, url: str, topical_index: CoverageIndex) -> None:
    feed_id = client.post("/v1/feeds", json={"url": f"{url}/feed"}).json()["id"]
    wait_until(lambda: topical_index.count() == 3)
    assert client.delete(f"/v1/feeds/{feed_id}").status_code == 204
    assert_problem(client.delete(f"/v1/feeds/{feed_id}"), 404, "GET /v1/feeds")
    assert listed(client) == []
    assert topical_index.count() == 3


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "url: is missing"),
        ({"url": "nonsense"}, "not an absolute http"),
        ({"url": "https://a.example/\ud800"}, "not a URL"),
        ({"url": "ftp://a.example/feed"}, "http"),
        ({"url": "http://10.0.0.7/feed"}, "not public"),
        ({"url": "http://a.example:25/feed"}, "port 25"),
        ({"url": "http://user:pass@a.example/"}, "user name"),
        (FEED | {"contry": "KR"}, "did you mean 'country'"),
        (FEED | {"country": "Korea"}, "ISO 3166-1"),
        (FEED | {"lang": "nonsense"}, "BCP 47"),
        (FEED | {"full_text": "true"}, "full_text"),
    ],
)
def test_what_is_no_feed_is_refused(client: TestClient, body: object, said: str) -> None:
    assert_problem(client.post("/v1/feeds", content=json.dumps(body), headers=JSON), 422, said)
    assert listed(client) == []


def test_no_feed_is_added_for_those_without_a_key(settings: Settings, topical_index: CoverageIndex) -> None:
    with TestClient(create_app(settings, topical_index)) as client:
        problem = client.post("/v1/feeds", json=FEED)
        assert_problem(problem, 403, "SIMILAR_NEWS_ALLOW_ANONYMOUS_FETCH", "SIMILAR_NEWS_FEEDS")
        assert problem.json()["type"] == "urn:similar-news:problem:fetch-not-allowed"
        assert listed(client) == []
    allowing = settings.model_copy(update={"allow_anonymous_fetch": True})
    with TestClient(create_app(allowing, topical_index)) as client:
        assert client.post("/v1/feeds", json=FEED).status_code == 201


def test_the_key_of_a_widget_shows_no_feeds(client: TestClient, keys: Path) -> None:
    client.post("/v1/feeds", json={"url": "https://harbor-tribune.example/feed?key=secret"})
    widget = add_key(keys, Scope.READ, "https://example.org")
    refused = client.get("/v1/feeds", headers={"Authorization": f"Bearer {widget}", "Origin": "https://example.org"})
    assert_problem(refused, 403, "widget")
    reading = client.get("/v1/feeds", headers={"Authorization": f"Bearer {add_key(keys, Scope.READ)}"})
    assert reading.status_code == 200


def test_feeds_of_the_settings_are_polled_and_cannot_be_deleted(
    settings: Settings, topical_index: CoverageIndex, url: str
) -> None:
    named = settings.model_copy(update={"feeds": (f"{url}/feed",)})
    with TestClient(create_app(named, topical_index)) as client:
        wait_until(lambda: topical_index.count() == 3)
        (feed,) = listed(client)
        assert feed["in_settings"] is True
        assert_problem(client.delete(f"/v1/feeds/{feed['id']}"), 409, "SIMILAR_NEWS_FEEDS")


def test_a_reader_shows_feeds_and_polls_none(
    client: TestClient, settings: Settings, topical_index: CoverageIndex, url: str, sites: Sites
) -> None:
    client.post("/v1/feeds", json={"url": f"{url}/feed"})
    wait_until(lambda: listed(client)[0]["state"] == "well")
    asked = len(sites.asked)
    reading = settings.model_copy(update={"role": "reader"})
    with TestClient(create_app(reading, topical_index), headers=dict(client.headers)) as reader:
        assert listed(reader) == listed(client)
        assert_problem(reader.post("/v1/feeds", json=FEED), 403, "only reads")
        assert_problem(reader.delete("/v1/feeds/feed-x"), 403, "only reads")
    assert len(sites.asked) == asked
