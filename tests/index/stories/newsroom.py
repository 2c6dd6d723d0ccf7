"""An index whose articles come into stories only when it is told to, or are put into them by hand."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

import numpy as np

from index import Article
from index.background import no_background
from index.follower import Follower
from index.opening import STORE_FILE
from index.related.remembering import RememberingReader
from index.related.scorer import load_scorer
from index.related.signals import signals_of
from index.store import ModelRecord
from index.store.sql_store import SqlArticleStore, open_sqlite
from index.store.stories import StoryChange, StoryRecord
from index.stories.keeping import StoryKeeper
from index.stories.library import StoryLibrary
from index.vectors.segmented_index import SegmentedVectorIndex
from tests.index.fakes import NOON, TOPICS, FakeEncoder, an_article

SCORER = load_scorer()


def a_history(seed: int, count: int) -> list[Article]:
    """Articles of several events, some of which are near each other, in several languages and by several publishers."""
    random = Random(seed)
    events = [[random.choice((0, 0, 1, 2, 3)) for _ in TOPICS] for _ in range(5)]
    articles = []
    for number in range(count):
        times = [max(0, one + random.choice((-1, 0, 0, 0, 0, 1))) for one in random.choice(events)]
        words = [topic for topic, often in zip(TOPICS, times, strict=True) for _ in range(often)]
        articles.append(
            an_article(
                f"a{number:02}",
                f"Report {' '.join(words)}{random.choice(['', '', ' of 700', ' of 800'])}",
                lang=random.choice(["en", "de", "ko", "und"]),
                source=random.choice([None, "Harbor Tribune", "Elbtaler Zeitung", "Cape Meridian"]),
                published_at=random.choice([None, NOON + timedelta(hours=random.randrange(24 * 40))]),
            )
        )
    return articles


@dataclass(frozen=True)
class Newsroom:
    """The real parts but for the encoder, and no threads.

    Attributes:
        folder: where the store is.
        store: the articles and their stories.
        follower: brings the vector index to the store's state.
        keeper: assigns articles to stories.
        library: tells what they say.
    """

    folder: Path
    store: SqlArticleStore
    follower: Follower
    keeper: StoryKeeper
    library: StoryLibrary

    def put(self, *articles: Article) -> None:
        """Articles come, and are not embedded yet."""
        self.store.put(articles)

    def embed(self) -> None:
        """All that waits for it is embedded."""
        waiting = self.store.without_vector(10_000)
        embeddings = FakeEncoder().encode([one.article.words for one in waiting]).astype(np.float16)
        self.store.put_vectors(waiting, embeddings, [signals_of(one.article) for one in waiting])

    def come(self, *articles: Article) -> None:
        """Articles come and wait to be assigned."""
        self.put(*articles)
        self.embed()

    def report(self, *articles: Article) -> None:
        """Articles come and are assigned."""
        self.come(*articles)
        self.keeper.assign_waiting()

    def tell(self, *articles: Article, copies: Sequence[Article] = ()) -> int:
        """Articles come and are one story, whatever is alike; returns its number."""
        self.come(*articles, *copies)
        first, *others = (self.key(one.id) for one in (*articles, *copies))
        with self.store.stories.changing() as stories:
            number = stories.open(first)
            for place, other in enumerate(others, 1):
                stories.join(other, number, is_copy=place >= len(articles))
        return number

    def key(self, article_id: str) -> int:
        """The key of an article."""
        found = self.store.get(article_id)
        assert found is not None
        return found.key

    def number(self, article_id: str) -> int:
        """The number of an article's story."""
        return self.store.stories.of_articles([self.key(article_id)])[self.key(article_id)]

    def record(self, article_id: str) -> StoryRecord:
        """An article's story."""
        found = self.store.stories.get(self.number(article_id))
        assert found is not None
        return found

    def members(self) -> dict[int, set[str]]:
        """The ids of the articles of all stories."""
        ids: dict[int, set[str]] = {}
        for report in self.store.stories.reports(self.store.stories.numbers()):
            ids.setdefault(report.story, set()).add(report.id)
        return ids

    def stories(self) -> list[str]:
        """The same without the numbers: what the ids of each story's articles are, one after the other."""
        return sorted(" ".join(sorted(ids)) for ids in self.members().values())

    def changes(self, after: int = 0) -> list[StoryChange]:
        """The log."""
        return self.store.stories.changes_after(after, 10_000)


@contextmanager
def open_newsroom(folder: Path) -> Iterator[Newsroom]:
    """Open a newsroom in a folder, which may have been one before."""
    encoder = FakeEncoder()
    vectors = SegmentedVectorIndex(encoder.dimensions, in_background=False)
    with open_sqlite(folder / STORE_FILE) as store:
        store.set_model(ModelRecord(encoder.name, encoder.fingerprint))
        follower = Follower(store, vectors, no_background(encoder.fingerprint, encoder.dimensions))
        follower.load()
        library = StoryLibrary(store, follower.background)
        keeper = StoryKeeper(follower, RememberingReader.of(follower), SCORER)
        yield Newsroom(folder, store, follower, keeper, library)
        vectors.close()
