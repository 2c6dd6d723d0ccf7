"""Takes in a stream until it is killed. Run by `test_killed`."""

import asyncio
from pathlib import Path
from unittest.mock import patch

from prometheus_client import CollectorRegistry

from index import open_index
from index.quality.measuring import Measurer
from index.stories.keeping import StoryKeeper
from service.metrics import StreamMetrics
from service.streams.consumer import Consumer
from service.streams.redis_streams import RedisStream
from tests.index.fakes import FakeEncoder


async def consume(data: Path, url: str, stream: str) -> None:
    """Take in what there is, and what comes."""
    with open_index(data, FakeEncoder()) as index:
        source = RedisStream(url, stream, "similar-news", block_seconds=0.2)
        await Consumer(source, index, StreamMetrics(CollectorRegistry()), 2**20).run()


def run(data: Path, url: str, stream: str) -> None:
    """The same in a process of its own, without what takes most of the time and comes after articles are durable."""

    def not_now(*_: object) -> None:
        """Stories and quality: they would be made up for when the index is opened by the service."""

    with (
        patch.multiple(StoryKeeper, assign=not_now, assign_waiting=not_now),
        patch.multiple(Measurer, measure=not_now, measure_waiting=not_now),
    ):
        asyncio.run(consume(data, url, stream))
