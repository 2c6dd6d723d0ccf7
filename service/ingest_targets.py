"""Where articles from files go: an index, or a running service."""

import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from index import Article, CoverageIndex
from index.errors import TakenDownError, UnknownArticleError
from service.api_client import ApiClient, ApiError
from service.lines import read_article

TOOK_DOWN = "took down"
NOTHING_TO_TAKE_DOWN = "not there to take down"

_TAKEN_DOWN = "the article was taken down"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a record.

    Attributes:
        status: in a word or a few.
        id: of the article, if it is known.
        problem: why it was not taken, if it was not.
    """

    status: str
    id: str | None = None
    problem: str = ""


class Target(Protocol):
    """Takes articles, and takes them down."""

    def put(self, batches: Iterable[Sequence[bytes]]) -> Iterator[list[Outcome]]:
        """Keep articles, each as JSON; gives the outcomes of each batch when it is durable and found.

        Batches may be asked for one ahead of what is given back.
        """
        ...

    def take_down(self, ids: Sequence[str]) -> list[Outcome]:
        """Take articles down; an outcome for each."""
        ...

    def has(self, article_id: str) -> bool:
        """Whether there is an article with this id."""
        ...


class IndexTarget:
    """An index that this process has open."""

    def __init__(self, index: CoverageIndex) -> None:
        """Keep in an index."""
        self._index = index

    def put(self, batches: Iterable[Sequence[bytes]]) -> Iterator[list[Outcome]]:
        """See `Target.put`."""
        under_way: deque[list[Article | Outcome]] = deque()

        def articles() -> Iterator[list[Article]]:
            for batch in batches:
                read = [_article(data) for data in batch]
                under_way.append(read)
                yield [one for one in read if isinstance(one, Article)]

        for puts in self._index.bulk.put(articles()):
            done = (Outcome(put.status.value, put.id, "" if put.version else _TAKEN_DOWN) for put in puts)
            yield [one if isinstance(one, Outcome) else next(done) for one in under_way.popleft()]

    def take_down(self, ids: Sequence[str]) -> list[Outcome]:
        """See `Target.take_down`."""
        return _taken(ids, self._index.takedowns.by_ids(ids))

    def has(self, article_id: str) -> bool:
        """See `Target.has`."""
        try:
            self._index.article(article_id)
        except (UnknownArticleError, TakenDownError):
            return False
        return True


class ServiceTarget:
    """A service that is running."""

    def __init__(self, client: ApiClient) -> None:
        """Send to a service."""
        self._client = client

    def put(self, batches: Iterable[Sequence[bytes]]) -> Iterator[list[Outcome]]:
        """See `Target.put`."""
        for batch in batches:
            lines = [data + b"\n" for data in batch]
            outcomes: dict[int, Outcome] = {}
            if lines:
                for result in map(json.loads, self._client.post_lines("/v1/articles:batch", lines)):
                    outcomes[result["line"]] = _outcome(result)
            yield [outcomes[number] for number in range(1, len(batch) + 1)]

    def take_down(self, ids: Sequence[str]) -> list[Outcome]:
        """See `Target.take_down`."""
        # One by one, which a key for ingesting may; taking down many is for administrators.
        return _taken(ids, [one for one in ids if self._client.delete_if_there(f"/v1/articles/{one}")])

    def has(self, article_id: str) -> bool:
        """See `Target.has`."""
        try:
            self._client.get(f"/v1/articles/{article_id}")
        except ApiError:
            return False
        return True


def _article(data: bytes) -> Article | Outcome:
    article = read_article(data)
    return article if isinstance(article, Article) else Outcome("invalid", problem=article.detail)


def _outcome(result: Any) -> Outcome:
    return Outcome(result["status"], result["id"], (result.get("problem") or {}).get("detail", ""))


def _taken(ids: Sequence[str], taken: Iterable[str]) -> list[Outcome]:
    were = set(taken)
    return [Outcome(TOOK_DOWN if one in were else NOTHING_TO_TAKE_DOWN, one) for one in ids]
