"""Related coverage by id, URL or text, from an index or from a service."""

from urllib.parse import quote

from pydantic import ValidationError

from index import Content, CoverageIndex, RelatedQuery, StoredArticle
from index.errors import InvalidArticleError
from service.api_client import ApiClient
from service.problems import validation_problem
from service.schemas import RelatedOut


def ask_index(
    index: CoverageIndex, article_id: str | None, url: str | None, text: str | None, limit: int
) -> RelatedOut:
    """Ask an index; exactly one of `article_id`, `url` and `text` is given."""
    query = RelatedQuery(limit=limit)
    if text is not None:
        return RelatedOut.of(index.related_to_content(_content(text), query))
    stored = index.article(article_id) if article_id is not None else _by_url(index, url or "")
    return RelatedOut.of(index.related_to(stored, query), stored.article.id)


def ask_service(client: ApiClient, article_id: str | None, url: str | None, text: str | None, limit: int) -> RelatedOut:
    """Ask a service; exactly one of `article_id`, `url` and `text` is given."""
    if text is not None:
        _content(text)  # what could not even be sent gets the same message as without a service
        return RelatedOut.model_validate(client.post("/v1/related", {"text": text}, {"limit": limit}))
    if article_id is not None:
        path = f"/v1/articles/{quote(article_id, safe='', errors='surrogateescape')}/related"
        return RelatedOut.model_validate(client.get(path, {"limit": limit}))
    return RelatedOut.model_validate(client.get("/v1/related", {"url": url or "", "limit": limit}))


def _by_url(index: CoverageIndex, url: str) -> StoredArticle:
    try:
        return index.article_by_url(url)
    except ValueError as error:
        raise InvalidArticleError(str(error)) from error


def _content(text: str) -> Content:
    try:
        return Content(text=text)
    except ValidationError as error:
        raise InvalidArticleError(validation_problem(error.errors(), root="the text").detail) from error
