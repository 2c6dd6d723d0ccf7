"""A stream of a real server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from service.streams.redis_streams import RedisStream
from service.streams.source import Backlog, StreamUnavailableError
from tests.service.streams.conftest import free_port, serving

Opening = Callable[..., RedisStream]


@pytest.fixture
async def open_stream(url: str) -> AsyncIterator[Opening]:
    """Opens as many as are wanted."""
    opened: list[RedisStream] = []

    def open_one(**options: Any) -> RedisStream:
        opened.append(RedisStream(url, "articles", "ours", **{"block_seconds": 0.01} | options))
        return opened[-1]

    yield open_one
    for one in opened:
        await one.close()


def add(server: Redis, *titles: str) -> list[str]:
    entries: Any = [server.xadd("articles", {"title": title}) for title in titles]
    return [one.decode() for one in entries]


async def ids(stream: RedisStream) -> list[str]:
    return [message.id for message in await stream.read()]


async def test_stream_and_group_are_made_and_read_from_the_beginning(server: Redis, open_stream: Opening) -> None:
    stream = open_stream()
    assert await stream.read() == []
    (first,) = add(server, "A summit")
    (message,) = await stream.read()
    assert (message.id, message.fields) == (first, {"title": b"A summit"})
    server.flushall()  # as a server that keeps nothing does when it ends
    with pytest.raises(StreamUnavailableError, match="'articles' cannot be read"):
        await stream.read()
    (second,) = add(server, "A flood")
    assert await ids(stream) == [second]


async def test_what_is_not_acknowledged_comes_again_in_the_same_batches(server: Redis, open_stream: Opening) -> None:
    added = add(server, *map(str, range(40)))
    stream = open_stream()
    assert await ids(stream) == await ids(stream) == await ids(open_stream()) == added[:32]
    await stream.acknowledge(added[:32], {})
    assert await ids(stream) == added[32:]
    assert await ids(open_stream()) == added[32:]
    assert await stream.backlog() == Backlog(pending=8, lag=0)


async def test_what_was_rejected_is_put_aside(server: Redis, open_stream: Opening) -> None:
    added = add(server, "good", "bad")
    stream = open_stream()
    await stream.read()
    await stream.acknowledge(added, {added[1]: "why"})
    entries: Any = server.xrange("articles:rejected")
    assert [fields for _, fields in entries] == [{b"id": added[1].encode(), b"reason": b"why"}]
    assert await stream.backlog() == Backlog(pending=0, lag=0)


async def test_what_a_dead_consumer_had_is_taken_over_after_a_while(server: Redis, open_stream: Opening) -> None:
    added = add(server, "1", "2", "3")
    server.xgroup_create("articles", "ours", id="0")
    server.xreadgroup("ours", "dead", {"articles": ">"}, count=2)
    patient, stream = open_stream(claim_seconds=60), open_stream(claim_seconds=0.1)
    assert await ids(patient) == added[2:]
    await patient.acknowledge(added[2:], {})
    await asyncio.sleep(0.15)
    assert await ids(stream) == added[:2]
    await stream.acknowledge(added[:2], {})
    assert await ids(stream) == []


async def test_what_was_deleted_meanwhile_comes_with_nothing_in_it(server: Redis, open_stream: Opening) -> None:
    added = add(server, "1", "2")
    await open_stream().read()
    server.xdel("articles", added[0])
    again = await open_stream().read()
    assert [(one.id, bool(one.fields)) for one in again] == [(added[0], False), (added[1], True)]


async def test_a_server_that_is_away_is_told_without_the_password(tmp_path: Path) -> None:
    port = free_port()
    stream = RedisStream(f"redis://:s3cret@127.0.0.1:{port}", "articles", "ours", block_seconds=0.01)
    for ask in (stream.read, stream.backlog, lambda: stream.acknowledge(["1-0"], {})):
        with pytest.raises(StreamUnavailableError) as caught:
            await ask()
        assert "s3cret" not in str(caught.value)
    with serving(port, tmp_path), pytest.raises(StreamUnavailableError) as caught:  # which wants no password
        await stream.read()
    assert "s3cret" not in str(caught.value)
    await stream.close()
