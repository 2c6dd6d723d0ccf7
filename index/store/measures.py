"""What was measured of articles and publishers, and what it is asked by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from index.store.records import StoredArticle

QUALITY_UNIT = 10_000
"""Quality is kept in whole ten-thousandths: however often it is added and taken away, sums stay exact."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What was measured of an article.

    Attributes:
        version: of the way in which it was.
        quality: of the article, in `QUALITY_UNIT`ths.
        signs: JSON, opaque to the store.
    """

    version: int
    quality: int
    signs: str


class SourceSums(NamedTuple):
    """Sums over the articles of a publisher in one country.

    Attributes:
        source: its name.
        country: ISO 3166-1 alpha-2; empty where articles do not say.
        articles: how many there are.
        measured: how many of them are measured.
        quality: the sum of theirs, in `QUALITY_UNIT`ths.
    """

    source: str
    country: str
    articles: int
    measured: int
    quality: int


@dataclass(frozen=True, slots=True)
class KeptSummary:
    """A summary as the store keeps it.

    Attributes:
        version: of the way in which it was made.
        spans: where each of its sentences begins and ends in the article's text.
    """

    version: int
    spans: Sequence[tuple[int, int]]


class MeasureStore(Protocol):
    """What was measured of the articles of an `ArticleStore`. May be called from several threads at once.

    An article that gets a vector waits to be measured, and so does an embedded one that changes. What was measured of
    an article goes with its words, its summary with any change of it, and both with itself. The sums of a publisher
    change in the transaction in which its articles do. Errors are as in `ArticleStore`.
    """

    def waiting(self) -> int:
        """The number of articles that are to be measured."""
        ...

    def unmeasured(self, limit: int, keys: Sequence[int] | None = None) -> list[int]:
        """Keys of articles that are to be measured (of `keys`, if given), ascending, at most `limit`."""
        ...

    def put(self, measures: Mapping[int, Measure]) -> None:
        """Keep what was measured of articles, by key, in one durable transaction; they wait no longer.

        Of articles that are there no more nothing is kept.
        """
        ...

    def pass_over(self, keys: Sequence[int]) -> None:
        """Articles that wait cannot be measured now; they wait no longer."""
        ...

    def measure_again(self, version: int) -> int:
        """Let embedded articles wait that were measured in another way than this one; returns how many wait then."""
        ...

    def of(self, keys: Sequence[int]) -> dict[int, Measure]:
        """What was measured of the articles with these keys, those that were."""
        ...

    def sources(self) -> list[SourceSums]:
        """The sums of all known publishers that have articles, by source and country."""
        ...

    def put_summary(self, stored: StoredArticle, fingerprint: str, summary: KeptSummary) -> bool:
        """Keep the summary of an article; False, and nothing is kept, if the article or the model is another by now.

        Args:
            stored: the article that it was made from.
            fingerprint: of the model that it was made with.
            summary: where its sentences are.
        """
        ...

    def summaries(self, keys: Sequence[int]) -> dict[int, KeptSummary]:
        """The summaries of the articles with these keys, those that are kept."""
        ...

    def mend(self) -> int:
        """Bring the sums of all publishers in accord with their articles; returns how many were not."""
        ...
