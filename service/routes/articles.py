"""Keep, read and take down an article."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from index import Article, CoverageIndex, PutStatus
from service.dependencies import ArticleIdInPath, Index
from service.problems import Problem, ProblemError
from service.schemas import ArticleBody, ArticleOut, PutOut, PutParameters

TAKEN_DOWN = "the article was taken down, or is the same as one that was, and is not accepted again; {remedy}"

router = APIRouter(prefix="/v1/articles", tags=["articles"])

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The body is not JSON."},
    409: {"model": Problem, "description": "The article was taken down."},
    413: {"model": Problem, "description": "The body is too large."},
}
_MISSING: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "There is no such article."},
    410: {"model": Problem, "description": "The article was taken down."},
}


@router.put("/{article_id:path}", operation_id="putArticle", responses={201: {"model": PutOut}, **_PROBLEMS})
def put_article(
    article_id: ArticleIdInPath,
    body: ArticleBody,
    index: Index,
    response: Response,
    parameters: Annotated[PutParameters, Query()],
) -> PutOut:
    """Keep an article. When this is answered the article is durable, and is found."""
    if body.id not in {None, article_id}:
        raise ProblemError(422, "invalid", f"id: the body says {body.id!r}, the path says {article_id!r}")
    # Checked already, and what was cleaned is not to be cleaned again.
    article = Article.model_construct(**body.model_dump() | {"id": article_id})
    return _put(index, article, response, restore=parameters.restore, remedy="add '?restore=true' to lift the takedown")


@router.post("", operation_id="postArticle", responses={201: {"model": PutOut}, **_PROBLEMS})
def post_article(article: Article, index: Index, request: Request, response: Response) -> PutOut:
    """Keep an article under its own id, or under one derived from its URL."""
    outcome = _put(index, article, response, restore=False, remedy="PUT it with '?restore=true' to lift the takedown")
    response.headers["Location"] = request.app.url_path_for("get_article", article_id=outcome.id)
    return outcome


@router.get("/{article_id:path}", operation_id="getArticle", responses=_MISSING)
def get_article(article_id: ArticleIdInPath, index: Index) -> ArticleOut:
    """The article as it is kept."""
    return ArticleOut.of(index.article(article_id))


@router.delete(
    "/{article_id:path}", operation_id="deleteArticle", status_code=204, response_class=Response, responses=_MISSING
)
def delete_article(article_id: ArticleIdInPath, index: Index) -> None:
    """Take an article down: it is in no answer from now on, and is not accepted again."""
    index.take_down(article_id)


def _put(index: CoverageIndex, article: Article, response: Response, *, restore: bool, remedy: str) -> PutOut:
    (put,) = index.put([article], restore=restore)
    if put.status is PutStatus.TAKEN_DOWN:
        raise ProblemError(409, "taken-down", TAKEN_DOWN.format(remedy=remedy))
    response.status_code = 201 if put.status is PutStatus.CREATED else 200
    return PutOut(id=put.id, status=put.status, changed=put.status is not PutStatus.UNCHANGED)
