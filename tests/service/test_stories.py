"""What stories there are, and what each says, over HTTP."""

import json
from base64 import urlsafe_b64encode
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi.testclient import TestClient

from index import CoverageIndex, open_index
from index.language import primary
from index.samples import samples
from index.store.stories import HEAT_HALF_LIFE_HOURS, Regrouping
from service.app import create_app
from service.settings import Settings
from tests.index.fakes import FakeEncoder, an_article
from tests.service.test_articles import assert_problem
from tests.waiting import wait_until

SUMMIT = "kp-ru-summit-talks-ko"
LONG_TEXT = samples()[0].article.text or ""
Answer = dict[str, Any]
Client = httpx2.Client | TestClient


def put(client: Client, article_id: str, title: str, published_at: str, **fields: object) -> None:
    body = {"title": title, "lang": "en", "published_at": published_at} | fields
    response = client.put(f"/v1/articles/{article_id}", json=body)
    assert response.status_code in {200, 201}, response.text


def get(client: Client, path: str, **parameters: Any) -> Any:
    response = client.get(path, params=parameters)
    assert response.status_code == 200, response.text
    return response.json()


def ids(answer: Answer) -> list[str]:
    return [story["id"] for story in answer["stories"]]


def pages(client: Client, path: str) -> Iterator[Answer]:
    """What `path` answers, and what follows by the header `Link`, which says the same as `next`."""
    for _ in range(200):
        response = client.get(path)
        assert response.status_code == 200, response.text
        answer: Answer = response.json()
        yield answer
        if answer["next"] is None:
            assert "Link" not in response.headers
            return
        assert list(response.links) == ["next"]
        path = response.links["next"]["url"]
        assert f"cursor={answer['next']}" in path
    raise AssertionError("the pages never end")


def cursor(content: str) -> str:
    return urlsafe_b64encode(content.encode()).decode().rstrip("=")


def merge(index: CoverageIndex, number: int, into: int) -> None:
    with index._store.stories.changing() as stories:
        keys = sorted(key for of_one in stories.members([number, into]).values() for key in of_one)
        assert stories.regroup([number, into], Regrouping({into: keys})) == [into]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture(scope="module")
def sample_stories(sample_service: str) -> list[tuple[Answer, list[Answer]]]:
    """The stories of the samples, the latest first, each with its articles."""
    with httpx2.Client(base_url=sample_service, timeout=60) as client:
        answer = get(client, "/v1/stories", limit=100)
        assert answer["next"] is None
        return [
            (story, get(client, f"/v1/stories/{story['id']}/articles", limit=200)["articles"])
            for story in answer["stories"]
        ]


@pytest.fixture
def told(topical_client: TestClient) -> TestClient:
    """A service with three stories: s1 of a summit in two languages, s2 of a flood, s3 of a volcano."""
    put(topical_client, "s-1", "Leaders hold a summit", "2023-09-13T01:00:00Z", source="Harbor", country="GB")
    put(topical_client, "s-2", "A summit of leaders", "2023-09-13T02:00:00Z", source="Northgate", country="US")
    put(topical_client, "s-3", "Un summit des chefs", "2023-09-14T03:00:00Z", source="Quai", country="FR", lang="fr")
    put(topical_client, "f-1", "A flood takes a bridge away", "2023-09-13T05:00:00Z", source="Harbor", country="GB")
    put(topical_client, "f-2", "Second report of the flood", "2023-09-13T06:00:00Z", source="Harbor", country="GB")
    put(topical_client, "v-1", "A volcano wakes up", "2023-09-13T07:00:00Z")
    return topical_client


# Lists


@pytest.mark.parametrize("path", ["/v1/stories", "/v1/stories/s1/articles"])
@pytest.mark.parametrize(("limit", "counts"), [(1, [1, 1, 1]), (2, [2, 1]), (3, [3]), (4, [3])])
def test_no_page_is_empty(told: TestClient, path: str, limit: int, counts: list[int]) -> None:
    found = pages(told, f"{path}?limit={limit}")
    listed = "articles" if path.endswith("articles") else "stories"
    assert [len(answer[listed]) for answer in found] == counts


def test_there_are_no_stories_without_articles(topical_client: TestClient) -> None:
    response = topical_client.get("/v1/stories")
    assert response.json() == {"stories": [], "next": None}
    assert "Link" not in response.headers


def test_every_article_is_in_one_story(sample_stories: list[tuple[Answer, list[Answer]]]) -> None:
    counted = Counter(article["id"] for _, articles in sample_stories for article in articles)
    assert counted == Counter(sample.article.id for sample in samples())


def test_most_stories_are_the_events(sample_stories: list[tuple[Answer, list[Answer]]]) -> None:
    event = {sample.article.id: sample.event for sample in samples()}
    size = Counter(event.values())
    found = [Counter(event[article["id"]] for article in articles) for _, articles in sample_stories]
    whole = {name for events in found for name in events if len(events) == 1 and events[name] == size[name]}
    assert len(whole) >= 0.8 * len(size)


def test_a_story_sums_its_articles_up(sample_stories: list[tuple[Answer, list[Answer]]]) -> None:
    for story, articles in sample_stories:
        assert story["articles"] == len(articles)
        assert story["sources"] == len({article["source"] for article in articles})
        assert story["languages"] == len({primary(article["lang"]) for article in articles})
        assert story["first_at"] == articles[0]["appeared_at"]
        assert story["last_at"] == articles[-1]["appeared_at"]


def test_the_latest_come_first(sample_stories: list[tuple[Answer, list[Answer]]]) -> None:
    places = [(moment(story["last_at"]), int(story["id"][1:])) for story, _ in sample_stories]
    assert places == sorted(places, reverse=True)


def test_what_is_trending_is_what_most_publishers_report_just_now(
    sample_client: httpx2.Client, sample_stories: list[tuple[Answer, list[Answer]]]
) -> None:
    def heat(articles: list[Answer]) -> float:
        """How many publishers there are, each the more the later its first report of a day is."""
        first: dict[tuple[str, Any], datetime] = {}
        for article in articles:  # those that appeared first first
            if not article["is_copy"]:
                at = moment(article["appeared_at"])
                first.setdefault((article["source"], at.date()), at)
        end = datetime(2023, 11, 1, tzinfo=UTC)
        return sum(float(0.5 ** ((end - at) / timedelta(hours=HEAT_HALF_LIFE_HOURS))) for at in first.values())

    heats = {story["id"]: heat(articles) for story, articles in sample_stories}
    trending = ids(get(sample_client, "/v1/stories", order="trending", limit=100))
    assert sorted(trending) == sorted(heats)
    assert all(heats[one] >= heats[other] * (1 - 1e-9) for one, other in pairwise(trending))
    assert trending != [story["id"] for story, _ in sample_stories]


def test_a_publisher_counts_once_a_day_for_what_is_trending(topical_client: TestClient) -> None:
    for number in (1, 2, 3):
        put(topical_client, f"f-{number}", f"Flood, part {number}", f"2023-09-13T0{number}:00:00Z", source="Harbor")
    for source in ("Harbor", "Northgate"):
        put(topical_client, f"s-{source}", "A summit", "2023-09-13T02:00:00Z", source=source)
    assert ids(get(topical_client, "/v1/stories")) == ["s1", "s2"]
    assert ids(get(topical_client, "/v1/stories", order="trending")) == ["s2", "s1"]


def test_the_trend_is_how_many_publishers_report_it_just_now(topical_client: TestClient) -> None:
    now = datetime.now(UTC)
    for hours, source in ((1, "Harbor"), (13, "Northgate"), (30, "Quai")):
        published_at = (now - timedelta(hours=hours)).isoformat()
        put(topical_client, f"s-{source}", f"Summit by {source}", published_at, source=source)
    story = get(topical_client, "/v1/stories/s1")
    assert (story["articles"], story["articles_today"], story["sources_today"]) == (3, 2, 2)
    assert story["trend"] == pytest.approx(sum(0.5 ** (hours / HEAT_HALF_LIFE_HOURS) for hours in (1, 13, 30)), rel=0.1)


def test_copies_are_told_and_add_nothing_to_the_trend(topical_client: TestClient) -> None:
    published_at = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    for source in ("Harbor", "Northgate"):
        body = {"text": f"({source}) {LONG_TEXT}", "lang": "ko", "source": source, "published_at": published_at}
        assert topical_client.put(f"/v1/articles/{source}", json=body).status_code == 201
    articles = get(topical_client, "/v1/stories/s1/articles")["articles"]
    assert [(article["id"], article["is_copy"]) for article in articles] == [("Harbor", False), ("Northgate", True)]
    story = get(topical_client, "/v1/stories/s1")
    assert story["sources"] == 2
    assert story["trend"] == pytest.approx(0.5 ** (1 / HEAT_HALF_LIFE_HOURS), rel=0.1)


def _any(name: str, *allowed: str) -> Callable[[Answer, list[Answer]], bool]:
    return lambda _, articles: any(article[name] in allowed for article in articles)


FILTERS: dict[str, Callable[[Answer, list[Answer]], bool]] = {
    "lang=ko": _any("lang", "ko"),
    "lang=ko&lang=el": _any("lang", "ko", "el"),
    "country=kr&country=VN": _any("country", "KR", "VN"),
    "source=Northgate%20Courier": _any("source", "Northgate Courier"),
    "source=Northgate%20Courier&source=Harbor%20Tribune": _any("source", "Northgate Courier", "Harbor Tribune"),
    "since=2023-09-14T09:45:00Z": lambda story, _: moment(story["last_at"]) >= moment("2023-09-14T09:45:00Z"),
    "until=2023-09-14T05:35:00Z": lambda story, _: moment(story["first_at"]) < moment("2023-09-14T05:35:00Z"),
    "since=2023-09-13T09:00:00%2B09:00&until=2023-09-14": lambda story, _: (
        moment(story["last_at"]) >= moment("2023-09-13T00:00:00Z")
        and moment(story["first_at"]) < moment("2023-09-14T00:00:00Z")
    ),
    "min_articles=7": lambda story, _: story["articles"] >= 7,
    "min_sources=6": lambda story, _: story["sources"] >= 6,
    "min_languages=6": lambda story, _: story["languages"] >= 6,
    # by two reports, one of which has the language and the other the country
    "lang=ko&country=US&min_articles=6": lambda story, articles: (
        _any("lang", "ko")(story, articles) and _any("country", "US")(story, articles) and len(articles) >= 6
    ),
}


@pytest.mark.parametrize("query", FILTERS)
@pytest.mark.parametrize("order", ["latest", "trending"])
def test_filters_choose(
    sample_client: httpx2.Client, sample_stories: list[tuple[Answer, list[Answer]]], query: str, order: str
) -> None:
    wanted = {story["id"] for story, articles in sample_stories if FILTERS[query](story, articles)}
    assert 0 < len(wanted) < len(sample_stories)
    everything = ids(get(sample_client, "/v1/stories", order=order, limit=100))
    found = ids(sample_client.get(f"/v1/stories?{query}&order={order}&limit=100").json())
    assert found == [story for story in everything if story in wanted]


def test_a_thread_chooses(sample_client: httpx2.Client, sample_stories: list[tuple[Answer, list[Answer]]]) -> None:
    threads = defaultdict(list)
    for story, _ in sample_stories:
        threads[story["thread"]].append(story["id"])
    assert max(map(len, threads.values())) > 1
    for thread, of_thread in threads.items():
        assert ids(get(sample_client, "/v1/stories", thread=thread)) == of_thread


def test_a_language_takes_its_regions_in(topical_client: TestClient) -> None:
    put(topical_client, "a", "summit", "2023-09-13T01:00:00Z", lang="zh-TW")
    put(topical_client, "b", "flood", "2023-09-13T02:00:00Z", lang="zh")
    assert ids(get(topical_client, "/v1/stories", lang="zh")) == ["s2", "s1"]
    assert ids(get(topical_client, "/v1/stories", lang="zh-TW")) == ["s1"]


@pytest.mark.parametrize(
    "query",
    [
        "order=latest&limit=7",
        "order=trending&limit=7",
        "order=latest&limit=1",
        "order=trending&limit=3&lang=en&lang=ko&since=2023-09-01T00:00:00%2B00:00",
    ],
)
def test_the_pages_are_the_whole_without_gaps_or_repeats(sample_client: httpx2.Client, query: str) -> None:
    limit = int(query.partition("limit=")[2].partition("&")[0])
    whole = ids(sample_client.get(f"/v1/stories?{query.replace(f'limit={limit}', 'limit=100')}").json())
    walked = [ids(page) for page in pages(sample_client, f"/v1/stories?{query}")]
    assert len(walked) > 2
    assert all(len(page) == limit for page in walked[:-1])
    assert [story for page in walked for story in page] == whole


@pytest.mark.parametrize("order", ["latest", "trending"])
def test_stories_of_the_same_moment_are_all_in_the_pages(topical_client: TestClient, order: str) -> None:
    for topic in ("summit", "flood", "football", "election", "volcano"):
        put(topical_client, topic, topic, "2023-09-13T01:00:00.123457Z", source="Harbor")
    walked = [ids(page) for page in pages(topical_client, f"/v1/stories?limit=2&order={order}")]
    assert walked == [["s5", "s4"], ["s3", "s2"], ["s1"]]


def test_a_story_that_comes_between_two_pages_moves_nothing(told: TestClient) -> None:
    walk = pages(told, "/v1/stories?limit=1")
    first = ids(next(walk))
    put(told, "e-1", "An election", "2023-09-15T00:00:00Z")
    assert [first, *map(ids, walk)][:3] == [["s1"], ["s3"], ["s2"]]


BAD_PARAMETERS = {
    "/v1/stories?limit=0": ["limit"],
    "/v1/stories?limit=101": ["limit"],
    "/v1/stories?limt=5": ["limt", "'limit'"],
    "/v1/stories?order=best": ["order", "trending"],
    "/v1/stories?lang=xx": ["lang", "xx"],
    "/v1/stories?country=Korea": ["country", "Korea"],
    "/v1/stories?source=%20": ["source", "empty"],
    "/v1/stories?since=soon": ["since", "8601"],
    "/v1/stories?until=2023-02-30": ["until", "2023-02-30"],
    "/v1/stories?min_articles=0": ["min_articles"],
    "/v1/stories?min_sources=many": ["min_sources"],
    "/v1/stories?min_languages=-1": ["min_languages"],
    "/v1/stories?thread=s1": ["thread", "'s1'", "'t1'"],
    "/v1/stories?thread=": ["thread"],
    "/v1/stories?thread=t01": ["thread", "'t01'"],
    "/v1/stories?cursor=": ["cursor", "next"],
    "/v1/stories?cursor=nonsense": ["cursor", "next"],
    "/v1/stories?cursor=%C3%A9": ["cursor", "next"],
    f"/v1/stories?cursor={'a' * 201}": ["cursor"],
    "/v1/stories/s1/articles?limit=201": ["limit"],
    "/v1/stories/s1/articles?limt=5": ["limt", "'limit'"],
    "/v1/stories/s1/articles?cursor=nonsense": ["cursor", "next"],
    "/v1/stories/changes?after=-1": ["after"],
    "/v1/stories/changes?after=many": ["after"],
    f"/v1/stories/changes?after={2**63}": ["after"],
    "/v1/stories/changes?aftr=1": ["aftr", "'after'"],
    "/v1/stories/changes?limit=1001": ["limit"],
}


@pytest.mark.parametrize("path", BAD_PARAMETERS)
def test_bad_parameters_are_refused(sample_client: httpx2.Client, path: str) -> None:
    assert_problem(sample_client.get(path), 422, *BAD_PARAMETERS[path])


LISTS = ["/v1/stories", "/v1/stories?order=trending", "/v1/stories/s1/articles"]


@pytest.mark.parametrize("content", ["", "1", "[1]", '["a", 1]', "[1, 1.5]", "[null, 1]", "[NaN, 1]", '{"a": 1}'])
@pytest.mark.parametrize("path", LISTS)
def test_a_cursor_that_is_none_is_refused(sample_client: httpx2.Client, path: str, content: str) -> None:
    response = sample_client.get(httpx2.URL(path).copy_add_param("cursor", cursor(content)))
    assert_problem(response, 422, "cursor", "next")


@pytest.mark.parametrize(
    "content", ["[Infinity, 1]", "[1e300, 1]", "[-1e300, 1]", f"[1, {10**30}]", f"[1, {-(10**30)}]"]
)
@pytest.mark.parametrize("path", LISTS)
def test_a_cursor_out_of_range_is_no_error_of_the_service(
    sample_client: httpx2.Client, path: str, content: str
) -> None:
    response = sample_client.get(httpx2.URL(path).copy_add_param("cursor", cursor(content)))
    if response.status_code != 200:  # some are possible places in some lists
        assert_problem(response, 422, "cursor", "next")


# One story


def test_a_story_says_what_it_is(told: TestClient) -> None:
    story = get(told, "/v1/stories/s1")
    assert {name: story[name] for name in ("id", "thread", "articles", "sources", "languages", "names")} == {
        "id": "s1",
        "thread": "t1",
        "articles": 3,
        "sources": 3,
        "languages": 2,
        "names": [],
    }
    assert (story["first_at"], story["last_at"]) == ("2023-09-13T01:00:00Z", "2023-09-14T03:00:00Z")
    assert (story["articles_today"], story["sources_today"], story["trend"]) == (0, 0, 0)
    assert story["thread_stories"] == []
    assert {name: value for name, value in story.items() if name != "thread_stories"} == next(
        one for one in get(told, "/v1/stories")["stories"] if one["id"] == "s1"
    )


def test_there_is_a_headline_for_each_language(told: TestClient) -> None:
    english, french = get(told, "/v1/stories/s1")["headlines"]
    assert english["lang"] == "en"
    assert english["article_id"] in {"s-1", "s-2"}
    assert french == {
        "lang": "fr",
        "title": "Un summit des chefs",
        "article_id": "s-3",
        "url": None,
        "source": "Quai",
    }


def test_the_headlines_of_the_samples_are_of_their_stories(
    sample_stories: list[tuple[Answer, list[Answer]]],
) -> None:
    for story, articles in sample_stories:
        counted = Counter(primary(article["lang"]) for article in articles)
        langs = [primary(headline["lang"]) for headline in story["headlines"]]
        assert sorted(langs) == sorted(counted)
        assert [counted[lang] for lang in langs] == sorted(counted.values(), reverse=True)
        by_id = {article["id"]: article for article in articles}
        for headline in story["headlines"]:
            article = by_id[headline["article_id"]]
            assert all(headline[name] == article[name] for name in ("lang", "title", "url", "source"))


def test_the_summit_has_its_names_and_countries(sample_client: httpx2.Client) -> None:
    story = get(sample_client, f"/v1/stories/{get(sample_client, f'/v1/articles/{SUMMIT}')['story']}")
    assert "Kim Jong Un" in story["names"]
    assert set(story["countries"][:2]) == {"KP", "RU"}
    assert len(story["headlines"]) == story["languages"] > 5


def test_an_article_without_a_title_is_shown_by_its_text(topical_client: TestClient) -> None:
    text = "A summit was held. " + "Nobody knows about what. " * 20
    assert topical_client.put("/v1/articles/a", json={"text": text, "lang": "en"}).status_code == 201
    (headline,) = get(topical_client, "/v1/stories/s1")["headlines"]
    assert headline["title"]
    assert text.startswith(headline["title"])
    assert len(headline["title"]) < len(text)


def test_a_headline_follows_its_article(told: TestClient) -> None:
    (before,) = get(told, "/v1/stories/s3")["headlines"]
    assert before["title"] == "A volcano wakes up"
    put(told, "v-1", "The volcano sleeps again", "2023-09-13T07:00:00Z", source="Quai")
    (after,) = get(told, "/v1/stories/s3")["headlines"]
    assert (after["title"], after["source"]) == ("The volcano sleeps again", "Quai")


def test_a_story_has_the_others_of_its_thread(told: TestClient, topical_index: CoverageIndex) -> None:
    with topical_index._store.stories.changing() as stories:
        stories.link(2, 1)
        stories.link(3, 1)
    others = get(told, "/v1/stories/s1")["thread_stories"]
    assert others == [
        {
            "id": "s3",
            "headline": {
                "lang": "en",
                "title": "A volcano wakes up",
                "article_id": "v-1",
                "url": None,
                "source": None,
            },
            "articles": 1,
            "first_at": "2023-09-13T07:00:00Z",
            "last_at": "2023-09-13T07:00:00Z",
        },
        others[1],
    ]
    assert others[1]["id"] == "s2"
    assert others[1]["articles"] == 2
    assert [one["id"] for one in get(told, "/v1/stories/s2")["thread_stories"]] == ["s1", "s3"]


def test_the_threads_of_the_samples_are_told_by_each_of_their_stories(
    sample_client: httpx2.Client, sample_stories: list[tuple[Answer, list[Answer]]]
) -> None:
    for story, _ in sample_stories:
        others = [other["id"] for other, _ in sample_stories if other["thread"] == story["thread"]]
        told = get(sample_client, f"/v1/stories/{story['id']}")["thread_stories"]
        assert [one["id"] for one in told] == [other for other in others if other != story["id"]]


PARTS = ["", "/articles", "/timeline", "/explanation"]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("story", ["s99", "s0", "s01", "S1", "t1", "x", "s1.", "s" + "9" * 30])
def test_an_unknown_story_is_not_found(told: TestClient, story: str, part: str) -> None:
    response = told.get(f"/v1/stories/{story}{part}")
    assert_problem(response, 404, repr(story), "/v1/stories")
    assert response.json()["type"] == "urn:similar-news:problem:unknown-story"


@pytest.mark.parametrize("part", PARTS)
def test_a_story_whose_articles_were_all_deleted_is_gone(told: TestClient, part: str) -> None:
    assert told.delete("/v1/articles/f-1").status_code == 204
    assert get(told, "/v1/stories/s2")["articles"] == 1
    assert told.delete("/v1/articles/f-2").status_code == 204
    response = told.get(f"/v1/stories/s2{part}")
    assert_problem(response, 410, "s2", "no articles")
    assert response.json()["type"] == "urn:similar-news:problem:story-gone"
    assert ids(get(told, "/v1/stories")) == ["s1", "s3"]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("query", ["", "?limit=2", "?limit=1&cursor=WzAsIDBd"])
def test_a_merged_story_leads_to_the_other_one(
    told: TestClient, topical_index: CoverageIndex, part: str, query: str
) -> None:
    merge(topical_index, 2, 1)
    response = told.get(f"/v1/stories/s2{part}{query}", follow_redirects=False)
    assert response.status_code == 308
    place = urlsplit(response.headers["Location"])
    assert (place.netloc, place.path) == ("", f"/v1/stories/s1{part}")  # whatever host a proxy makes of it
    assert place.query == query.removeprefix("?")
    followed = told.get(f"/v1/stories/s2{part}{query}", follow_redirects=True)
    assert followed.json() == told.get(f"/v1/stories/s1{part}{query}").json()


def test_a_story_that_was_merged_twice_leads_straight_to_the_last_one(
    told: TestClient, topical_index: CoverageIndex
) -> None:
    merge(topical_index, 3, 2)
    merge(topical_index, 2, 1)
    for story in ("s2", "s3"):
        response = told.get(f"/v1/stories/{story}", follow_redirects=False)
        assert response.status_code == 308
        assert response.headers["Location"].endswith("/v1/stories/s1")
    assert get(told, "/v1/stories/s1")["articles"] == 6
    assert ids(get(told, "/v1/stories")) == ["s1"]


# Its articles


def test_the_articles_of_a_story_are_in_the_order_in_which_they_appeared(told: TestClient) -> None:
    put(told, "s-0", "Before the summit", "2023-09-12T23:00:00Z", url="https://harbor.example/a")
    answer = get(told, "/v1/stories/s1/articles")
    assert answer["next"] is None
    assert [article["id"] for article in answer["articles"]] == ["s-0", "s-1", "s-2", "s-3"]
    assert answer["articles"][0] == {
        "id": "s-0",
        "title": "Before the summit",
        "url": "https://harbor.example/a",
        "source": None,
        "country": None,
        "lang": "en",
        "appeared_at": "2023-09-12T23:00:00Z",
        "is_copy": False,
    }
    assert answer["articles"][1]["source"] == "Harbor"
    assert answer["articles"][1]["country"] == "GB"


def test_the_pages_of_articles_are_the_whole_without_gaps_or_repeats(
    sample_client: httpx2.Client, sample_stories: list[tuple[Answer, list[Answer]]]
) -> None:
    story, articles = max(sample_stories, key=lambda one: len(one[1]))
    assert len(articles) > 8
    walked = [page["articles"] for page in pages(sample_client, f"/v1/stories/{story['id']}/articles?limit=3")]
    assert all(len(page) == 3 for page in walked[:-1])
    assert [article for page in walked for article in page] == articles


def test_articles_of_the_same_moment_are_all_in_the_pages(topical_client: TestClient) -> None:
    for number in range(5):
        put(topical_client, f"a{number}", f"Summit {number}", "2023-09-13T01:00:00.123457Z")
    walked = [page["articles"] for page in pages(topical_client, "/v1/stories/s1/articles?limit=2")]
    assert [[article["id"] for article in page] for page in walked] == [["a0", "a1"], ["a2", "a3"], ["a4"]]


# Its timeline and explanation


def test_a_timeline_goes_by_day_and_by_language(told: TestClient) -> None:
    put(told, "s-4", "More of the summit", "2023-09-14T01:00:00+09:00", source="Harbor")  # the 13th in UTC
    timeline = get(told, "/v1/stories/s1/timeline")
    days = [{**day, "first": day["first"]["id"]} for day in timeline["days"]]
    assert days == [
        {"day": "2023-09-13", "articles": 3, "sources": 2, "langs": ["en"], "first": "s-1"},
        {"day": "2023-09-14", "articles": 1, "sources": 1, "langs": ["fr"], "first": "s-3"},
    ]
    languages = [{**one, "first": one["first"]["id"]} for one in timeline["languages"]]
    assert languages == [
        {"lang": "en", "articles": 3, "sources": 2, "first": "s-1"},
        {"lang": "fr", "articles": 1, "sources": 1, "first": "s-3"},
    ]
    assert timeline["days"][0]["first"] == get(told, "/v1/stories/s1/articles")["articles"][0]


def test_the_timelines_of_the_samples_add_up(
    sample_client: httpx2.Client, sample_stories: list[tuple[Answer, list[Answer]]]
) -> None:
    for story, articles in sample_stories:
        timeline = get(sample_client, f"/v1/stories/{story['id']}/timeline")
        counted = Counter(article["appeared_at"][:10] for article in articles)
        assert [(day["day"], day["articles"]) for day in timeline["days"]] == sorted(counted.items())
        langs = Counter(primary(article["lang"]) for article in articles)  # in the order in which they come
        assert [(one["lang"], one["articles"]) for one in timeline["languages"]] == list(langs.items())


def test_an_explanation_has_every_article_the_weakest_first(
    sample_client: httpx2.Client, sample_stories: list[tuple[Answer, list[Answer]]]
) -> None:
    story, articles = max(sample_stories, key=lambda one: len(one[1]))
    answer = get(sample_client, f"/v1/stories/{story['id']}/explanation")
    own = {article["id"]: article for article in articles}
    assert (answer["story"], answer["articles"]) == (story["id"], len(articles))
    assert sorted(link["article_id"] for link in answer["links"]) == sorted(own)
    closeness = [link["closeness"] for link in answer["links"]]
    assert closeness == sorted(closeness)
    assert closeness[0] < closeness[-1]
    assert closeness[0] < answer["density"] < closeness[-1]
    assert answer["demanded"] > 0
    for link in answer["links"]:
        assert link["nearest"] in own.keys() - {link["article_id"]}
        assert link["nearest_closeness"] >= link["closeness"]
        assert link["reasons"][0]["kind"] == "meaning"
        assert all(link[name] == own[link["article_id"]][name] for name in ("title", "lang", "source"))


def test_what_is_nearest_is_nearest_to_both(told: TestClient) -> None:
    put(told, "sf-1", "The flood and the summit", "2023-09-13T08:00:00Z")
    links = get(told, "/v1/stories/s1/explanation")["links"]
    assert links[0]["article_id"] == "sf-1"
    assert {link["nearest"] for link in links[1:]} <= {"s-1", "s-2", "s-3"}
    assert links[0]["reasons"][0] == {"kind": "meaning", "evidence": ["0.71"]}


def test_a_single_article_needs_no_explanation(told: TestClient) -> None:
    answer = get(told, "/v1/stories/s3/explanation")
    assert answer["density"] is None
    assert answer["demanded"] > 0
    assert answer["links"] == [
        {
            "article_id": "v-1",
            "title": "A volcano wakes up",
            "lang": "en",
            "source": None,
            "closeness": None,
            "nearest": None,
            "nearest_closeness": None,
            "reasons": [],
        }
    ]


# What articles and related coverage say of stories


def test_an_article_is_in_a_story_when_it_was_put(topical_client: TestClient) -> None:
    for number in range(20):
        topic = ("summit", "flood", "volcano")[number % 3]
        put(topical_client, f"a{number}", f"The {topic} again", f"2023-09-13T{number:02}:00:00Z")
        listed = get(topical_client, "/v1/stories")["stories"]
        assert sum(story["articles"] for story in listed) == number + 1
        assert listed[0]["id"] == get(topical_client, f"/v1/articles/a{number}")["story"] == f"s{number % 3 + 1}"


def test_the_articles_of_a_batch_are_in_stories_when_it_was_answered(topical_client: TestClient) -> None:
    lines = [{"id": f"a{number}", "title": ("Summit", "Flood")[number % 2], "lang": "en"} for number in range(40)]
    response = topical_client.post("/v1/articles:batch", content="\n".join(map(json.dumps, lines)))
    assert len(response.text.splitlines()) == 40
    counts = {story["id"]: story["articles"] for story in get(topical_client, "/v1/stories")["stories"]}
    assert counts == {"s1": 20, "s2": 20}


def test_an_article_goes_to_another_story_when_it_says_something_else(told: TestClient) -> None:
    put(told, "s-2", "A flood instead of it", "2023-09-13T02:00:00Z", source="Northgate")
    assert get(told, "/v1/articles/s-2")["story"] == "s2"
    assert [get(told, f"/v1/stories/{story}")["articles"] for story in ("s1", "s2")] == [2, 3]


def test_an_article_tells_its_story_until_that_is_merged(told: TestClient, topical_index: CoverageIndex) -> None:
    assert get(told, "/v1/articles/f-1")["story"] == "s2"
    merge(topical_index, 2, 1)
    assert get(told, "/v1/articles/f-1")["story"] == "s1"


def test_an_article_that_is_not_embedded_has_no_story(topical_client: TestClient, topical_index: CoverageIndex) -> None:
    topical_index._store.put([an_article("a")])
    assert get(topical_client, "/v1/articles/a")["story"] is None
    assert get(topical_client, "/v1/articles/a/related")["story"] is None


def test_related_coverage_tells_the_stories(told: TestClient) -> None:
    put(told, "s-4", "Summit", "2023-09-13T04:00:00Z", url="https://harbor.example/summit")
    answer = get(told, "/v1/articles/s-4/related", min_score=0)
    assert answer["story"] == "s1"
    stories = {"s": "s1", "f": "s2", "v": "s3"}
    items = answer["items"] + answer["near_misses"]
    assert {item["id"]: item["story"] for item in items} == {item["id"]: stories[item["id"][0]] for item in items}
    assert {item["story"] for item in items} == {"s1", "s2", "s3"}
    assert get(told, "/v1/related", url="https://harbor.example/summit", min_score=0) == answer
    by_text = told.post("/v1/related", json={"text": "A summit", "lang": "en"}).json()
    assert by_text["story"] is None
    assert {item["story"] for item in by_text["items"]} == {"s1"}


# A reader


def test_a_reader_tells_what_the_writer_has(told: TestClient, tmp_path: Path, topical_index: CoverageIndex) -> None:
    with (
        open_index(tmp_path / "topical", FakeEncoder(), writer=False) as opened,
        TestClient(create_app(Settings(role="reader"), opened), raise_server_exceptions=False) as reader,
    ):
        paths = [f"/v1/stories/s1{part}" for part in PARTS]
        for path in ("/v1/stories", "/v1/stories?order=trending", "/v1/stories/changes", "/v1/articles/s-1", *paths):
            assert get(reader, path) == get(told, path)
        put(told, "s-4", "The last of the summit", "2023-09-15T01:00:00Z")
        merge(topical_index, 2, 1)
        told.delete("/v1/articles/v-1")
        wait_until(lambda: bool(reader.get("/v1/stories").json() == told.get("/v1/stories").json()))
        assert get(reader, "/v1/stories/s1")["articles"] == 6
        assert reader.get("/v1/stories/s2", follow_redirects=False).status_code == 308
        assert_problem(reader.get("/v1/stories/s3"), 410, "s3")
        assert_problem(reader.get("/v1/stories/s4"), 404, "s4")
