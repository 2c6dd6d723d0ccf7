"""Who published an article that does not say so, as far as its URL tells: a domain, and by that a country."""

from functools import cache
from typing import NamedTuple
from urllib.parse import urlsplit

from tldextract import TLDExtract

from index.article import ArticleFields, territories

_GENERIC = frozenset(
    (
        *("ac", "ad", "ag", "ai", "am", "as", "bz", "cc", "cd", "cf", "co", "cx", "dj", "fm", "ga", "gg", "gl", "gq"),
        *("gs", "hm", "im", "io", "ki", "la", "li", "ly", "me", "ml", "ms", "mu", "nf", "nu", "pn", "pw", "sc", "sh"),
        *("so", "sr", "st", "sx", "tc", "tf", "tk", "tl", "to", "tv", "vc", "vg", "vu", "wf", "ws"),
    )
)
"""Domains of countries and territories that anyone takes, for what they mean or cost: they say nothing of a country."""

_OTHER_NAMES = {"uk": "GB"}


class Publisher(NamedTuple):
    """A publisher, as far as it is known.

    Attributes:
        source: its name.
        country: its country, ISO 3166-1 alpha-2.
    """

    source: str | None
    country: str | None


def publisher_of(article: ArticleFields) -> Publisher:
    """The publisher that an article names; what it does not name is taken from its URL.

    The name is then the registered domain, `example.co.kr` of `https://news.example.co.kr/1`; the country that of the
    domain. Domains such as .com and .org tell no country; nor do those of countries that are taken by anyone, as .tv.
    """
    if article.url is None or (article.source and article.country):
        return Publisher(article.source, article.country)
    domain, country = _of_host(urlsplit(article.url).hostname or "")
    return Publisher(article.source or domain, article.country or country)


def site_of(url: str) -> str:
    """The domain that somebody registered, by the Public Suffix List: `news.example.co.kr` gives `example.co.kr`.

    Of a host without one, such as an address, itself.
    """
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return _suffixes()(host).top_domain_under_public_suffix or host


@cache
def _suffixes() -> TLDExtract:
    """By the list that tldextract brings along; with private domains, as those of two blogs of one host are two."""
    return TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True)


def _of_host(host: str) -> Publisher:
    parts = _suffixes().extract_str(host)
    last = parts.suffix.rpartition(".")[2]
    country = _OTHER_NAMES.get(last, last.upper())
    # Where anyone can have a page, as on a host of blogs, the domain is not the publisher's own.
    is_told = last not in _GENERIC and not parts.is_private and country in territories()
    return Publisher(parts.top_domain_under_public_suffix or None, country if is_told else None)
