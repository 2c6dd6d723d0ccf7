"""Takes in what a stream gives, for as long as the service runs."""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress

from starlette.concurrency import run_in_threadpool

from index import Article, CoverageIndex
from index.encoder import Priority
from index.errors import StoreError
from service.metrics import StreamMetrics
from service.problems import Problem
from service.streams.messages import Outcome, of_deletions, read_message, runs, without_superseded
from service.streams.source import Message, StreamSource, StreamUnavailableError

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_BACKLOG_SECONDS = 1.0
"""How often the stream is asked at most how much is still to be done."""

_LAST_BATCH_SECONDS = 2.0
"""How long the batch that is under way may take when the service ends. What is cut off comes again."""

_logger = logging.getLogger(__name__)


class Consumer:
    """Takes messages in batches: kept first, acknowledged then, and only then the next.

    A message that cannot be taken, because the store or the stream is away, is tried again until it can.
    """

    def __init__(self, source: StreamSource, index: CoverageIndex, metrics: StreamMetrics, max_bytes: int) -> None:
        """Take in a stream.

        Args:
            source: the stream.
            index: where the articles go.
            metrics: told of every message.
            max_bytes: how large a message may be.
        """
        self._source = source
        self._index = index
        self._metrics = metrics
        self._max_bytes = max_bytes
        self._backlog_at = 0.0

    async def run(self) -> None:
        """Take in messages until cancelled; then the batch that is under way is brought to its end."""
        failures = 0
        while True:
            try:
                await self._take_next()
                failures = 0
                continue
            except (StreamUnavailableError, StoreError) as error:
                self._metrics.connected(is_so=not isinstance(error, StreamUnavailableError))
                pause = _pause(failures)
                _logger.error("%s; trying again in %.1f s", error, pause)  # noqa: TRY400 - it says it all
            except Exception:
                pause = _pause(failures)
                _logger.exception("messages were not taken; trying again in %.1f s", pause)
            failures += 1
            await asyncio.sleep(pause)

    async def _take_next(self) -> None:
        messages = await self._source.read()
        self._metrics.connected(is_so=True)
        if messages:
            await _brought_to_its_end(self._take(messages))
        now = asyncio.get_running_loop().time()
        if now >= self._backlog_at:
            backlog = await self._source.backlog()
            self._metrics.backlog(backlog.pending, backlog.lag)
            self._backlog_at = now + _BACKLOG_SECONDS

    async def _take(self, messages: Sequence[Message]) -> None:
        read = await run_in_threadpool(lambda: [(one.id, read_message(one, self._max_bytes)) for one in messages])
        rejected = {one: said for one, said in read if isinstance(said, Problem)}
        left, superseded = without_superseded([(one, said) for one, said in read if not isinstance(said, Problem)])
        outcomes = Counter({Outcome.REJECTED: len(rejected), Outcome.SUPERSEDED: len(superseded)})
        for articles, ids in runs([said for _, said in left]):
            outcomes += await self._keep(articles)
            if ids:
                outcomes += of_deletions(ids, await run_in_threadpool(self._index.takedowns.by_ids, ids))
        # Now all of it is on the disk, and found.
        reasons = {one: problem.detail for one, problem in rejected.items()}
        await self._source.acknowledge([one.id for one in messages], reasons)
        self._metrics.took(outcomes)
        for one, problem in rejected.items():  # without the reason, which may quote the message
            _logger.warning("the message %s was rejected: %s", one, problem.type)

    async def _keep(self, articles: Sequence[Article]) -> Counter[Outcome]:
        if not articles:
            return Counter()
        puts = await self._index.put_async(articles, priority=Priority.BULK, admitted=True)
        return Counter(Outcome(put.status.value) for put in puts)


@asynccontextmanager
async def consuming(
    source: StreamSource, index: CoverageIndex, metrics: StreamMetrics, max_bytes: int
) -> AsyncIterator[None]:
    """Take in a stream in the background until the context ends; then it is closed. The arguments are `Consumer`'s."""
    task = asyncio.create_task(Consumer(source, index, metrics, max_bytes).run(), name="stream")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await source.close()


def _pause(failures: int) -> float:
    """Seconds to wait after so many failures and one more: twice as long each time, and not the same for all."""
    longest: float = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0 ** min(failures, 10))
    return longest * random.uniform(0.5, 1)  # noqa: S311 - no secret


async def _brought_to_its_end(work: Coroutine[object, None, None]) -> None:
    """Wait for work that goes on for a while if the caller is cancelled."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        with suppress(TimeoutError, StreamUnavailableError, StoreError):
            await asyncio.wait_for(task, _LAST_BATCH_SECONDS)
        raise
