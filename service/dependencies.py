"""What routes ask for."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request

from index import CoverageIndex
from index.article import ArticleId
from index.errors import ReadOnlyError
from service.schemas import RelatedByUrlParameters, RelatedParameters
from service.settings import Settings


# Coroutines, as what is none goes by way of a thread, which takes longer than they do.
async def _index(request: Request) -> CoverageIndex:
    index: CoverageIndex = request.app.state.index
    return index


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


Index = Annotated[CoverageIndex, Depends(_index)]
ServiceSettings = Annotated[Settings, Depends(_settings)]
ArticleIdInPath = Annotated[ArticleId, Path()]
RelatedQueryParameters = Annotated[RelatedParameters, Query()]
RelatedByUrlQueryParameters = Annotated[RelatedByUrlParameters, Query()]


async def refuse_reader(settings: ServiceSettings) -> None:
    """Refuse what a reader cannot do, before anything else.

    Raises:
        ReadOnlyError: this process only reads.
    """
    if settings.role != "writer":
        raise ReadOnlyError(
            "this process only reads (SIMILAR_NEWS_ROLE=reader): send to the one that writes, or let this one pass it "
            "on to that (SIMILAR_NEWS_WRITER_URL)"
        )
