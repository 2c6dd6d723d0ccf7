"""No caller takes the service away from the others."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from index import CoverageIndex, open_index
from service.app import create_app
from service.settings import Settings
from tests.index.fakes import FakeEncoder
from tests.service.conftest import serving
from tests.service.test_articles import assert_problem

ARTICLE = {"title": "A summit", "lang": "en"}


@pytest.fixture
def index(tmp_path: Path) -> Iterator[CoverageIndex]:
    """An empty index with a fake encoder: none of this is about what is embedded."""
    with open_index(tmp_path / "data", FakeEncoder()) as opened:
        yield opened


class KnownByHeader:
    """Middleware that takes the header X-Key for an API key that was checked."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["state"]["key_id"] = dict(scope["headers"]).get(b"x-key", b"").decode() or None
        await self._app(scope, receive, send)


@contextmanager
def client_of(index: CoverageIndex, host: str = "192.0.2.1", **settings: Any) -> Iterator[TestClient]:
    app = create_app(Settings(**settings), index)
    app.add_middleware(KnownByHeader)
    with TestClient(app, raise_server_exceptions=False, client=(host, 5000)) as client:
        yield client


def asking_from(client: TestClient, host: str) -> TestClient:
    """Another client of the same application."""
    return TestClient(client.app, client=(host, 5000))


# Rates


def test_nothing_is_limited_by_default(index: CoverageIndex) -> None:
    with client_of(index) as client:
        for _ in range(50):
            answer = client.get("/version")
            assert answer.status_code == 200
        assert "RateLimit" not in answer.headers


def test_what_is_too_many_is_refused_with_when_to_try_again(
    index: CoverageIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(now=1_000_000_000.5)
    fake = SimpleNamespace(time=lambda: clock.now)
    for module in ("limits.storage.memory", "limits.strategies", "service.limits.rates"):
        monkeypatch.setattr(f"{module}.time", fake)
    with client_of(index, rate_limit="3/minute") as client:
        answers = [client.get("/version") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200] * 3
        assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"reads";q=3;w=60'}
        left = [answer.headers["RateLimit"].split(";")[:2] for answer in answers]
        assert left == [['"reads"', "r=2"], ['"reads"', "r=1"], ['"reads"', "r=0"]]
        refused = client.get("/version")
        assert_problem(refused, 429, "3 requests in 60 s", f"{refused.headers['Retry-After']} s")
        assert refused.headers["RateLimit"] == f'"reads";r=0;t={refused.headers["Retry-After"]}'
        assert refused.headers["RateLimit-Policy"] == '"reads";q=3;w=60'
        clock.now += int(refused.headers["Retry-After"])
        assert client.get("/version").status_code == 200
        assert client.get("/version").status_code == 429


def test_every_answer_that_is_limited_says_what_is_left(index: CoverageIndex) -> None:
    with client_of(index, rate_limit="100/day") as client:
        for path, status in (("/v1/articles/nope", 404), ("/nope", 404), ("/v1/stories?limit=no", 422), ("/", 200)):
            answer = client.get(path)
            assert answer.status_code == status
            assert answer.headers["RateLimit"].startswith('"reads";r=')


def test_those_who_watch_over_the_service_are_never_limited(index: CoverageIndex) -> None:
    with client_of(index, rate_limit="1/day") as client:
        for path in ("/livez", "/readyz"):
            for _ in range(3):
                answer = client.get(path)
                assert answer.status_code == 200
                assert "RateLimit" not in answer.headers
        assert client.get("/version").status_code == 200
        assert client.get("/version").status_code == 429


def test_reads_and_ingest_are_limited_apart(index: CoverageIndex) -> None:
    with client_of(index, rate_limit="2/day", ingest_rate_limit="1/day") as client:
        put = client.put("/v1/articles/a", json=ARTICLE)
        assert put.status_code == 201
        assert put.headers["RateLimit-Policy"] == '"ingest";q=1;w=86400'
        assert_problem(client.post("/v1/articles:batch", content=b""), 429, "ingest")
        assert_problem(client.delete("/v1/articles/a"), 429, "ingest")
        assert client.get("/v1/articles/a").status_code == 200  # the article is there still
        assert client.post("/v1/related", json=ARTICLE).status_code == 200  # keeps nothing
        assert_problem(client.get("/v1/articles/a"), 429, "reads")


def test_callers_are_limited_apart_by_key_or_else_by_network(index: CoverageIndex) -> None:
    with client_of(index, rate_limit="1/day") as client:

        def ask(host: str, key: str = "") -> int:
            return asking_from(client, host).get("/version", headers={"X-Key": key}).status_code

        assert [ask("192.0.2.1"), ask("192.0.2.1"), ask("192.0.2.2")] == [200, 429, 200]
        assert [ask("::ffff:192.0.2.1")] == [429]  # the same one, as a socket of both families tells it
        assert [ask("2001:db8::1"), ask("2001:db8::2:1"), ask("2001:db8:0:1::1")] == [200, 429, 200]
        assert [ask("192.0.2.1", "one"), ask("192.0.2.9", "one"), ask("192.0.2.9", "two")] == [200, 429, 200]


@pytest.mark.parametrize(
    ("trusted", "status"), [(None, 429), ("192.0.2.0/24", 429), ("127.0.0.1", 200), ("192.0.2.0/24, 127.0.0.1", 200)]
)
def test_only_a_trusted_proxy_says_who_asks(index: CoverageIndex, trusted: str | None, status: int) -> None:
    settings = Settings(rate_limit="1/day", trusted_proxies=trusted)
    with serving(create_app(settings, index)) as address:
        answers = [
            httpx2.get(f"{address}/version", headers={"X-Forwarded-For": f"198.51.100.{number}"}) for number in (1, 2)
        ]
    assert [answer.status_code for answer in answers] == [200, status]


def test_what_a_client_writes_before_its_own_address_counts_for_nothing(index: CoverageIndex) -> None:
    settings = Settings(rate_limit="1/day", trusted_proxies="127.0.0.1")
    with serving(create_app(settings, index)) as address:
        answers = [
            httpx2.get(f"{address}/version", headers={"X-Forwarded-For": f"198.51.100.{number}, 203.0.113.5"})
            for number in (1, 2)
        ]
    assert [answer.status_code for answer in answers] == [200, 429]


@pytest.mark.parametrize("rate", ["many", "0/minute", "600", "10/fortnight"])
def test_a_rate_that_is_none_is_refused(rate: str) -> None:
    with pytest.raises(ValidationError, match="600/minute"):
        Settings(rate_limit=rate)


@pytest.mark.parametrize("proxies", ["*", "proxy", "10.0.0.1/8", "127.0.0.1,"])
def test_a_proxy_is_an_address_or_a_network(proxies: str) -> None:
    with pytest.raises(ValidationError, match="network"):
        Settings(trusted_proxies=proxies)
