"""Bodies that come compressed."""

import gzip
import json
import random
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard
from fastapi.testclient import TestClient

from index import CoverageIndex, open_index
from service.app import create_app
from service.limits import bodies
from service.settings import Settings
from tests.index.fakes import FakeEncoder
from tests.service.test_articles import assert_problem

Compress = Callable[[bytes], bytes]
ENCODINGS: dict[str, Compress] = {"gzip": gzip.compress, "zstd": zstandard.ZstdCompressor().compress}
ARTICLE = b'{"title": "A summit", "lang": "en"}'
JSON = {"Content-Type": "application/json"}
LINES = b"".join(json.dumps({"id": f"a{number}", "title": f"Story {number}"}).encode() + b"\n" for number in range(70))
MOST_MEMORY = 32 * 2**20


@pytest.fixture
def index(tmp_path: Path) -> Iterator[CoverageIndex]:
    """An empty index with a fake encoder: none of this is about what is embedded."""
    with open_index(tmp_path / "data", FakeEncoder()) as opened:
        yield opened


@pytest.fixture(params=list(ENCODINGS))
def encoding(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_every_body_may_come_compressed(client: TestClient, encoding: str) -> None:
    def packed(body: bytes) -> bytes:
        return ENCODINGS[encoding](body)

    headers = JSON | {"Content-Encoding": encoding}
    assert client.put("/v1/articles/a", content=packed(ARTICLE), headers=headers).status_code == 201
    assert client.get("/v1/articles/a").json()["title"] == "A summit"
    body = b'{"id": "b", "title": "A flood"}'
    assert client.post("/v1/articles", content=packed(body), headers=headers).status_code == 201
    answer = client.post("/v1/related", content=packed(ARTICLE), headers=headers)
    assert answer.json()["copies"] == ["a"]
    results = client.post("/v1/articles:batch", content=packed(LINES), headers={"Content-Encoding": encoding})
    assert [json.loads(line)["id"] for line in results.text.splitlines()] == [f"a{number}" for number in range(70)]


def test_a_body_may_come_in_small_parts_and_in_several_members(client: TestClient, encoding: str) -> None:
    members = ENCODINGS[encoding](LINES[:1000]) + ENCODINGS[encoding](b"") + ENCODINGS[encoding](LINES[1000:])
    for size in (1, 7, len(members)):
        parts = (members[start : start + size] for start in range(0, len(members), size))
        results = client.post("/v1/articles:batch", content=parts, headers={"Content-Encoding": encoding})
        assert len(results.text.splitlines()) == 70


def test_a_large_body_comes_whole(client: TestClient, encoding: str) -> None:
    text = "".join(random.Random(1).choices("abcdefghij ", k=199_000))
    lines = b"".join(json.dumps({"id": f"a{number}", "text": text}).encode() + b"\n" for number in range(5))
    results = client.post(
        "/v1/articles:batch", content=ENCODINGS[encoding](lines), headers={"Content-Encoding": encoding}
    )
    assert [json.loads(line)["status"] for line in results.text.splitlines()] == ["created"] * 5


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("cut off", lambda body: body[:-3]),
        ("nothing at all", lambda body: b""),
        ("not compressed", lambda body: ARTICLE),
        ("damaged", lambda body: body[:1] + bytes([body[1] ^ 0xFF]) + body[2:]),
        ("followed by something else", lambda body: body + b"something else"),
    ],
)
def test_a_damaged_body_is_refused(client: TestClient, encoding: str, name: str, damage: Compress) -> None:
    sent = damage(ENCODINGS[encoding](ARTICLE))
    for path in ("/v1/articles/a", "/v1/articles:batch"):
        method = "POST" if path.endswith("batch") else "PUT"
        answer = client.request(method, path, content=sent, headers=JSON | {"Content-Encoding": encoding})
        assert_problem(answer, 400, encoding)
    assert client.get("/v1/articles/a").status_code == 404
    assert client.put("/v1/articles/a", content=ARTICLE, headers=JSON).status_code == 201


def test_another_encoding_is_refused_with_those_that_are_taken(client: TestClient) -> None:
    for encoding in ("br", "gzip, gzip", "deflate"):
        answer = client.put("/v1/articles/a", content=ARTICLE, headers=JSON | {"Content-Encoding": encoding})
        assert_problem(answer, 415, encoding, "zstd")
        assert answer.headers["Accept-Encoding"] == "gzip, zstd"


def test_what_is_compressed_twice_is_inflated_once_at_most(index: CoverageIndex, encoding: str) -> None:
    compress = ENCODINGS[encoding]
    bomb = compress(compress(bytes(2**26)) * 1000)
    assert len(bomb) < 2**20
    with TestClient(create_app(Settings(max_article_bytes=2**24), index)) as client:
        tracemalloc.start()
        try:
            once = client.put("/v1/articles/a", content=bomb, headers=JSON | {"Content-Encoding": encoding})
            twice = [*JSON.items(), ("Content-Encoding", encoding), ("Content-Encoding", encoding)]
            refused = client.put("/v1/articles/a", content=bomb, headers=twice)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert once.status_code in {400, 413}
    assert_problem(refused, 415, f"{encoding}, {encoding}")
    assert peak < 2 * MOST_MEMORY


@pytest.mark.parametrize("name", ["identity", "GZip", "x-gzip", " gzip "])
def test_names_of_encodings_are_read_leniently(client: TestClient, name: str) -> None:
    body = ARTICLE if name == "identity" else gzip.compress(ARTICLE)
    answer = client.put("/v1/articles/a", content=body, headers=JSON | {"Content-Encoding": name})
    assert answer.status_code == 201


def test_the_limit_is_one_of_the_inflated_size(index: CoverageIndex, encoding: str) -> None:
    settings = Settings(max_article_bytes=1000, max_batch_bytes=5000)
    with TestClient(create_app(settings, index)) as client:
        headers = JSON | {"Content-Encoding": encoding}
        fits, too_large = (b'{"title": "' + b"a" * size + b'"}' for size in (980, 990))
        assert client.put("/v1/articles/a", content=ENCODINGS[encoding](fits), headers=headers).status_code == 201
        answer = client.put("/v1/articles/a", content=ENCODINGS[encoding](too_large), headers=headers)
        assert_problem(answer, 413, "larger")
        answer = client.post("/v1/articles:batch", content=ENCODINGS[encoding](b" " * 5001), headers=headers)
        assert_problem(answer, 413, "larger")


@pytest.mark.parametrize("path", ["/v1/articles", "/v1/related", "/v1/articles:batch"])
def test_a_bomb_is_refused_before_it_fills_the_memory(index: CoverageIndex, encoding: str, path: str) -> None:
    bomb = ENCODINGS[encoding](bytes(2**26)) * 16  # a gibibyte
    with TestClient(create_app(Settings(max_batch_bytes=2**26), index)) as client:
        tracemalloc.start()
        try:
            answer = client.post(path, content=bomb, headers=JSON | {"Content-Encoding": encoding})
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert_problem(answer, 413, "larger")
    assert peak < MOST_MEMORY


def test_a_frame_that_asks_for_much_memory_is_refused(client: TestClient) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27)
    greedy = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    body = greedy.compress(ARTICLE) + greedy.flush()
    answer = client.put("/v1/articles/a", content=body, headers=JSON | {"Content-Encoding": "zstd"})
    assert_problem(answer, 400, "memory")


def test_a_body_in_which_nothing_is_ends_some_time(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "_OVERHEAD", 1000)
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 1000:
            sent += 1
            yield gzip.compress(b"")

    answer = client.post("/v1/articles:batch", content=endless(), headers={"Content-Encoding": "gzip"})
    assert_problem(answer, 400, "nothing")
