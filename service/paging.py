"""Lists in pages: cursors, and the link to the next page."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import TypeVar

from fastapi import Request, Response
from pydantic import TypeAdapter

from service.access import key_in_query
from service.problems import ProblemError, make_problem

Found = TypeVar("Found")
Position = TypeVar("Position")


def cursor_of(position: Sequence[float | str]) -> str:
    """A place in a list, as clients are to pass it on unread."""
    return urlsafe_b64encode(json.dumps(position, ensure_ascii=False).encode()).decode().rstrip("=")


def position_in(cursor: str, kind: TypeAdapter[Position]) -> Position:
    """What `cursor_of` was given.

    Raises:
        ProblemError: it is none of ours.
    """
    try:
        return kind.validate_json(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError as error:
        detail = "cursor: take it as it is from 'next' of the answer before"
        raise ProblemError(make_problem(422, "invalid", detail)) from error


def next_page(found: list[Found], limit: int, position: Callable[[Found], Sequence[float | str]]) -> str | None:
    """The cursor of the next page; None if there is none. What was found beyond this page is taken off."""
    if len(found) <= limit:
        return None
    del found[limit:]
    return cursor_of(position(found[-1]))


def link_next(request: Request, response: Response, cursor: str | None) -> None:
    """Have an answer lead on to the next page, if there is one."""
    if cursor is not None:
        following = request.url.include_query_params(cursor=cursor)
        query = key_in_query.leading_on(request, following.query)
        response.headers["Link"] = f'<{following.path}?{query}>; rel="next"'
