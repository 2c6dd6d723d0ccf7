"""Add, list and remove feeds."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response

from service.access.callers import Caller
from service.access.requirements import INGEST, READ, GuardedRoute
from service.dependencies import ServiceSettings, refuse_reader
from service.feeds.answers import FeedOut, FeedsOut
from service.feeds.feed import FeedSettings
from service.feeds.folder import FeedFolder
from service.feeds.poller import Poller
from service.fetching.allowed import refuse_anonymous
from service.fetching.configured import configured_destinations
from service.fetching.errors import FetchError
from service.openapi import WRITE_RESPONSES, link
from service.problems import Problem, ProblemError, make_problem

router = APIRouter(prefix="/v1/feeds", tags=["feeds"], route_class=GuardedRoute)

_LINKS = {"links": {"removal": link("deleteFeed", feed_id="/id")}}
_FIRST = {"links": {"removal": link("deleteFeed", feed_id="/items/0/id")}}
_WRITES: dict[int | str, dict[str, Any]] = {403: WRITE_RESPONSES[403]}


async def _book(request: Request) -> FeedFolder:
    book: FeedFolder = request.app.state.feeds
    return book


Book = Annotated[FeedFolder, Depends(_book)]
FeedIdInPath = Annotated[str, Path(description="The id of a feed.", pattern="^feed-[0-9a-f]{16}$")]


@router.post(
    "",
    operation_id="addFeed",
    responses={200: _LINKS, 201: {"model": FeedOut, "description": "The feed is new.", **_LINKS}, **_WRITES},
    dependencies=[INGEST, Depends(refuse_reader)],
)
def add_feed(
    body: FeedSettings, request: Request, response: Response, settings: ServiceSettings, book: Book
) -> FeedOut:
    """Poll a feed from now on. One that is there gets the settings that are sent.

    It is asked at once, and then as often as it has something new. Its items become articles, as if they were sent.
    """
    refuse_anonymous(request, "feeds are added", "name the feed in SIMILAR_NEWS_FEEDS")
    try:
        configured_destinations(settings).parsed(body.url)
    except FetchError as error:
        raise ProblemError(make_problem(422, error.kind, f"the feed cannot be polled: {error}")) from error
    known = book.feeds().get(body.feed_id)
    is_new = book.add(body, datetime.now(UTC), in_settings=known is not None and known.in_settings)
    _wake(request)
    response.status_code = 201 if is_new else 200
    return FeedOut.of(book.feeds()[body.feed_id], book.progress(body.feed_id))


@router.get("", operation_id="listFeeds", responses={200: _FIRST}, dependencies=[READ])
def list_feeds(request: Request, book: Book) -> FeedsOut:
    """All feeds, and how they are: when they were polled, what was wrong, when they are polled next."""
    caller: Caller = request.state.caller
    if caller.key is not None and caller.key.is_for_widget:
        # Which is in pages that anyone can read, and the address of a feed may be a secret.
        raise ProblemError(make_problem(403, "scope", "the key of a widget does not show feeds; send another one"))
    return FeedsOut.of(book)


@router.delete(
    "/{feed_id}",
    operation_id="deleteFeed",
    status_code=204,
    response_class=Response,
    responses={
        404: {"model": Problem, "description": "There is no such feed."},
        409: {"model": Problem, "description": "SIMILAR_NEWS_FEEDS names it."},
        **_WRITES,
    },
    dependencies=[INGEST, Depends(refuse_reader)],
)
def delete_feed(feed_id: FeedIdInPath, request: Request, book: Book) -> None:
    """Poll a feed no more. Its articles stay."""
    known = book.feeds().get(feed_id)
    if known is not None and known.in_settings:
        detail = "SIMILAR_NEWS_FEEDS names this feed: take it out of there, and start the service again"
        raise ProblemError(make_problem(409, "feed-in-settings", detail))
    if not book.remove(feed_id):
        detail = f"there is no feed with the id {feed_id!r}; GET /v1/feeds lists them"
        raise ProblemError(make_problem(404, "unknown-feed", detail))
    _wake(request)


def _wake(request: Request) -> None:
    poller: Poller | None = request.app.state.poller
    if poller is not None:
        poller.wake()
