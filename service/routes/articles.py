"""Keep, read and take down an article."""

from collections.abc import Awaitable
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.routing import Match
from starlette.types import Scope

from index import Article, CoverageIndex, Put, PutStatus, StoredArticle
from service.access.requirements import INGEST, READ, GuardedRoute
from service.caching import SeenAtOnce
from service.dependencies import ArticleIdInPath, Index, refuse_reader
from service.fetching.posted import FETCH_RESPONSES, ArticleOrPage, whole_article
from service.openapi import MISSING_RESPONSES, WRITE_RESPONSES, article_links, story_links
from service.preconditions import PutCondition, etag_of
from service.prefer import Prefer, Preference
from service.problems import Problem, ProblemError, make_problem
from service.repeats import describe_key
from service.schemas import ArticleBody, ArticleOut, PutOut, PutParameters, Told


class ArticleRoute(GuardedRoute):
    """A route of articles, to which what stands behind an id belongs as well, so that it says what an id is.

    Related coverage has a path of its own, also for methods that it does not have.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """How far the route is that of a request."""
        match, found = super().matches(scope)
        is_related = found.get("path_params", {}).get("article_id", "").endswith("/related")
        return (Match.NONE, {}) if is_related else (match, found)


router = APIRouter(prefix="/v1/articles", tags=["articles"], route_class=ArticleRoute)

_PROBLEMS: dict[int | str, dict[str, Any]] = WRITE_RESPONSES | {
    409: {"model": Problem, "description": "The article was taken down."},
}

_TAGGED: dict[str, Any] = {
    "headers": {"ETag": {"description": "Names this version of the article.", "schema": {"type": "string"}}}
}
_PUT: dict[str, Any] = {**_TAGGED, "links": article_links("/id")}
_PUT_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: _PUT,
    201: {"model": PutOut, "description": "The article is new.", **_PUT},
    202: {"model": PutOut, "description": "The article is durable, and will be found: see `Prefer`.", **_PUT},
    **_PROBLEMS,
}
_GET_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {**_TAGGED, "links": article_links("/id") | story_links("/story")},
    **MISSING_RESPONSES,
}

_WRITER_ONLY = Depends(refuse_reader)


def taken_down(remedy: str = "PUT it with '?restore=true' to lift the takedown") -> Problem:
    """The problem of an article that is refused because of a takedown."""
    detail = f"the article was taken down, or is the same as one that was, and is not accepted again; {remedy}"
    return make_problem(409, "taken-down", detail)


@router.put(
    "/{article_id:path}",
    operation_id="putArticle",
    responses=_PUT_RESPONSES
    | {412: {"model": Problem, "description": "The article is not as `If-Match` or `If-None-Match` has it."}},
    dependencies=[INGEST, _WRITER_ONLY, SeenAtOnce],
)
async def put_article(
    article_id: ArticleIdInPath,
    body: ArticleBody,
    index: Index,
    response: Response,
    parameters: Annotated[PutParameters, Query()],
    condition: PutCondition,
    prefer: Prefer,
) -> PutOut:
    """Keep an article. When this is answered the article is durable, and is found.

    With `If-None-Match: *` only a new one is kept, with `If-Match` only one that nobody has changed meanwhile.
    """
    if body.id not in {None, article_id}:
        detail = f"id: the body says {body.id!r}, the path says {article_id!r}"
        raise ProblemError(make_problem(422, "invalid", detail))
    # Checked already, and what was cleaned is not to be cleaned again.
    article = Article.model_construct(**body.model_dump() | {"id": article_id})
    refusal = taken_down("add '?restore=true' to lift the takedown")
    putting = index.put_async([article], restore=parameters.restore, condition=condition, patience=prefer.patience)
    return await _answer(putting, response, refusal, prefer)


@router.post(
    "",
    operation_id="postArticle",
    responses=_PUT_RESPONSES
    | FETCH_RESPONSES
    | {409: {"model": Problem, "description": "It was taken down, or the same request is being worked on."}},
    dependencies=[INGEST, _WRITER_ONLY, Depends(describe_key), SeenAtOnce],
)
async def post_article(
    posted: ArticleOrPage, index: Index, request: Request, response: Response, prefer: Prefer
) -> PutOut:
    """Keep an article under its own id, or under one derived from its URL.

    With a `url` and neither a `title` nor a `text`, the article is read from the page there; what else was sent with it
    counts more than what the page says. Its id is derived from the canonical URL of the page.
    """
    article = await whole_article(posted, request)
    putting = index.put_async([article], patience=prefer.patience)
    outcome = await _answer(putting, response, taken_down(), prefer)
    response.headers["Location"] = request.app.url_path_for("get_article", article_id=outcome.id)
    return outcome


@router.get("/{article_id:path}", operation_id="getArticle", responses=_GET_RESPONSES, dependencies=[READ])
async def get_article(article_id: ArticleIdInPath, index: Index, response: Response) -> ArticleOut:
    """The article as it is kept, with what there is to tell of it.

    The summary is made now if there is none yet, which takes about as long as to embed the article.
    """
    stored, told = await run_in_threadpool(_told, index, article_id)
    response.headers["ETag"] = etag_of(stored.version)
    return ArticleOut.of(stored, replace(told, summary=await index.summaries.get(stored)))


def _told(index: CoverageIndex, article_id: str) -> tuple[StoredArticle, Told]:
    """An article with all that is known of it without the encoder."""
    stored = index.article(article_id)
    source = stored.article.source
    return stored, Told(
        story=index.stories.ids_of([stored.key]).get(stored.key),
        quality=index.measurer.quality(stored.key),
        publisher=index.sources.get(source) if source else None,
    )


@router.delete(
    "/{article_id:path}",
    operation_id="deleteArticle",
    status_code=204,
    response_class=Response,
    responses=MISSING_RESPONSES | WRITE_RESPONSES,
    dependencies=[INGEST, _WRITER_ONLY, SeenAtOnce],
)
def delete_article(article_id: ArticleIdInPath, index: Index) -> None:
    """Take an article down: it is in no answer from now on, and is not accepted again."""
    index.take_down(article_id)


async def _answer(putting: Awaitable[list[Put]], response: Response, refusal: Problem, prefer: Preference) -> PutOut:
    (put,) = await putting
    if put.version is None:
        raise ProblemError(refusal)
    response.headers["ETag"] = etag_of(put.version)
    response.status_code = 201 if put.status is PutStatus.CREATED else 200
    if put.waits:
        response.status_code = 202
        response.headers["Preference-Applied"] = prefer.applied
    return PutOut(id=put.id, status=put.status, changed=put.status is not PutStatus.UNCHANGED)
