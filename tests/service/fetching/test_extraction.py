"""What is read from pages."""

from datetime import UTC, datetime

import pytest

from service.fetching.apart import Extracted
from service.fetching.extraction import decoded, extract
from tests.service.fetching.written_pages import (
    ARABIC,
    CHINESE,
    ENGLISH,
    JAPANESE,
    KOREAN,
    RUSSIAN,
    page,
)

URL = "https://www.harbor-tribune.example/2023/09/14/story?id=7"


def read(html: str, url: str = URL) -> Extracted:
    extracted = extract(html.encode(), "text/html; charset=utf-8", url)
    assert extracted is not None
    return extracted


OPEN_GRAPH = """<meta property="og:site_name" content="한빛일보"><meta property="og:type" content="article">
<meta property="article:published_time" content="2023-09-14T09:30:00+09:00">
<meta property="article:modified_time" content="2023-09-15T10:00:00+09:00"><meta name="author" content="A. Reporter">"""
JSON_LD = """<script type="application/ld+json">{"@context": "https://schema.org", "@graph": [
{"@type": "WebSite", "name": "A site"}, {"@type": "NewsArticle", "datePublished": "2023-09-14T00:30:00Z",
"dateModified": "2023-09-16T00:30:00Z", "author": [{"@type": "Person", "name": "A. Reporter"}],
"publisher": {"@type": "Organization", "name": "Harbor Tribune"}}]}</script>"""
META = """<meta itemprop="datePublished" content="2023-09-14 09:30:00 +0900"><meta name="publisher" content="暁新聞">"""
TIME = (
    '<p class="byline">Автор Репортёр, <time itemprop="datePublished" datetime="2023-09-14T03:30+03:00">14</time></p>'
)
WRITTEN = {
    "ko": (KOREAN, OPEN_GRAPH, "", "한빛일보"),
    "en": (ENGLISH, JSON_LD, "", "Harbor Tribune"),
    "ja": (JAPANESE, META, "", "暁新聞"),
    "ru": (RUSSIAN, '<meta property="og:site_name" content="Северный вестник">', TIME, "Северный вестник"),
    "ar": (ARABIC, OPEN_GRAPH.replace("한빛일보", "صحيفة الساحل"), "", "صحيفة الساحل"),
}


@pytest.mark.parametrize("lang", WRITTEN)
def test_the_article_is_found(lang: str) -> None:
    story, head, after_title, site = WRITTEN[lang]
    extracted = read(page(story, head, lang, after_title))
    title, paragraphs = story
    assert extracted.title == title
    text = extracted.text or ""
    assert [one for one in paragraphs if one not in text] == []
    assert not any(around in text for around in ("Ferry strike", "Cookies", "World"))
    assert extracted.published_at == datetime(2023, 9, 14, 0, 30, tzinfo=UTC)
    assert extracted.site == site
    assert extracted.lang == lang
    assert not extracted.has_password_field


DATES = {
    "2023-09-14T09:30:00+09:00": datetime(2023, 9, 14, 0, 30, tzinfo=UTC),
    "2023-09-14T09:30:00.123Z": datetime(2023, 9, 14, 9, 30, 0, 123000, tzinfo=UTC),
    "2023-09-14T09:30": datetime(2023, 9, 14, 9, 30, tzinfo=UTC),
    "2023-09-14 09:30:00 -0500": datetime(2023, 9, 14, 14, 30, tzinfo=UTC),
    "2023-09-14": datetime(2023, 9, 14, tzinfo=UTC),
    "2099-01-01T00:00:00Z": datetime(2099, 1, 1, tzinfo=UTC),
}


@pytest.mark.parametrize("written", DATES)
def test_dates_are_read(written: str) -> None:
    head = f'<meta property="article:published_time" content="{written}">'
    assert read(page(ENGLISH, head)).published_at == DATES[written]


@pytest.mark.parametrize(
    "head",
    [
        '<meta property="article:published_time" content="yesterday">' + JSON_LD,
        '<script type="application/ld+json">{"datePublished": </script>' + JSON_LD,
        '<script type="application/ld+json">' + "[" * 100_000 + "</script>" + JSON_LD,
        '<script type="application/ld+json">{"datePublished": 5, "a": [null, 1]}</script>' + JSON_LD,
    ],
)
def test_what_is_no_date_is_passed_over(head: str) -> None:
    assert read(page(ENGLISH, head)).published_at == datetime(2023, 9, 14, 0, 30, tzinfo=UTC)


def test_a_date_in_words_is_found() -> None:
    extracted = read(page(ENGLISH, "", "en", "<p class='date'>Published September 14, 2023</p>"), "https://a.example/x")
    assert extracted.published_at == datetime(2023, 9, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("link", "canonical"),
    [
        (
            '<link rel="canonical" href="https://www.harbor-tribune.example/s/7">',
            "https://www.harbor-tribune.example/s/7",
        ),
        ('<link href="/s/7" rel="alternate canonical">', "https://www.harbor-tribune.example/s/7"),
        ('<link rel="canonical" href="//m.harbor-tribune.example/s/7">', "https://m.harbor-tribune.example/s/7"),
        ('<link rel="canonical" href="http://[broken">', None),
        ('<link rel="amphtml" href="/amp">', None),
        ("", None),
    ],
)
def test_the_canonical_url_is_read(link: str, canonical: str | None) -> None:
    assert read(page(ENGLISH, link)).canonical_url == canonical


def test_a_page_to_log_in_on() -> None:
    assert read("<title>Log in</title><form><input type='password'></form>").has_password_field


@pytest.mark.parametrize("body", [b"", b"   ", b"\x00\x01\x02", b"<", b"%PDF-1.7 ...", b"<!-- -->"])
def test_what_is_no_page_has_no_article(body: bytes) -> None:
    extracted = extract(body, None, URL)
    assert extracted is None or not extracted.text


# Encodings

SAID_BY_HEADER = [
    ("euc-kr", KOREAN),
    ("shift_jis", JAPANESE),
    ("euc-jp", JAPANESE),
    ("iso-2022-jp", JAPANESE),
    ("windows-1251", RUSSIAN),
    ("koi8-r", RUSSIAN),
    ("gb18030", CHINESE),
    ("gb2312", CHINESE),
    ("gbk", CHINESE),
    ("windows-1256", ARABIC),
    ("utf-8", ARABIC),
]


@pytest.mark.parametrize(("encoding", "story"), SAID_BY_HEADER)
def test_pages_are_read_in_the_encoding_that_the_header_says(encoding: str, story: tuple[str, list[str]]) -> None:
    html = page(story)
    assert decoded(html.encode(encoding), f'text/html; charset="{encoding.upper()}"') == html


@pytest.mark.parametrize(("encoding", "story"), SAID_BY_HEADER)
def test_pages_are_read_in_the_encoding_that_they_say(encoding: str, story: tuple[str, list[str]]) -> None:
    for meta in (
        f"<meta charset={encoding}>",
        f'<meta http-equiv="Content-Type" content="text/html; charset={encoding}">',
    ):
        html = page(story, meta)
        assert decoded(html.encode(encoding), "text/html") == html


@pytest.mark.parametrize(
    ("encoding", "story"),
    [("utf-8", KOREAN), ("euc-kr", KOREAN), ("shift_jis", JAPANESE), ("windows-1251", RUSSIAN), ("gb18030", CHINESE)],
)
def test_pages_that_say_nothing_are_read_in_the_encoding_that_fits(encoding: str, story: tuple[str, list[str]]) -> None:
    extracted = extract(page(story).encode(encoding), "text/html", URL)
    assert extracted is not None
    assert extracted.title == story[0]


def test_a_byte_order_mark_counts_most() -> None:
    html = page(KOREAN, '<meta charset="windows-1252">')
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        assert decoded(mark + html.encode(encoding), "text/html; charset=euc-kr") == html


def test_the_header_counts_more_than_the_page() -> None:
    html = page(RUSSIAN, "<meta charset=utf-8>")
    assert decoded(html.encode("windows-1251"), "text/html; charset=windows-1251") == html


def test_what_an_old_name_stands_for_in_browsers() -> None:
    assert decoded("<p>“똠”".encode("cp949"), "text/html; charset=ks_c_5601-1987") == "<p>“똠”"
    assert decoded("<p>“Latin”".encode("cp1252"), "text/html; charset=iso-8859-1") == "<p>“Latin”"
    assert decoded(b"<p>+ADw-script", "text/html; charset=utf-7") == "<p>+ADw-script"


def test_half_a_character_spoils_no_page() -> None:
    text = decoded(page(KOREAN).encode("euc-kr") + b"\xb0", "text/html; charset=euc-kr")
    assert KOREAN[1][0] in text


def test_a_declaration_of_xml_is_no_hindrance() -> None:
    html = '<?xml version="1.0" encoding="euc-kr"?>\n' + page(KOREAN, lang="ko")
    extracted = extract(html.encode("euc-kr"), "application/xhtml+xml", URL)
    assert extracted is not None
    assert extracted.title == KOREAN[0]
