"""The queue before the model: many callers, and no more forward passes at a time than the model is best at.

Callers on the event loop and in threads hand in texts and wait. A thread for each pass, most often one, reads
them into windows, chooses batches and runs the model; texts of interactive callers go before those of bulk ones,
batch by batch. The same text is embedded once, however many wait for it, and not again while it is in the cache.
A text for which nobody waits any more is dropped, and when too much is waiting more is refused at once.
"""

import asyncio
import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from math import ceil
from typing import TypeVar

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from index import threads
from index.encoder import EmbeddingModel, EncoderFigures, Priority
from index.encoder.batches import choose_batch, padded_length
from index.encoder.windows import RECIPE, WINDOW_TOKENS, combine, split
from index.errors import EncoderOverloadedError

Vector = NDArray[np.float32]
Work = TypeVar("Work")

_READ_AHEAD = 512
"""Windows to choose batches from. More would hardly fit together better, and take longer to look through."""

_READ_AT_ONCE = 2**18
"""Bytes of text to split into tokens at once: some 50 ms, for which the model waits."""

_TEXTS_BEFORE_NEXT_WINDOW = 8
"""So many texts that came after a long one go before each further window of it: it does not hold up short ones, and
still comes to its end. With all of them first, the texts of one batch were embedded only when the next batch's were."""

_REST_OF_OLD_RATE = 0.9


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """How much the encoder keeps in memory.

    Attributes:
        waiting_bytes: how much text may wait, in bytes of UTF-8; the next call is refused, unless nothing waits.
        cached_texts: of how many texts the vectors are kept, those of the least recently used go first.
    """

    waiting_bytes: int = 2 * 2**20
    cached_texts: int = 10_000


@dataclass(slots=True)
class _Job:
    """A text that somebody waits for."""

    key: bytes
    text: str
    bytes: int
    priority: Priority
    arrival: int = 0
    waiters: int = 0
    result: "Future[Vector]" = field(default_factory=Future)
    vectors: list[Vector | None] = field(default_factory=list)

    def embedded(self) -> list[Vector]:
        """The vectors of those windows that are embedded."""
        return [vector for vector in self.vectors if vector is not None]


@dataclass(frozen=True, slots=True)
class _Window:
    job: _Job
    number: int
    text: str
    length: int

    @property
    def turn(self) -> int:
        """Those with a lower one go first."""
        return self.job.arrival + self.number * _TEXTS_BEFORE_NEXT_WINDOW


def encoder_threads(count: int = 1) -> ThreadPoolExecutor:
    """Threads to use a model in, which give way to those that answer; and so do torch's, which they start."""
    return ThreadPoolExecutor(max_workers=count, thread_name_prefix="encoder", initializer=threads.give_way)


class QueuedEncoder:
    """An encoder that takes texts from any thread and from the event loop, and never blocks the latter."""

    def __init__(
        self,
        model: EmbeddingModel,
        limits: QueueLimits,
        window_tokens: int = WINDOW_TOKENS,
        pool: ThreadPoolExecutor | None = None,
    ) -> None:
        """Put a queue before a model.

        Args:
            model: the model.
            limits: of the queue and the cache.
            window_tokens: long texts are read in windows of so many tokens.
            pool: the threads to use the model in, and nothing else; None for those that `encoder_threads` makes.
        """
        self._model = model
        self._limits = limits
        self._longest = max(1, min(window_tokens, model.max_tokens - model.added_tokens))
        self._fingerprint = hashlib.sha256(f"{model.fingerprint}|{RECIPE}".encode()).hexdigest()[:32]
        self._pool = pool or encoder_threads(model.passes)
        self._lock = threading.Lock()  # over all that follows
        self._cache: LRUCache[bytes, Vector] = LRUCache(max(1, limits.cached_texts))
        self._jobs: dict[bytes, _Job] = {}
        self._unread: list[_Job] = []
        self._windows: list[_Window] = []
        self._arrivals = count()
        self._waiting_bytes = 0
        self._reserved_bytes = 0
        self._bytes_per_second: float | None = None
        self._running = 0
        self._done = EncoderFigures()

    @property
    def name(self) -> str:
        """The model as the user named it."""
        return self._model.name

    @property
    def fingerprint(self) -> str:
        """Changes with the model, and with what is embedded of a text and how."""
        return self._fingerprint

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return self._model.dimensions

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts, waiting for them as bulk; see `Encoder.encode`. Not to be called on an event loop."""
        jobs = self._join(texts, Priority.BULK, admitted=True)
        try:
            return self._stack(job.result.result() for job in jobs)
        finally:
            self._leave(jobs)

    async def encode_async(
        self, texts: Sequence[str], priority: Priority = Priority.INTERACTIVE, *, admitted: bool = False
    ) -> NDArray[np.float32]:
        """Embed texts without blocking the event loop.

        Args:
            texts: the texts. If the caller is cancelled, those that nobody else waits for are dropped.
            priority: who goes first.
            admitted: `refuse_overload` was asked before, and the call is not to be refused now.

        Returns:
            Shape (len(texts), dimensions), float32, rows of unit length.

        Raises:
            EncoderOverloadedError: more text is waiting than the encoder takes; nothing was begun.
        """
        jobs = self._join(texts, priority, admitted=admitted)
        try:
            return self._stack(await asyncio.gather(*(asyncio.wrap_future(job.result) for job in jobs)))
        finally:
            self._leave(jobs)

    def refuse_overload(self) -> None:
        """Raise EncoderOverloadedError if more text is waiting than the encoder takes."""
        with self._lock:
            self._refuse(0)

    @contextmanager
    def reserve(self, texts: Sequence[str]) -> Iterator[None]:
        """Keep room for texts that are to come, `admitted`, right after the context; see `Encoder.reserve`."""
        size = sum(map(_size, texts))
        with self._lock:
            self._refuse(size)
            self._reserved_bytes += size
        try:
            yield
        finally:
            with self._lock:
                self._reserved_bytes -= size

    def figures(self) -> EncoderFigures:
        """What it has done, and has to do."""
        with self._lock:
            waiting = self._waiting_bytes + self._reserved_bytes
            return replace(self._done, waiting_texts=len(self._jobs), waiting_bytes=waiting)

    # Callers

    def _join(self, texts: Sequence[str], priority: Priority, *, admitted: bool) -> list[_Job]:
        """The jobs of texts, new ones for those that nobody waits for yet. Every one is to be left again."""
        keys = [hashlib.sha256(text.encode(errors="surrogatepass")).digest() for text in texts]
        with self._lock:
            jobs = {
                key: self._known(key) or _new_job(key, text, priority) for key, text in zip(keys, texts, strict=True)
            }
            new = [job for job in jobs.values() if not job.result.running() and not job.result.done()]
            if not admitted and new:
                self._refuse(sum(job.bytes for job in new))
            for job in new:
                job.result.set_running_or_notify_cancel()  # one caller that is cancelled does not cancel it for others
                job.arrival = next(self._arrivals)
                self._jobs[job.key] = job
                self._unread.append(job)
                self._waiting_bytes += job.bytes
            joined = [jobs[key] for key in keys]
            for job in joined:
                job.waiters += 1
                job.priority = min(job.priority, priority)
            self._employ()
        return joined

    def _employ(self) -> None:
        """Let as many threads work as there is work for."""
        while self._running < min(self._model.passes, len(self._unread) + len(self._windows)):
            self._running += 1
            self._pool.submit(self._work)

    def _known(self, key: bytes) -> _Job | None:
        """The job of a text that is in the cache, or that somebody waits for already."""
        if (vector := self._cache.get(key)) is not None:
            done = _Job(key, "", 0, Priority.BULK)
            done.result.set_result(vector)
            return done
        return self._jobs.get(key)

    def _leave(self, jobs: Iterable[_Job]) -> None:
        with self._lock:
            for job in jobs:
                job.waiters -= 1
                if not job.waiters:
                    self._forget(job)

    def _forget(self, job: _Job) -> None:
        if self._jobs.get(job.key) is job:  # and not another one, of the same text, that came after it
            del self._jobs[job.key]
            self._waiting_bytes -= job.bytes

    def _refuse(self, new_bytes: int) -> None:
        waiting, most = self._waiting_bytes + self._reserved_bytes, self._limits.waiting_bytes
        if not waiting or waiting + new_bytes <= most:
            return
        self._done = replace(self._done, refused=self._done.refused + 1)
        retry_after = max(1, ceil(waiting / max(self._bytes_per_second, 1))) if self._bytes_per_second else 1
        raise EncoderOverloadedError(
            f"{waiting} bytes of text are waiting to be embedded, of at most {most}: try again in {retry_after} s",
            retry_after,
        )

    def _stack(self, vectors: Iterable[Vector]) -> NDArray[np.float32]:
        rows = list(vectors)
        return np.stack(rows) if rows else np.empty((0, self.dimensions), np.float32)

    # The threads

    def _work(self) -> None:
        """Embed batch after batch until nobody waits any more."""
        try:
            while unread_and_batch := self._next():
                unread, batch = unread_and_batch
                if unread:
                    self._or_each_alone(self._read, unread, lambda job: job)
                if batch:
                    self._or_each_alone(self._embed, batch, lambda window: window.job)
        except BaseException as error:  # whatever it is, those who wait must learn of it, and the next must be served
            with self._lock:
                jobs = list(self._jobs.values())
                self._unread, self._windows = [], []
                self._running -= 1
            self._fail(jobs, error)
            raise

    def _or_each_alone(
        self, work: Callable[[list[Work]], None], many: list[Work], job_of: Callable[[Work], _Job]
    ) -> None:
        """Do the work for many together; if that fails, for each alone, so that one does not spoil it for others."""
        try:
            work(many)
        except Exception as error:  # noqa: BLE001 - as above
            if len(many) == 1:
                self._fail([job_of(many[0])], error)
                return
            for one in many:
                self._or_each_alone(work, [one], job_of)

    def _next(self) -> tuple[list[_Job], list[_Window]] | None:
        """What to do next: jobs to read, if there are few windows or an urgent one is unread; or else a batch."""
        with self._lock:
            self._unread = [job for job in self._unread if job.waiters]
            self._windows = [window for window in self._windows if window.job.waiters]
            if not self._unread and not self._windows:
                self._running -= 1
                return None
            if self._unread and (
                len(self._windows) < _READ_AHEAD or any(job.priority is Priority.INTERACTIVE for job in self._unread)
            ):
                return self._take_unread(), []
            return [], self._take_batch()

    def _take_unread(self) -> list[_Job]:
        self._unread.sort(key=lambda job: job.priority)  # stable: first come, first served
        taken, size = 0, 0
        while taken < len(self._unread) and (not taken or size + self._unread[taken].bytes <= _READ_AT_ONCE):
            size += self._unread[taken].bytes
            taken += 1
        jobs, self._unread = self._unread[:taken], self._unread[taken:]
        return jobs

    def _take_batch(self) -> list[_Window]:
        urgent = min(window.job.priority for window in self._windows)
        candidates = [window for window in self._windows if window.job.priority is urgent]
        candidates.sort(key=lambda window: window.turn)
        batch = [candidates[position] for position in choose_batch([window.length for window in candidates])]
        chosen = {id(window) for window in batch}
        self._windows = [window for window in self._windows if id(window) not in chosen]
        return batch

    def _read(self, jobs: Sequence[_Job]) -> None:
        """Split texts into windows."""
        windows: list[_Window] = []
        for job, ends in zip(jobs, self._model.token_ends([job.text for job in jobs]), strict=True):
            texts, counts = [job.text], [len(ends)]
            if len(ends) > self._longest:
                texts = split(job.text, ends, self._longest)
                counts = [len(of_window) for of_window in self._model.token_ends(texts)]
            job.vectors = [None] * len(texts)
            windows += [
                _Window(job, number, text, self._padded_length(tokens))
                for number, (text, tokens) in enumerate(zip(texts, counts, strict=True))
            ]
        with self._lock:
            self._windows += windows
            self._employ()

    def _padded_length(self, tokens: int) -> int:
        whole = min(tokens + self._model.added_tokens, self._model.max_tokens)
        return padded_length(whole, self._model.lengths)

    def _embed(self, batch: Sequence[_Window]) -> None:
        started = time.perf_counter()
        vectors = self._model.embed([window.text for window in batch], max(window.length for window in batch))
        size = sum(_size(window.text) for window in batch)
        seconds = time.perf_counter() - started
        with self._lock:
            rate = size / seconds * self._running
            old = self._bytes_per_second or rate
            self._bytes_per_second = _REST_OF_OLD_RATE * old + (1 - _REST_OF_OLD_RATE) * rate
            before = self._done
            self._done = replace(before, batches=before.batches + 1, seconds=before.seconds + seconds)
            for window, vector in zip(batch, vectors, strict=True):  # so that one thread alone finds a job complete
                window.job.vectors[window.number] = vector
            jobs = {id(window.job): window.job for window in batch}.values()
            whole = [(job, done) for job in jobs if len(done := job.embedded()) == len(job.vectors)]
        for job, done in whole:
            self._finish(job, combine(np.stack(done)))

    def _finish(self, job: _Job, vector: Vector) -> None:
        vector = vector.copy()  # not a view, which would keep the vectors of the whole batch in memory
        vector.flags.writeable = False  # it is handed to all who ask
        with self._lock:
            self._forget(job)
            self._done = replace(self._done, texts=self._done.texts + 1)
            if self._limits.cached_texts:
                self._cache[job.key] = vector
        if not job.result.done():
            job.result.set_result(vector)

    def _fail(self, jobs: Sequence[_Job], error: BaseException) -> None:
        with self._lock:
            failed = {id(job) for job in jobs}
            self._windows = [window for window in self._windows if id(window.job) not in failed]
            for job in jobs:
                self._forget(job)
        for job in jobs:
            if not job.result.done():
                job.result.set_exception(error)


def _new_job(key: bytes, text: str, priority: Priority) -> _Job:
    return _Job(key, text, _size(text), priority)


def _size(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))
