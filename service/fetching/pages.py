"""The article on a page of another site."""

import asyncio
from datetime import UTC, datetime
from urllib.parse import urlsplit

from anyio import BrokenWorkerProcess, to_process
from pydantic import ValidationError

from index import Article
from index.article import MAX_TEXT, MAX_TITLE, ArticleFields, canonical_url, clean_text
from index.publishers import site_of
from service.fetching.apart import Extracted, extract_apart
from service.fetching.errors import Failure, FetchError
from service.fetching.fetcher import Fetched, Fetcher
from service.fetching.said import MAX_NAME, host_of, language_said, worded

TYPES = ("text/html", "application/xhtml+xml")

_LEAST_TEXT = 80
"""Characters. A caption has fewer, the shortest item of news about as many; in Chinese this is two sentences."""

_LEAST_TEXT_WITH_LOGIN = 400
"""The same where one can log in: what is shorter may be the words that ask for it."""

_EXTRACT_SECONDS = 10.0
_EXTRACTED_AT_ONCE = 2
_GONE = {401: "wants a login", 402: "wants to be paid", 403: "is not open to us", 404: "is not there", 410: "is gone"}


class Pages:
    """Reads articles from pages."""

    def __init__(self, fetcher: Fetcher) -> None:
        """Read with a fetcher, which is for others to close."""
        self._fetcher = fetcher
        self._turns = asyncio.Semaphore(_EXTRACTED_AT_ONCE)

    async def article(self, url: str, given: ArticleFields | None = None) -> Article:
        """The article on the page at a URL.

        Args:
            url: where the page is.
            given: what is known of the article already, which counts more than what the page says.

        Raises:
            FetchError: there is no page, or no article on it.
        """
        fetched = await self._fetcher.fetch(url, TYPES)
        _refuse_status(fetched)
        extracted = await self._extracted(fetched)
        if extracted is None:
            raise FetchError(Failure.NOT_A_PAGE, "it cannot be read as HTML")
        return article_of(extracted, fetched.url, given)

    async def _extracted(self, fetched: Fetched) -> Extracted | None:
        """What the page says. Nobody waits for one that takes forever: its process is ended."""
        async with self._turns:
            try:
                async with asyncio.timeout(_EXTRACT_SECONDS):
                    return await to_process.run_sync(
                        extract_apart,
                        fetched.body,
                        fetched.headers.get("content-type"),
                        fetched.url,
                        cancellable=True,
                    )
            except TimeoutError as error:
                raise FetchError(Failure.NOT_A_PAGE, "it is written so that reading it takes too long") from error
            except BrokenWorkerProcess as error:
                raise FetchError(Failure.NOT_A_PAGE, "it is written so that it cannot be read") from error


def article_of(extracted: Extracted, url: str, given: ArticleFields | None = None) -> Article:
    """The article that a page has; its id is derived from its canonical URL.

    Args:
        extracted: what the page says.
        url: where it was, after all redirects.
        given: what counts more.

    Raises:
        FetchError: it has none.
    """
    title = worded(extracted.title, MAX_TITLE)
    text = _without_title(clean_text(extracted.text or ""), title)
    least = _LEAST_TEXT_WITH_LOGIN if extracted.has_password_field else _LEAST_TEXT
    if len(text) < least:
        why = "it may want a login" if extracted.has_password_field else "it may be empty without JavaScript"
        raise FetchError(Failure.EMPTY, f"there is no text of an article on it; {why}")
    fields = {
        "url": _own_url(extracted, url),
        "title": title,
        "text": text[:MAX_TEXT],
        "lang": language_said(extracted.lang, f"{title or ''}\n{text}"),
        "published_at": extracted.published_at and min(extracted.published_at, datetime.now(UTC)),
        "source": _source(extracted, url),
    }
    known = given.model_dump(include={"lang", "published_at", "source", "country"}, exclude_none=True) if given else {}
    try:
        return Article.model_validate(fields | known)
    except ValidationError as error:
        raise FetchError(Failure.EMPTY, "there is no text of an article on it that could be kept") from error


def _without_title(text: str, title: str | None) -> str:
    """The text without the title above it, which would count twice."""
    first, _, rest = text.partition("\n")
    return rest if title and first.casefold() == title.casefold() else text


def _refuse_status(fetched: Fetched) -> None:
    host = urlsplit(fetched.url).hostname
    if fetched.status >= 500:  # noqa: PLR2004 - where errors of servers begin
        raise FetchError(Failure.BROKEN, f"{host} answered {fetched.status}, an error of its own")
    if not 200 <= fetched.status < 300:  # noqa: PLR2004 - success
        why = _GONE.get(fetched.status, "cannot be had")
        raise FetchError(Failure.MISSING, f"the page {why}: {host} answered {fetched.status}")


def _own_url(extracted: Extracted, url: str) -> str:
    """The page's canonical URL where it names one on its own site; on another one it could take that one's place."""
    named = extracted.canonical_url
    if named is None or site_of(named) != site_of(url):
        return url
    try:
        canonical_url(named)
    except ValueError:
        return url
    # A page that calls the front page its own URL, as some do by mistake, would make one article of all.
    return named if urlsplit(named).path.strip("/") or not urlsplit(url).path.strip("/") else url


def _source(extracted: Extracted, url: str) -> str:
    """What the site calls itself, else its host."""
    named = worded(extracted.site, MAX_NAME)
    if named and not named.startswith(("http:", "https:")):
        return named
    return host_of(url)
