"""Articles whose sender does not wait for them to be found."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from index import CoverageIndex, open_index
from service.app import create_app
from service.settings import Settings
from tests.index.fakes import FakeEncoder
from tests.service.test_articles import assert_problem
from tests.service.test_overload import EndlessEncoder, FullEncoder
from tests.waiting import wait_until

ARTICLE = {"title": "A summit", "lang": "en"}
OTHER = {"title": "The summit of two leaders", "lang": "en"}
ASYNC = {"Prefer": "respond-async"}


@pytest.fixture
def index(tmp_path: Path) -> Iterator[CoverageIndex]:
    """An index whose encoder is never done with what somebody waits for, but with what nobody does."""
    with open_index(tmp_path / "data", EndlessEncoder()) as opened:
        yield opened


@pytest.fixture
def full(tmp_path: Path) -> Iterator[TestClient]:
    """A client of a service of which too much is asked, always."""
    with open_index(tmp_path / "full", FullEncoder()) as index, TestClient(create_app(Settings(), index)) as client:
        yield client


def test_an_article_is_answered_when_it_is_durable_and_found_later_by_itself(
    client: TestClient, index: CoverageIndex
) -> None:
    put = client.put("/v1/articles/a", json=ARTICLE, headers=ASYNC)
    assert put.status_code == 202
    assert put.headers["Preference-Applied"] == "respond-async"
    assert put.json() == {"id": "a", "status": "created", "changed": True}
    assert client.get("/v1/articles/a").headers["ETag"] == put.headers["ETag"]
    post = client.post("/v1/articles", json=OTHER | {"id": "b"}, headers=ASYNC)
    assert post.status_code == 202
    assert post.headers["Location"] == "/v1/articles/b"
    wait_until(lambda: index.indexed() == 2)
    wait_until(lambda: client.get("/v1/articles/b").json()["story"] is not None)
    assert client.get("/v1/articles/a/related").json()["items"][0]["id"] == "b"


@pytest.mark.parametrize("prefer", ["wait=0", "respond-async, wait=0", 'foo=1, Wait = "0"; x'])
def test_who_waits_for_a_while_is_answered_then(client: TestClient, index: CoverageIndex, prefer: str) -> None:
    answer = client.put("/v1/articles/a", json=ARTICLE, headers={"Prefer": prefer})
    assert answer.status_code == 202
    assert "wait=0" in answer.headers["Preference-Applied"]
    wait_until(lambda: index.indexed() == 1)


def test_what_is_found_at_once_is_answered_as_ever(client: TestClient, index: CoverageIndex) -> None:
    client.put("/v1/articles/a", json=ARTICLE, headers=ASYNC)
    wait_until(lambda: index.indexed() == 1)
    again = client.put("/v1/articles/a", json=ARTICLE, headers=ASYNC)
    assert again.status_code == 200
    assert again.json()["status"] == "unchanged"
    assert "Preference-Applied" not in again.headers


def test_who_has_patience_enough_is_answered_when_it_is_found(tmp_path: Path) -> None:
    with open_index(tmp_path, FakeEncoder()) as index, TestClient(create_app(Settings(), index)) as client:
        answer = client.put("/v1/articles/a", json=ARTICLE, headers={"Prefer": "wait=30"})
        assert answer.status_code == 201
        assert index.indexed() == 1
        unknown = client.put("/v1/articles/b", json=OTHER, headers={"Prefer": "wait=soon, handling=strict"})
        assert unknown.status_code == 201


def test_a_batch_need_not_be_waited_for_either(client: TestClient, index: CoverageIndex) -> None:
    lines = b"".join(json.dumps(ARTICLE | {"id": f"a{number}"}).encode() + b"\n" for number in range(70))
    answer = client.post("/v1/articles:batch", content=lines, headers=ASYNC)
    assert answer.status_code == 202
    assert answer.headers["Preference-Applied"] == "respond-async"
    assert [json.loads(line)["status"] for line in answer.text.splitlines()] == ["created"] * 70
    wait_until(lambda: index.indexed() == 70)


def test_however_much_waits_for_the_model_articles_are_accepted(full: TestClient) -> None:
    assert_problem(full.put("/v1/articles/a", json=ARTICLE), 503)
    for prefer in ("respond-async", "wait=1"):
        assert (
            full.put("/v1/articles/a", json=ARTICLE | {"text": prefer}, headers={"Prefer": prefer}).status_code == 202
        )
    batch = full.post("/v1/articles:batch", content=json.dumps(OTHER | {"id": "b"}).encode(), headers=ASYNC)
    assert batch.status_code == 202
    wait_until(lambda: {"articles": 2, "indexed": 2}.items() <= full.get("/readyz").json().items())


def test_conditions_and_takedowns_are_answered_as_ever(client: TestClient) -> None:
    client.put("/v1/articles/a", json=ARTICLE, headers=ASYNC)
    assert_problem(client.put("/v1/articles/a", json=OTHER, headers=ASYNC | {"If-None-Match": "*"}), 412)
    client.delete("/v1/articles/a")
    assert_problem(client.put("/v1/articles/a", json=ARTICLE, headers=ASYNC), 409, "taken down")
