"""Feeds as publishers write them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from html import escape

RSS = "application/rss+xml"
ATOM = "application/atom+xml"
JSON = "application/feed+json"
XML = "application/xml"


@dataclass(frozen=True)
class Report:
    """What a feed has of one report; what is None is left out."""

    guid: str | None
    link: str | None
    title: str | None
    text: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None


def element(name: str, text: str | None, attributes: str = "") -> str:
    return "" if text is None else f"<{name}{attributes}>{escape(text, quote=False)}</{name}>"


def iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def in_mail(moment: datetime | None) -> str | None:
    return format_datetime(moment) if moment else None


def rss(reports: Sequence[Report], *, title: str = "Harbor Tribune", more: str = "", declared: str = "utf-8") -> str:
    """RSS 2.0."""
    items = "".join(
        "<item>"
        + element("guid", one.guid, ' isPermaLink="false"')
        + element("link", one.link)
        + element("title", one.title)
        + element("description", one.text)
        + element("pubDate", in_mail(one.published_at))
        + "</item>"
        for one in reports
    )
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else '<?xml version="1.0"?>'
    namespaces = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    channel = f"<title>{escape(title)}</title><link>/</link>{more}{items}"
    return f'{head}\n<rss version="2.0" {namespaces}><channel>{channel}</channel></rss>'


def rdf(reports: Sequence[Report]) -> str:
    """RSS 1.0."""
    items = "".join(
        f'<item rdf:about="{one.link}">'
        + element("link", one.link)
        + element("title", one.title)
        + element("description", one.text)
        + element("dc:date", iso(one.published_at))
        + "</item>"
        for one in reports
    )
    namespaces = (
        'xmlns="http://purl.org/rss/1.0/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"'
    )
    return f"<rdf:RDF {namespaces}><channel><title>Harbor Tribune</title></channel>{items}</rdf:RDF>"


def atom(reports: Sequence[Report], *, more: str = "", lang: str = "en") -> str:
    """Atom 1.0, with deletions among `more`."""
    entries = "".join(
        "<entry>"
        + element("id", one.guid)
        + (f'<link href="{one.link}"/>' if one.link else "")
        + element("title", one.title)
        + element("content", one.text, ' type="html"')
        + element("published", iso(one.published_at))
        + element("updated", iso(one.updated_at or one.published_at))
        + "</entry>"
        for one in reports
    )
    namespaces = 'xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0"'
    return f'<feed {namespaces} xml:lang="{lang}"><title>Harbor Tribune</title>{more}{entries}</feed>'


def tombstone(guid: str, when: datetime | None = None) -> str:
    return f'<at:deleted-entry ref="{guid}"' + (f' when="{when.isoformat()}"' if when else "") + "/>"


def json_feed(reports: Sequence[Report]) -> str:
    """JSON Feed 1.1."""
    items = [
        {
            name: value
            for name, value in {
                "id": one.guid,
                "url": one.link,
                "title": one.title,
                "content_html": one.text,
                "date_published": one.published_at and one.published_at.isoformat(),
            }.items()
            if value is not None
        }
        for one in reports
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Harbor Tribune", "language": "en", "items": items}
    return json.dumps(feed)


def sitemap(reports: Sequence[Report]) -> str:
    """A news sitemap."""
    urls = "".join(
        "<url>"
        + element("loc", one.link)
        + "<news:news><news:publication><news:name>Harbor Tribune</news:name>"
        + "<news:language>en</news:language></news:publication>"
        + element("news:publication_date", iso(one.published_at))
        + element("news:title", one.title)
        + "</news:news></url>"
        for one in reports
    )
    namespaces = (
        'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    )
    return f'<?xml version="1.0" encoding="utf-8"?><urlset {namespaces}>{urls}</urlset>'


def opml(urls: Sequence[str]) -> str:
    """A list of feeds, in a folder."""
    outlines = "".join(f'<outline type="rss" text="one" xmlUrl="{escape(url)}"/>' for url in urls)
    return f'<opml version="2.0"><head/><body><outline text="news">{outlines}</outline></body></opml>'
