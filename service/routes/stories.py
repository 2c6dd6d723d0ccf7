"""What is being reported: stories, what each says, and what becomes of them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent

from index.store.stories import StoryQuery
from index.stories.ids import number_of
from service.access.callers import is_still_let_in
from service.access.requirements import READ
from service.caching import NOT_MODIFIED, CachedForAMinute, CachedRoute
from service.dependencies import Index
from service.openapi import STORY_RESPONSES
from service.paging import link_next, next_page
from service.story_schemas import (
    MOST_CHANGES,
    ExplanationOut,
    ReportOut,
    StoriesOut,
    StoryArticlesOut,
    StoryArticlesParameters,
    StoryChangeOut,
    StoryChangesOut,
    StoryChangesParameters,
    StoryDetailOut,
    StoryOut,
    StoryParameters,
    TimelineOut,
    position_of,
)

router = APIRouter(prefix="/v1/stories", tags=["stories"], route_class=CachedRoute, dependencies=[READ])

MOST_OF_THREAD = 20
_POLL_SECONDS = 0.5
_QUIET_POLLS = 30

_RESPONSES = STORY_RESPONSES | NOT_MODIFIED
_CACHED = [CachedForAMinute]  # a story tells what came in the last hours
StoryId = Annotated[str, Path(description="The id of a story.", examples=["s1"])]


@router.get("", operation_id="listStories", responses=NOT_MODIFIED, dependencies=_CACHED)
def list_stories(
    parameters: Annotated[StoryParameters, Query()], index: Index, request: Request, response: Response
) -> StoriesOut:
    """The stories that there are."""
    query = parameters.to_query()
    stories = index.stories.find(replace(query, limit=query.limit + 1))  # the one more tells that there is a next page
    following = next_page(stories, query.limit, lambda story: query.position(story.record))
    link_next(request, response, following)
    return StoriesOut(stories=list(map(StoryOut.of, stories)), next=following)


@router.get("/changes", operation_id="listStoryChanges", responses={404: STORY_RESPONSES[404]})
def list_changes(parameters: Annotated[StoryChangesParameters, Query()], index: Index) -> StoryChangesOut:
    """What became of stories: the same that the stream tells, for those that would rather ask again and again."""
    changes = index.stories.changes_after(parameters.after, parameters.limit, parameters.story)
    last = changes[-1].sequence if changes else parameters.after
    return StoryChangesOut(changes=list(map(StoryChangeOut.of, changes)), last=last)


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


@router.get("/{story_id}", operation_id="getStory", responses=_RESPONSES, dependencies=_CACHED)
def get_story(story_id: StoryId, index: Index) -> StoryDetailOut:
    """A story, and the others of its thread."""
    story = index.stories.get(story_id)
    thread = number_of(story.thread, "t")
    others = index.stories.find(StoryQuery(thread=thread, limit=MOST_OF_THREAD + 1))
    return StoryDetailOut.in_thread(story, [one for one in others if one.id != story.id][:MOST_OF_THREAD])


@router.get("/{story_id}/articles", operation_id="listStoryArticles", responses=_RESPONSES, dependencies=_CACHED)
def list_articles(
    story_id: StoryId,
    parameters: Annotated[StoryArticlesParameters, Query()],
    index: Index,
    request: Request,
    response: Response,
) -> StoryArticlesOut:
    """The articles of a story."""
    after = None if parameters.cursor is None else position_of(parameters.cursor)
    reports = index.stories.reports(story_id, parameters.limit + 1, after)
    following = next_page(reports, parameters.limit, lambda report: report.position)
    link_next(request, response, following)
    return StoryArticlesOut(articles=list(map(ReportOut.of, reports)), next=following)


@router.get("/{story_id}/timeline", operation_id="getStoryTimeline", responses=_RESPONSES, dependencies=_CACHED)
def get_timeline(story_id: StoryId, index: Index) -> TimelineOut:
    """How a story came about: by day, and by language."""
    return TimelineOut.of(index.stories.timeline(story_id))


@router.get("/{story_id}/explanation", operation_id="explainStory", responses=_RESPONSES, dependencies=_CACHED)
def explain(story_id: StoryId, index: Index) -> ExplanationOut:
    """Why the articles of a story are together, and which hangs on by the least."""
    return ExplanationOut.of(index.explain_story(story_id))


async def _is_over(request: Request) -> bool:
    """Whether a stream has to end; also when its key was revoked, which only a new request would find otherwise."""
    return request.app.state.is_stopping or await request.is_disconnected() or not is_still_let_in(request)
