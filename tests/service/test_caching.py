"""Answers that may be kept, and what is said of them when nothing has changed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from index import Article, CoverageIndex, open_index
from index.related.finding import RelatedFinder
from index.store.stories import Regrouping
from index.stories.library import StoryLibrary
from service.app import create_app
from service.settings import Settings
from tests.clocks import set_clock
from tests.index.fakes import FakeEncoder

URL = "https://example.org/summit"
RELATED = "/v1/articles/s-1/related"
PATHS = [
    RELATED,
    f"/v1/related?url={URL}",
    "/v1/stories",
    "/v1/stories/s1",
    "/v1/stories/s1/articles",
    "/v1/stories/s1/timeline",
    "/v1/stories/s1/explanation",
]


def article(article_id: str, title: str, **fields: object) -> Article:
    return Article.model_validate({"id": article_id, "title": title, "lang": "en"} | fields)


@pytest.fixture
def told(topical_client: TestClient, topical_index: CoverageIndex) -> TestClient:
    """A service with a story of a summit and one of a flood."""
    topical_index.put([article("s-1", "Leaders hold a summit", url=URL), article("s-2", "A summit of leaders")])
    topical_index.put([article("f-1", "A flood takes a bridge away"), article("f-2", "Second report of the flood")])
    return topical_client


def tag(client: TestClient, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, response.text
    return response.headers["ETag"]


def status(client: TestClient, path: str, etag: str) -> int:
    return client.get(path, headers={"If-None-Match": etag}).status_code


@pytest.mark.parametrize("path", PATHS)
def test_an_answer_that_is_still_the_same_is_not_sent_again(told: TestClient, path: str) -> None:
    etag = tag(told, path)
    assert etag.startswith('"')
    response = told.get(path, headers={"If-None-Match": etag})
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["ETag"] == etag
    assert response.headers["Cache-Control"] == told.get(path).headers["Cache-Control"]


@pytest.fixture
def nothing_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Call it, and nobody may look anything up from then on."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("that was not to be asked")

    def begin() -> None:
        monkeypatch.setattr(RelatedFinder, "find", refuse)
        for name in ("find", "get", "record", "reports", "timeline"):
            monkeypatch.setattr(StoryLibrary, name, refuse)
        monkeypatch.setattr(CoverageIndex, "article", refuse)
        monkeypatch.setattr(CoverageIndex, "article_by_url", refuse)

    return begin


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_looked_up_for_that(told: TestClient, path: str, nothing_is_looked_up: Callable[[], None]) -> None:
    etag = tag(told, path)
    nothing_is_looked_up()
    assert status(told, path, etag) == 304


@pytest.mark.parametrize("path", PATHS)
def test_who_asks_the_same_next_gets_the_same_answer(
    told: TestClient, path: str, nothing_is_looked_up: Callable[[], None]
) -> None:
    first = told.get(path)
    nothing_is_looked_up()
    again = told.get(path)
    assert (again.status_code, again.content) == (200, first.content)
    assert dict(again.headers) | {"x-request-id": ""} == dict(first.headers) | {"x-request-id": ""}


def test_without_room_none_is_kept(topical_index: CoverageIndex) -> None:
    with TestClient(create_app(Settings(cached_answer_bytes=0), topical_index)) as client:
        assert client.get("/v1/stories").content == client.get("/v1/stories").content


def merge(index: CoverageIndex) -> None:
    with index._store.stories.changing() as stories:
        keys = sorted(key for of_one in stories.members([1, 2]).values() for key in of_one)
        stories.regroup([1, 2], Regrouping({1: keys}))


CHANGES: dict[str, Callable[[CoverageIndex], object]] = {
    "a new article": lambda index: index.put([article("v-1", "A volcano wakes up")]),
    "a changed article": lambda index: index.put([article("s-2", "A summit of leaders", source="Harbor")]),
    "a takedown": lambda index: index.take_down("s-2"),
    "a merge of stories": merge,
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_after_any_change_an_answer_is_another_one(
    told: TestClient, topical_index: CoverageIndex, path: str, change: Callable[[CoverageIndex], object]
) -> None:
    etag = tag(told, path)
    change(topical_index)
    assert status(told, path, etag) == 200
    assert tag(told, path) != etag


def test_what_is_put_again_as_it_is_changes_no_answer(told: TestClient, topical_index: CoverageIndex) -> None:
    etag = tag(told, RELATED)
    topical_index.put([article("s-2", "A summit of leaders")])
    assert status(told, RELATED, etag) == 304


def test_another_question_has_another_answer(told: TestClient) -> None:
    paths = [*PATHS, f"{RELATED}?limit=1", f"{RELATED}?limit=2", "/v1/articles/s-2/related"]
    tags = [tag(told, path) for path in paths]
    assert len(set(tags)) == len(tags)
    assert status(told, f"{RELATED}?limit=1", tag(told, f"{RELATED}?limit=2")) == 200


@pytest.mark.parametrize(
    ("form", "expected"), [("{}", 304), ("W/{}", 304), ('"other", {}', 304), ("*", 200), ('"other"', 200), ("", 200)]
)
def test_a_tag_is_found_however_it_is_sent(told: TestClient, form: str, expected: int) -> None:
    assert status(told, RELATED, form.format(tag(told, RELATED))) == expected


@pytest.mark.parametrize("path", ["/v1/articles/none/related", "/v1/stories/s9", f"{RELATED}?limit=0"])
def test_an_error_is_not_kept(told: TestClient, path: str) -> None:
    response = told.get(path)
    assert response.status_code in {404, 422}
    assert "ETag" not in response.headers
    assert "Cache-Control" not in response.headers


def test_what_says_how_things_are_by_now_is_another_answer_a_minute_later(
    told: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_clock(monkeypatch, "service.caching", now=lambda: 59.0)
    related, stories = tag(told, RELATED), tag(told, "/v1/stories")
    set_clock(monkeypatch, "service.caching", now=lambda: 60.0)
    assert (status(told, RELATED, related), status(told, "/v1/stories", stories)) == (304, 200)


def test_how_long_an_answer_may_be_shown_is_a_setting(topical_index: CoverageIndex) -> None:
    def cache_control(seconds: int) -> str:
        with TestClient(create_app(Settings(cache_seconds=seconds), topical_index)) as client:
            return client.get("/v1/stories").headers["Cache-Control"]

    assert cache_control(20) == "public, max-age=20, stale-while-revalidate=60, stale-if-error=86400"
    assert cache_control(0) == "public, no-cache"


def test_a_reader_and_a_restarted_service_give_the_same_tags(tmp_path: Path) -> None:
    tags = []
    with open_index(tmp_path, FakeEncoder()) as index:
        index.put([article("s-1", "Leaders hold a summit", url=URL), article("s-2", "A summit of leaders")])
        for path in PATHS[:2]:
            with TestClient(create_app(Settings(), index)) as client:
                tags.append(tag(client, path))
    for writer in (False, True):
        with (
            open_index(tmp_path, FakeEncoder(), writer=writer) as index,
            TestClient(create_app(Settings(), index)) as client,
        ):
            assert [tag(client, path) for path in PATHS[:2]] == tags
