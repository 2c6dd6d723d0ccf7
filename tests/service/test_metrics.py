"""What a Prometheus server is told, and that the README says what it means."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from index import CoverageIndex, open_index
from service.app import create_app
from service.settings import Settings
from tests.index.fakes import FakeEncoder, an_article

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def index(tmp_path: Path) -> Iterator[CoverageIndex]:
    with open_index(tmp_path / "data", FakeEncoder()) as opened:
        yield opened


def told(client: TestClient) -> dict[str, float]:
    """Every sample, as `name{label="value"}`."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    samples = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            samples[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return samples


def requests(samples: dict[str, float]) -> dict[str, float]:
    name = "similar_news_http_requests_total"
    return {key.removeprefix(name): value for key, value in samples.items() if key.startswith(name)}


def test_requests_are_counted_by_route_and_status(client: TestClient) -> None:
    client.put("/v1/articles/a", json={"title": "A summit"})
    for number in range(3):
        client.get(f"/v1/articles/a{number}")
    samples = told(client)
    assert requests(samples) == {
        '{method="PUT",route="/v1/articles/{article_id}",status="201"}': 1,
        '{method="GET",route="/v1/articles/{article_id}",status="404"}': 3,
    }
    assert samples['similar_news_http_request_duration_seconds_count{route="/v1/articles/{article_id}"}'] == 4


def test_whatever_clients_make_up_there_are_few_series(client: TestClient) -> None:
    def make_up(numbers: range) -> None:
        for number in numbers:
            client.request(f"BREW{number}", f"/nowhere/{number}")
            client.get(f"/static/{number}")
            client.get(f"/v1/stories/{number}", headers={"X-Request-ID": str(number)})

    make_up(range(1))
    told(client)
    before = set(told(client))
    make_up(range(1, 50))
    samples = told(client)
    assert set(samples) == before
    assert requests(samples)['{method="other",route="unmatched",status="404"}'] == 50


def test_articles_and_stories_are_counted(client: TestClient) -> None:
    client.put("/v1/articles/a", json={"title": "A summit", "lang": "en"})
    client.put("/v1/articles/b", json={"title": "정상회담 summit", "lang": "ko"})
    client.put("/v1/articles/b", json={"title": "정상회담 summit", "lang": "ko"})
    client.put("/v1/articles/c", json={"title": "A flood", "lang": "en"})
    client.get("/v1/articles/a/related?min_score=0&limit=1")
    samples = told(client)
    assert samples['similar_news_articles_put_total{outcome="created"}'] == 3
    assert samples['similar_news_articles_put_total{outcome="unchanged"}'] == 1
    assert samples['similar_news_articles_put_total{outcome="taken_down"}'] == 0
    assert samples["similar_news_articles"] == 3
    assert samples["similar_news_ingest_waiting_articles"] == 0
    assert samples["similar_news_stories"] >= 1
    assert samples['similar_news_index_entries{state="live"}'] == 3
    assert samples['similar_news_index_segments{state="live"}'] == 1
    assert samples['similar_news_index_segments{state="stored"}'] == 0
    assert samples["similar_news_search_duration_seconds_count"] == 1
    assert samples['similar_news_related_items_total{language="same"}'] == 0
    assert samples['similar_news_related_items_total{language="other"}'] == 1
    assert samples["similar_news_encoder_texts_total"] == 3
    assert samples["similar_news_store_readable"] == 1


def test_articles_that_wait_are_told_with_how_long(client: TestClient, index: CoverageIndex) -> None:
    assert told(client)["similar_news_ingest_waiting_seconds"] == 0
    index._store.put([an_article("a")])
    samples = told(client)
    assert samples["similar_news_ingest_waiting_articles"] == 1
    assert samples["similar_news_ingest_waiting_seconds"] > 0
    assert samples["similar_news_index_changes_behind"] == 1


def test_a_store_that_cannot_be_read_is_told_with_all_the_rest(client: TestClient, tmp_path: Path) -> None:
    (store,) = tmp_path.glob("data/*.sqlite")
    with sqlite3.connect(store) as connection:
        connection.execute("ALTER TABLE waiting RENAME TO elsewhere")
    samples = told(client)
    assert samples["similar_news_store_readable"] == 0
    assert "similar_news_articles" not in samples
    assert "similar_news_search_duration_seconds_count" in samples


def test_each_app_has_metrics_of_its_own(client: TestClient, index: CoverageIndex) -> None:
    client.get("/livez")
    with TestClient(create_app(Settings(), index)) as other:
        assert requests(told(other)) == {}


def test_the_other_format_is_given_when_asked_for(client: TestClient) -> None:
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_the_readme_has_every_metric_and_no_other(client: TestClient) -> None:
    client.get("/v1/stories")
    rows = dict(re.findall(r"^\| `(similar_news_\w+)` \| ([^|]*)\|", README, re.MULTILINE))
    here: dict[str, set[str]] = {}
    for family in client.app.state.metrics.registry.collect():  # type: ignore[attr-defined]
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = set[str]().union(*(sample.labels for sample in family.samples)) - {"le"}
        if name.startswith("similar_news_"):
            here[name] = labels
    assert {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows.items()} == here
    assert len(here) == 27
