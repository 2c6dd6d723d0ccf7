"""What the service does when more is to be embedded than it can: refuse at once, and forget who has gone."""

import asyncio
import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray

from index import open_index
from index.encoder import Priority
from index.errors import EncoderOverloadedError
from service.app import create_app
from service.settings import Settings
from tests.index.fakes import FakeEncoder
from tests.service.conftest import serving


class FullEncoder(FakeEncoder):
    """More is waiting than it takes, always."""

    async def encode_async(
        self, texts: Sequence[str], priority: Priority = Priority.INTERACTIVE, *, admitted: bool = False
    ) -> NDArray[np.float32]:
        if not admitted:
            self.refuse_overload()
        return self.encode(texts)

    def refuse_overload(self) -> None:
        raise EncoderOverloadedError("too much is waiting: try again in 7 s", 7)


class EndlessEncoder(FakeEncoder):
    """Is never done with a text, and tells when it is asked and when it is let off."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.let_off = threading.Event()

    async def encode_async(
        self, texts: Sequence[str], priority: Priority = Priority.INTERACTIVE, *, admitted: bool = False
    ) -> NDArray[np.float32]:
        self.asked.set()
        try:
            await asyncio.sleep(3600)
        finally:
            self.let_off.set()
        return self.encode(texts)


@pytest.fixture
def full(tmp_path: Path) -> Iterator[TestClient]:
    with (
        open_index(tmp_path, FullEncoder()) as index,
        TestClient(create_app(Settings(), index), raise_server_exceptions=False) as client,
    ):
        yield client


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/v1/articles/a", b'{"title": "A summit"}'),
        ("POST", "/v1/articles", b'{"id": "a", "title": "A summit"}'),
        ("POST", "/v1/articles:batch", b'{"id": "a", "title": "A summit"}\n'),
        ("POST", "/v1/related", b'{"title": "A summit"}'),
    ],
)
def test_overload_is_refused_with_when_to_try_again(full: TestClient, method: str, path: str, body: bytes) -> None:
    answer = full.request(method, path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "7"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:similar-news:problem:overloaded"
    assert "try again in 7 s" in answer.json()["detail"]
    assert full.get("/v1/articles/a").status_code == 404  # nothing was kept


def test_a_text_whose_reader_has_gone_is_not_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    encoder = EndlessEncoder()
    with open_index(tmp_path, encoder) as index, serving(create_app(Settings(), index)) as address:
        place = urlsplit(address)
        body = b'{"title": "A summit"}'
        head = f"POST /v1/related HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        with socket.create_connection((place.hostname, place.port)) as connection:
            connection.sendall(head.encode() + b"\r\n\r\n" + body)
            assert encoder.asked.wait(30)
            assert not encoder.let_off.is_set()
        assert encoder.let_off.wait(30)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
