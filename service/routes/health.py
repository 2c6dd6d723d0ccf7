"""Is the service alive, and is it ready?"""

from datetime import datetime
from importlib.metadata import version
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client.exposition import choose_encoder
from pydantic import BaseModel, Field

from service.access.requirements import ADMIN, PUBLIC, GuardedRoute
from service.dependencies import Index, ServiceSettings
from service.opening import shown_model
from service.problems import Problem, ProblemError, make_problem
from service.settings import Role

router = APIRouter(tags=["operation"], route_class=GuardedRoute)


class Live(BaseModel):
    """The process answers."""

    status: str = "live"


class Ready(BaseModel):
    """The model is loaded, the store is readable and the index holds it."""

    status: Literal["ready"] = "ready"
    role: Role = Field(description="Whether this process takes articles, only answers, or passes articles on.")
    model: str = Field(description="The embedding model.")
    articles: int = Field(description="Articles in the store.")
    indexed: int = Field(description="Articles that a search can find.")
    waiting: int = Field(description="Articles in the store that are not embedded yet.")
    waiting_since: datetime | None = Field(description="Since when the one of them waits that waits longest.")
    behind: int = Field(description="Changes of the store that the index has not followed yet.")


class Version(BaseModel):
    """What runs here."""

    name: str = "similar-news"
    version: str


@router.get("/livez", operation_id="live", dependencies=[PUBLIC])
async def live() -> Live:
    """Whether the process answers."""
    return Live()


@router.get(
    "/readyz",
    operation_id="ready",
    responses={503: {"model": Problem, "description": "It is ending, or the store cannot be read."}},
    dependencies=[PUBLIC],
)
def ready(index: Index, settings: ServiceSettings, request: Request) -> Ready:
    """Whether requests can be answered; connections are only taken once the model is loaded."""
    if request.app.state.is_stopping:
        raise ProblemError(make_problem(503, "stopping", "the service is ending: ask again when it is back"))
    figures = index.figures()
    return Ready(
        role=settings.role,
        model=shown_model(index),
        articles=figures.articles,
        indexed=figures.indexed,
        waiting=figures.waiting,
        waiting_since=figures.waiting_since,
        behind=figures.behind,
    )


@router.get(
    "/metrics",
    operation_id="metrics",
    response_class=PlainTextResponse,
    responses={200: {"content": {"application/openmetrics-text": {}}}},
    dependencies=[ADMIN],
)
def metrics(request: Request, accept: Annotated[str, Header(description="Which of the formats.")] = "") -> Response:
    """Metrics for a Prometheus server, in its own text format or in that of OpenMetrics."""
    encode, media_type = choose_encoder(accept)
    return Response(encode(request.app.state.metrics.registry), headers={"Content-Type": media_type})


@router.get("/version", operation_id="version", dependencies=[PUBLIC])
async def version_of_service() -> Version:
    """The version of the service."""
    return Version(version=version("similar-news"))
