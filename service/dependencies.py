"""What routes ask for."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request

from index import CoverageIndex
from index.article import ArticleId
from service.schemas import RelatedByUrlParameters, RelatedParameters
from service.settings import Settings


def _index(request: Request) -> CoverageIndex:
    index: CoverageIndex = request.app.state.index
    return index


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


Index = Annotated[CoverageIndex, Depends(_index)]
ServiceSettings = Annotated[Settings, Depends(_settings)]
ArticleIdInPath = Annotated[ArticleId, Path()]
RelatedQueryParameters = Annotated[RelatedParameters, Query()]
RelatedByUrlQueryParameters = Annotated[RelatedByUrlParameters, Query()]
