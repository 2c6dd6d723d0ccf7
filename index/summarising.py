"""Summaries of the articles of a store: made once, and kept with the article.

To embed the sentences of an article takes a third longer than to embed the article (`scripts/evaluate-summaries`). So
that neither those who send articles nor those who read them wait for it, summaries of what comes in are made when
nobody is putting articles and the encoder has nothing to do, the latest article first; of an article that has none yet,
when somebody asks for it. They are kept in the store, and go with the article, any change of it, and the model.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.claims import Claims
from index.encoder import Encoder
from index.errors import EncoderOverloadedError, StoreError
from index.follower import Follower
from index.store import StoredArticle
from index.store.measures import KeptSummary
from index.summary import candidates, chosen, most_of, texts

VERSION = 1
"""Of the way in which summaries are made: those made in another one are made again when they are asked for."""

_MOST_EXPECTED = 10_000
"""How many articles wait for a quiet moment at most; the others do until somebody asks for them."""

_PATIENCE = 2.0
"""Seconds that somebody who asks for an article waits for its summary."""

_AT_ONCE = 4
"""How many summaries are made before one looks again whether anything else is to be embedded: some 100 ms."""


class Summaries:
    """Makes and keeps summaries. May be called from several threads at once."""

    def __init__(self, follower: Follower, encoder: Encoder, claims: Claims[str]) -> None:
        """Put the parts together.

        Args:
            follower: the store with its index.
            encoder: the model that the store is embedded with.
            claims: of those who put articles.
        """
        self._follower = follower
        self._store = follower.store
        self._encoder = encoder
        self._claims = claims
        self._expected: deque[int] = deque(maxlen=_MOST_EXPECTED)

    def kept(self, articles: Sequence[StoredArticle]) -> dict[int, list[str]]:
        """The summaries of some articles, by key, those that are there: sentences of their texts, in order.

        That of an article without a text has none.
        """
        found = self._store.measures.summaries([one.key for one in articles])
        return {
            one.key: texts(one.article.text or "", found[one.key].spans)
            for one in articles
            if one.key in found and found[one.key].version == VERSION
        }

    async def get(self, stored: StoredArticle) -> list[str] | None:
        """The summary of an article, made now if there is none; does not block the event loop.

        None if it cannot be made now, since the article is not embedded yet or too much waits for the encoder.
        """
        prepared = await asyncio.to_thread(self._prepare, stored)
        if prepared.is_complete:
            return texts(prepared.text, prepared.spans)
        if prepared.whole is None:
            return None
        try:
            async with asyncio.timeout(_PATIENCE):
                embeddings = await self._encoder.encode_async(prepared.sentences)
        except (EncoderOverloadedError, TimeoutError):
            return None
        return await asyncio.to_thread(self._keep, stored, prepared, embeddings)

    def make(self, stored: StoredArticle) -> list[str] | None:
        """The same, waiting for the encoder as bulk; not to be called on an event loop."""
        prepared = self._prepare(stored)
        if prepared.is_complete:
            return texts(prepared.text, prepared.spans)
        if prepared.whole is None:
            return None
        return self._keep(stored, prepared, self._encoder.encode(prepared.sentences))

    def expect(self, keys: Iterable[int]) -> None:
        """Articles came in of which summaries are to be made in a quiet moment."""
        self._expected.extend(keys)

    def make_expected(self) -> None:
        """Make some of the summaries that are to be made, if nobody puts articles and nothing waits for the encoder."""
        for _ in range(_AT_ONCE):
            # What is embedded is still to be kept, for which a batch needs the processors as much.
            if not self._expected or len(self._claims) or self._encoder.figures().waiting_texts:
                return
            for stored in self._store.get_by_keys([self._expected.pop()]).values():
                self.make(stored)

    def _prepare(self, stored: StoredArticle) -> "_Prepared":
        text, lang = stored.article.text or "", stored.article.language
        kept = self._store.measures.summaries([stored.key]).get(stored.key)
        if kept is not None and kept.version == VERSION:
            return _Prepared(text, kept.spans, None, is_complete=True)
        found = candidates(text, lang) if text else []
        if len(found) <= most_of(len(found)):  # there is nothing to choose
            return _Prepared(text, found, None, is_complete=True)
        return _Prepared(text, found, self._store.vector(stored.key), is_complete=False)

    def _keep(self, stored: StoredArticle, prepared: "_Prepared", embeddings: NDArray[np.float32]) -> list[str]:
        whole = np.asarray(prepared.whole, np.float32)[None, :]
        langs = [stored.article.language] * (len(embeddings) + 1)
        centred = self._follower.background.centre(np.concatenate([whole, embeddings]), langs)
        taken = chosen(centred[1:], centred[0], most_of(len(prepared.spans)))
        spans = [(prepared.spans[place][0], prepared.spans[place][1]) for place in taken]
        # What cannot be kept is made again when somebody asks; most of it is in the encoder's cache then.
        with suppress(StoreError), self._follower.writing:
            self._store.measures.put_summary(stored, self._encoder.fingerprint, KeptSummary(VERSION, spans))
        return texts(prepared.text, spans)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What is needed to make the summary of an article.

    Attributes:
        text: the article's.
        spans: where the sentences are of which it may consist, or does.
        whole: the embedding of the article; None if there is none.
        is_complete: whether these are the sentences of the summary.
    """

    text: str
    spans: Sequence[tuple[int, int]]
    whole: NDArray[np.float16] | None
    is_complete: bool

    @property
    def sentences(self) -> list[str]:
        """The sentences themselves."""
        return texts(self.text, self.spans)
