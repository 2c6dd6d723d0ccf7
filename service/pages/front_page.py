"""The front page: what is being reported, story by story."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator

from index.article import Country, Lang
from index.store.stories import StoryOrder, StoryQuery
from service.access.requirements import READ, GuardedRoute
from service.dependencies import Index
from service.pages.rendering import page, wording_for
from service.pages.shown import ShownStory, country_name, language_and_direction
from service.pages.wording import Wording
from service.paging import next_page
from service.story_schemas import position_of

_STORIES = 30

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)


class FrontPageParameters(BaseModel):
    """Which stories the page shows, and in which language it is."""

    model_config = ConfigDict(extra="forbid")

    lang: Lang | None = None
    languages: Lang | None = None
    country: Country | None = None
    order: StoryOrder = StoryOrder.TRENDING
    cursor: Annotated[str | None, Field(max_length=200)] = None

    @field_validator("lang", "languages", "country", "cursor", mode="before")
    @classmethod
    def _none_chosen(cls, value: object) -> object:
        """What a form sends where nothing was chosen."""
        return value or None

    def leading_on(self, cursor: str) -> str:
        """The query of the next page."""
        return urlencode(self.model_dump(mode="json", exclude_none=True, exclude_defaults=True) | {"cursor": cursor})


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the things that a reader can choose."""

    value: str
    name: str
    is_chosen: bool


@router.get("/", dependencies=[READ])
def front_page(parameters: Annotated[FrontPageParameters, Query()], request: Request, index: Index) -> Response:
    """The stories that most publishers report just now, or the latest."""
    t = wording_for(request, parameters.lang)
    wanted = frozenset(filter(None, [parameters.languages]))
    query = StoryQuery(
        order=parameters.order,
        limit=_STORIES + 1,
        after=None if parameters.cursor is None else position_of(parameters.cursor),
        langs=wanted,
        countries=frozenset(filter(None, [parameters.country])),
    )
    stories = index.stories.find(query)
    cursor = next_page(stories, _STORIES, lambda story: query.position(story.record))
    editions = index.editions()
    context = {
        "stories": [shown for story in stories if (shown := ShownStory.of(story, t, wanted))],
        "following": cursor and parameters.leading_on(cursor),
        "is_filtered": bool(parameters.languages or parameters.country or parameters.cursor),
        "lang": parameters.lang,
        "languages": _languages(editions.langs, parameters.languages),
        "countries": _countries(editions.countries, parameters.country, t),
        "orders": [
            Choice("trending", t("trending"), parameters.order is StoryOrder.TRENDING),
            Choice("latest", t("latest"), parameters.order is StoryOrder.LATEST),
        ],
    }
    return page(request, "front_page.html", t, context)


def _languages(tags: frozenset[str], chosen: str | None) -> list[Choice]:
    names = {tag: language_and_direction(tag)[0] for tag in tags | set(filter(None, [chosen]))}
    return _by_name(names, chosen)


def _countries(codes: frozenset[str], chosen: str | None, t: Wording) -> list[Choice]:
    names = {code: country_name(code, t) or code for code in codes | set(filter(None, [chosen]))}
    return _by_name(names, chosen)


def _by_name(names: Mapping[str, str], chosen: str | None) -> list[Choice]:
    choices = [Choice(value, name, value == chosen) for value, name in names.items()]
    return sorted(choices, key=lambda choice: choice.name.casefold())
