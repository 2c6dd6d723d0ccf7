"""The page of an article has what a reader looks for, in any language."""

import json
import re
from collections.abc import Iterator

import httpx2
import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Locator, Page, expect

from index.samples import samples
from service.pages.wording import LANGUAGES
from tests.service.conftest import SCREENSHOTS

SUMMIT = "kp-ru-summit-talks-ko"
ARTICLES = {sample.article.id: sample.article for sample in samples()}
BIDI = "\u202eevil \u2066 <b>bold</b>"


@pytest.fixture
def page(browser: Browser, sample_service: str) -> Iterator[Page]:
    """The page of the Korean report of the summit."""
    page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-US")
    page.goto(f"{sample_service}/read/{SUMMIT}")
    yield page
    page.close()


def text(found: Locator) -> str:
    return " ".join(found.inner_text().split())


# Every element of the kind of page that this service is for, one test each.


def test_the_edition_of_the_country_is_named(page: Page) -> None:
    assert text(page.locator(".edition")).startswith("대한민국 뉴스")


def test_the_latest_headlines_of_the_country_are_a_link_away(page: Page) -> None:
    page.get_by_role("link", name="최근 뉴스와 헤드라인").click()
    expect(page).to_have_url(re.compile(r"/\?country=KR&order=latest$"))
    assert page.locator("article").count() > 3


def test_the_headline_is_the_headline(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(ARTICLES[SUMMIT].title or "")


def test_the_publisher_is_named(page: Page) -> None:
    expect(page.locator(".report .source")).to_have_text(ARTICLES[SUMMIT].source or "")


def test_the_publisher_has_a_rank_in_its_country(page: Page) -> None:
    assert re.fullmatch(r"대한민국 \d+개 언론사 중 \d+위", text(page.locator(".rank")))


def test_it_says_how_long_the_summary_takes_to_read_and_the_report_at_the_publisher(page: Page) -> None:
    times = text(page.locator(".figures div", has_text="읽는 시간"))
    assert re.fullmatch(r"읽는 시간 여기서 \d+(초|분) 언론사에서 \d+(초|분)", times)


def test_the_quality_of_the_report_and_of_the_publisher_is_told(page: Page) -> None:
    assert re.fullmatch(r"품질 점수 이 기사 \d+% 언론사 \d+%", text(page.locator(".figures div", has_text="품질 점수")))


def test_how_the_figures_come_about_is_a_link_away(page: Page) -> None:
    page.get_by_role("link", name="수치 산출 방법").click()
    expect(page).to_have_url(re.compile("/about/metrics$"))


def test_the_summary_has_sentences_of_the_report(page: Page) -> None:
    sentences = page.locator(".summary p[lang=ko]").all_inner_texts()
    assert 1 <= len(sentences) <= 3
    whole = ARTICLES[SUMMIT].text or ""
    places = [whole.index(sentence) for sentence in sentences]
    assert places == sorted(places)


def test_the_full_text_is_at_the_publisher(page: Page) -> None:
    link = page.get_by_role("link", name=f"{ARTICLES[SUMMIT].source}에서 전문 읽기")
    assert link.get_attribute("href") == ARTICLES[SUMMIT].url


@pytest.mark.parametrize(
    ("article_id", "about"),
    [
        ("kp-ru-summit-minister-ko", "the unification minister's reaction"),
        ("kp-ru-summit-envoys-ko", "the envoys' reaction"),
        ("kp-ru-summit-statements-ko", "the two leaders' statements"),
        ("kp-ru-summit-china-ko", "China's response"),
    ],
)
def test_similar_news_has_a_title_a_snippet_and_links(page: Page, article_id: str, about: str) -> None:
    article = ARTICLES[article_id]
    item = page.locator(".similar li", has=page.locator(f"a[href='/read/{article_id}']"))
    expect(item, about).to_have_count(1)
    expect(item.get_by_role("heading")).to_have_text(article.title or "")
    assert (article.text or "").startswith(text(item.locator(".snippet"))[:60])
    assert (article.source or "") in text(item.locator(".byline"))
    assert "한국어" in text(item.locator(".byline"))
    assert item.get_by_role("link", name="더 읽기").get_attribute("href") == article.url


def test_similar_news_is_grouped_into_the_same_story_and_what_is_related(page: Page) -> None:
    assert page.locator(".similar h3").all_inner_texts() == ["같은 사건", "관련 소식"]


def test_similar_news_in_other_languages_is_marked_as_such(page: Page) -> None:
    langs = page.locator(".similar h4 a").evaluate_all("links => links.map(link => link.lang)")
    assert len(set(langs)) >= 2


def test_the_timeline_of_the_story_is_told(page: Page) -> None:
    days = page.locator(".timeline time").evaluate_all("times => times.map(time => time.dateTime)")
    assert days == sorted(days)
    assert len(days) >= 2


def test_it_says_when_it_was_rendered(page: Page) -> None:
    assert text(page.locator("footer")).startswith("페이지 생성 20")


# What machines read of it.


@pytest.fixture(scope="module")
def html(sample_service: str) -> str:
    return httpx2.get(f"{sample_service}/read/{SUMMIT}").text


def test_search_engines_read_the_article_and_the_list(html: str) -> None:
    news, listed = (
        json.loads(found) for found in re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)
    )
    assert (news["@type"], news["headline"]) == ("NewsArticle", ARTICLES[SUMMIT].title)
    assert listed["@type"] == "ItemList"
    assert [entry["position"] for entry in listed["itemListElement"]] == list(
        range(1, len(listed["itemListElement"]) + 1)
    )


def test_links_to_it_have_a_preview(html: str) -> None:
    found = dict(re.findall(r'<meta property="([a-z:_]+)" content="([^"]*)">', html))
    assert found["og:title"] == ARTICLES[SUMMIT].title
    assert found["og:description"]
    assert found["og:url"].endswith(f"/read/{SUMMIT}")


def test_the_other_languages_of_the_page_are_named(html: str, sample_service: str) -> None:
    found = dict(re.findall(r'<link rel="alternate" hreflang="([a-z-]+)" href="([^"]+)">', html))
    assert found.keys() == {*LANGUAGES, "x-default"}
    assert 'lang="de"' in httpx2.get(found["de"]).text


# In whatever language, and whatever an article has in it.


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_can_be_read_in_each_language(sample_client: httpx2.Client, language: str) -> None:
    response = sample_client.get(f"/read/{SUMMIT}?lang={language}")
    assert response.status_code == 200
    assert response.headers["Content-Language"] == language
    direction = "rtl" if language in {"ar", "he"} else "ltr"
    assert f'<html lang="{language}" dir="{direction}">' in response.text


def test_an_article_with_hardly_anything_has_a_page(client: TestClient) -> None:
    assert client.put("/v1/articles/bare", json={"title": "A flood"}).status_code == 201
    page = client.get("/read/bare")
    assert page.status_code == 200
    assert "A flood" in page.text
    assert "Nobody else is reporting this yet." in page.text


def test_markup_and_direction_marks_in_an_article_are_shown_as_text(client: TestClient) -> None:
    article = {"title": BIDI, "text": f"{BIDI} </script><script>alert(1)</script>", "source": BIDI, "lang": "en"}
    assert client.put("/v1/articles/odd", json=article).status_code == 201
    html = client.get("/read/odd").text
    assert "<b>bold" not in html
    assert "<script>alert" not in html
    for found in re.findall(r'<script type="application/ld\+json">(.*?)</script>', html):
        assert json.loads(found)


@pytest.mark.parametrize(
    ("path", "status"), [("/read/nowhere", 404), ("/read/bare?lang=no%20tag", 422), ("/read/bare?x=1", 422)]
)
def test_what_cannot_be_shown_is_a_problem(client: TestClient, path: str, status: int) -> None:
    response = client.get(path)
    assert (response.status_code, response.headers["Content-Type"]) == (status, "application/problem+json")


def test_a_page_that_was_taken_down_is_gone(client: TestClient) -> None:
    client.put("/v1/articles/a", json={"title": "A flood"})
    assert client.delete("/v1/articles/a").status_code == 204
    assert client.get("/read/a").status_code == 410


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [(320, "light", "ko"), (768, "dark", "en"), (1440, "light", "ar"), (1440, "dark", "ko")],
)
def test_it_can_be_looked_at(browser: Browser, sample_service: str, width: int, scheme: str, language: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=False)  # type: ignore[arg-type]  # one of two
    page.goto(f"{sample_service}/read/{SUMMIT}?lang={language}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"reader-page-{width}-{scheme}-{language}.png", full_page=True)
    page.close()


def test_nothing_is_wider_than_a_small_page(browser: Browser, sample_service: str) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 900})
    page.goto(f"{sample_service}/read/{SUMMIT}")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.close()
