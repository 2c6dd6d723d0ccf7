"""Requests that are sent again."""

import asyncio
import gzip
import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import Response
from fastapi.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from index import Article, CoverageIndex, Put, open_index
from index.errors import StoreError
from service import repeats
from service.app import create_app
from service.repeats import Repeats
from service.settings import Settings
from tests.index.fakes import FakeEncoder
from tests.service.conftest import serving
from tests.service.test_articles import assert_problem

BATCH = "/v1/articles:batch"
ARTICLE = {"id": "a", "title": "A summit", "lang": "en"}
KEY = {"Idempotency-Key": '"one"'}


@pytest.fixture
def index(tmp_path: Path) -> Iterator[CoverageIndex]:
    """An empty index with a fake encoder: none of this is about what is embedded."""
    with open_index(tmp_path / "data", FakeEncoder()) as opened:
        yield opened


def lines(*ids: str) -> bytes:
    return b"".join(json.dumps(ARTICLE | {"id": one}).encode() + b"\n" for one in ids)


def statuses(response: httpx2.Response) -> list[str]:
    return [json.loads(line)["status"] for line in response.text.splitlines()]


def test_the_same_request_gets_the_same_answer(client: TestClient) -> None:
    first = client.post("/v1/articles", json=ARTICLE, headers=KEY)
    client.delete("/v1/articles/a")
    again = client.post("/v1/articles", json=ARTICLE, headers=KEY)
    assert (again.status_code, again.content) == (first.status_code, first.content) == (201, first.content)
    for name in ("Content-Type", "Location", "ETag"):
        assert again.headers[name] == first.headers[name]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert client.get("/v1/articles/a").status_code == 410


def test_so_does_a_batch(client: TestClient) -> None:
    first = client.post(BATCH, content=lines("a", "b"), headers=KEY)
    assert statuses(first) == ["created", "created"]
    assert client.post(BATCH, content=lines("a", "b"), headers=KEY).content == first.content
    packed = gzip.compress(lines("a", "b"))
    assert client.post(BATCH, content=packed, headers=KEY | {"Content-Encoding": "gzip"}).content == first.content
    assert statuses(client.post(BATCH, content=lines("a", "b"))) == ["unchanged", "unchanged"]


def test_keys_are_told_apart(client: TestClient) -> None:
    client.post(BATCH, content=lines("a"), headers=KEY)
    assert statuses(client.post(BATCH, content=lines("a"), headers={"Idempotency-Key": '"two"'})) == ["unchanged"]
    assert client.post("/v1/articles", content=lines("b"), headers=KEY).status_code == 415  # another path
    other = TestClient(client.app, client=("192.0.2.7", 5000))
    assert statuses(other.post(BATCH, content=lines("a", "b"), headers=KEY)) == ["unchanged", "created"]
    assert client.post(BATCH, content=lines("a"), headers={"Idempotency-Key": "one"}).headers["Idempotent-Replayed"]


def test_nobody_gets_the_answer_to_the_credentials_of_another(client: TestClient) -> None:
    sent = [KEY | {name: value} for name in ("Authorization", "X-API-Key") for value in ("Bearer a", "Bearer b")]
    for headers in (*sent, KEY):
        assert "Idempotent-Replayed" not in client.post(BATCH, content=lines("a"), headers=headers).headers
    for headers in (*sent, KEY):
        assert "Idempotent-Replayed" in client.post(BATCH, content=lines("a"), headers=headers).headers


@pytest.mark.parametrize("body", [lines("b"), lines("a", "b"), b""])
def test_a_key_with_another_body_is_refused(client: TestClient, body: bytes) -> None:
    client.post(BATCH, content=lines("a"), headers=KEY)
    assert_problem(client.post(BATCH, content=body, headers=KEY), 422, "Idempotency-Key")
    assert client.get("/v1/articles/b").status_code == 404


async def test_another_body_is_read_no_further_than_to_tell() -> None:
    read = 0
    sent: list[Message] = []

    async def receive() -> Message:
        nonlocal read
        read += 1
        return {"type": "http.request", "body": b"a" * 100, "more_body": read > 1}

    async def send(message: Message) -> None:
        sent.append(message)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await Response("done")(scope, receive, send)

    repeated = Repeats(app)
    scope = {"type": "http", "method": "POST", "path": BATCH, "headers": [(b"idempotency-key", b"one")]}
    await repeated(scope, receive, send)
    await repeated(scope, receive, send)
    assert read == 3  # of the second body, which would never end, one part more than the first had
    assert [message["status"] for message in sent if message["type"] == "http.response.start"] == [200, 422]


def test_a_request_that_is_still_worked_on_is_not_begun_again(
    index: CoverageIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    put_async = index.put_async

    async def put_slowly(articles: Sequence[Article], **how: Any) -> list[Put]:
        begun.set()
        await asyncio.to_thread(go_on.wait, 30)
        return await put_async(articles, **how)

    monkeypatch.setattr(index, "put_async", put_slowly)
    with serving(create_app(Settings(), index)) as address, ThreadPoolExecutor(1) as pool:

        def post() -> httpx2.Response:
            return httpx2.post(f"{address}/v1/articles", json=ARTICLE, headers=KEY, timeout=30)

        first = pool.submit(post)
        try:
            assert begun.wait(30)
            refused = post()
        finally:
            go_on.set()
        assert_problem(refused, 409, "Idempotency-Key")
        assert refused.headers["Retry-After"] == "1"
        assert first.result().status_code == 201
        assert post().content == first.result().content


def test_what_failed_is_tried_again(client: TestClient, index: CoverageIndex) -> None:
    assert client.post("/v1/articles", json={"id": "a"}, headers=KEY).status_code == 422
    assert client.post("/v1/articles", json=ARTICLE, headers=KEY).status_code == 201
    assert client.post("/v1/articles", json=ARTICLE, headers=KEY).status_code == 201


def test_a_batch_of_which_some_failed_is_tried_again(
    client: TestClient, index: CoverageIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise StoreError("locked")

    with monkeypatch.context() as patch:
        patch.setattr(index, "put_async", fail)
        assert statuses(client.post(BATCH, content=lines("a"), headers=KEY)) == ["failed"]
    assert statuses(client.post(BATCH, content=lines("a"), headers=KEY)) == ["created"]


def test_an_answer_that_is_too_long_is_not_kept(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "_MOST_BYTES_OF_ONE", 10)
    assert statuses(client.post(BATCH, content=lines("a"), headers=KEY)) == ["created"]
    assert statuses(client.post(BATCH, content=lines("a"), headers=KEY)) == ["unchanged"]


@pytest.mark.parametrize("key", ["", '""', "a b", '"a', "a" * 201])
def test_a_key_that_is_none_is_refused(client: TestClient, key: str) -> None:
    answer = client.post("/v1/articles", json=ARTICLE, headers={"Idempotency-Key": key})
    assert_problem(answer, 400, "Idempotency-Key", "quotation marks")
