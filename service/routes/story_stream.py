"""What becomes of stories, told as it happens."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import anyio
from fastapi import APIRouter, Header, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.types import Receive, Scope, Send

from service.access.callers import is_still_let_in
from service.access.requirements import READ, GuardedRoute
from service.dependencies import Index
from service.story_schemas import MOST_CHANGES, StoryChangeOut

_POLL_SECONDS = 0.5
_QUIET_POLLS = 30


class StreamRoute(GuardedRoute):
    """A route whose answer ends when the client goes.

    FastAPI may then still be handing over an event, to a reader that it has closed, and takes that for an error.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, until the client goes."""
        try:
            await super().handle(scope, receive, send)
        except* anyio.BrokenResourceError:
            pass


router = APIRouter(prefix="/v1/stories", tags=["stories"], route_class=StreamRoute, dependencies=[READ])


@router.get("/stream", operation_id="streamStoryChanges", response_class=EventSourceResponse)
async def stream_changes(
    request: Request,
    index: Index,
    last_event_id: Annotated[
        int | None, Header(ge=0, le=2**62, description="Begin behind this change; without it, with the next one.")
    ] = None,
) -> AsyncIterator[ServerSentEvent]:
    """What becomes of stories, as server-sent events: each is named by the kind of change, its id is its number."""
    library = index.stories
    last = await run_in_threadpool(library.last_change) if last_event_id is None else last_event_id
    yield ServerSentEvent(comment="changes of stories follow")
    quiet = 0
    while not await _is_over(request):
        changes = await run_in_threadpool(library.changes_after, last, MOST_CHANGES)
        for change in changes:
            last = change.sequence
            yield ServerSentEvent(id=str(last), event=change.kind.value, data=StoryChangeOut.of(change))
        quiet = 0 if changes else quiet + 1
        if quiet >= _QUIET_POLLS:
            quiet = 0
            yield ServerSentEvent(comment="nothing new")
        await asyncio.sleep(_POLL_SECONDS)


async def _is_over(request: Request) -> bool:
    """Whether a stream has to end; also when its key was revoked, which only a new request would find otherwise."""
    return request.app.state.is_stopping or await request.is_disconnected() or not is_still_let_in(request)
