"""From a URL to an article of ours."""

import os
import signal
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from index.article import MAX_TEXT, MAX_TITLE, ArticleFields, id_of_url
from index.publishers import site_of
from service.fetching import pages as pages_module
from service.fetching.apart import Extracted
from service.fetching.errors import Failure, FetchError
from service.fetching.pages import Pages, article_of
from tests.service.fetching.sites import HTML, NEWS, Answer, Sites
from tests.service.fetching.written_pages import ENGLISH, KOREAN, page

URL = f"http://{NEWS}/a"
TEXT = " ".join(ENGLISH[1])
GALLERY = "<h1>Pictures</h1>" + "<img src=a.png>" * 20


def extracted(**said: object) -> Extracted:
    usual: dict[str, object] = {
        "title": ENGLISH[0],
        "text": TEXT,
        "published_at": None,
        "lang": None,
        "site": "Harbor Tribune",
        "canonical_url": None,
        "has_password_field": False,
    }
    return Extracted(**usual | said)  # type: ignore[arg-type]  # each test says what is of the right type


async def failure(sites: Sites, url: str = URL) -> FetchError:
    async with sites.fetcher() as fetcher:
        with pytest.raises(FetchError) as raised:
            await Pages(fetcher).article(url)
    return raised.value


async def test_a_page_becomes_an_article(sites: Sites) -> None:
    head = (
        f'<link rel="canonical" href="http://{NEWS}/story/7?utm_source=x">'
        '<meta property="og:site_name" content="한빛일보">'
        '<meta property="article:published_time" content="2023-09-14T09:30:00+09:00">'
    )
    sites.put(
        f"{NEWS}/a",
        Answer(page(KOREAN, head, "ko").encode("euc-kr"), headers={"Content-Type": "text/html;charset=euc-kr"}),
    )
    async with sites.fetcher() as fetcher:
        article = await Pages(fetcher).article(URL)
    assert article.id == id_of_url(f"http://{NEWS}/story/7")
    assert article.canonical_url == f"http://{NEWS}/story/7"
    assert (article.title, article.lang, article.source, article.country) == (KOREAN[0], "ko", "한빛일보", None)
    assert article.text == "\n".join(KOREAN[1])
    assert article.published_at == datetime(2023, 9, 14, 0, 30, tzinfo=UTC)


def test_what_is_known_already_counts_more() -> None:
    known = {"source": "My Paper", "country": "GB", "published_at": "2023-09-01T00:00:00Z", "lang": "en-GB"}
    given = ArticleFields.model_validate({"url": URL, "title": "Another", **known})
    article = article_of(extracted(lang="en", published_at=datetime.now(UTC)), URL, given)
    assert article.title == ENGLISH[0]
    assert article.model_dump(mode="json", include=set(known)) == known


BAD = {
    "gone": (Answer(b"<p>Gone", 410), Failure.MISSING, "410"),
    "missing": (Answer(page(ENGLISH).encode(), 404), Failure.MISSING, "404"),
    "a login": (Answer(b"", 401), Failure.MISSING, "login"),
    "not for us": (Answer(b"", 403), Failure.MISSING, "403"),
    "too many": (Answer(b"", 429), Failure.MISSING, "429"),
    "an error": (Answer(b"", 500), Failure.BROKEN, "500"),
    "no content": (Answer(b"", 204), Failure.NOT_A_PAGE, "HTML"),
    "leads nowhere": (Answer(b"", 302), Failure.MISSING, "302"),
    "a picture": (Answer(b"\x89PNG", headers={"Content-Type": "image/png"}), Failure.NOT_A_PAGE, "image/png"),
    "nothing": (Answer(b""), Failure.NOT_A_PAGE, "HTML"),
    "only JavaScript": (Answer(b"<div id=root></div><script src=a.js></script>"), Failure.EMPTY, "JavaScript"),
    "only pictures": (Answer(GALLERY.encode()), Failure.EMPTY, "no text"),
    "a wall": (
        Answer(f"<title>Log in</title><p>{TEXT[:200]}</p><form><input type=password></form>".encode()),
        Failure.EMPTY,
        "login",
    ),
}


async def test_a_page_without_an_article(sites: Sites) -> None:
    async with sites.fetcher() as fetcher:
        pages = Pages(fetcher)  # one for all, as the process that reads pages takes a second to begin
        for name, (answer, kind, said) in BAD.items():
            sites.put(f"{NEWS}/a", answer)
            with pytest.raises(FetchError) as raised:
                await pages.article(URL)
            message = str(raised.value)
            assert (raised.value.kind, said in message) == (kind, True), f"{name}: {message}"
            assert "Harbour" not in message, name


async def test_a_page_that_takes_too_long_to_read_is_given_up(sites: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages_module, "_EXTRACT_SECONDS", 0.3)
    monkeypatch.setattr(pages_module, "extract_apart", sleeps)
    sites.put(f"{NEWS}/a", Answer(page(ENGLISH).encode()))
    error = await failure(sites)
    assert (error.kind, "too long" in str(error)) == (Failure.NOT_A_PAGE, True)


async def test_a_page_that_ends_the_process_that_reads_it(sites: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    sites.put(f"{NEWS}/a", Answer(page(ENGLISH).encode()))
    async with sites.fetcher() as fetcher:
        pages = Pages(fetcher)
        with monkeypatch.context() as patched:
            patched.setattr(pages_module, "extract_apart", ends)
            with pytest.raises(FetchError) as raised:
                await pages.article(URL)
        assert raised.value.kind is Failure.NOT_A_PAGE
        assert (await pages.article(URL)).title == ENGLISH[0], "the next one has a new process"


def sleeps(*_: object) -> None:
    time.sleep(60)


def ends(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


HOSTILE = {
    "deep": b"<div>" * 100_000 + TEXT.encode(),
    "attributes": b"<p " + b"a=b " * 300_000 + b">" + TEXT.encode(),
    "entities": b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><p>&b;</p>' + b"&b;" * 100_000,
    "a file": b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><p>' + TEXT.encode() + b"&a;</p>",
    "dates": b"<p>" + b"2023-09-14 " * 100_000,
}


async def test_hostile_pages_harm_nobody(sites: Sites) -> None:
    sites.put(f"{NEWS}/b", Answer(page(ENGLISH).encode(), headers=HTML))
    async with sites.fetcher() as fetcher:
        pages = Pages(fetcher)
        for name, body in HOSTILE.items():
            sites.put(f"{NEWS}/a", Answer(b"<html><body>" + body))
            with suppress(FetchError):
                assert "root:" not in ((await pages.article(URL)).text or ""), name
        assert (await pages.article(f"http://{NEWS}/b")).title == ENGLISH[0]


# What becomes of what a page says


def test_a_date_in_the_future_is_now() -> None:
    before = datetime.now(UTC)
    article = article_of(extracted(published_at=before + timedelta(days=400)), URL)
    assert article.published_at is not None
    assert before <= article.published_at <= datetime.now(UTC)
    past = before - timedelta(days=400)
    assert article_of(extracted(published_at=past), URL).published_at == past


BBC = "https://www.bbc.co.uk/news/1?at=x"


@pytest.mark.parametrize(
    ("canonical", "url", "known_as"),
    [
        ("https://www.bbc.co.uk/news/1", BBC, "https://www.bbc.co.uk/news/1"),
        ("https://m.bbc.co.uk/news/1", BBC, "https://m.bbc.co.uk/news/1"),
        ("https://www.guardian.co.uk/news/1", BBC, BBC),
        ("https://bbc.com/news/1", BBC, BBC),
        ("https://co.uk/", BBC, BBC),
        ("https://www.bbc.co.uk.forged.example/news/1", BBC, BBC),
        ("https://bbc.co.uk@forged.example/news/1", BBC, BBC),
        ("https://www.bbc.co.uk/", BBC, BBC),
        ("https://www.bbc.co.uk/", "https://www.bbc.co.uk/?edition=2", "https://www.bbc.co.uk/"),
        ("javascript:alert(1)", BBC, BBC),
        ("ftp://www.bbc.co.uk/news/1", BBC, BBC),
        ("https://[broken", BBC, BBC),
        ("https://www.bbc.co.uk/" + "a" * 5000, BBC, BBC),
        ("https://one.github.io/a", "https://two.github.io/a", "https://two.github.io/a"),
        ("http://10.0.0.2/a", "http://10.0.0.1/a", "http://10.0.0.1/a"),
        ("http://10.0.0.1/b", "http://10.0.0.1/a", "http://10.0.0.1/b"),
        (None, BBC, BBC),
    ],
)
def test_a_canonical_url_is_believed_on_the_same_site(canonical: str | None, url: str, known_as: str) -> None:
    article = article_of(extracted(canonical_url=canonical), url)
    assert (article.url, article.id) == (known_as, id_of_url(known_as))


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://news.hanbit.co.kr/1", "hanbit.co.kr"),
        ("https://HARBOR.Example/", "harbor.example"),
        ("https://a.b.tokyo.jp/", "b.tokyo.jp"),
        ("https://xn--r8jz45g.jp/", "xn--r8jz45g.jp"),
        ("http://10.0.0.1:8080/", "10.0.0.1"),
        ("http://[2606:4700::1]/", "2606:4700::1"),
        ("http://[broken", ""),
    ],
)
def test_the_site_of_a_url(url: str, site: str) -> None:
    assert site_of(url) == site


@pytest.mark.parametrize(
    ("said", "lang"),
    [("en", "en"), ("en-GB", "en-GB"), ("en_us", "en-US"), ("ko", None), ("nonsense!", None), ("", None), (None, None)],
)
def test_the_language_that_a_page_says_counts_when_its_words_agree(said: str | None, lang: str | None) -> None:
    article = article_of(extracted(lang=said), URL)
    assert article.lang == lang
    assert article.language.startswith("en")


@pytest.mark.parametrize(
    ("said", "source"),
    [
        ("Harbor Tribune", "Harbor Tribune"),
        (" \n", "harbor-tribune.example"),
        (None, "harbor-tribune.example"),
        ("https://www.facebook.com/harbor", "harbor-tribune.example"),
        ("--", "harbor-tribune.example"),
        ("x" * 500, "x" * 200),
    ],
)
def test_the_source_is_what_the_site_calls_itself(said: str | None, source: str) -> None:
    assert article_of(extracted(site=said), URL).source == source


def test_what_is_too_long_is_cut() -> None:
    article = article_of(extracted(title="가나 " * MAX_TITLE, text="word " * MAX_TEXT), URL)
    assert len(article.title or "") <= MAX_TITLE
    assert len(article.text or "") <= MAX_TEXT


def test_an_article_can_do_without_a_title() -> None:
    assert article_of(extracted(title=None), URL).title is None
    assert article_of(extracted(title="—"), URL).title is None


def test_the_title_above_a_text_is_no_part_of_it() -> None:
    assert article_of(extracted(text=f"{ENGLISH[0].upper()}\n{TEXT}"), URL).text == TEXT


def test_signs_without_words_are_no_article() -> None:
    with pytest.raises(FetchError) as raised:
        article_of(extracted(title=None, text="— * " * 100), URL)
    assert raised.value.kind is Failure.EMPTY
