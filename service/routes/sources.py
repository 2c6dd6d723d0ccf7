"""Who reports: publishers, with the quality of their articles and their rank."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from service.access.requirements import READ
from service.caching import NOT_MODIFIED, Cached, CachedRoute
from service.dependencies import Index
from service.measure_schemas import SourceOut, SourceParameters, SourcesOut
from service.paging import link_next, next_page

router = APIRouter(prefix="/v1/sources", tags=["sources"], route_class=CachedRoute, dependencies=[READ])


@router.get("", operation_id="listSources", responses=NOT_MODIFIED, dependencies=[Cached])
def list_sources(
    parameters: Annotated[SourceParameters, Query()], index: Index, request: Request, response: Response
) -> SourcesOut:
    """The publishers that there are, the best first."""
    # The one more tells that there is a next page.
    found = index.sources.find(parameters.limit + 1, frozenset(parameters.country), parameters.after)
    following = next_page(found, parameters.limit, lambda source: source.position)
    link_next(request, response, following)
    return SourcesOut(sources=list(map(SourceOut.of, found)), next=following)
