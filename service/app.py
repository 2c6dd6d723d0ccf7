"""The application."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from importlib.resources import files

from fastapi import APIRouter, FastAPI
from fastapi_offline import FastAPIOffline
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from index import CoverageIndex
from service import caching, limits, openapi, pages, passing_on, problems, request_watch, telemetry
from service.access import key_file
from service.access.identified import IdentifiedCallers
from service.access.key_file import FollowedKeyFile
from service.access_log import log_request
from service.cors import ExactCors
from service.feeds.configured import configured_book, configured_poller, follow_settings
from service.fetching.configured import configured_fetcher
from service.fetching.fetcher import Fetcher
from service.fetching.pages import Pages
from service.head_requests import HeadAsGet
from service.metrics import Metrics
from service.opening import open_configured_index
from service.pages import docs, embed, front_page, metrics_page, reader_page, search_page
from service.repeats import Repeats
from service.routes import articles, batch, feeds, health, related, sources, stories, story_stream, takedowns
from service.security_headers import FOR_ALL_SITES, WithHeaders
from service.settings import Settings
from service.streams.configured import configured_stream
from service.streams.consumer import consuming
from service.widget import script as widget_script

DESCRIPTION = """
Finds related coverage of any news story, across languages: send articles, and ask what else is being reported.

`HEAD` works wherever `GET` does, and is answered with the same headers.

Every error is answered as `application/problem+json` (RFC 9457), with a `detail` that says what to do; also what is no
HTTP at all (400), and a head of more than 64 KiB (431). Any request may be answered by 408 when its head or its body
comes too slowly, by 429 when too many came from the same caller, and by 503 when too many are worked on, or when the
process that takes articles is another one and does not answer; `Retry-After` says when to try again.
"""


_ROUTERS = (
    related.router,  # before that of articles, where what stands behind an id would be taken for a part of it
    articles.router,
    takedowns.router,
    feeds.router,
    story_stream.router,  # before that of stories, where it would be taken for one
    stories.router,
    sources.router,
    health.router,
    front_page.router,
    search_page.router,
    reader_page.router,
    docs.router,
    embed.router,
    widget_script.router,
    metrics_page.router,
)
"""All but that of batches, whose bodies may be larger."""


def create_app(
    settings: Settings, index: CoverageIndex | None = None, writer: Callable[[], str | None] | None = None
) -> FastAPI:
    """Make the application.

    Args:
        settings: how it is to run.
        index: the index to serve; when None, the one that the settings name is opened at start and closed at the end.
        writer: gives a reader the address of the writer, to which it passes on what it cannot do; when None, that is
            the one in the settings, if there is one.
    """
    # FastAPI with the scripts of /docs on board, so that a reader's browser asks no third party for them.
    app = FastAPIOffline(
        title="similar-news",
        version=version("similar-news"),
        summary="What else is being reported about this?",
        description=DESCRIPTION,
        lifespan=_lifespan(index),
        responses=openapi.PROBLEM_RESPONSES,
        telemetry=telemetry.config(is_on=settings.telemetry),
        docs_url=None,  # ours says what it may load
        redoc_url=None,
        static_url=docs.SCRIPTS,
    )
    app.state.settings = settings
    app.state.keys = FollowedKeyFile(settings.data_dir / key_file.NAME)
    app.state.feeds = configured_book(settings)
    app.state.poller = None
    app.state.is_stopping = False
    app.state.metrics = metrics = Metrics()
    app.state.open_stream = configured_stream(settings)
    # What is added later comes before.
    app.add_middleware(Repeats)
    limits.inflate_bodies(app)
    if writer := _writer_of(settings, writer):
        passing_on.install(app, writer, [route for router in (batch.router, *_ROUTERS) for route in router.routes])
    limits.limit_work(app, settings)
    caching.install(app, settings)
    limits.limit_rates(app, settings)
    app.add_middleware(IdentifiedCallers, keys=app.state.keys)
    problems.install(app)
    if settings.telemetry:
        telemetry.leave_queries_out(app)
    openapi.install(app)
    app.include_router(batch.router, max_body_size=settings.max_batch_bytes)
    for router in _ROUTERS:
        app.include_router(router, max_body_size=settings.max_article_bytes)
    app.state.methods = _methods([batch.router, *_ROUTERS])
    static = StaticFiles(directory=str(files(pages).joinpath("static")))
    app.mount("/static", WithHeaders(static, FOR_ALL_SITES), name="static")
    _wrap(app)
    request_watch.install(app, [metrics.handled, *([log_request] if settings.access_log else [])])
    return app


def _writer_of(settings: Settings, given: Callable[[], str | None] | None) -> Callable[[], str | None] | None:
    """What gives the address of the writer, if this is a reader and there is one."""
    if settings.role == "writer":
        return None
    return given or ((lambda: settings.writer_url) if settings.writer_url else None)


def _methods(routers: Iterable[APIRouter]) -> dict[str, set[str]]:
    """The methods of each path; where GET is one, HEAD is as well (see `service.head_requests`)."""
    methods = defaultdict[str, set[str]](set)
    for router in routers:
        for route in router.routes:
            if isinstance(route, Route):
                methods[route.path] |= route.methods or set()
                methods[route.path] |= {"HEAD"} if "GET" in methods[route.path] else set()
    return dict(methods)


def _wrap(app: FastAPI) -> None:
    """Wrap the whole application: what is added as middleware does not see the answer to an unexpected error."""
    build = app.build_middleware_stack

    def origins() -> frozenset[str]:
        keys: FollowedKeyFile = app.state.keys
        return keys.origins().union(app.state.settings.cors_origins)

    def build_and_wrap() -> ASGIApp:
        return WithHeaders(ExactCors(HeadAsGet(build()), origins))

    app.build_middleware_stack = build_and_wrap  # type: ignore[method-assign]  # as `openapi` is


@asynccontextmanager
async def _polling(app: FastAPI, fetcher: Fetcher) -> AsyncIterator[None]:
    """Poll feeds for as long as the block lasts."""
    settings, metrics = app.state.settings, app.state.metrics
    await run_in_threadpool(follow_settings, settings, app.state.feeds)
    app.state.poller = poller = configured_poller(settings, app.state.index, fetcher, metrics)
    metrics.watch_feeds(poller.states)
    async with poller.running():
        yield


def _lifespan(index: CoverageIndex | None) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as resources:
            is_writer = app.state.settings.role == "writer"
            opened = index
            if opened is None:
                opening = open_configured_index(app.state.settings, writer=is_writer)
                opened = await run_in_threadpool(resources.enter_context, opening)
            app.state.index = opened
            app.state.metrics.watch(opened)
            resources.enter_context(opened.turns.given_to(asyncio.get_running_loop()))
            fetcher = await resources.enter_async_context(configured_fetcher(app.state.settings))
            app.state.pages = Pages(fetcher)
            if is_writer:
                await resources.enter_async_context(_polling(app, fetcher))
            if app.state.open_stream:
                limit, stream_metrics = app.state.settings.max_article_bytes, app.state.metrics.stream
                await resources.enter_async_context(
                    consuming(app.state.open_stream(), app.state.index, stream_metrics, limit)
                )
            yield

    return lifespan
