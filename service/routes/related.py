"""What else is being reported about this?"""

from fastapi import APIRouter, Request

from service.access.requirements import READ
from service.caching import NOT_MODIFIED, Cached, CachedRoute
from service.cancelling import unless_disconnected
from service.dependencies import ArticleIdInPath, Index, RelatedByUrlQueryParameters, RelatedQueryParameters
from service.openapi import MISSING_RESPONSES, OVERLOAD_RESPONSES
from service.schemas import RelatedByTextBody, RelatedOut

router = APIRouter(prefix="/v1", tags=["related"], route_class=CachedRoute, dependencies=[READ])

_STORED_RESPONSES = MISSING_RESPONSES | NOT_MODIFIED
_TEXT_RESPONSES = {404: MISSING_RESPONSES[404], **OVERLOAD_RESPONSES}


@router.get(
    "/articles/{article_id:path}/related",
    operation_id="relatedByArticle",
    responses=_STORED_RESPONSES,
    dependencies=[Cached],
)
def related_by_article(article_id: ArticleIdInPath, parameters: RelatedQueryParameters, index: Index) -> RelatedOut:
    """Related coverage of an article by its id."""
    answer = index.related_to(index.article(article_id), parameters.to_query())
    return RelatedOut.of(answer, article_id, parameters.without)


@router.get("/related", operation_id="relatedByUrl", responses=_STORED_RESPONSES, dependencies=[Cached])
def related_by_url(parameters: RelatedByUrlQueryParameters, index: Index) -> RelatedOut:
    """Related coverage of an article by its URL."""
    stored = index.article_by_url(parameters.url)
    answer = index.related_to(stored, parameters.to_query())
    return RelatedOut.of(answer, stored.article.id, parameters.without)


@router.post("/related", operation_id="relatedByText", responses=_TEXT_RESPONSES)
async def related_by_text(
    content: RelatedByTextBody, parameters: RelatedQueryParameters, index: Index, request: Request
) -> RelatedOut:
    """Related coverage of a text. It is not kept."""
    asking = index.related_to_content_async(content, parameters.to_query(content))
    return RelatedOut.of(await unless_disconnected(request, asking), without=parameters.without)
