"""Publishers over HTTP."""

from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from index.samples import samples
from tests.service.test_articles import assert_problem

ARTICLES = (
    ("a", "Harbor Tribune", "US", 'The mayor said: "The bridge stays closed until the spring". 14 cars, 3,500 people.'),
    ("b", "Dawn", "US", "The bridge."),
    ("c", "새벽신문", "KR", "장관은 13일 다리를 통제한다고 밝혔다."),
    ("d", None, None, "A text of nobody."),
)


@pytest.fixture
def client(topical_client: TestClient) -> TestClient:
    for article_id, source, country, text in ARTICLES:
        article = {"title": f"The bridge {article_id}", "text": text, "source": source, "country": country}
        response = topical_client.put(f"/v1/articles/{article_id}", json={k: v for k, v in article.items() if v})
        assert response.status_code == 201
    return topical_client


def names(answer: dict[str, Any]) -> list[str]:
    return [source["name"] for source in answer["sources"]]


def test_publishers_come_the_best_first_with_their_ranks(client: TestClient) -> None:
    answer = client.get("/v1/sources").json()
    assert answer["next"] is None
    assert sorted(names(answer)) == sorted(["Harbor Tribune", "Dawn", "새벽신문"])
    qualities = [source["quality"] for source in answer["sources"]]
    assert qualities == sorted(qualities, reverse=True)
    ranks = {source["name"]: (source["country"], source["rank"], source["ranked"]) for source in answer["sources"]}
    assert ranks == {"Harbor Tribune": ("US", 1, 2), "Dawn": ("US", 2, 2), "새벽신문": ("KR", 1, 1)}
    assert all(source["articles"] == source["measured"] == 1 for source in answer["sources"])


def test_those_of_a_country(client: TestClient) -> None:
    assert names(client.get("/v1/sources", params={"country": "us"}).json()) == ["Harbor Tribune", "Dawn"]
    assert len(names(client.get("/v1/sources", params={"country": ["US", "KR"]}).json())) == 3
    assert names(client.get("/v1/sources", params={"country": "BR"}).json()) == []


def test_pages_lead_on_to_all_of_them(client: TestClient) -> None:
    found: list[str] = []
    path: str | None = "/v1/sources?limit=1"
    while path:
        response = client.get(path)
        found += names(response.json())
        link = response.links.get("next")
        assert (link is None) == (response.json()["next"] is None)
        path = link["url"] if link else None
    assert found == names(client.get("/v1/sources").json())


@pytest.mark.parametrize("cursor", ["x", "WzEsICJhIl0", "WzAsIDBd"])
def test_a_cursor_that_is_none_is_refused(client: TestClient, cursor: str) -> None:
    assert_problem(client.get("/v1/sources", params={"cursor": cursor}), 422, "'next' of the answer before")


def test_what_is_not_known_is_refused(client: TestClient) -> None:
    assert_problem(client.get("/v1/sources?contry=US"), 422, "did you mean 'country'?")
    assert_problem(client.get("/v1/sources?country=XX"), 422, "not a country code")
    assert_problem(client.get("/v1/sources?limit=0"), 422, "limit")


def test_an_answer_is_another_one_when_an_article_changes_and_only_then(client: TestClient) -> None:
    first = client.get("/v1/sources")
    tag = {"If-None-Match": first.headers["ETag"]}
    assert client.get("/v1/sources", headers=tag).status_code == 304
    client.delete("/v1/articles/b")
    second = client.get("/v1/sources", headers=tag)
    assert second.status_code == 200
    assert "Dawn" not in names(second.json())


def test_the_samples_have_publishers_in_many_countries(sample_client: httpx2.Client) -> None:
    answer = sample_client.get("/v1/sources", params={"limit": 200}).json()
    assert set(names(answer)) == {sample.article.source for sample in samples()}
    assert sum(source["articles"] for source in answer["sources"]) == len(samples())
    assert all(0 < source["quality"] < 1 and source["measured"] == source["articles"] for source in answer["sources"])
