"""Answers that are kept, here, by caches and by clients: strong ETags, and 304 without looking anything up.

A tag is made of what was asked and of the index's generation. So nothing has to be found, let alone encoded, to see
that an answer is still the same.
"""

import hashlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from cachetools import LRUCache
from fastapi import Depends, FastAPI, Header, Request, Response, status

from index import CoverageIndex
from service.access.callers import Caller
from service.access.requirements import GuardedRoute
from service.settings import Settings

_STALE_WHILE_REVALIDATE = 60
"""Seconds: a reader need not wait for an answer that is a little older than allowed, while the cache gets a new one."""

_STALE_IF_ERROR = 86_400
"""Seconds: yesterday's coverage is better than none while the service is away."""

_IfNoneMatch = Annotated[
    str | None,
    Header(
        max_length=4_096,
        description="An `ETag` of before: if the answer is still the same, it is not sent again (304).",
    ),
]

NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "The answer is still the one with the `ETag` that was sent.", "content": {}}
}
"""What such a route may answer besides."""


class KeptAnswers:
    """The answers that were asked for last, by their tags. Used by the event loop alone."""

    def __init__(self, most_bytes: int) -> None:
        """Keep answers of so many bytes together."""
        self._bodies: LRUCache[str, bytes] = LRUCache(most_bytes, getsizeof=len)

    def get(self, tag: str) -> bytes | None:
        """The answer with a tag."""
        return self._bodies.get(tag)

    def keep(self, tag: str, body: bytes) -> None:
        """Keep an answer, if it is not larger than all that may be kept."""
        if len(body) <= self._bodies.maxsize:
            self._bodies[tag] = body


class Generation:
    """Which answers are still the right ones; used by the event loop alone.

    While a batch is taken in, which changes something many times a second, answers hold for as long as caches may show
    them: otherwise each would be made anew for everybody who asks. What is taken down or put singly ends that.
    """

    def __init__(self, hold_seconds: float) -> None:
        """Hold answers for so long."""
        self._hold_seconds = hold_seconds
        self._batches = 0
        self._known: tuple[str, float] | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Until the end of the block a batch is taken in."""
        self._batches += 1
        try:
            yield
        finally:
            self._batches -= 1
            self.end_hold()

    def end_hold(self) -> None:
        """What was changed just now is to be seen at once."""
        self._known = None

    def of(self, index: CoverageIndex) -> str:
        """The index's generation, or that of a moment ago; see `CoverageIndex.generation`."""
        now = time.monotonic()
        if self._known is None or not self._batches or now - self._known[1] >= self._hold_seconds:
            self._known = (index.generation(), now)
        return self._known[0]


class Cacheable:
    """The mark, among the dependencies of a `CachedRoute`, that its answers may be kept."""

    def __init__(self, seconds: int | None = None) -> None:
        """Let answers be kept.

        Args:
            seconds: after so many an answer is another one even if nothing was changed, since it tells of times; None
                if it is not.
        """
        self._seconds = seconds

    async def __call__(self, if_none_match: _IfNoneMatch = None) -> None:
        """Nothing; for the description of the API."""

    def tag(self, request: Request) -> str:
        """The tag of the answer as it is now."""
        moment = 0 if self._seconds is None else int(time.time()) // self._seconds
        generation = request.app.state.generation.of(request.app.state.index)
        asked = f"{request.app.version} {generation} {moment} {request.url.path}?{request.url.query}"
        return f'"{hashlib.blake2b(asked.encode(), digest_size=12).hexdigest()}"'


class CachedRoute(GuardedRoute):
    """A route whose answers are kept, if it has `Cached` or `CachedForAMinute` among its dependencies.

    Whether there is an answer already is seen before any dependency is asked for: that takes longer than all the rest.
    """

    def handler_for_those_let_in(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, behind the question whether there is an answer already."""
        handle = super().handler_for_those_let_in()
        marks = [one.dependency for one in self.dependencies if isinstance(one.dependency, Cacheable)]
        if not marks:
            return handle
        (mark,) = marks

        async def answer(request: Request) -> Response:
            tag = mark.tag(request)
            headers = {"ETag": tag, "Cache-Control": _cache_control(request)}
            if is_among(tag, request.headers.get("If-None-Match", "")):
                return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
            answers: KeptAnswers = request.app.state.answers
            kept = answers.get(tag)
            if kept is not None:
                return Response(kept, headers=headers, media_type="application/json")
            response = await handle(request)
            if response.status_code == status.HTTP_200_OK:
                response.headers.update(headers)
                if "Link" not in response.headers:  # which may lead on with the key of whoever asked
                    answers.keep(tag, bytes(response.body))
            return response

        return answer


def install(app: FastAPI, settings: Settings) -> None:
    """Keep answers of an app."""
    app.state.answers = KeptAnswers(settings.cached_answer_bytes)
    app.state.generation = Generation(settings.cache_seconds)


def is_among(tag: str, listed: str) -> bool:
    """Whether a tag is among those of `If-None-Match`, compared weakly as RFC 9110 has it (13.1.2).

    "*" is none of them: whether there is anything to be answered is not known yet.
    """
    return tag in {one.strip().removeprefix("W/") for one in listed.split(",")}


def _cache_control(request: Request) -> str:
    settings: Settings = request.app.state.settings
    caller: Caller = request.state.caller
    whose = "public" if caller.key is None else "private"
    if not settings.cache_seconds:
        return f"{whose}, no-cache"
    stale = f"stale-while-revalidate={_STALE_WHILE_REVALIDATE}, stale-if-error={_STALE_IF_ERROR}"
    return f"{whose}, max-age={settings.cache_seconds}, {stale}"


async def _seen_at_once(request: Request) -> AsyncIterator[None]:
    yield
    request.app.state.generation.end_hold()


SeenAtOnce = Depends(_seen_at_once, scope="function")
"""Of a route that changes something: the next who asks is to see it, even while a batch is taken in."""

Cached = Depends(Cacheable())
CachedForAMinute = Depends(Cacheable(seconds=60))
