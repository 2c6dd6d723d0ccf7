"""News sitemaps: a sitemap with the title, the time and the publisher of each page."""

from urllib.parse import urljoin

from lxml import etree

from service.feeds.items import Item, ParsedFeed, UnreadableFeedError
from service.feeds.moments import moment
from service.feeds.safe_xml import local_name, text_in


def read(root: etree._Element, url: str) -> ParsedFeed:
    """Read a sitemap.

    Args:
        root: its root, which is a `urlset` or a `sitemapindex`.
        url: where it was, to which links are relative.

    Raises:
        UnreadableFeedError: it is one of others, or of pages that are no news.
    """
    if local_name(root) == "sitemapindex":
        raise UnreadableFeedError("it is a list of sitemaps; add those that are for news")
    pages = [one for one in root if local_name(one) == "url"]
    items = [item for page in pages if (item := _item(page, url))]
    if pages and not items:
        raise UnreadableFeedError("it is a sitemap, but not one for news: its pages have no titles")
    return ParsedFeed(kind="sitemap", items=tuple(items))


def _item(page: etree._Element, base: str) -> Item | None:
    news = next((one for one in page if local_name(one) == "news"), None)
    link = text_in(page, "loc")
    if news is None or link is None:
        return None
    publication = next((one for one in news if local_name(one) == "publication"), None)
    updated_at = moment(text_in(page, "lastmod"))
    return Item(
        link=urljoin(base, link),
        title=text_in(news, "title"),
        published_at=moment(text_in(news, "publication_date")) or updated_at,
        updated_at=updated_at,
        lang=text_in(publication, "language") if publication is not None else None,
        source=text_in(publication, "name") if publication is not None else None,
    )
