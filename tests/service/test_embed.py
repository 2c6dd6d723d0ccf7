"""The page that shows the widget, in a real browser."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, expect

from service.access.keys import Scope
from service.pages import embed
from service.widget import script
from tests.index.fakes import NOON
from tests.service.conftest import SCREENSHOTS, add_key
from tests.service.test_articles import assert_problem
from tests.service.widget_pages import Visit, visiting

SUMMIT = "kp-ru-summit-talks-ko"


@pytest.fixture
def client(topical_client: TestClient) -> TestClient:
    return topical_client


@pytest.fixture(params=[(320, "dark"), (768, "light"), (1440, "light")], ids=lambda p: f"{p[0]}-{p[1]}")
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    width, scheme = request.param
    with visiting(browser, width, color_scheme=scheme) as visit:
        yield visit
        visit.page.screenshot(path=SCREENSHOTS / f"embed-{width}-{scheme}.png", full_page=True)
        assert visit.problems == []


def test_the_widget_is_shown_as_it_is_chosen_with_its_tag(visit: Visit, sample_service: str) -> None:
    page = visit.page
    page.goto(f"{sample_service}/embed")
    page.get_by_label("Article").select_option(SUMMIT)
    page.get_by_label("Layout").select_option("cards")
    page.get_by_label("Theme").select_option("dark")
    page.get_by_label("Language").select_option("ko")
    page.get_by_label("Items").fill("3")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**/embed?*")
    visit.widget.scroll_into_view_if_needed()
    visit.settle("loaded")
    expect(visit.part("heading")).to_have_text("관련 보도")
    expect(visit.part("item")).to_have_count(3)
    expect(page.get_by_label("Layout")).to_have_value("cards")
    tag = f'<related-coverage article-id="{SUMMIT}" layout="cards" theme="dark" lang="ko" limit="3">'
    expect(page.locator("pre")).to_contain_text(tag)
    expect(page.locator("pre")).to_contain_text(f'src="{sample_service}/widget/v1/related-coverage.js"')
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert visit.violations() == ""


def test_the_tag_can_be_copied(browser: Browser, sample_service: str) -> None:
    with visiting(browser, permissions=["clipboard-read", "clipboard-write"]) as visit:
        visit.page.goto(f"{sample_service}/embed?article={SUMMIT}")
        visit.page.get_by_role("button", name="Copy").click()
        expect(visit.page.get_by_role("button", name="Copied")).to_be_visible()
        copied = visit.page.evaluate("navigator.clipboard.readText()")
        assert copied == visit.page.locator("pre").text_content()
        assert visit.problems == []


def test_it_runs_its_own_scripts_alone(client: TestClient) -> None:
    policy = client.get("/embed").headers["Content-Security-Policy"]
    assert policy == (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        "form-action 'self'; require-trusted-types-for 'script'; trusted-types 'none'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )


def test_an_empty_service_says_how_to_begin(client: TestClient) -> None:
    assert "similar-news ingest" in client.get("/embed").text


def test_an_article_that_is_none_of_the_latest_can_be_named(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embed, "_CHOICE", 2)
    for number in range(3):
        moment = NOON + timedelta(minutes=number)
        client.put(f"/v1/articles/a-{number}", json={"title": f"Report {number}", "published_at": moment.isoformat()})
    chosen = re.compile(r'<option value="(a-\d)"[^>]*?( selected)?>')
    assert chosen.findall(client.get("/embed").text) == [("a-2", " selected"), ("a-1", "")]
    html = client.get("/embed?article=a-0").text
    assert chosen.findall(html) == [("a-0", " selected"), ("a-2", ""), ("a-1", "")]
    assert "&lt;related-coverage article-id=&#34;a-0&#34;&gt;" in html
    assert_problem(client.get("/embed?article=none"), 404, "none")
    assert_problem(client.get("/embed?layout=grid"), 422, "layout")
    assert_problem(client.get("/embed?colour=red"), 422, "colour")


def test_markup_in_an_article_is_shown_as_text(client: TestClient) -> None:
    client.put("/v1/articles/a", json={"title": "<script>alert(1)</script>", "source": "<b>A"})
    html = client.get("/embed").text
    assert "<script>" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 2
    assert "&lt;b&gt;A" in html


def test_where_keys_are_needed_it_says_where_to_put_one(client: TestClient, keys: Path) -> None:
    client.put("/v1/articles/a", json={"title": "A"})
    assert "SIMILAR_NEWS_CORS_ORIGINS" in client.get("/embed").text
    key = add_key(keys, Scope.READ)
    html = client.get("/embed", headers={"X-API-Key": key}).text
    assert "key=&#34;YOUR-WIDGET-KEY&#34;" in html
    assert key not in html


def test_all_languages_of_the_widget_can_be_chosen() -> None:
    source = Path(script.__file__).with_name("related-coverage.js").read_text(encoding="utf-8")
    texts = source.partition("const TEXTS = {")[2].partition("\n};")[0]
    assert tuple(re.findall(r'^  "?([\w-]+)"?: \[', texts, re.MULTILINE)) == embed.LANGUAGES
