"""Messages are kept before they are acknowledged, and nothing stops that for good."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from redis import Redis

from index import CoverageIndex
from index.errors import StoreError, TakenDownError
from service.app import create_app
from service.metrics import StreamMetrics
from service.settings import Settings
from service.streams import consumer
from service.streams.consumer import consuming
from service.streams.source import Backlog, Message, StreamUnavailableError
from tests.service.streams.conftest import free_port
from tests.waiting import wait_until

UNHEARD = "xyzzy"


@dataclass
class FakeStream:
    """Gives its messages until they are acknowledged, and fails as often as it is told to."""

    messages: list[Message]
    failures: int = 0
    rejected: dict[str, str] = field(default_factory=dict)
    is_closed: bool = False

    async def read(self) -> Sequence[Message]:
        if self.failures:
            self.failures -= 1
            raise StreamUnavailableError("away")
        if not self.messages:
            await asyncio.sleep(0.01)
        return list(self.messages)

    async def acknowledge(self, ids: Sequence[str], rejected: Mapping[str, str]) -> None:
        self.messages = [one for one in self.messages if one.id not in ids]
        self.rejected |= rejected

    async def backlog(self) -> Backlog:
        return Backlog(len(self.messages), None)

    async def close(self) -> None:
        self.is_closed = True


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "_FIRST_PAUSE_SECONDS", 0.001)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def a_message(number: int, **fields: str) -> Message:
    return Message(f"{number}-0", {name: value.encode() for name, value in fields.items()})


def articles(count: int) -> list[Message]:
    return [a_message(number, id=f"a{number}", title=f"A summit {number}", lang="en") for number in range(count)]


async def until(is_so: Callable[[], bool]) -> None:
    for _ in range(500):
        if is_so():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen within 5 seconds")


def counted(registry: CollectorRegistry) -> dict[str, float]:
    name = "similar_news_stream_messages_total"
    samples = [sample for family in registry.collect() for sample in family.samples if sample.name == name]
    return {sample.labels["outcome"]: sample.value for sample in samples if sample.value}


async def take_all(stream: FakeStream, index: CoverageIndex, registry: CollectorRegistry) -> None:
    async with consuming(stream, index, StreamMetrics(registry), 1_000):
        await until(lambda: not stream.messages)
    assert stream.is_closed


async def test_every_kind_of_message_is_counted(
    index: CoverageIndex, registry: CollectorRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    stream = FakeStream(
        [
            a_message(1, id="a", title="A summit", lang="en"),
            a_message(2, article='{"id": "a", "title": "A flood", "lang": "en"}'),
            a_message(3, id=UNHEARD, titel=UNHEARD),
            a_message(4, delete="a"),
            a_message(5, delete="nobody"),
            a_message(6, id="a", title="An election", lang="en"),
            a_message(7, id="b", title="A volcano", lang="en"),
        ]
    )
    await take_all(stream, index, registry)
    with pytest.raises(TakenDownError):
        index.article("a")
    assert index.article("b").article.title == "A volcano"
    outcomes = ("superseded", "created", "rejected", "deleted", "missing", "taken_down")
    assert counted(registry) == dict.fromkeys(outcomes, 1) | {"created": 2}
    assert list(stream.rejected) == ["3-0"]
    assert "did you mean 'title'?" in stream.rejected["3-0"]
    assert "the message 3-0 was rejected" in caplog.text
    assert UNHEARD not in caplog.text


async def test_a_stream_that_is_away_is_asked_again(index: CoverageIndex, registry: CollectorRegistry) -> None:
    await take_all(FakeStream(articles(3), failures=4), index, registry)
    assert counted(registry) == {"created": 3}
    assert registry.get_sample_value("similar_news_stream_connected") == 1


@pytest.mark.parametrize("error", [StoreError("the disk is slow"), RuntimeError(UNHEARD)])
async def test_nothing_is_acknowledged_that_was_not_kept(
    index: CoverageIndex,
    registry: CollectorRegistry,
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    put, attempts = index.put_async, []

    async def fail_twice(*given: object, **how: object) -> object:
        attempts.append(given)
        if len(attempts) < 3:
            raise error
        assert len(stream.messages) == 3
        return await put(*given, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(index, "put_async", fail_twice)
    stream = FakeStream(articles(3))
    await take_all(stream, index, registry)
    assert counted(registry) == {"created": 3}
    assert sum("trying again" in record.message for record in caplog.records if record.levelno == logging.ERROR) == 2


async def test_the_batch_under_way_is_brought_to_its_end(
    index: CoverageIndex, registry: CollectorRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, has_begun = index.put_async, asyncio.Event()

    async def put_slowly(*given: object, **how: object) -> object:
        has_begun.set()
        await asyncio.sleep(0.1)
        return await put(*given, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(index, "put_async", put_slowly)
    stream = FakeStream(articles(3))
    async with consuming(stream, index, StreamMetrics(registry), 1_000):
        await has_begun.wait()
    assert stream.messages == []
    assert index.count() == 3


def test_the_service_takes_in_the_stream_that_its_settings_name(index: CoverageIndex, server: Redis, url: str) -> None:
    for number in range(100):
        server.xadd("news", {"id": f"a{number}", "title": f"A summit {number}", "lang": "en"})
    settings = Settings(stream_url=SecretStr(url), stream_name="news", stream_group="ours")
    with TestClient(create_app(settings, index)) as client:
        wait_until(lambda: 'similar_news_stream_messages_total{outcome="created"} 100.0' in client.get("/metrics").text)
        told = client.get("/metrics").text
        assert client.get("/v1/articles/a99").status_code == 200
    assert "similar_news_stream_connected 1.0" in told
    (group,) = server.xinfo_groups("news")
    assert (group["pending"], group["lag"]) == (0, 0)


def test_a_reader_takes_in_nothing(index: CoverageIndex, server: Redis, url: str) -> None:
    with TestClient(create_app(Settings(stream_url=SecretStr(url), role="reader"), index)) as client:
        assert client.get("/livez").status_code == 200
    assert server.keys() == []


def test_the_service_answers_while_the_stream_is_away(index: CoverageIndex) -> None:
    settings = Settings(stream_url=SecretStr(f"redis://127.0.0.1:{free_port()}"))
    with TestClient(create_app(settings, index)) as client:
        assert client.get("/readyz").status_code == 200
        assert "similar_news_stream_connected 0.0" in client.get("/metrics").text
