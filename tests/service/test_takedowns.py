"""Taking down what a complaint names."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from index import CoverageIndex, open_index
from service.app import create_app
from service.settings import Settings
from tests.index.fakes import FakeEncoder, an_article


@pytest.fixture
def index(tmp_path: Path) -> Iterator[CoverageIndex]:
    with open_index(tmp_path / "data", FakeEncoder()) as opened:
        opened.put(
            [
                an_article("a", "A summit", source="한빛일보", url="https://news.example/1"),
                an_article("b", "The summit", source="한빛일보"),
                an_article("c", "Another summit", source="Morning News"),
            ]
        )
        yield opened


def left(client: TestClient) -> list[str]:
    statuses = {one: client.get(f"/v1/articles/{one}").status_code for one in "abc"}
    assert set(statuses.values()) <= {200, 410}
    return [one for one, status in statuses.items() if status == 200]


@pytest.mark.parametrize(
    ("body", "answer", "rest"),
    [
        ({"url": "https://news.example/1?utm_source=feed"}, {"taken_down": 1, "missing": []}, ["b", "c"]),
        ({"source": " 한빛일보 "}, {"taken_down": 2, "missing": []}, ["c"]),
        ({"ids": ["c", "x", "a", "a"], "url": None}, {"taken_down": 2, "missing": ["x"]}, ["b"]),
        ({"source": "Nobody"}, {"taken_down": 0, "missing": []}, ["a", "b", "c"]),
    ],
)
def test_what_is_named_is_gone_at_once(
    client: TestClient, body: dict[str, Any], answer: dict[str, Any], rest: list[str]
) -> None:
    response = client.post("/v1/takedowns", json=body)
    assert (response.status_code, response.json()) == (200, answer)
    assert left(client) == rest
    related = client.post("/v1/related?min_score=0&max_per_source=9", json={"title": "summit", "lang": "en"}).json()
    assert sorted(item["id"] for item in related["items"]) == rest


def test_it_is_not_accepted_again_unless_restored(client: TestClient) -> None:
    client.post("/v1/takedowns", json={"source": "Morning News"})
    assert client.put("/v1/articles/c", json={"title": "Any"}).status_code == 409
    assert client.put("/v1/articles/c?restore=true", json={"title": "Any"}).status_code == 201


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "the body: name what is to be taken down by one of 'url', 'source' and 'ids'"),
        ({"url": "https://news.example/1", "source": "News"}, "the body: name what is to be taken down by one of"),
        ({"ids": []}, "ids"),
        ({"ids": ["a b"]}, "ids.0"),
        ({"ids": [f"a{number}" for number in range(1_001)]}, "ids"),
        ({"url": "nonsense"}, "url"),
        ({"source": ""}, "source"),
        ({"sources": "News"}, "sources: there is no such field; did you mean 'source'?"),
    ],
)
def test_what_is_wrong_is_said(client: TestClient, body: dict[str, Any], words: str) -> None:
    response = client.post("/v1/takedowns", json=body)
    assert response.status_code == 422
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["detail"].startswith(words)
    assert left(client) == ["a", "b", "c"]


def test_a_reader_refuses(index: CoverageIndex) -> None:
    with TestClient(create_app(Settings(role="reader"), index)) as client:
        assert client.post("/v1/takedowns", json={"ids": ["a"]}).status_code == 403
        assert left(client) == ["a", "b", "c"]
