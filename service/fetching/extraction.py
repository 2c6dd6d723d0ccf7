"""The article in a page of HTML."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urljoin

from lxml.html import HtmlElement
from trafilatura import bare_extraction
from trafilatura.utils import load_html
from w3lib.encoding import html_to_unicode

from service.encodings import likely_encoding
from service.fetching.apart import Extracted

_DATE_META = (
    "article:published_time",
    "og:article:published_time",
    "datepublished",
    "parsely-pub-date",
    "dc.date.issued",
    "dcterms.created",
    "pubdate",
    "publishdate",
    "date",
)
"""Names of what says when an article was published, those first that are most to be relied on."""


def extract(body: bytes, content_type: str | None, url: str) -> Extracted | None:
    """Find the article in a page; None if it is no HTML.

    Args:
        body: the page as it was sent.
        content_type: the header of that name.
        url: where it was.
    """
    tree = load_html(decoded(body, content_type))
    if tree is None:
        return None
    published_at = next(filter(None, map(_moment, _dates(tree))), None)
    said = {
        "lang": tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang"),
        "canonical_url": _canonical(tree, url),
        "has_password_field": bool(tree.xpath("//input[@type='password']")),
    }
    site = _meta(tree).get("og:site_name")
    # It takes from the tree what is no article, and so comes last.
    found = bare_extraction(tree, url=url, with_metadata=True, include_comments=False, include_tables=False)
    return Extracted(
        title=getattr(found, "title", None),
        text=getattr(found, "text", None),
        published_at=published_at or _moment(getattr(found, "date", None) or ""),
        site=site or getattr(found, "sitename", None),
        **said,
    )


def decoded(body: bytes, content_type: str | None) -> str:
    """A page as text, read as browsers do: by its mark, by the header, by what it says itself, by what fits."""
    return html_to_unicode(content_type, body, auto_detect_fun=likely_encoding)[1]


def _canonical(tree: HtmlElement, url: str) -> str | None:
    links = tree.xpath("//link[contains(concat(' ', normalize-space(@rel), ' '), ' canonical ')]/@href")
    try:
        return urljoin(url, str(links[0]).strip()) if links else None
    except ValueError:
        return None


def _meta(tree: HtmlElement) -> dict[str, str]:
    """What the page says of itself, by names in small letters; of two with one name the first."""
    found: dict[str, str] = {}
    for element in tree.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop") or ""
        content = (element.get("content") or "").strip()
        if name and content:
            found.setdefault(name.strip().lower(), content)
    return found


def _dates(tree: HtmlElement) -> Iterator[str]:
    """What may be the time of publication, as it is written; the most reliable first."""
    meta = _meta(tree)
    yield from (meta[name] for name in _DATE_META[:2] if name in meta)
    for script in tree.iter("script"):
        if (script.get("type") or "").strip().lower() == "application/ld+json":
            yield from _dates_of_data(script.text or "")
    yield from (meta[name] for name in _DATE_META[2:] if name in meta)
    yield from map(str, tree.xpath("//time[@itemprop='datePublished' or @pubdate]/@datetime"))


def _dates_of_data(text: str) -> Iterator[str]:
    """Dates of publication in JSON-LD, wherever in it."""
    try:
        waiting = [json.loads(text, strict=False)]
    except (ValueError, RecursionError):
        return
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            date = one.get("datePublished")
            if isinstance(date, str):
                yield date
            waiting += reversed(list(one.values()))
        elif isinstance(one, list):
            waiting += reversed(one)


_BEFORE_OFFSET = re.compile(r"\s+(?=[+-]\d\d:?\d\d$)")


def _moment(written: str) -> datetime | None:
    """A date in ISO 8601, or nearly so."""
    try:
        moment = datetime.fromisoformat(_BEFORE_OFFSET.sub("", written.strip()))
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
