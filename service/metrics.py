"""What the service tells a Prometheus server."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Gauge, Histogram, ProcessCollector
from prometheus_client import Counter as CounterMetric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from index import CoverageIndex, PutStatus
from index.errors import StoreError
from index.observing import IndexFigures
from index.vectors import SegmentState
from service.feeds.feed import FeedState
from service.feeds.keeping import ItemOutcome
from service.feeds.polling import PollOutcome
from service.opening import shown_model
from service.request_watch import Handled
from service.streams.messages import Outcome

_PREFIX = "similar_news_"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_OTHER = "other"
"""In place of a method that is none: a client can make up any number of them."""

_MOST_LABELS = 1_024
"""Sets of them that are remembered: more than the routes have with their methods and statuses."""

_REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SEARCH_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1)


class Metrics:
    """The metrics of one app. It is an observer of requests, of an index, and of polls."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = CounterMetric(
            f"{_PREFIX}http_requests_total",
            "HTTP requests that were handled.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._request_seconds = Histogram(
            f"{_PREFIX}http_request_duration_seconds",
            "Time until the last byte of an answer was handed over.",
            ("route",),
            buckets=_REQUEST_BUCKETS,
            registry=self.registry,
        )
        # Looked up once: for every kept answer that would be a good part of what it takes.
        self._requests_of = lru_cache(_MOST_LABELS)(self._requests.labels)
        self._request_seconds_of = lru_cache(_MOST_LABELS)(self._request_seconds.labels)
        self._put = CounterMetric(
            f"{_PREFIX}articles_put_total", "Articles that were put.", ("outcome",), registry=self.registry
        )
        for status in PutStatus:
            self._put.labels(status.value)
        self._search_seconds = Histogram(
            f"{_PREFIX}search_duration_seconds",
            "Time to find related coverage, without that to embed a text.",
            buckets=_SEARCH_BUCKETS,
            registry=self.registry,
        )
        self._items = CounterMetric(
            f"{_PREFIX}related_items_total",
            "Items of answers, by whether they are in the language that was asked in.",
            ("language",),
            registry=self.registry,
        )
        self._same, self._other = self._items.labels("same"), self._items.labels("other")
        self._polls = CounterMetric(
            f"{_PREFIX}feed_polls_total", "Feeds that were asked.", ("outcome",), registry=self.registry
        )
        self._feed_items = CounterMetric(
            f"{_PREFIX}feed_items_total", "Items that feeds had.", ("outcome",), registry=self.registry
        )
        for outcome in PollOutcome:
            self._polls.labels(outcome.value)
        for item in ItemOutcome:
            self._feed_items.labels(item.value)
        self.stream = StreamMetrics(self.registry)
        self._figures = _Figures()
        self.registry.register(self._figures)
        ProcessCollector(registry=self.registry)

    def watch(self, index: CoverageIndex) -> None:
        """Tell of an index from now on."""
        self._figures.index = index
        index.observer = self

    def watch_feeds(self, states: Callable[[], Counter[FeedState]]) -> None:
        """Tell of feeds from now on, by how many are in which state."""
        self._figures.feeds = states

    def polled(self, outcome: PollOutcome, items: Counter[ItemOutcome]) -> None:
        """A feed was asked; see `service.feeds.poller.PollObserver`."""
        self._polls.labels(outcome.value).inc()
        for item, count in items.items():
            self._feed_items.labels(item.value).inc(count)

    def handled(self, handled: Handled) -> None:
        """A request was handled."""
        method = handled.method if handled.method in _METHODS else _OTHER
        self._requests_of(method, handled.route, str(handled.status)).inc()
        self._request_seconds_of(handled.route).observe(handled.seconds)

    def put(self, outcomes: Counter[PutStatus]) -> None:
        """Articles were put; see `index.observing.Observer`."""
        for status, count in outcomes.items():
            self._put.labels(status.value).inc(count)

    def answered(self, seconds: float, same_language: int, other_language: int) -> None:
        """Related coverage was found; see `index.observing.Observer`."""
        self._search_seconds.observe(seconds)
        self._same.inc(same_language)
        self._other.inc(other_language)


class StreamMetrics:
    """What is told of the stream that articles come from; all of it is 0 where there is none."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._messages = CounterMetric(
            f"{_PREFIX}stream_messages_total",
            "Messages that were taken from the stream and acknowledged.",
            ("outcome",),
            registry=registry,
        )
        for outcome in Outcome:
            self._messages.labels(outcome.value)
        self._connected = Gauge(
            f"{_PREFIX}stream_connected", "Whether the stream could be read the last time, 1 or 0.", registry=registry
        )
        self._pending = Gauge(
            f"{_PREFIX}stream_pending_messages",
            "Messages that the stream has given and that are not acknowledged.",
            registry=registry,
        )
        self._lag = Gauge(
            f"{_PREFIX}stream_lag_messages", "Messages that the stream has not given yet.", registry=registry
        )

    def took(self, outcomes: Counter[Outcome]) -> None:
        """Messages were acknowledged."""
        for outcome, count in outcomes.items():
            self._messages.labels(outcome.value).inc(count)

    def connected(self, *, is_so: bool) -> None:
        """The stream could be read, or not."""
        self._connected.set(is_so)

    def backlog(self, pending: int, lag: int | None) -> None:
        """How much is still to be done; None if the stream cannot tell."""
        self._pending.set(pending)
        self._lag.set(math.nan if lag is None else lag)


class _Figures(Collector):
    """Reads the figures of an index whenever it is asked."""

    def __init__(self) -> None:
        self.index: CoverageIndex | None = None
        self.feeds: Callable[[], Counter[FeedState]] = Counter

    def describe(self) -> Iterable[Metric]:
        """Nothing: there may be no index yet."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Everything, or only that the store cannot be read."""
        if self.index is None:
            return
        build = GaugeMetricFamily(f"{_PREFIX}build_info", "What runs, always 1.", labels=("version", "model"))
        build.add_metric((version("similar-news"), shown_model(self.index)), 1)
        yield build
        yield _of_feeds(self.feeds())
        try:
            figures = self.index.figures()
        except StoreError:
            figures = None
        yield _gauge("store_readable", "Whether the store can be read, 1 or 0.", figures is not None)
        if figures:
            yield from _of_store(figures)
            yield from _of_segments(figures)
            yield from _of_encoder(figures)


def _of_feeds(states: Counter[FeedState]) -> Metric:
    feeds = GaugeMetricFamily(f"{_PREFIX}feeds", "Feeds that are polled.", labels=("state",))
    for state in FeedState:
        feeds.add_metric((state.value,), states[state])
    return feeds


def _of_store(figures: IndexFigures) -> Iterator[Metric]:
    waiting = (datetime.now(UTC) - figures.waiting_since).total_seconds() if figures.waiting_since else 0
    yield _gauge("articles", "Articles in the store.", figures.articles)
    yield _gauge("ingest_waiting_articles", "Articles in the store that are not embedded yet.", figures.waiting)
    yield _gauge("ingest_waiting_seconds", "How long the one of them has waited that waits longest.", max(0, waiting))
    yield _gauge("index_changes_behind", "Changes of the store that the vector index has not followed.", figures.behind)
    yield _gauge("stories", "Stories.", figures.stories)


def _of_segments(figures: IndexFigures) -> Iterator[Metric]:
    segments = GaugeMetricFamily(
        f"{_PREFIX}index_segments", "Segments of the vector index that have entries.", labels=("state",)
    )
    entries = GaugeMetricFamily(
        f"{_PREFIX}index_entries", "Articles in the segments of the vector index.", labels=("state",)
    )
    for state in SegmentState:
        sizes = [size for one, size in figures.segments if one is state and size]
        segments.add_metric((state.value,), len(sizes))
        entries.add_metric((state.value,), sum(sizes))
    yield segments
    yield entries


def _of_encoder(figures: IndexFigures) -> Iterator[Metric]:
    encoder = figures.encoder
    yield _count("encoder_batches", "Forward passes of the model.", encoder.batches)
    yield _count("encoder_texts", "Texts that were embedded.", encoder.texts)
    yield _count("encoder_seconds", "Time that the passes took.", encoder.seconds)
    yield _count("encoder_refusals", "Requests refused because too much was waiting.", encoder.refused)
    yield _gauge("encoder_waiting_texts", "Texts that wait for the model, or are in it.", encoder.waiting_texts)
    yield _gauge("encoder_waiting_bytes", "How much text that is, in bytes of UTF-8.", encoder.waiting_bytes)


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(_PREFIX + name, meaning, value=value)


def _count(name: str, meaning: str, value: float) -> Metric:
    return CounterMetricFamily(_PREFIX + name, meaning, value=value)
