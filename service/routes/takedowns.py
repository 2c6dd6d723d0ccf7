"""Take articles down by what a complaint names."""

from collections.abc import Sequence
from typing import Annotated, Self

from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from index.article import ArticleId, Name, Url
from service.access.requirements import ADMIN, GuardedRoute
from service.caching import SeenAtOnce
from service.dependencies import Index, refuse_reader
from service.openapi import WRITE_RESPONSES

MOST_IDS = 1_000

router = APIRouter(prefix="/v1/takedowns", tags=["articles"], route_class=GuardedRoute)


_ONE_OF_THEM: list[JsonValue] = [
    {"required": [name], "properties": {name: {"type": kind}}}
    for name, kind in (("url", "string"), ("source", "string"), ("ids", "array"))
]


class TakedownBody(BaseModel):
    """What is to be taken down: one of the three."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"allOf": [{"oneOf": _ONE_OF_THEM}]})

    url: Url | None = Field(None, description="All articles with this URL, in whatever form.")
    source: Name | None = Field(
        None, description="All articles that there are of this publisher, by its exact name. New ones are accepted."
    )
    ids: list[ArticleId] | None = Field(
        None, min_length=1, max_length=MOST_IDS, description="The articles with these ids."
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(value is not None for value in (self.url, self.source, self.ids)) != 1:
            raise ValueError("name what is to be taken down by one of 'url', 'source' and 'ids'")
        return self


class TakedownOut(BaseModel):
    """What was taken down."""

    taken_down: int = Field(description="How many articles were; none if all of them had been already.")
    missing: list[str] = Field(description="Those of the given ids that no article has, or not any more.")

    @classmethod
    def of(cls, taken: Sequence[str], given: Sequence[str]) -> "TakedownOut":
        """Of the ids of the articles that were, and those that were given."""
        missing = dict.fromkeys(given)
        for article_id in taken:
            missing.pop(article_id, None)
        return cls(taken_down=len(taken), missing=list(missing))


@router.post(
    "",
    operation_id="takeDown",
    responses=WRITE_RESPONSES,
    dependencies=[ADMIN, Depends(refuse_reader), SeenAtOnce],
)
def take_down(body: Annotated[TakedownBody, Body()], index: Index) -> TakedownOut:
    """Take articles down: they are in no answer from now on, and are not accepted again, as with DELETE.

    Of a publisher with many articles some hundreds go at a time. If the request breaks off, send it again.
    """
    if body.ids is not None:
        return TakedownOut.of(index.takedowns.by_ids(body.ids), body.ids)
    if body.url is not None:
        return TakedownOut.of(index.takedowns.by_url(body.url), ())
    return TakedownOut.of(index.takedowns.by_source(body.source or ""), ())
