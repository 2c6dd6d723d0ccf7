"""Keep, read and take down an article."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from index import Article, CoverageIndex, PutStatus
from service.access.requirements import INGEST, READ, GuardedRoute
from service.dependencies import ArticleIdInPath, Index, refuse_reader
from service.openapi import MISSING_RESPONSES, WRITE_RESPONSES
from service.problems import Problem, ProblemError, make_problem
from service.schemas import ArticleBody, ArticleOut, PutOut, PutParameters

router = APIRouter(prefix="/v1/articles", tags=["articles"], route_class=GuardedRoute)

_PROBLEMS: dict[int | str, dict[str, Any]] = WRITE_RESPONSES | {
    400: {"model": Problem, "description": "The body is not JSON."},
    409: {"model": Problem, "description": "The article was taken down."},
    413: {"model": Problem, "description": "The body is too large."},
}


_WRITER_ONLY = Depends(refuse_reader)


def taken_down(remedy: str = "PUT it with '?restore=true' to lift the takedown") -> Problem:
    """The problem of an article that is refused because of a takedown."""
    detail = f"the article was taken down, or is the same as one that was, and is not accepted again; {remedy}"
    return make_problem(409, "taken-down", detail)


@router.put(
    "/{article_id:path}",
    operation_id="putArticle",
    responses={201: {"model": PutOut}, **_PROBLEMS},
    dependencies=[INGEST, _WRITER_ONLY],
)
async def put_article(
    article_id: ArticleIdInPath,
    body: ArticleBody,
    index: Index,
    response: Response,
    parameters: Annotated[PutParameters, Query()],
) -> PutOut:
    """Keep an article. When this is answered the article is durable, and is found."""
    if body.id not in {None, article_id}:
        detail = f"id: the body says {body.id!r}, the path says {article_id!r}"
        raise ProblemError(make_problem(422, "invalid", detail))
    # Checked already, and what was cleaned is not to be cleaned again.
    article = Article.model_construct(**body.model_dump() | {"id": article_id})
    refusal = taken_down("add '?restore=true' to lift the takedown")
    return await _put(index, article, response, refusal, restore=parameters.restore)


@router.post(
    "",
    operation_id="postArticle",
    responses={201: {"model": PutOut}, **_PROBLEMS},
    dependencies=[INGEST, _WRITER_ONLY],
)
async def post_article(article: Article, index: Index, request: Request, response: Response) -> PutOut:
    """Keep an article under its own id, or under one derived from its URL."""
    outcome = await _put(index, article, response, taken_down(), restore=False)
    response.headers["Location"] = request.app.url_path_for("get_article", article_id=outcome.id)
    return outcome


@router.get("/{article_id:path}", operation_id="getArticle", responses=MISSING_RESPONSES, dependencies=[READ])
def get_article(article_id: ArticleIdInPath, index: Index) -> ArticleOut:
    """The article as it is kept."""
    stored = index.article(article_id)
    return ArticleOut.of(stored, index.stories.ids_of([stored.key]).get(stored.key))


@router.delete(
    "/{article_id:path}",
    operation_id="deleteArticle",
    status_code=204,
    response_class=Response,
    responses=MISSING_RESPONSES | WRITE_RESPONSES,
    dependencies=[INGEST, _WRITER_ONLY],
)
def delete_article(article_id: ArticleIdInPath, index: Index) -> None:
    """Take an article down: it is in no answer from now on, and is not accepted again."""
    index.take_down(article_id)


async def _put(
    index: CoverageIndex, article: Article, response: Response, refusal: Problem, *, restore: bool
) -> PutOut:
    (put,) = await index.put_async([article], restore=restore)
    if put.status is PutStatus.TAKEN_DOWN:
        raise ProblemError(refusal)
    response.status_code = 201 if put.status is PutStatus.CREATED else 200
    return PutOut(id=put.id, status=put.status, changed=put.status is not PutStatus.UNCHANGED)
