"""Answers that were given, for those who ask the same next.

Most of the time that a request takes goes into finding out which route it is for, what its parameters are, and how long
it may take. So whether there is an answer already is seen before all that.
"""

import asyncio
import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from cachetools import LRUCache
from fastapi import Response, status
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as AsgiScope

from index import CoverageIndex
from index.errors import SimilarNewsError
from index.store import Generation
from service.access.identified import identified
from service.access.key_in_query import is_remembered
from service.access.keys import Scope

STALE_WHILE_REVALIDATE = 60
"""Seconds: a reader need not wait for an answer that is a little older than allowed, while a new one is made."""

_STALE_IF_ERROR = 86_400
"""Seconds: yesterday's coverage is better than none while the service is away."""

_ANEW_GAP = 0.2
"""Seconds: no more often than that an outdated answer is made anew for whoever asks, and one at a time.

Whoever has just sent an article is to see it soon. While a batch is taken in, all answers are outdated several times a
second, and making them anew for all readers would take the processors from both; several at once would hold up all that
is asked for meanwhile.
"""

_ANEW_REST = 40
"""Of the time that it took: so long it is from one that was made anew for whoever asks to the next one. Meanwhile all
others are answered some milliseconds later, so it has to be seldom where it takes long, because much is asked for or
since a batch takes the processors: a fortieth of the time at most."""

_LONGEST_GAP = 2.0
"""Seconds, for whatever reason it took so long."""

_REST = 9.0
"""After an answer was made anew behind readers' backs, that many times as long none is: so that takes a tenth of the
time at most, and still comes to about a thousand answers before they are too old to be given."""

_LONGEST = 300
"""Seconds: so long an outdated answer may be given at all. More are asked for again and again than could be made anew
within a minute beside a batch, and all at once they would leave nothing of the processors to anybody."""

_OVERHEAD = 1_000
"""Bytes that an answer takes beside its body."""


@dataclass(slots=True)
class KeptAnswer:
    """An answer that was given.

    Attributes:
        tag: its ETag.
        tag_at: gives that of the answer as it would be now, from the generation and what is asked for.
        generation: from before it was made.
        body: JSON.
        link: its `Link`, if it has one.
        route: what gave it.
        current_at: the last moment at which it was known to be as it would be made, on the monotonic clock.
    """

    tag: str
    tag_at: Callable[[Generation, str], str]
    generation: Generation
    body: bytes
    link: str | None
    route: Any
    current_at: float


class KeptAnswers:
    """The answers that were asked for last, by what was asked for. Used by the event loop alone.

    Attributes:
        put_at: the last moment at which something was put singly, which whoever put it is to see.
    """

    def __init__(self, most_bytes: int) -> None:
        """Keep answers of so many bytes together."""
        self._answers: LRUCache[str, KeptAnswer] = LRUCache(
            most_bytes, getsizeof=lambda kept: len(kept.body) + _OVERHEAD
        )
        self.put_at = -math.inf

    def get(self, asked: str) -> KeptAnswer | None:
        """The last answer, outdated or not."""
        return self._answers.get(asked)

    def keep(self, asked: str, answer: KeptAnswer) -> None:
        """Keep an answer, if it is not larger than all that may be kept."""
        with suppress(ValueError):
            self._answers[asked] = answer


@dataclass(frozen=True, slots=True)
class _Found:
    """An answer that may be given, and whether it would be the same now."""

    answer: KeptAnswer
    is_current: bool


class _Gate:
    """Lets one through at a time, and not too often."""

    def __init__(self) -> None:
        self._is_taken = False
        self._began = self._next = -math.inf

    def enter(self) -> bool:
        """Whether one is let through; if so, nobody else is until `leave`."""
        now = time.monotonic()
        if self._is_taken or now < self._next:
            return False
        self._is_taken, self._began = True, now
        return True

    def leave(self) -> None:
        """Let the next one through, when it is time."""
        took = time.monotonic() - self._began
        self._is_taken = False
        self._next = self._began + min(max(_ANEW_GAP, _ANEW_REST * took), _LONGEST_GAP)


class GiveKeptAnswers:
    """Middleware that gives answers that are kept.

    An outdated one is given only to those for whom it is not made anew, and for `_LONGEST` seconds. When it has been
    outdated for `cache_seconds`, it is made anew behind their backs. One from before a takedown is not given, nor one
    from before something was put singly here.
    """

    def __init__(
        self, app: ASGIApp, answers: KeptAnswers, index: Callable[[], CoverageIndex], cache_seconds: float
    ) -> None:
        """Wrap an application.

        Args:
            app: the application, whose routes keep answers.
            answers: where.
            index: gives the index that they are made from.
            cache_seconds: how long caches may show them without asking.
        """
        self._app = app
        self._answers = answers
        self._index = index
        self._cache_seconds = cache_seconds
        self._gate = _Gate()
        self._refreshing: asyncio.Task[None] | None = None

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Give the answer, or pass the request on."""
        kept = self._kept(scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        if kept is None:
            await self._app(scope, receive, send)
        elif kept.is_current or not self._gate.enter():
            if not kept.is_current:
                self._refresh_if_old(kept.answer, scope)
            await self._give(kept.answer, scope, receive, send)
        else:
            try:
                await self._app(scope, receive, send)
            finally:
                self._gate.leave()

    async def _give(self, kept: KeptAnswer, scope: AsgiScope, receive: Receive, send: Send) -> None:
        scope["route"] = kept.route
        headers = headers_of_kept(kept.tag, scope, self._cache_seconds)
        if outdated := int(time.monotonic() - kept.current_at):
            headers["Age"] = str(outdated)
        if is_among(kept.tag, Headers(scope=scope).get("if-none-match", "")):
            response = not_modified(headers)
        else:
            headers |= {"Link": kept.link} if kept.link else {}
            response = Response(kept.body, headers=headers, media_type="application/json")
        await response(scope, receive, send)

    def _kept(self, scope: AsgiScope) -> _Found | None:
        """The answer that may be given, if there is one."""
        asked = asked_for(scope)
        kept = self._answers.get(asked)
        if kept is None or not _may_read(scope) or (kept.link and is_remembered(scope)):
            return None
        try:
            generation = self._index().generation()
        except SimilarNewsError:  # the route says so
            return None
        if kept.tag_at(generation, asked) == kept.tag:
            kept.current_at = time.monotonic()
            return _Found(kept, is_current=True)
        return _Found(kept, is_current=False) if self._is_new_enough(kept, generation) else None

    def _is_new_enough(self, kept: KeptAnswer, generation: Generation) -> bool:
        """Whether an answer that is outdated may be given all the same."""
        return (
            self._cache_seconds > 0
            and generation.of_takedowns == kept.generation.of_takedowns
            and kept.current_at > self._answers.put_at
            and time.monotonic() - kept.current_at < _LONGEST
        )

    def _refresh_if_old(self, kept: KeptAnswer, scope: AsgiScope) -> None:
        """Have an answer made anew for those who ask next, if it is older than caches may show without asking."""
        is_old = time.monotonic() - kept.current_at >= self._cache_seconds
        if is_old and (self._refreshing is None or self._refreshing.done()):
            self._refreshing = asyncio.create_task(self._refresh(scope))

    async def _refresh(self, scope: AsgiScope) -> None:
        headers = [(name, value) for name, value in scope["headers"] if name != b"if-none-match"]
        began = time.monotonic()
        with suppress(Exception):  # of which those are told who ask next
            await self._app({**scope, "headers": headers, "state": dict(scope["state"])}, _no_body, _to_nobody)
        await asyncio.sleep(_REST * (time.monotonic() - began))


def asked_for(scope: AsgiScope) -> str:
    """What a request asks for."""
    return f"{scope['path']}?{scope['query_string'].decode('latin-1')}"


def headers_of_kept(tag: str, scope: AsgiScope, cache_seconds: float) -> dict[str, str]:
    """What is said of an answer to those who may keep it."""
    whose = "public" if identified(scope).key is None else "private"
    if not cache_seconds:
        return {"ETag": tag, "Cache-Control": f"{whose}, no-cache"}
    stale = f"stale-while-revalidate={STALE_WHILE_REVALIDATE}, stale-if-error={_STALE_IF_ERROR}"
    return {"ETag": tag, "Cache-Control": f"{whose}, max-age={cache_seconds}, {stale}"}


def not_modified(headers: dict[str, str]) -> Response:
    """The answer to those who have it already."""
    return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)


def is_among(tag: str, listed: str) -> bool:
    """Whether a tag is among those of `If-None-Match`, compared weakly as RFC 9110 has it (13.1.2).

    "*" is none of them: whether there is anything to be answered is not known yet.
    """
    return tag in {one.strip().removeprefix("W/") for one in listed.split(",")}


def _may_read(scope: AsgiScope) -> bool:
    found = identified(scope)
    return found.refusal is None and (found.key is None or found.key.scope.includes(Scope.READ))


async def _no_body() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _to_nobody(_: Message) -> None:
    pass
