"""The library's face: articles in, related coverage out."""

import asyncio
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from contextvars import copy_context
from dataclasses import replace
from datetime import datetime
from functools import partial
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from index.accepted import Accepted
from index.article import Article, Content, canonical_url
from index.bulk import Bulk
from index.claims import Claims
from index.encoder import Encoder, Priority
from index.errors import EncoderOverloadedError, TakenDownError, UnknownArticleError
from index.follower import Follower, stamp
from index.observing import IndexFigures, Observer, Unobserved, figures, tell
from index.progress import progress
from index.quality.measuring import Measurer
from index.quality.sources import Sources
from index.related import Answer, RelatedQuery
from index.related.finding import Comparison, Question, RelatedFinder
from index.related.remembering import RememberingReader
from index.related.renewing import renew
from index.related.scorer import Scorer, load_scorer
from index.related.signals import signals_of
from index.store import Condition, Generation, Put, PutStatus, StoredArticle
from index.stories.explaining import Explanation, StoryExplainer
from index.stories.grouping import DEMAND, Demand
from index.stories.keeping import StoryKeeper
from index.stories.library import StoryLibrary
from index.stories.rebuilding import replayed_ids
from index.summarising import Summaries
from index.takedowns import Takedowns

_ENCODE_CHUNK = 256
_EXPIRE_CHUNK = 500
_WAITING_CHUNK = 32
"""Articles that are embedded at once while others are being put: less than a second's work."""


class CoverageIndex:
    """Articles with their store, encoder and vector index. May be called from several threads at once.

    Searches never wait for writes; only a text that is not in the store waits for its turn with the encoder, in a form
    for the event loop without blocking it. Encoding is outside the write lock: a takedown does not wait for a batch.

    Attributes:
        stories: the stories that the articles are in.
        bulk, takedowns: puts many articles in less time; deletes them by more than their ids.
        measurer, summaries, sources: their quality, what they say in short, and their publishers.
        editions, catch_up: gives the languages and countries in which there is something; sees what others have put.
        observer, turns: is told of what is put and answered; let an event loop answer while much is put.
    """

    def __init__(self, follower: Follower, encoder: Encoder, scorer: Scorer | None = None) -> None:
        """Put the parts together; `open_index` does so for the embedded default.

        Args:
            follower: the store with its index.
            encoder: the model to embed with.
            scorer: tells how probable it is that articles belong together; None for the one that is shipped.
        """
        self._follower = follower
        self._store, self._vectors = follower.store, follower.vectors
        self._scorer = scorer = scorer or load_scorer()
        self._finder = RelatedFinder(follower.store, follower.vectors, follower.background, scorer, follower.turns)
        reader = RememberingReader.of(follower)
        self._claims, self._in_hand = Claims[str](), Claims[int]()
        self._keeper = StoryKeeper(follower, reader, scorer, in_hand=self._in_hand)
        self._explainer = StoryExplainer(follower.store, follower.background, scorer)
        self.stories = StoryLibrary(follower.store, follower.background)
        self.takedowns, self.sources = Takedowns(follower), Sources(follower.store)
        self.summaries = Summaries(follower, encoder, self._claims)
        self.measurer = Measurer(follower, reader, self._in_hand)
        self.editions, self.catch_up = follower.vectors.editions, follower.follow
        self.observer: Observer = Unobserved()
        self._made_with = zlib.crc32(f"{stamp(follower.background, '')} {scorer}".encode())
        self._encoder, self._writing, self.turns = encoder, follower.writing, follower.turns
        self.bulk = Bulk(self._claims, partial(self._accept, restore=False, condition=None), encoder.encode, self._keep)
        # Writes of the event loop, one after the other as they are anyway: so they take no thread from the searches.
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")

    # Writing

    def put(
        self, articles: Sequence[Article], *, restore: bool = False, condition: Condition | None = None
    ) -> list[Put]:
        """Accept articles: when this returns they are durable, and found.

        An article that is the same as before is not encoded again, and not at all if its words are.

        Args:
            articles: at most a few hundred; of several with one id the last one stays.
            restore: accept articles that were taken down, and forget the takedown.
            condition: what has to hold for every article as it is there, if anything: whoever puts it at the same time
                comes before that is asked, or after the article is kept.

        Returns:
            An outcome for each article, in order.

        Raises:
            ConditionError: the condition does not hold; nothing was kept.
        """
        with self._claims.claimed(article.id for article in articles):
            accepted = self._accept(articles, restore, condition)
            self._keep(accepted, self._encoder.encode(accepted.words))
        return accepted.outcomes

    async def put_async(
        self,
        articles: Sequence[Article],
        *,
        restore: bool = False,
        condition: Condition | None = None,
        priority: Priority = Priority.INTERACTIVE,
        admitted: bool = False,
        patience: float | None = None,
    ) -> list[Put]:
        """The same without blocking the event loop. Once begun, it goes on even if the caller is cancelled.

        Args:
            articles: as for `put`.
            restore: as for `put`.
            condition: as for `put`.
            priority: who goes first when texts wait for the encoder.
            admitted: `refuse_overload` was asked before, and the call is not to be refused now.
            patience: seconds to wait for durable articles to be embedded; those that are not by then are found by
                themselves later. They are accepted however much is waiting. None to wait as long as it takes.

        Raises:
            ConditionError: the condition does not hold; nothing was kept.
            EncoderOverloadedError: too much is waiting to be embedded; nothing was accepted.
        """
        with ExitStack() as room:
            if not admitted and patience is None:
                room.enter_context(self._encoder.reserve([article.words for article in articles]))
            claim = self._claims.claimed([article.id for article in articles])
            accept = partial(self._accept, articles, restore, condition)
            return await asyncio.shield(self._put_admitted(claim, accept, room.pop_all(), priority, patience))

    async def _put_admitted(
        self,
        claim: AbstractContextManager[None],
        accept: Callable[[], Accepted],
        room: ExitStack,
        priority: Priority,
        patience: float | None,
    ) -> list[Put]:
        loop = asyncio.get_running_loop()
        with claim:
            with room:
                # With the context of the caller, which what is logged may tell.
                accepted = await loop.run_in_executor(self._writer, copy_context().run, accept)
            try:
                async with asyncio.timeout(patience):
                    embeddings = await self._encoder.encode_async(accepted.words, priority, admitted=patience is None)
            except (TimeoutError, EncoderOverloadedError):
                if patience is None:
                    raise
                waiting = {stored.article.id for stored in accepted.waiting}
                return [replace(put, waits=put.id in waiting) for put in accepted.outcomes]
            await loop.run_in_executor(self._writer, copy_context().run, self._keep, accepted, embeddings)
        return accepted.outcomes

    def embed_waiting(self) -> None:
        """Embed some of what waits and nobody is at, such as what was put with little patience."""
        if self._store.count_without_vector() <= len(self._claims):
            return
        waiting = self._store.without_vector(_ENCODE_CHUNK)
        # Looked at after the store: whoever puts an article has claimed it before it is there.
        chunk = [stored for stored in waiting if stored.article.id not in self._claims][:_WAITING_CHUNK]
        if chunk:
            accepted = Accepted([], chunk)
            self._keep(accepted, self._encoder.encode(accepted.words))

    def _accept(self, articles: Sequence[Article], restore: bool, condition: Condition | None) -> Accepted:  # noqa: FBT001 - the arguments of `put`
        """Make articles durable, and see which are to be embedded."""
        known_language = [article.with_language() for article in self.turns.each(articles)]
        with self._writing:
            outcomes = self._store.put(known_language, restore=restore, condition=condition)
        self.observer.put(Counter(put.status for put in outcomes))
        accepted = {put.id for put in outcomes if put.status is not PutStatus.TAKEN_DOWN}
        # Unchanged articles too: an earlier call may have failed to encode one, or may be at it just now.
        waiting = self._store.without_vector(len(accepted), ids=sorted(accepted)) if accepted else []
        return Accepted(outcomes, waiting)

    def _keep(self, accepted: Accepted, embeddings: NDArray[np.float32]) -> None:
        """Make embeddings durable, and articles found and assigned to stories."""
        self._keep_embeddings(accepted.waiting, embeddings)
        self._follower.follow()
        keys = [stored.key for stored in accepted.waiting]
        with self._in_hand.claimed(keys):
            self._keeper.assign(keys)
            self.measurer.measure(keys)
        self.summaries.expect(keys)

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
        """Bring up to date what an earlier version kept of articles so that they can be compared and measured."""
        renew(self._store, self._writing)
        self.measurer.measure_again()

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
        self.measurer.measure_waiting()

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

    def generation(self) -> Generation:
        """What answers are made of. One that was asked for before an answer is never newer than the answer."""
        position, store = self._follower.position, self._store.generation()
        return Generation(f"{self._made_with:08x}.{position}.{store.of_all}", store.of_takedowns)

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
        return replayed_ids(self._store, self._follower.background, scorer or self._scorer, order, demand)

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
            signals = [signals_of(stored.article) for stored in self.turns.each(articles)]
            with self._writing:
                self._store.put_vectors(articles, embeddings.astype(np.float16), signals)

    def _missing(self, article_id: str) -> UnknownArticleError | TakenDownError:
        if self._store.is_taken_down(article_id):
            return TakenDownError(f"the article {article_id!r} was taken down")
        return UnknownArticleError(f"no article with the id {article_id!r}")
