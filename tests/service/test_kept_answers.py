"""Answers that are given again, and when one that is outdated may be."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from fastapi.testclient import TestClient

from index import Article, CoverageIndex
from index.errors import StoreError
from index.store import Generation
from service import kept_answers
from service.access.keys import Scope
from service.app import create_app
from service.kept_answers import KeptAnswer, KeptAnswers
from service.settings import Settings
from tests.clocks import set_clock
from tests.service.conftest import add_key, revoke_key
from tests.waiting import wait_until

T = TypeVar("T")

RELATED = "/v1/articles/s-1/related"


def article(article_id: str, title: str) -> Article:
    return Article.model_validate({"id": article_id, "title": title, "lang": "en"})


def answer(body: bytes) -> KeptAnswer:
    return KeptAnswer("tag", lambda *_: "tag", Generation("all", "takedowns"), body, None, None, 0.0)


@pytest.fixture
def told(topical_client: TestClient, topical_index: CoverageIndex) -> TestClient:
    """A service with a story of a summit."""
    topical_index.put([article("s-1", "Leaders hold a summit"), article("s-2", "A summit of leaders")])
    return topical_client


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """More outdated answers are asked for than are made anew."""
    monkeypatch.setattr(kept_answers._Gate, "enter", lambda _: False)


@contextmanager
def later(seconds: float) -> Iterator[None]:
    """So much later."""
    with pytest.MonkeyPatch.context() as patch:
        set_clock(patch, "service.kept_answers", monotonic=lambda: time.monotonic() + seconds)
        yield


def items(client: TestClient) -> set[str]:
    response = client.get(RELATED)
    assert response.status_code == 200, response.text
    return {item["id"] for item in response.json()["items"]}


def test_answers_of_no_more_than_so_many_bytes_are_kept() -> None:
    kept = KeptAnswers(3_000)
    kept.keep("one", answer(b"1" * 400))
    kept.keep("two", answer(b"2" * 400))
    assert kept.get("one")
    kept.keep("three", answer(b"3" * 400))  # two was not asked for since
    kept.keep("four", answer(b"4" * 3_000))
    assert [kept.get(name) is not None for name in ("one", "two", "three", "four")] == [True, False, True, False]


def test_an_outdated_answer_is_made_anew(told: TestClient, topical_index: CoverageIndex) -> None:
    assert items(told) == {"s-2"}
    topical_index.put([article("s-3", "The third report of a summit")])
    assert items(told) == {"s-2", "s-3"}


def test_they_are_not_made_anew_more_often_than_so(told: TestClient, topical_index: CoverageIndex) -> None:
    started = time.monotonic()
    tags = []
    for number in range(12):
        tags.append(told.get(RELATED).headers["ETag"])
        topical_index.put([article(f"n-{number}", f"Report {number} of a flood")])
    anew = len(set(tags)) - 1
    assert anew <= 1 + (time.monotonic() - started) / kept_answers._ANEW_GAP


def test_one_is_made_anew_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_answers, "_ANEW_GAP", 0)
    monkeypatch.setattr(kept_answers, "_ANEW_REST", 0)
    gate = kept_answers._Gate()
    assert gate.enter()
    assert not gate.enter()
    gate.leave()
    assert gate.enter()


@pytest.mark.parametrize(("took", "next_after"), [(0.001, 0.2), (0.02, 0.8), (1.0, 2.0)])
def test_the_longer_it_takes_the_seldomer_one_is_made_anew(took: float, next_after: float) -> None:
    gate = kept_answers._Gate()
    assert at(1_000, gate.enter)
    at(1_000 + took, gate.leave)
    assert not at(1_000 + next_after - 0.01, gate.enter)
    assert at(1_000 + next_after + 0.01, gate.enter)


def at(moment: float, do: Callable[[], T]) -> T:
    """Do it at that moment of the monotonic clock."""
    with pytest.MonkeyPatch.context() as patch:
        set_clock(patch, "service.kept_answers", monotonic=lambda: moment)
        return do()


@pytest.mark.usefixtures("busy")
def test_while_many_are_asked_for_an_answer_may_be_outdated_for_a_while(
    told: TestClient, topical_index: CoverageIndex
) -> None:
    first = told.get(RELATED)
    topical_index.put([article("s-3", "The third report of a summit")])
    again = told.get(RELATED)
    assert (again.content, again.headers["ETag"]) == (first.content, first.headers["ETag"])
    assert told.get(RELATED, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert "Age" not in again.headers
    with later(29):
        assert items(told) == {"s-2"}
        assert int(told.get(RELATED).headers["Age"]) >= 29
    with later(301):
        answer = told.get(RELATED)
        assert {item["id"] for item in answer.json()["items"]} == {"s-2", "s-3"}
        assert "Age" not in answer.headers


@pytest.mark.usefixtures("busy")
def test_it_is_as_old_as_the_time_since_it_was_right(told: TestClient, topical_index: CoverageIndex) -> None:
    assert items(told) == {"s-2"}
    with later(3_600):
        assert items(told) == {"s-2"}  # which is right still
        topical_index.put([article("s-3", "The third report of a summit")])
        assert items(told) == {"s-2"}
    with later(3_901):
        assert items(told) == {"s-2", "s-3"}


@pytest.mark.usefixtures("busy")
def test_a_little_longer_it_is_given_while_it_is_made_anew(told: TestClient, topical_index: CoverageIndex) -> None:
    assert items(told) == {"s-2"}
    topical_index.put([article("s-3", "The third report of a summit")])
    with later(31):
        tag = told.get(RELATED).headers["ETag"]
        wait_until(lambda: told.get(RELATED, headers={"If-None-Match": tag}).status_code == 200)
        assert items(told) == {"s-2", "s-3"}


@pytest.mark.usefixtures("busy")
def test_what_was_taken_down_is_in_no_answer_even_then(told: TestClient, topical_index: CoverageIndex) -> None:
    assert items(told) == {"s-2"}
    assert told.delete("/v1/articles/s-2").is_success
    assert items(told) == set()
    topical_index.put([article("s-3", "The third report of a summit")])
    assert items(told) == set()


@pytest.mark.usefixtures("busy")
def test_what_is_taken_down_in_another_way_is_in_no_answer_at_once(
    told: TestClient, topical_index: CoverageIndex
) -> None:
    assert items(told) == {"s-2"}
    assert items(told) == {"s-2"}
    topical_index.take_down("s-2")
    assert items(told) == set()


@pytest.mark.parametrize(("method", "path"), [("PUT", "/v1/articles/s-3"), ("POST", "/v1/articles")])
@pytest.mark.usefixtures("busy")
def test_what_is_put_singly_is_seen_at_once_even_then(told: TestClient, method: str, path: str) -> None:
    assert items(told) == {"s-2"}
    body = {"id": "s-3", "title": "The third report of a summit", "lang": "en"}
    assert told.request(method, path, json=body).is_success
    assert items(told) == {"s-2", "s-3"}


@pytest.mark.usefixtures("busy")
def test_where_caches_must_ask_none_is_outdated(topical_index: CoverageIndex) -> None:
    topical_index.put([article("s-1", "Leaders hold a summit"), article("s-2", "A summit of leaders")])
    with TestClient(create_app(Settings(cache_seconds=0), topical_index)) as client:
        assert items(client) == {"s-2"}
        topical_index.put([article("s-3", "The third report of a summit")])
        assert items(client) == {"s-2", "s-3"}


def test_a_kept_answer_needs_a_key_as_well(told: TestClient, keys: Path) -> None:
    assert told.get(RELATED).headers["Cache-Control"].startswith("public")
    key = add_key(keys)
    assert told.get(RELATED).status_code == 401
    allowed = told.get(RELATED, headers={"Authorization": f"Bearer {key}"})
    assert (allowed.status_code, allowed.headers["Cache-Control"].partition(",")[0]) == (200, "private")
    revoke_key(keys, key)
    assert told.get(RELATED, headers={"Authorization": f"Bearer {key}"}).status_code == 401


def test_no_page_leads_on_with_the_key_of_another_reader(
    topical_client: TestClient, topical_index: CoverageIndex, keys: Path
) -> None:
    topical_index.put([article("s-1", "Leaders hold a summit"), article("f-1", "A flood takes a bridge away")])
    origin = {"Origin": "https://example.org"}
    widgets = [add_key(keys, Scope.READ, "https://example.org") for _ in range(2)]
    server = {"Authorization": f"Bearer {add_key(keys)}"}
    links = {topical_client.get("/v1/stories?limit=1", headers=server).headers["Link"] for _ in range(2)}
    (link,) = links
    assert "key=" not in link
    for key in widgets:
        own = topical_client.get(f"/v1/stories?limit=1&key={key}", headers=origin).headers["Link"]
        assert f"key={key}" in own
    assert topical_client.get("/v1/stories?limit=1", headers=server).headers["Link"] == link


def test_an_index_that_cannot_be_read_is_no_reason_for_an_old_answer(
    told: TestClient, topical_index: CoverageIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert items(told) == {"s-2"}

    def fail() -> Generation:
        raise StoreError("the disk is away")

    monkeypatch.setattr(topical_index._store, "generation", fail)
    assert told.get(RELATED).status_code == 503
