"""Is the service alive, and is it ready?"""

from importlib.metadata import version

from fastapi import APIRouter
from pydantic import BaseModel, Field

from service.access.requirements import PUBLIC, GuardedRoute
from service.dependencies import Index

router = APIRouter(tags=["operation"], route_class=GuardedRoute)


class Live(BaseModel):
    """The process answers."""

    status: str = "live"


class Ready(BaseModel):
    """The model is loaded, the store is readable and the index holds it."""

    status: str = "ready"
    articles: int = Field(description="Articles in the store.")
    indexed: int = Field(description="Articles that a search can find; the rest is being embedded.")


class Version(BaseModel):
    """What runs here."""

    name: str = "similar-news"
    version: str


@router.get("/livez", operation_id="live", dependencies=[PUBLIC])
async def live() -> Live:
    """Whether the process answers."""
    return Live()


@router.get("/readyz", operation_id="ready", dependencies=[PUBLIC])
def ready(index: Index) -> Ready:
    """Whether requests can be answered; connections are only taken once the model is loaded."""
    return Ready(articles=index.count(), indexed=index.indexed())


@router.get("/version", operation_id="version", dependencies=[PUBLIC])
async def version_of_service() -> Version:
    """The version of the service."""
    return Version(version=version("similar-news"))
