"""Answers that a client or a cache may keep: strong ETags, and 304 without looking anything up.

A tag is made of what was asked and of the index's generation. So nothing has to be found, let alone encoded, to see
that an answer is still the same.
"""

import hashlib
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response

from service.dependencies import Index, ServiceSettings

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
"""What a route with such a dependency may answer besides."""


class NotModifiedError(Exception):
    """Raised before anything is looked up: the client has the answer already."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__("the answer is still the same")
        self.headers = headers


def cached(*, seconds: int | None = None) -> Callable[..., Awaitable[None]]:
    """A dependency that lets answers be kept, and ends a request whose answer the client has.

    Args:
        seconds: after so many an answer is another one even if nothing was changed, since it tells of times; None if it
            is not.
    """

    async def dependency(
        request: Request,
        response: Response,
        index: Index,
        settings: ServiceSettings,
        if_none_match: _IfNoneMatch = None,
    ) -> None:
        moment = 0 if seconds is None else int(time.time()) // seconds
        asked = f"{request.app.version} {index.generation()} {moment} {request.url.path}?{request.url.query}"
        tag = f'"{hashlib.blake2b(asked.encode(), digest_size=12).hexdigest()}"'
        is_private = "authorization" in request.headers or getattr(request.state, "key_id", None) is not None
        headers = {"ETag": tag, "Cache-Control": _cache_control(settings.cache_seconds, is_private=is_private)}
        if if_none_match and is_among(tag, if_none_match):
            raise NotModifiedError(headers)
        response.headers.update(headers)

    return dependency


def is_among(tag: str, listed: str) -> bool:
    """Whether a tag is among those of `If-None-Match`, compared weakly as RFC 9110 has it (13.1.2).

    "*" is none of them: whether there is anything to be answered is not known yet.
    """
    return tag in {one.strip().removeprefix("W/") for one in listed.split(",")}


def not_modified(_: Request, error: Exception) -> Response:
    """The answer to a client that has it already."""
    assert isinstance(error, NotModifiedError)  # noqa: S101 - Starlette types all handlers alike
    return Response(status_code=304, headers=error.headers)


def _cache_control(seconds: int, *, is_private: bool) -> str:
    whose = "private" if is_private else "public"
    if not seconds:
        return f"{whose}, no-cache"
    stale = f"stale-while-revalidate={_STALE_WHILE_REVALIDATE}, stale-if-error={_STALE_IF_ERROR}"
    return f"{whose}, max-age={seconds}, {stale}"


Cached = Depends(cached())
CachedForAMinute = Depends(cached(seconds=60))
