"""No caller takes the service away from the others."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from index import CoverageIndex, open_index
from service.access.keys import Scope
from service.app import create_app
from service.settings import Settings
from tests.index.fakes import FakeEncoder
from tests.service.conftest import add_key, connected, received, serving
from tests.service.test_articles import assert_problem
from tests.service.test_overload import EndlessEncoder
from tests.waiting import wait_until

ARTICLE = {"title": "A summit", "lang": "en"}
PAGE = "https://example.org"


@pytest.fixture
def index(tmp_path: Path) -> Iterator[CoverageIndex]:
    """An empty index with a fake encoder: none of this is about what is embedded."""
    with open_index(tmp_path / "data", FakeEncoder()) as opened:
        yield opened


@contextmanager
def client_of(index: CoverageIndex, host: str = "192.0.2.1", **settings: Any) -> Iterator[TestClient]:
    app = create_app(Settings(**settings), index)
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


def test_callers_are_limited_apart_by_key_or_else_by_network(index: CoverageIndex, keys: Path) -> None:
    one, two, widget = (add_key(keys, Scope.READ, *origins) for origins in ((), (), (PAGE,)))
    with client_of(index, rate_limit="1/day") as client:

        def ask(host: str, key: str = "", path: str = "/version") -> int:
            return asking_from(client, host).get(path, headers={"X-API-Key": key}).status_code

        assert [ask("192.0.2.1"), ask("192.0.2.1"), ask("192.0.2.2")] == [200, 429, 200]
        assert [ask("::ffff:192.0.2.1")] == [429]  # the same one, as a socket of both families tells it
        assert [ask("2001:db8::1"), ask("2001:db8::2:1"), ask("2001:db8:0:1::1")] == [200, 429, 200]
        assert [ask("192.0.2.1", one), ask("192.0.2.9", one), ask("192.0.2.9", two)] == [200, 429, 200]
        in_query = f"/version?key={widget}"
        assert [ask("192.0.2.1", path=in_query), ask("192.0.2.9", path=in_query)] == [200, 429]
        made_up = f"{one[:-1]}{'0' if one[-1] == '1' else '1'}"
        assert [ask("192.0.2.20", made_up), ask("192.0.2.20", f"{made_up}1")] == [200, 429]  # one address


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


# Times and crowds

PUT = b"PUT /v1/articles/a HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n"
ASK = b"POST /v1/related HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n"
BODY = b'{"title": "A flood"}'


@pytest.mark.parametrize("head", [PUT, ASK])
def test_who_sends_a_body_too_slowly_is_not_waited_for(index: CoverageIndex, head: bytes) -> None:
    settings = Settings(client_timeout=0.2)
    with serving(create_app(settings, index)) as address, connected(address, head + BODY[:-1]) as connection:
        answer = received(connection)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in answer
    assert b"slow-body" in answer
    assert index.count() == 0


def test_a_client_that_sends_its_body_fast_enough_is_waited_for(index: CoverageIndex) -> None:
    settings = Settings(client_timeout=0.2)
    body = b'{"title": "A flood", "text": "' + b"a" * 150_000 + b'"}'  # which earns nine seconds
    with serving(create_app(settings, index)) as address:
        head = PUT.replace(b"Content-Length: 20", f"Content-Length: {len(body)}\r\nConnection: close".encode())
        with connected(address, head + body[:-1]) as connection:
            threading.Event().wait(0.5)
            connection.sendall(body[-1:])
            assert received(connection).startswith(b"HTTP/1.1 201 ")


def test_a_read_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    encoder = EndlessEncoder()
    with (
        open_index(tmp_path, encoder) as index,
        serving(create_app(Settings(request_timeout=0.2), index)) as address,
    ):
        answer = httpx2.post(f"{address}/v1/related", json=ARTICLE)
        assert_problem(answer, 503, "0.2 s")
        assert answer.headers["Retry-After"] == "5"
        assert encoder.let_off.wait(30)
        # On a busy machine even this may take as long once.
        wait_until(lambda: httpx2.get(f"{address}/v1/stories").status_code == 200)


def test_a_read_in_a_thread_is_given_up_too_and_counts_until_the_thread_is_done(
    index: CoverageIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(index, "article", lambda _: go_on.wait(30))
    settings = Settings(request_timeout=0.2, max_concurrent_requests=1)
    with serving(create_app(settings, index)) as address:
        try:
            assert_problem(httpx2.get(f"{address}/v1/articles/a"), 503, "0.2 s")
            assert_problem(httpx2.get(f"{address}/v1/stories"), 503, "too many")
        finally:
            go_on.set()
        wait_until(lambda: httpx2.get(f"{address}/v1/stories").status_code == 200)


def test_an_answer_that_has_begun_may_take_its_time(index: CoverageIndex) -> None:
    settings = Settings(request_timeout=0.2, max_concurrent_requests=1)
    with (
        serving(create_app(settings, index)) as address,
        httpx2.stream("GET", f"{address}/v1/stories/stream") as stream,
    ):
        lines = stream.iter_lines()
        assert next(lines)
        threading.Event().wait(0.5)
        httpx2.put(f"{address}/v1/articles/a", json=ARTICLE)  # a listener is not counted, either
        assert any(line.startswith("event:") for line in lines)


def test_reads_are_answered_while_as_much_is_ingested_as_may_be(tmp_path: Path) -> None:
    encoder = EndlessEncoder()
    settings = Settings(max_concurrent_requests=3, max_concurrent_ingests=2)
    with open_index(tmp_path, encoder) as index, serving(create_app(settings, index)) as address, ExitStack() as held:
        for _ in range(2):
            held.enter_context(connected(address, PUT + BODY[:-1]))
        wait_until(lambda: httpx2.put(f"{address}/v1/articles/b", json=ARTICLE, timeout=1).status_code == 503)
        refused = httpx2.post(f"{address}/v1/articles:batch", content=b"")
        assert_problem(refused, 503, "ingest")
        assert refused.headers["Retry-After"] == "1"
        assert httpx2.get(f"{address}/v1/stories").status_code == 200
        held.enter_context(connected(address, ASK + BODY))
        assert encoder.asked.wait(30)
        assert_problem(httpx2.get(f"{address}/v1/stories?limit=3"), 503, "reads")
        assert httpx2.get(f"{address}/livez").status_code == 200
        assert httpx2.get(f"{address}/readyz").status_code == 200
