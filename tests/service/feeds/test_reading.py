"""Whatever a site sends is a feed, or is said to be none."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.feeds.items import Item, ParsedFeed, UnreadableFeedError
from service.feeds.markup import text_of
from service.feeds.opml import urls_in
from service.feeds.reading import read, read_apart
from tests.service.feeds import written_feeds as written
from tests.service.feeds.written_feeds import RSS, Report

URL = "https://harbor-tribune.example/news/feed"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
REPORT = Report("tag:1", "https://harbor-tribune.example/1", "A summit", "<p>They <b>met</b>.</p><p>Later</p>", NOON)
KOREAN = Report("tag:2", "/2", "정상회담 소식", "두 정상이 만나 협력을 논의했다고 관계자들이 말했다.", NOON)


def read_text(text: str, content_type: str | None = None) -> ParsedFeed:
    return read(text.encode(), content_type, URL)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (written.rss([REPORT]), "rss20"),
        (written.rdf([REPORT]), "rss10"),
        (written.atom([REPORT]), "atom10"),
        (written.json_feed([REPORT]), "json11"),
        (written.sitemap([REPORT]), "sitemap"),
    ],
)
def test_all_formats_say_the_same(text: str, kind: str) -> None:
    parsed = read_text(text)
    (item,) = parsed.items
    assert parsed.kind == kind
    assert (item.link, item.title, item.published_at) == (REPORT.link, "A summit", NOON)
    if kind == "sitemap":
        assert (item.text, item.source, item.lang) == (None, "Harbor Tribune", "en")
    else:
        assert parsed.title == "Harbor Tribune"
        assert (item.text or "").split() == ["They", "met.", "Later"]


@pytest.mark.parametrize(
    ("encoding", "declared", "content_type"),
    [
        ("utf-8", "utf-8", None),
        ("utf-8-sig", "", RSS),
        ("utf-8", "", "text/xml"),
        ("euc-kr", "euc-kr", RSS),
        ("euc-kr", "", "application/rss+xml; charset=EUC-KR"),
        ("euc-kr", "", RSS),
        ("utf-16", "utf-16", RSS),
        ("utf-16", "", None),
        ("utf-16-le", "utf-16", RSS),
        ("utf-32", "", RSS),
    ],
)
def test_encodings(encoding: str, declared: str, content_type: str | None) -> None:
    text = written.rss([KOREAN] * 3, declared=declared)
    assert read(text.encode(encoding), content_type, URL).items[0].title == KOREAN.title


def test_links_are_made_absolute() -> None:
    for text in (written.rss([KOREAN]), written.atom([KOREAN]), written.json_feed([KOREAN]), written.sitemap([KOREAN])):
        assert read_text(text).items[0].link == "https://harbor-tribune.example/2"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nothing in it"),
        ("  \n", "nothing in it"),
        ("<html><body>Hello</body></html>", "neither RSS nor Atom"),
        ("Hello", "neither RSS nor Atom"),
        ("{", "cannot be read"),
        ("{}", "no list of 'items'"),
        ("[" * 100_000, "cannot be read"),
        ('<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"/>', "list of sitemaps"),
        ("<urlset><url><loc>https://a.example/</loc></url></urlset>", "not one for news"),
    ],
)
def test_what_is_no_feed_is_refused(text: str, said: str) -> None:
    with pytest.raises(UnreadableFeedError, match=said):
        read_text(text)


@given(st.binary(max_size=200), st.sampled_from([None, RSS, "text/xml; charset=nonsense", "application/feed+json"]))
def test_any_bytes_are_a_feed_or_none(body: bytes, content_type: str | None) -> None:
    for one in (body, b'<rss version="2.0"><channel><item>' + body, b'{"items": [{"id": ' + body + b"}]}"):
        with suppress(UnreadableFeedError):
            assert all(isinstance(item, Item) for item in read(one, content_type, URL).items)


def test_what_is_not_well_formed_is_read_as_far_as_it_goes() -> None:
    text = written.rss([REPORT, KOREAN]).replace("&lt;b&gt;", "&<b>").partition("</channel>")[0]
    assert [item.title for item in read_text(text).items] == [REPORT.title, KOREAN.title]


def test_entities_make_nothing_large_and_read_no_file() -> None:
    entities = "".join(f'<!ENTITY {b} "{f"&{a};" * 50}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    doctype = f'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{entities}<!ENTITY f SYSTEM "file:///etc/hostname">]>'
    for text in (written.rss([REPORT]), written.sitemap([REPORT])):
        for name in ("i", "f"):
            evil = text.replace("?>", f"?>{doctype}", 1).replace("A summit", f"A summit &{name};")
            (item,) = read_text(evil).items
            assert len(item.title or "") < 1000
            assert "A summit" in (item.title or "")
    with pytest.raises(UnreadableFeedError):
        urls_in(f"<?xml version='1.0'?>{doctype}<opml><body><outline xmlUrl2='&i;'/></body></opml>".encode())


@pytest.mark.parametrize(
    ("more", "seconds"),
    [
        ("", None),
        ("<ttl>30</ttl>", 1800),
        ("<ttl>soon</ttl>", None),
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", 3600),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", 21_600),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", 3600),
        ("<ttl>120</ttl><sy:updatePeriod>hourly</sy:updatePeriod>", 7200),
    ],
)
def test_how_often_a_feed_wants_to_be_asked(more: str, seconds: float | None) -> None:
    assert read_text(written.rss([], more=more)).every == seconds


def test_deletions_are_read() -> None:
    more = written.tombstone("tag:9", NOON) + written.tombstone("tag:8")
    assert read_text(written.atom([REPORT], more=more)).deleted == {"tag:9": NOON, "tag:8": None}


def test_times_that_cannot_be_are_none() -> None:
    for date in ("Thu, 01 Jan 1970 00:00:00 GMT", "yesterday", "", "0000-00-00"):
        text = written.rss([REPORT]).replace("Mon, 02 Mar 2026 12:00:00 +0000", date)
        assert read_text(text).items[0].published_at is None


def test_languages_are_those_of_the_item_else_of_the_feed() -> None:
    atom = written.atom([REPORT], lang="ko").replace("<entry>", '<entry xml:lang="en">')
    assert (read_text(atom).lang, read_text(atom).items[0].lang) == ("ko", "en")
    assert read_text(written.rss([REPORT], more="<language>de-at</language>")).lang == "de-at"


def test_a_publisher_that_an_item_names_is_told() -> None:
    text = written.rss([REPORT]).replace("</item>", '<source url="https://a.example/">Morning Post</source></item>')
    assert read_text(text).items[0].source == "Morning Post"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain", "plain"),
        ("5 < 6 &amp; 7", "5 < 6 & 7"),
        ("<p>One</p><p>Two<br>three</p>", "One\n\nTwo\nthree"),
        ("<script>x()</script>a<style>b</style><!-- c -->d", "ad"),
        ("<em>a</em>b", "ab"),
        ("a\x00\x08b&lt;", "a  b<"),
        ("<div>" * 5000 + "deep" + "</div>" * 5000, None),
        ("", ""),
        ("<", "<"),
    ],
)
def test_markup_is_taken_out(html: str, text: str | None) -> None:
    found = text_of(html)
    assert "<div" not in found
    if text is not None:
        assert [line.strip() for line in found.split("\n") if line] == [line for line in text.split("\n") if line]


async def test_reading_apart_gives_the_same_and_the_same_refusals() -> None:
    body = written.rss([REPORT, KOREAN]).encode()
    assert await read_apart(body, RSS, URL) == read(body, RSS, URL)
    with pytest.raises(UnreadableFeedError, match="neither RSS"):
        await read_apart(b"Hello", None, URL)


async def test_nobody_waits_for_a_feed_that_takes_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.feeds.reading._SECONDS", 0.0)
    with pytest.raises(UnreadableFeedError, match="cannot be read"):
        await read_apart(written.rss([REPORT]).encode(), RSS, URL)


def test_lists_of_feeds() -> None:
    urls = ["https://a.example/feed?x=1&y=2", "https://b.example/feed"]
    assert urls_in(written.opml([*urls, urls[0]]).encode()) == urls
    for text in ("<opml/>", "<rss/>", "", "nonsense"):
        with pytest.raises(UnreadableFeedError):
            urls_in(text.encode())
