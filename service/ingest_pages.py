"""Read articles from pages, into an index or a service."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from index import Article, CoverageIndex
from index.progress import progress
from service.api_client import ApiClient, ApiError
from service.commands import is_url
from service.fetching.configured import configured_fetcher
from service.fetching.errors import FetchError
from service.fetching.pages import Pages
from service.ingest import NOT_FETCHED, Report, note
from service.settings import Settings


def told_apart(sources: Sequence[str]) -> tuple[list[str], list[str]]:
    """The names of files, and the URLs, each once, among what was named on a command line."""
    urls = list(dict.fromkeys(one for one in sources if is_url(one)))
    return [one for one in sources if one not in urls], urls


def to_index(urls: Sequence[str], index: CoverageIndex, settings: Settings, report: Report) -> None:
    """Fetch pages from here, and read them into an index."""
    asyncio.run(_to_index(urls, index, settings, report))


async def _to_index(urls: Sequence[str], index: CoverageIndex, settings: Settings, report: Report) -> None:
    with progress("fetching", len(urls)) as advance:
        async for outcomes in _read(urls, settings):
            articles = {url: article for url, article in outcomes.items() if isinstance(article, Article)}
            for url, put in zip(articles, await index.put_async(list(articles.values())), strict=True):
                note(report, url, put.status.value, "the article was taken down")
            for url, error in outcomes.items():
                if isinstance(error, FetchError):
                    note(report, url, NOT_FETCHED, str(error))
            advance(len(outcomes))


async def _read(urls: Sequence[str], settings: Settings) -> AsyncIterator[dict[str, Article | FetchError]]:
    """The articles, or why there are none, of as many pages as are fetched at once; again and again."""
    at_once = settings.max_concurrent_fetches
    async with configured_fetcher(settings) as fetcher:
        pages = Pages(fetcher)
        for start in range(0, len(urls), at_once):
            some = urls[start : start + at_once]
            yield dict(zip(some, await asyncio.gather(*(_article(pages, url) for url in some)), strict=True))


async def _article(pages: Pages, url: str) -> Article | FetchError:
    try:
        return await pages.article(url)
    except FetchError as error:
        return error


def to_service(urls: Sequence[str], client: ApiClient, report: Report) -> None:
    """Have a service fetch pages."""
    with progress("fetching", len(urls)) as advance:
        for url in urls:
            try:
                answer = client.post("/v1/articles", {"url": url})
            except ApiError as error:
                note(report, url, NOT_FETCHED, str(error))
            else:
                note(report, url, answer["status"], "")
            advance()
