"""A stream of Valkey or Redis (from 6.2), read as a consumer group."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from service.streams.source import Backlog, Message, StreamUnavailableError

CONSUMER = "writer"
"""Always the same name, as there is one writer for a data directory and one data directory for a group: what a killed
process had taken is its successor's at once, and before anything newer."""

_BATCH = 32
"""As many as of a batch's lines: one transaction and one batch of the encoder."""

_BLOCK_SECONDS = 5.0
_CLAIM_SECONDS = 60.0
_REJECTED_KEPT = 100_000
"""So many rejected messages are remembered, roughly."""


class RedisStream:
    """A `StreamSource`. Connects when it is first asked, and anew after every error.

    The client's own retries are off: a repeated XREADGROUP would go past what the first had been given.
    """

    def __init__(
        self,
        url: str,
        name: str,
        group: str,
        *,
        block_seconds: float = _BLOCK_SECONDS,
        claim_seconds: float = _CLAIM_SECONDS,
    ) -> None:
        """Read a stream.

        Args:
            url: of the server, as `redis://:password@host:6379/0`; `rediss://` with TLS, `unix://` for a socket.
            name: the stream's key. Both it and the group are made when they are missing.
            group: the consumer group; a new one reads the stream from its beginning.
            block_seconds: how long to wait for messages.
            claim_seconds: what any other consumer of the group has been given and has not acknowledged for so long is
                taken over.

        Raises:
            ValueError: it is no such URL.
        """
        timeout = block_seconds + 10
        retry = Retry(NoBackoff(), 0)
        self._redis = Redis.from_url(url, protocol=2, socket_timeout=timeout, socket_connect_timeout=10, retry=retry)
        self._name, self._group, self._rejected = name, group, f"{name}:rejected"
        self._block_ms, self._claim_seconds = max(1, round(block_seconds * 1000)), claim_seconds
        self._has_group = False
        self._is_owed = True  # whether there may be messages that this consumer was given and has not acknowledged
        self._claim_at = 0.0

    async def read(self) -> list[Message]:
        """The next messages, in order; see `StreamSource.read`."""
        with self._unavailable():
            await self._make_group()
            if self._is_owed and (messages := await self._given("0")):
                return messages
            self._is_owed = True  # also if this breaks off: then nobody knows what the server has given
            messages = await self._claimed() or await self._given(">")
            self._is_owed = bool(messages)
            return messages

    async def acknowledge(self, ids: Sequence[str], rejected: Mapping[str, str]) -> None:
        """Never give these messages again; see `StreamSource.acknowledge`."""
        with self._unavailable():
            async with self._redis.pipeline(transaction=True) as together:
                for one, reason in rejected.items():
                    entry: dict[Any, Any] = {"id": one, "reason": reason}
                    together.xadd(self._rejected, entry, maxlen=_REJECTED_KEPT, approximate=True)
                together.xack(self._name, self._group, *ids)
                await together.execute()

    async def backlog(self) -> Backlog:
        """How much is still to be done; `lag` is not known before Redis 7, and after messages were deleted."""
        with self._unavailable():
            groups = await self._redis.xinfo_groups(self._name)
            ours = next((one for one in groups if one["name"] == self._group.encode()), {})
            return Backlog(ours.get("pending", 0), ours.get("lag"))

    async def close(self) -> None:
        """Close the connection."""
        await self._redis.aclose()

    async def _make_group(self) -> None:
        if self._has_group:
            return
        try:
            await self._redis.xgroup_create(self._name, self._group, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):  # which says that there is one
                raise
        self._has_group = True

    async def _given(self, after: str) -> list[Message]:
        """What the group gives this consumer: `>` what is new, `0` what it was given and has not acknowledged."""
        block = self._block_ms if after == ">" else None
        answer: Any = await self._redis.xreadgroup(
            self._group, CONSUMER, {self._name: after}, count=_BATCH, block=block
        )
        return [message for _, entries in answer or () for message in _messages(entries)]

    async def _claimed(self) -> list[Message]:
        """What others were given long ago. Looked for now and then, and again at once after some was found."""
        if time.monotonic() < self._claim_at:
            return []
        idle_ms = round(self._claim_seconds * 1000)
        answer = await self._redis.xautoclaim(self._name, self._group, CONSUMER, idle_ms, "0-0", count=_BATCH)
        messages = _messages(answer[1])
        if not messages:
            self._claim_at = time.monotonic() + self._claim_seconds
        return messages

    @contextmanager
    def _unavailable(self) -> Iterator[None]:
        try:
            yield
        except (RedisError, OSError) as error:
            self._has_group = False  # the server may come back with nothing in it
            raise StreamUnavailableError(f"the stream {self._name!r} cannot be read: {error}") from error


def _messages(entries: Sequence[tuple[bytes, Mapping[bytes, bytes] | None]]) -> list[Message]:
    """Messages from a reply; of those that were deleted from the stream there are only the ids."""
    return [
        Message(entry_id.decode(), {name.decode(errors="replace"): value for name, value in (fields or {}).items()})
        for entry_id, fields in entries
    ]
