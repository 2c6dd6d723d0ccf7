"""What there is to tell of an article."""

import httpx2
from fastapi.testclient import TestClient

from index.samples import samples


def test_an_article_has_its_numbers(sample_client: httpx2.Client) -> None:
    found = sample_client.get("/v1/articles/kp-ru-summit-talks-ko").json()
    assert len(found["summary"]) == 2
    assert all(sentence in found["text"] for sentence in found["summary"])
    assert 0 < found["reading_time"]["summary"] < found["reading_time"]["full_text"] < 60
    signs = found["quality"]["signs"]
    assert set(signs) == {"completeness", "length", "attribution", "figures", "originality", "headline"}
    assert abs(found["quality"]["value"] - sum(signs.values()) / len(signs)) < 0.001
    assert (found["publisher"]["name"], found["publisher"]["country"]) == (found["source"], "KR")
    assert 1 <= found["publisher"]["rank"] <= found["publisher"]["ranked"]


def test_in_every_language_the_summary_is_verbatim_and_in_order(sample_client: httpx2.Client) -> None:
    first_of_each = {sample.article.lang: sample.article for sample in reversed(samples())}
    for article in first_of_each.values():
        summary = sample_client.get(f"/v1/articles/{article.id}").json()["summary"]
        places = [(article.text or "").index(sentence) for sentence in summary]
        assert 1 <= len(summary) <= 3
        assert places == sorted(places)


def test_of_an_article_without_text_and_publisher_little_is_told(topical_client: TestClient) -> None:
    topical_client.put("/v1/articles/a", json={"title": "The bridge is closed", "lang": "en"})
    found = topical_client.get("/v1/articles/a").json()
    assert found["summary"] == []
    assert found["reading_time"] == {"summary": None, "full_text": None}
    assert found["publisher"] is None
    assert found["quality"]["value"] < 0.3
