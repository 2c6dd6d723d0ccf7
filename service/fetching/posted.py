"""An article that is sent as no more than its URL: who may have its page fetched, and what is answered."""

from typing import Any, Self

from fastapi import Request
from pydantic import ConfigDict, model_validator

from index import Article
from index.article import describe_needs, id_of_url
from service.fetching.allowed import refuse_anonymous
from service.fetching.errors import Failure, FetchError
from service.fetching.pages import Pages
from service.problems import Problem, ProblemError, make_problem

_RETRY_SECONDS = 5
_STATUS = {
    Failure.REFUSED: 422,
    Failure.ROBOTS: 422,
    Failure.MISSING: 422,
    Failure.TOO_LARGE: 422,
    Failure.NOT_A_PAGE: 422,
    Failure.EMPTY: 422,
    Failure.UNREACHABLE: 502,
    Failure.BROKEN: 502,
    Failure.BUSY: 503,
    Failure.TIMEOUT: 504,
}

FETCH_RESPONSES: dict[int | str, dict[str, Any]] = {
    502: {"model": Problem, "description": "The page's site cannot be reached, or has an error."},
    504: {"model": Problem, "description": "The page's site did not answer in time."},
}
"""What a route that fetches pages may answer besides."""


def _describe(schema: dict[str, Any]) -> None:
    describe_needs(schema, "title", "text", "url")


class ArticleOrPage(Article):
    """An article, or only the `url` of the page that it is on."""

    model_config = ConfigDict(json_schema_extra=_describe)

    @model_validator(mode="after")
    def _needs_words(self) -> Self:
        if self.is_page and self.url is None:
            raise ValueError("an article needs a 'title' or a 'text', or a 'url' to read it from")
        return self

    @property
    def is_page(self) -> bool:
        """Whether the words are still to be fetched."""
        return self.title is None and self.text is None


async def whole_article(posted: ArticleOrPage, request: Request) -> Article:
    """What was sent, or what is on the page.

    Raises:
        ProblemError: nothing is fetched for who asks, or there is no article on the page.
    """
    if not posted.is_page:
        # Checked already, and what was cleaned is not to be cleaned again.
        return Article.model_construct(**posted.model_dump())
    refuse_anonymous(request, "there is only a URL; pages are fetched", "send a 'title' and a 'text'")
    pages: Pages = request.app.state.pages
    url = posted.url or ""
    try:
        article = await pages.article(url, posted)
    except FetchError as error:
        raise _problem(error) from error
    own_id = posted.id if posted.id != id_of_url(url) else article.id
    return article.model_copy(update={"id": own_id})


def _problem(error: FetchError) -> ProblemError:
    headers = {"Retry-After": str(_RETRY_SECONDS)} if error.kind is Failure.BUSY else None
    detail = f"no article was kept from the page: {error}"
    return ProblemError(make_problem(_STATUS[error.kind], error.kind, detail), headers)
