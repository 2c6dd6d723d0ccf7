"""The library's face: articles in, related coverage out."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from index.article import Article, Content, canonical_url
from index.encoder import Encoder, Priority
from index.errors import TakenDownError, UnknownArticleError
from index.follower import Follower
from index.observing import IndexFigures, Observer, Unobserved, figures, tell
from index.progress import progress
from index.related import Answer, RelatedQuery
from index.related.finding import Comparison, Question, RelatedFinder
from index.related.scorer import Scorer, load_scorer
from index.related.signals import VERSION, signals_of
from index.store import Put, PutStatus, StoredArticle
from index.stories.explaining import Explanation, StoryExplainer
from index.stories.grouping import DEMAND, Demand
from index.stories.keeping import StoryKeeper
from index.stories.library import StoryLibrary
from index.stories.rebuilding import replayed
from index.takedowns import Takedowns

_ENCODE_CHUNK = 256
_EXPIRE_CHUNK = 500


@dataclass(frozen=True, slots=True)
class _Accepted:
    """Articles that are durable, and what is still to be done for them to be found."""

    outcomes: list[Put]
    waiting: list[StoredArticle]

    @property
    def words(self) -> list[str]:
        return [stored.article.words for stored in self.waiting]


class CoverageIndex:
    """Articles with their store, encoder and vector index. May be called from several threads at once.

    Searches never wait for writes; only a text that is not in the store waits for its turn with the encoder. What waits
    for the encoder has a second form for the event loop, which it does not block.
    Encoding happens outside the write lock, so that a takedown does not wait for a batch.

    Attributes:
        stories: the stories that the articles are in.
        takedowns: deletes articles by more than their ids.
        observer: is told of what is put and answered.
    """

    def __init__(self, follower: Follower, encoder: Encoder, scorer: Scorer | None = None) -> None:
        """Put the parts together; `open_index` does so for the embedded default.

        Args:
            follower: the store with its index.
            encoder: the model to embed with.
            scorer: tells how probable it is that articles belong together; None for the one that is shipped.
        """
        self._follower = follower
        self._store = follower.store
        self._vectors = follower.vectors
        scorer = scorer or load_scorer()
        self._finder = RelatedFinder(follower.store, follower.vectors, follower.background, scorer)
        self._scorer = scorer
        self._keeper = StoryKeeper(follower, scorer)
        self._explainer = StoryExplainer(follower.store, follower.background, scorer)
        self.stories = StoryLibrary(follower.store, follower.background)
        self.takedowns = Takedowns(follower)
        self.observer: Observer = Unobserved()
        self._writing = follower.writing
        self._encoder = encoder
        # Writes of the event loop, one after the other as they are anyway: so they take no thread from the searches.
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")

    # Writing

    def put(self, articles: Sequence[Article], *, restore: bool = False) -> list[Put]:
        """Accept articles: when this returns they are durable, and found.

        An article that is the same as before is not encoded again, and not at all if its words are.

        Args:
            articles: at most a few hundred; of several with one id the last one stays.
            restore: accept articles that were taken down, and forget the takedown.

        Returns:
            An outcome for each article, in order.
        """
        accepted = self._accept(articles, restore=restore)
        self._keep(accepted, self._encoder.encode(accepted.words))
        return accepted.outcomes

    async def put_async(
        self,
        articles: Sequence[Article],
        *,
        restore: bool = False,
        priority: Priority = Priority.INTERACTIVE,
        admitted: bool = False,
    ) -> list[Put]:
        """The same without blocking the event loop. Once begun, it goes on even if the caller is cancelled.

        Args:
            articles: as for `put`.
            restore: as for `put`.
            priority: who goes first when texts wait for the encoder.
            admitted: `refuse_overload` was asked before, and the call is not to be refused now.

        Raises:
            EncoderOverloadedError: too much is waiting to be embedded; nothing was accepted.
        """
        with ExitStack() as room:
            if not admitted:
                room.enter_context(self._encoder.reserve([article.words for article in articles]))
            return await asyncio.shield(
                self._put_admitted(articles, room.pop_all(), restore=restore, priority=priority)
            )

    async def _put_admitted(
        self, articles: Sequence[Article], room: ExitStack, *, restore: bool, priority: Priority
    ) -> list[Put]:
        loop = asyncio.get_running_loop()
        with room:
            accept = partial(self._accept, articles, restore=restore)
            # With the context of the caller, which what is logged may tell.
            accepted = await loop.run_in_executor(self._writer, copy_context().run, accept)
        embeddings = await self._encoder.encode_async(accepted.words, priority, admitted=True)
        await loop.run_in_executor(self._writer, copy_context().run, self._keep, accepted, embeddings)
        return accepted.outcomes

    def _accept(self, articles: Sequence[Article], *, restore: bool) -> _Accepted:
        """Make articles durable, and see which are to be embedded."""
        known_language = [article.with_language() for article in articles]
        with self._writing:
            outcomes = self._store.put(known_language, restore=restore)
        self.observer.put(Counter(put.status for put in outcomes))
        accepted = {put.id for put in outcomes if put.status is not PutStatus.TAKEN_DOWN}
        # Unchanged articles too: an earlier call may have failed to encode one, or may be at it just now.
        waiting = self._store.without_vector(len(accepted), ids=sorted(accepted)) if accepted else []
        return _Accepted(outcomes, waiting)

    def _keep(self, accepted: _Accepted, embeddings: NDArray[np.float32]) -> None:
        """Make embeddings durable, and articles found and assigned to stories."""
        self._keep_embeddings(accepted.waiting, embeddings)
        self._follower.follow()
        self._keeper.assign([stored.key for stored in accepted.waiting])

    def refuse_overload(self) -> None:
        """Raise EncoderOverloadedError if too much is waiting to be embedded."""
        self._encoder.refuse_overload()

    def take_down(self, article_id: str) -> None:
        """Delete an article and remember that; it is in no answer from now on.

        Raises:
            UnknownArticleError: there is none with that id.
            TakenDownError: it was taken down before.
        """
        if not self.takedowns.by_ids([article_id]):
            raise self._missing(article_id)

    def encode_waiting(self) -> None:
        """Embed what a crash or a change of model left without a vector."""
        waiting = self._store.count_without_vector()
        if not waiting:
            return
        with progress("embedding articles", waiting) as advance:
            while chunk := self._store.without_vector(_ENCODE_CHUNK):
                self._keep_embeddings(chunk, self._encoder.encode([stored.article.words for stored in chunk]))
                advance(len(chunk))

    def renew_signals(self) -> None:
        """Bring up to date what an earlier version kept of articles so that they can be compared."""
        chunk = self._store.outdated_signals(VERSION, _ENCODE_CHUNK)
        if not chunk:
            return
        with progress("reading articles again", None) as advance:
            while chunk:
                signals = [signals_of(stored.article) for stored in chunk]
                with self._writing:
                    self._store.put_signals(chunk, signals)
                advance(len(chunk))
                chunk = self._store.outdated_signals(VERSION, _ENCODE_CHUNK, chunk[-1].key)
        self._store.outdated_signals(VERSION, 1)  # which sees that there are none left, and remembers it

    def expire(self, before: datetime) -> int:
        """Delete the articles that both appeared and arrived before a moment; they may be sent again.

        Returns:
            How many they were.
        """
        expired = 0
        while True:
            with self._writing:
                keys = self._store.expire(before, _EXPIRE_CHUNK)
                self._vectors.remove(keys)
            expired += len(keys)
            if len(keys) < _EXPIRE_CHUNK:
                return expired

    def forget_changes(self, before: datetime) -> None:
        """Delete the beginning of the store's log of changes."""
        with self._writing:
            self._store.forget_changes(before)

    def follow(self) -> None:
        """See what was done to the store from outside, such as that a backup was restored."""
        self._follower.follow()
        if self._follower.was_restored:
            self.encode_waiting()  # a backup may have been made while a batch was on its way
            self.renew_signals()
            self._follower.follow()
            self._follower.was_restored = False
        self._keeper.assign_waiting()

    # Reading

    def article(self, article_id: str) -> StoredArticle:
        """The article with this id.

        Raises:
            UnknownArticleError: there is none.
            TakenDownError: it was taken down.
        """
        stored = self._store.get(article_id)
        if stored is None:
            raise self._missing(article_id)
        return stored

    def article_by_url(self, url: str) -> StoredArticle:
        """The latest article with this URL, in whatever form.

        Raises:
            UnknownArticleError: there is none.
            ValueError: not a URL.
        """
        stored = self._store.get_by_url(canonical_url(url))
        if stored is None:
            raise UnknownArticleError(
                f"no article with the URL {canonical_url(url)}: send it first, or ask by its text"
            )
        return stored

    def latest(self, limit: int) -> list[StoredArticle]:
        """The latest articles to appear, at most `limit`."""
        return self._store.latest(limit)

    def count(self) -> int:
        """The number of articles."""
        return self._store.count()

    def indexed(self) -> int:
        """The number of articles that a search can find."""
        return len(self._vectors)

    def figures(self) -> IndexFigures:
        """What there is to see of it.

        Raises:
            StoreError: the store cannot be read.
        """
        return figures(self._follower, self._encoder.figures())

    @property
    def model(self) -> str:
        """The model as the user named it."""
        return self._encoder.name

    def related_to(self, stored: StoredArticle, query: RelatedQuery) -> Answer:
        """Related coverage of an article of the store.

        Raises:
            UnknownArticleError: there is none with an id that is to be liked or not.
        """
        question = self._finder.about(stored)
        if question is None:
            article = stored.article
            question = Question(article, self._encoder.encode([article.words])[0], signals_of(article), stored.key)
        return self._find(question, query)

    def related_to_content(self, content: Content, query: RelatedQuery) -> Answer:
        """Related coverage of a text that is not in the store.

        Raises:
            UnknownArticleError: there is none with an id that is to be liked or not.
        """
        return self._related_to_vector(self._encoder.encode([content.words])[0], content, query)

    async def related_to_content_async(self, content: Content, query: RelatedQuery) -> Answer:
        """The same without blocking the event loop.

        Raises:
            EncoderOverloadedError: too much is waiting to be embedded.
            UnknownArticleError: there is none with an id that is to be liked or not.
        """
        (vector,) = await self._encoder.encode_async([content.words])
        return await asyncio.to_thread(self._related_to_vector, vector, content, query)

    def compare(self, one: Content, other: Content) -> Comparison:
        """How probable it is that two texts belong together."""
        vectors = self._encoder.encode([one.words, other.words])
        return self._finder.compare(self._question(vectors[0], one), self._question(vectors[1], other))

    def explain_story(self, given: str) -> Explanation:
        """Why the articles of the story with this id are together; see `StoryLibrary.get` for the errors."""
        return self._explainer.explain(self.stories.record(given))

    def replay_stories(
        self, order: Sequence[str] | None = None, *, scorer: Scorer | None = None, demand: Demand = DEMAND
    ) -> list[list[str]]:
        """The stories that the articles would be in if they came again; nothing is changed.

        Args:
            order: ids of those that come, in order; None for all, as they came.
            scorer: another one than the index has.
            demand: how close articles have to be.

        Returns:
            The ids of the articles of each story.
        """
        ids = [report.id for report in self._store.stories.reports(self._store.stories.numbers())]
        keys = self._store.keys_of(ids if order is None else order)
        with TemporaryDirectory() as folder:
            parts = replayed(
                self._store,
                self._follower.background,
                scorer or self._scorer,
                Path(folder),
                demand=demand,
                order=None if order is None else [keys[one] for one in order],
            )
        id_of = {key: one for one, key in keys.items()}
        return [[id_of[key] for key in part] for part in parts]

    # Inside

    def _related_to_vector(self, vector: NDArray[np.float32], content: Content, query: RelatedQuery) -> Answer:
        return self._find(self._question(vector, content), query)

    def _find(self, question: Question, query: RelatedQuery) -> Answer:
        started = perf_counter()
        answer = self._finder.find(question, query)
        tell(self.observer, answer, question.content.language, perf_counter() - started)
        return answer

    def _question(self, vector: NDArray[np.float32], content: Content) -> Question:
        known = content.with_language()
        return Question(known, vector, signals_of(known))

    def _keep_embeddings(self, articles: Sequence[StoredArticle], embeddings: NDArray[np.float32]) -> None:
        if articles:
            signals = [signals_of(stored.article) for stored in articles]
            with self._writing:
                self._store.put_vectors(articles, embeddings.astype(np.float16), signals)

    def _missing(self, article_id: str) -> UnknownArticleError | TakenDownError:
        if self._store.is_taken_down(article_id):
            return TakenDownError(f"the article {article_id!r} was taken down")
        return UnknownArticleError(f"no article with the id {article_id!r}")
