"""Is the service alive and ready, and what does it say of itself?"""

import sqlite3
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from index import CoverageIndex, open_index
from service.app import create_app
from service.settings import Settings
from tests.index.fakes import FakeEncoder, an_article


def test_live_and_ready(client: TestClient) -> None:
    assert client.get("/livez").json() == {"status": "live"}
    ready = {"status": "ready", "role": "writer", "model": "embedded", "waiting": 0, "waiting_since": None, "behind": 0}
    assert client.get("/readyz").json() == ready | {"articles": 0, "indexed": 0}
    client.put("/v1/articles/a", json={"title": "Summit"})
    assert client.get("/readyz").json() == ready | {"articles": 1, "indexed": 1}


def test_what_waits_to_be_found_is_told(client: TestClient, index: CoverageIndex) -> None:
    index._store.put([an_article("a")])
    answer = client.get("/readyz").json()
    assert (answer["articles"], answer["indexed"], answer["waiting"], answer["behind"]) == (1, 0, 1, 1)
    assert datetime.fromisoformat(answer["waiting_since"]) <= datetime.now(UTC)


def test_not_ready_while_it_ends(client: TestClient) -> None:
    client.app.state.is_stopping = True  # type: ignore[attr-defined]
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:similar-news:problem:stopping"
    assert answer.headers["Connection"] == "close"
    assert client.get("/livez").status_code == 200


def test_not_ready_when_the_store_cannot_be_read(client: TestClient, tmp_path: Path) -> None:
    (store,) = tmp_path.glob("data/*.sqlite")
    with sqlite3.connect(store) as connection:
        connection.execute("ALTER TABLE waiting RENAME TO elsewhere")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:similar-news:problem:store-unavailable"
    assert client.get("/livez").status_code == 200


@pytest.mark.parametrize(("model", "shown"), [("/srv/models/mine", "mine"), ("intfloat/any", "intfloat/any")])
def test_where_a_model_lies_is_not_told(tmp_path: Path, model: str, shown: str) -> None:
    with open_index(tmp_path, FakeEncoder(model)) as index, TestClient(create_app(Settings(), index)) as client:
        assert client.get("/readyz").json()["model"] == shown
        assert f'model="{shown}"' in client.get("/metrics").text


def test_version(client: TestClient) -> None:
    assert client.get("/version").json() == {"name": "similar-news", "version": version("similar-news")}
