"""Stories on the command line, from a data directory or from a service."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from index import maintenance
from index.store.stories import StoryOrder, StoryQuery
from service.api_client import ApiClient
from service.story_schemas import ExplanationOut, LinkOut, StoriesOut, StoryOut

_MOST_HEADLINES = 3


def list_of_data(data: Path, order: StoryOrder, limit: int) -> StoriesOut:
    """The stories of a data directory; a service may be at work on it."""
    with maintenance.story_library(data) as library:
        found = library.find(StoryQuery(order=order, limit=limit))
        return StoriesOut(stories=list(map(StoryOut.of, found)), next=None)


def list_of_service(client: ApiClient, order: StoryOrder, limit: int) -> StoriesOut:
    """The stories of a service."""
    return StoriesOut.model_validate(client.get("/v1/stories", {"order": order.value, "limit": limit}))


def explain_by_data(data: Path, story_id: str) -> ExplanationOut:
    """Why the articles of a story of a data directory are together."""
    return ExplanationOut.of(maintenance.explain_story(data, story_id))


def explain_by_service(client: ApiClient, story_id: str) -> ExplanationOut:
    """Why the articles of a story of a service are together."""
    path = f"/v1/stories/{quote(story_id, safe='', errors='surrogateescape')}/explanation"
    return ExplanationOut.model_validate(client.get(path, {}))


def listing(answer: StoriesOut) -> str:
    """A story in a few lines: how many articles, publishers and languages, and its headlines."""
    return "\n".join(line for story in answer.stories for line in _story(story)) or "there are no stories yet"


def explanation(answer: ExplanationOut) -> str:
    """Every article with what holds it, the weakest first."""
    density = "a single article" if answer.density is None else f"closeness {answer.density:.2f} on average"
    head = (
        f"{answer.story}: {answer.articles} articles, {density}; to come to it, an article needs {answer.demanded:.2f}"
    )
    return "\n".join([head, *(line for link in answer.links for line in _link(link))])


def _story(story: StoryOut) -> Iterator[str]:
    yield (
        f"{story.id}  {story.articles} articles, {story.sources} sources, {story.languages} languages, "
        f"{story.first_at:%Y-%m-%d %H:%M} to {story.last_at:%Y-%m-%d %H:%M}, thread {story.thread}"
    )
    for headline in story.headlines[:_MOST_HEADLINES]:
        yield f"    {headline.lang:<5} {headline.title}"


def _link(link: LinkOut) -> Iterator[str]:
    closeness = "    " if link.closeness is None else f"{link.closeness:.2f}"
    yield f"{closeness}  {link.lang:<5} {link.title or ''}  ({link.article_id})"
    if link.nearest is not None:
        reasons = "; ".join(f"{reason.kind.value}: {', '.join(reason.evidence)}" for reason in link.reasons)
        yield f"        closest to {link.nearest}: {link.nearest_closeness:.2f} ({reasons})"
