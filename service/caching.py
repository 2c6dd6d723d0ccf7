"""Answers that are kept, here, by caches and by clients: strong ETags, and 304 without looking anything up.

A tag is made of what was asked and of the index's generation. So nothing has to be found, let alone encoded, to see
that an answer is still the same.
"""

import hashlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, Request, Response, status

from index import CoverageIndex
from index.store import Generation
from service.access.key_in_query import is_remembered
from service.access.requirements import GuardedRoute
from service.kept_answers import (
    GiveKeptAnswers,
    KeptAnswer,
    KeptAnswers,
    asked_for,
    headers_of_kept,
    is_among,
    not_modified,
)
from service.settings import Settings

_IfNoneMatch = Annotated[
    str | None,
    Header(description="An `ETag` of before: if the answer is still the same, it is not sent again (304)."),
]

NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "The answer is still the one with the `ETag` that was sent.", "content": {}}
}
"""What such a route may answer besides."""


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

    def tag(self, version: str, generation: Generation, asked: str) -> str:
        """The tag of the answer as it is now.

        Args:
            version: of the service.
            generation: of the index.
            asked: what is asked for.
        """
        moment = 0 if self._seconds is None else int(time.time()) // self._seconds
        text = f"{version} {generation.of_all} {moment} {asked}"
        return f'"{hashlib.blake2b(text.encode(), digest_size=12).hexdigest()}"'


class CachedRoute(GuardedRoute):
    """A route whose answers are kept, if it has `Cached` or `CachedForAMinute` among its dependencies."""

    def handler_for_those_let_in(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, behind the question whether the client has the answer already."""
        handle = super().handler_for_those_let_in()
        marks = [one.dependency for one in self.dependencies if isinstance(one.dependency, Cacheable)]
        if not marks:
            return handle
        (mark,) = marks

        async def answer(request: Request) -> Response:
            state = request.app.state
            index: CoverageIndex = state.index
            settings: Settings = state.settings
            tag_at = partial(mark.tag, request.app.version)
            began = time.monotonic()
            asked, generation = asked_for(request.scope), index.generation()
            tag = tag_at(generation, asked)
            headers = headers_of_kept(tag, request.scope, settings.cache_seconds)
            if is_among(tag, request.headers.get("If-None-Match", "")):
                return not_modified(headers)
            response = await handle(request)
            if response.status_code == status.HTTP_200_OK:
                response.headers.update(headers)
                link = response.headers.get("Link")
                if not (link and is_remembered(request.scope)):  # it has the key of whoever asked in it
                    route = request.scope["route"]
                    kept = KeptAnswer(tag, tag_at, generation, bytes(response.body), link, route, began)
                    state.answers.keep(asked, kept)
            return response

        return answer


def install(app: FastAPI, settings: Settings) -> None:
    """Keep the answers of an app, and give them again.

    What tells who asks has to be added after this, so that it comes before.
    """
    app.state.answers = KeptAnswers(settings.cached_answer_bytes)
    app.add_middleware(
        GiveKeptAnswers,
        answers=app.state.answers,
        index=lambda: app.state.index,
        cache_seconds=settings.cache_seconds,
    )


async def _seen_at_once(request: Request) -> AsyncIterator[None]:
    yield
    request.app.state.answers.put_at = time.monotonic()


SeenAtOnce = Depends(_seen_at_once, scope="function")
"""Of a route that changes something: the next who asks is to see it, however many ask."""

Cached = Depends(Cacheable())
CachedForAMinute = Depends(Cacheable(seconds=60))
