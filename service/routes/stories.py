"""What is being reported: stories, what each says, and what becomes of them."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from index.store.stories import StoryQuery
from index.stories.ids import number_of, pattern_of
from service.access.requirements import READ
from service.caching import NOT_MODIFIED, CachedForAMinute, CachedRoute
from service.dependencies import Index
from service.openapi import STORY_RESPONSES, link, story_links
from service.paging import link_next, next_page
from service.story_schemas import (
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

_RESPONSES = STORY_RESPONSES | NOT_MODIFIED
_LIST_RESPONSES: dict[int | str, dict[str, Any]] = NOT_MODIFIED | {
    200: {"links": story_links("/stories/0/id") | {"nextPage": link("listStories", cursor="/next")}}
}
_CHANGES_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"links": story_links("/changes/0/story") | {"next": link("listStoryChanges", after="/last")}},
    404: STORY_RESPONSES[404],
}
_CACHED = [CachedForAMinute]  # a story tells what came in the last hours
StoryId = Annotated[
    str, Path(description="The id of a story.", examples=["s1"], json_schema_extra={"pattern": pattern_of("s")})
]


@router.get("", operation_id="listStories", responses=_LIST_RESPONSES, dependencies=_CACHED)
def list_stories(
    parameters: Annotated[StoryParameters, Query()], index: Index, request: Request, response: Response
) -> StoriesOut:
    """The stories that there are."""
    query = parameters.to_query()
    stories = index.stories.find(replace(query, limit=query.limit + 1))  # the one more tells that there is a next page
    following = next_page(stories, query.limit, lambda story: query.position(story.record))
    link_next(request, response, following)
    return StoriesOut(stories=list(map(StoryOut.of, stories)), next=following)


@router.get("/changes", operation_id="listStoryChanges", responses=_CHANGES_RESPONSES)
def list_changes(parameters: Annotated[StoryChangesParameters, Query()], index: Index) -> StoryChangesOut:
    """What became of stories: the same that the stream tells, for those that would rather ask again and again."""
    changes = index.stories.changes_after(parameters.after, parameters.limit, parameters.story)
    last = changes[-1].sequence if changes else parameters.after
    return StoryChangesOut(changes=list(map(StoryChangeOut.of, changes)), last=last)


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
