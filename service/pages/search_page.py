"""The page that shows coverage of a text, or leads to the page of an article by its address."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette import status

from index import Content, CoverageIndex, RelatedQuery, StoredArticle
from index.article import Lang
from index.errors import UnknownArticleError
from service.access.requirements import READ, GuardedRoute
from service.cancelling import unless_disconnected
from service.dependencies import Index
from service.pages.rendering import page, wording_for
from service.pages.shown import ShownRelated, page_of

_ITEMS = 12
_SCHEMES = ("http://", "https://")

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)


class SearchParameters(BaseModel):
    """What is looked for."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    # A text in the address of a page: longer ones are for POST /v1/related. The model reads no more than that.
    q: Annotated[str, Field(min_length=1, max_length=4_000)]
    lang: Lang | None = None


@router.get("/search", dependencies=[READ])
async def search_page(parameters: Annotated[SearchParameters, Query()], request: Request, index: Index) -> Response:
    """Coverage of a text; of an address that is known, the page of its article."""
    t = wording_for(request, parameters.lang)
    context = {"searched": parameters.q, "lang": parameters.lang}
    if parameters.q.startswith(_SCHEMES) and len(parameters.q.split()) == 1:
        stored = await run_in_threadpool(_of_url, index, parameters.q)
        if stored is None:
            return page(request, "search.html", t, context | {"is_unknown_url": True})
        path = f"{request.scope.get('root_path', '')}{page_of(stored.article.id)}"
        return RedirectResponse(path, status.HTTP_303_SEE_OTHER)
    content = Content(text=parameters.q)
    asking = index.related_to_content_async(content, RelatedQuery(limit=_ITEMS))
    answer = await unless_disconnected(request, asking)
    items = [ShownRelated.of(item, t) for item in answer.items]
    found = {
        "same_story": [item for item in items if item.is_same_story],
        "related": [item for item in items if not item.is_same_story],
    }
    return page(request, "search.html", t, context | found)


def _of_url(index: CoverageIndex, url: str) -> StoredArticle | None:
    try:
        return index.article_by_url(url)
    except (UnknownArticleError, ValueError):
        return None
