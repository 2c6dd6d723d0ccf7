"""What the service answers when the store cannot be written to, and as a reader beside a writer."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from index import CoverageIndex, open_index
from index.errors import StorageFullError, StoreError
from index.store.sql_store import SqlArticleStore
from service.app import create_app
from service.settings import Settings
from tests.index.fakes import FakeEncoder
from tests.waiting import wait_until

SUMMIT = {"title": "A summit", "lang": "en"}
BATCH = "\n".join(json.dumps(SUMMIT | {"id": article_id}) for article_id in "bc") + "\nnonsense\n"


@pytest.fixture
def writing(tmp_path: Path) -> Iterator[CoverageIndex]:
    with open_index(tmp_path, FakeEncoder()) as opened:
        yield opened


@pytest.fixture
def writer(writing: CoverageIndex) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(), writing), raise_server_exceptions=False) as client:
        assert client.put("/v1/articles/a", json=SUMMIT).status_code == 201
        yield client


@pytest.fixture
def reader(writer: TestClient, tmp_path: Path) -> Iterator[TestClient]:
    with (
        open_index(tmp_path, FakeEncoder(), writer=False) as opened,
        TestClient(create_app(Settings(role="reader"), opened), raise_server_exceptions=False) as client,
    ):
        yield client


def test_a_reader_answers_with_what_the_writer_took(writer: TestClient, reader: TestClient) -> None:
    writer.put("/v1/articles/b", json=SUMMIT | {"title": "Another summit"})
    wait_until(lambda: reader.get("/readyz").json()["indexed"] == 2)
    assert [item["id"] for item in reader.get("/v1/articles/a/related").json()["items"]] == ["b"]


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("PUT", "/v1/articles/a", json.dumps(SUMMIT)),
        ("POST", "/v1/articles", json.dumps(SUMMIT | {"id": "a"})),
        ("POST", "/v1/articles:batch", BATCH),
        ("DELETE", "/v1/articles/a", None),
    ],
)
def test_a_reader_refuses_to_write_and_says_where_to(
    reader: TestClient, method: str, path: str, content: str | None
) -> None:
    headers = {"Content-Type": "application/json"} if content else {}
    response = reader.request(method, path, content=content, headers=headers)
    assert response.status_code == 403
    assert response.headers["Content-Type"] == "application/problem+json"
    assert "send to the one that writes" in response.json()["detail"]


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (StorageFullError("the disk of /data is full"), 507, "when there is room"),
        (StoreError("the store is locked"), 503, "try again later"),
    ],
)
def test_a_store_that_cannot_be_written_to_is_told_and_nothing_else_is_lost(
    writer: TestClient, monkeypatch: pytest.MonkeyPatch, error: StoreError, status: int, says: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(SqlArticleStore, "put", refuse)
        response = writer.put("/v1/articles/b", json=SUMMIT)
        assert response.status_code == status
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.headers["Retry-After"]
        assert says in response.json()["detail"]
        assert "/data" not in response.json()["detail"]

        lines = [json.loads(line) for line in writer.post("/v1/articles:batch", content=BATCH).text.splitlines()]
        assert [line["status"] for line in lines] == ["failed", "failed", "invalid"]
        assert [line["problem"]["status"] for line in lines] == [status, status, 400]
        assert writer.get("/v1/articles/a").status_code == 200
    lines = [json.loads(line) for line in writer.post("/v1/articles:batch", content=BATCH).text.splitlines()]
    assert [line["status"] for line in lines] == ["created", "created", "invalid"]
