"""What readers see when there is nothing to see, and in which language they see it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from index import CoverageIndex, open_index
from service.access.keys import Scope
from service.app import create_app
from service.settings import Settings
from tests.index.fakes import FakeEncoder, an_article
from tests.service.conftest import SCREENSHOTS, add_key, serving
from tests.service.widget_pages import BELOW, Site, Visit, a_site, visiting

FALLBACK = '<a href="/topics/summit">More on the summit</a>'
NOWHERE = "http://127.0.0.1:9"
TEXTS = {
    "ar": ("أخبار ذات صلة", "قبل 3 ساعات"),
    "de": ("Mehr zum Thema", "vor 3 Stunden"),
    "en": ("Related coverage", "3 hours ago"),
    "es": ("Noticias relacionadas", "hace 3 horas"),
    "fr": ("Sur le même sujet", "il y a 3 heures"),
    "he": ("עוד בנושא", "לפני 3 שעות"),
    "hi": ("संबंधित ख़बरें", "3 घंटे पहले"),
    "ja": ("関連ニュース", "3 時間前"),
    "ko": ("관련 보도", "3시간 전"),
    "pt-BR": ("Notícias relacionadas", "há 3 horas"),
    "ru": ("Материалы по теме", "3 часа назад"),
    "zh-CN": ("相关报道", "3小时前"),
    "zh-TW": ("相關報導", "3 小時前"),
}
COPIES = {
    "ar": {1: "نشره أيضًا مصدر واحد", 2: "نشره أيضًا مصدران", 3: "نشرته أيضًا 3 مصادر", 11: "نشره أيضًا 11 مصدرًا"},
    "en": {1: "Also in 1 other source", 2: "Also in 2 other sources"},
    "he": {1: "גם במקור נוסף", 2: "גם בשני מקורות נוספים", 3: "גם ב־3 מקורות נוספים"},
    "ko": {1: "다른 매체 1곳에도 게재"},
    "ru": {1: "Также в 1 издании", 5: "Также в 5 изданиях", 21: "Также в 21 издании"},
}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with a_site() as site:
        yield site


@pytest.fixture(scope="module")
def service(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service that pages of the site may read, with a summit in it that three report, and a flood that one does."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("states"), cors_origins=(site.origin,))
    with open_index(settings.data_dir, FakeEncoder()) as index:
        put_summit(index)
        index.put([an_article("f-1", "A flood")])
        with serving(create_app(settings, index)) as address:
            yield address


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    with visiting(browser) as visit:
        yield visit


def put_summit(index: CoverageIndex) -> None:
    """An article s-0, and two others of the same story."""
    for number, title in enumerate(["The summit begins", "Leaders meet for a summit", "What the summit was for"]):
        index.put([an_article(f"s-{number}", title, source=f"Paper {number}")])


def answering(page: Page, items: list[dict[str, Any]], origin: str) -> None:
    """Answer as the API does, with other items."""
    page.route(
        "**/related?*",
        lambda route: route.fulfill(
            headers={"Access-Control-Allow-Origin": origin},
            content_type="application/json",
            body=json.dumps({"items": items}),
        ),
    )


def an_item(lang: str = "en", copies: int = 0, **fields: object) -> dict[str, Any]:
    item = {"id": "a", "url": "https://a.example/", "title": "A", "snippet": "", "source": "A", "lang": lang}
    sources = [{"id": f"c-{number}", "source": f"Paper {number}"} for number in range(copies)]
    return item | {"published_at": None, "relation": "related", "copies": sources} | fields


def assert_only_the_fallback_is_seen(visit: Visit) -> None:
    """Of the widget there is nothing but what the page put there, and of the page all that there was."""
    expect(visit.page.get_by_role("link", name="More on the summit")).to_be_visible()
    assert visit.part("heading").count() == 0
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("A page")
    expect(visit.page.locator("#below")).to_have_text(BELOW)


# Nothing to show


def test_without_javascript_there_is_what_the_page_put_there(browser: Browser, service: str, site: Site) -> None:
    site.write(service, 'article-id="s-0"', FALLBACK)
    with visiting(browser, java_script_enabled=False) as visit:
        visit.page.goto(site.origin)
        expect(visit.page.get_by_role("link", name="More on the summit")).to_be_visible()
        expect(visit.page.locator("#below")).to_have_text(BELOW)
        visit.page.screenshot(path=SCREENSHOTS / "widget-without-javascript.png")


def test_without_its_script_there_is_what_the_page_put_there(visit: Visit, service: str, site: Site) -> None:
    site.write(service, 'article-id="s-0"', FALLBACK)
    visit.page.route("**/widget/**", lambda route: route.abort())
    visit.page.goto(site.origin)
    expect(visit.page.get_by_role("link", name="More on the summit")).to_be_visible()


@pytest.mark.parametrize(
    ("attributes", "told"),
    [('article-id="f-1"', {"items": 0}), ('article-id="s-0" min-items="3"', {"items": 2})],
    ids=["nothing", "few"],
)
def test_with_too_little_there_is_what_the_page_put_there(
    visit: Visit, service: str, site: Site, attributes: str, told: dict[str, int]
) -> None:
    site.write(service, attributes, FALLBACK)
    visit.go(site, "empty")
    assert visit.told() == [("empty", told)]
    assert_only_the_fallback_is_seen(visit)
    assert visit.violations() == ""
    assert len(visit.asked) == 1
    assert visit.problems == []
    visit.page.screenshot(path=SCREENSHOTS / f"widget-empty-{told['items']}.png")


def test_what_is_not_there_is_told_once_and_not_asked_again(visit: Visit, service: str, site: Site) -> None:
    site.write(service, 'article-id="none"', FALLBACK)
    visit.go(site, "error")
    ((kind, detail),) = visit.told()
    assert (kind, detail["reason"], detail["status"]) == ("error", "status", 404)
    assert "none" in detail["message"]
    assert_only_the_fallback_is_seen(visit)
    assert len(visit.asked) == 1
    assert [one for one in visit.problems if "<related-coverage>" in one] == [
        f"<related-coverage>: no answer: 404, {detail['message']}"
    ]


def test_with_a_key_for_this_page_there_is_an_answer_and_with_a_wrong_one_none(
    browser: Browser, topical_index: CoverageIndex, site: Site, keys: Path
) -> None:
    put_summit(topical_index)
    right, other = add_key(keys, Scope.READ, site.origin), add_key(keys, Scope.READ, "https://other.example")
    with serving(create_app(Settings(data_dir=keys.parent), topical_index)) as service:
        for key, status in ((right, 200), (other, 403), (f"{right[:-1]}x", 401), ("", 401)):
            site.write(service, f'article-id="s-0" key="{key}"', FALLBACK)
            with visiting(browser) as visit:
                visit.go(site, "loaded" if status == 200 else "error")
                ((kind, detail),) = visit.told()
                assert len(visit.asked) == 1
                if status == 200:
                    assert (kind, detail) == ("load", {"items": 2})
                    continue
                assert (kind, detail["status"]) == ("error", status)
                assert_only_the_fallback_is_seen(visit)
                assert not key or key not in detail["message"]
                visit.page.screenshot(path=SCREENSHOTS / f"widget-error-{status}.png")


def test_while_the_api_is_down_it_is_asked_twice(visit: Visit, service: str, site: Site) -> None:
    site.write(service, f'article-id="s-0" api="{NOWHERE}"', FALLBACK)
    site.policy = site.policy.replace("connect-src", f"connect-src {NOWHERE}")
    visit.page.clock.install()
    with visit.page.expect_event("requestfailed"):
        visit.go(site, "loading")
    visit.page.clock.run_for(2_100)
    visit.settle("error")
    ((kind, detail),) = visit.told()
    assert (kind, detail["reason"], detail["status"]) == ("error", "network", 0)
    assert len(visit.asked) == 2
    assert_only_the_fallback_is_seen(visit)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_have_passed_a_moment_later_is_tried_again(
    visit: Visit, service: str, site: Site, status: int
) -> None:
    site.write(service, 'article-id="s-0"')
    visit.page.clock.install()
    headers = {"Access-Control-Allow-Origin": site.origin}
    visit.page.route("**/related?*", lambda route: route.fulfill(status=status, headers=headers), times=1)
    with visit.page.expect_response("**/related?*"):
        visit.go(site, "loading")
    visit.page.clock.run_for(2_100)
    visit.settle("loaded")
    assert visit.told() == [("load", {"items": 2})]
    assert len(visit.asked) == 2


def test_a_reply_that_does_not_come_is_waited_for_five_seconds_twice(visit: Visit, service: str, site: Site) -> None:
    site.write(service, 'article-id="s-0"', FALLBACK)
    visit.page.clock.install()
    visit.hold("**/related?*")
    with visit.page.expect_request("**/related?*"):
        visit.go(site, "loading")
    visit.page.clock.run_for(4_900)
    assert visit.widget.get_attribute("data-state") == "loading"
    visit.page.clock.run_for(200)
    with visit.page.expect_request("**/related?*"):
        visit.page.clock.run_for(2_100)
    visit.page.clock.run_for(5_100)
    visit.settle("error")
    assert [detail["reason"] for _, detail in visit.told()] == ["timeout"]
    assert len(visit.asked) == 2
    assert_only_the_fallback_is_seen(visit)


@pytest.mark.parametrize("body", ["<html>", "{}", '{"items": null}', "null"])
def test_what_is_no_answer_of_the_api_is_none(visit: Visit, service: str, site: Site, body: str) -> None:
    site.write(service, 'article-id="s-0"', FALLBACK)
    visit.page.clock.install()
    headers = {"Access-Control-Allow-Origin": site.origin}
    visit.page.route("**/related?*", lambda route: route.fulfill(body=body, headers=headers))
    with visit.page.expect_response("**/related?*"):
        visit.go(site, "loading")
    visit.page.wait_for_timeout(100)
    visit.page.clock.run_for(2_100)
    visit.settle("error")
    assert [(kind, detail["reason"]) for kind, detail in visit.told()] == [("error", "network")]
    assert_only_the_fallback_is_seen(visit)


def test_an_answer_with_items_that_are_none_is_no_answer(visit: Visit, service: str, site: Site) -> None:
    site.write(service, 'article-id="s-0"', FALLBACK)
    answering(visit.page, [{}], site.origin)
    visit.go(site, "error")
    assert [(kind, detail["reason"]) for kind, detail in visit.told()] == [("error", "network")]
    assert_only_the_fallback_is_seen(visit)


@pytest.mark.parametrize(("article", "state"), [("f-1", "empty"), ("none", "error")])
def test_height_that_is_not_needed_is_given_back_out_of_sight(
    browser: Browser, service: str, site: Site, article: str, state: str
) -> None:
    site.write(service, f'article-id="{article}"')
    site.style += "related-coverage:not(:defined) { display: block; min-height: 40rem } #below { height: 300rem }"
    with visiting(browser) as visit:
        held = visit.hold("**/related?*")
        with visit.page.expect_request("**/related?*"):
            visit.go(site, "loading")
        held[0].continue_()
        visit.settle(state)
        assert visit.shift() == 0
        assert visit.widget.bounding_box()["height"] > 600  # type: ignore[index]  # it is there
        visit.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        expect(visit.widget).to_have_css("height", "0px")
        assert visit.shift() == 0


def test_no_more_height_is_kept_than_is_seen(visit: Visit, service: str, site: Site) -> None:
    site.write(service, 'article-id="f-1"')
    site.style += "related-coverage:not(:defined) { display: block; min-height: 80rem }"
    visit.go(site, "empty")
    assert visit.shift() == 0
    assert visit.widget.evaluate("one => Math.round(one.getBoundingClientRect().bottom) === innerHeight")


# Languages


def test_texts_and_times_are_in_the_language_of_the_page(visit: Visit, service: str, site: Site) -> None:
    site.write(service, 'article-id="s-0"')
    published = (datetime.now(UTC) - timedelta(hours=3, minutes=10)).isoformat()
    answering(visit.page, [an_item("fi", published_at=published)], site.origin)
    visit.go(site)
    panel = visit.part("panel")
    for lang, (heading, time) in TEXTS.items():
        visit.page.evaluate("(lang) => { document.documentElement.lang = lang }", lang)
        visit.widget.evaluate("one => one.setAttribute('lang', '')")  # so that it looks again
        expect(visit.part("heading")).to_have_text(heading)
        expect(visit.part("time")).to_have_text(time)
        assert panel.get_attribute("lang") == lang
        assert panel.get_attribute("dir") == ("rtl" if lang in {"ar", "he"} else "ltr")
        name = visit.page.evaluate("(lang) => new Intl.DisplayNames(lang, { type: 'language' }).of('fi')", lang)
        expect(visit.part("language")).to_have_text(name)
    assert len(visit.asked) == 1


@pytest.mark.parametrize("lang", COPIES)
def test_copies_are_counted_as_the_language_counts(visit: Visit, service: str, site: Site, lang: str) -> None:
    site.write(service, 'article-id="s-0"', lang=lang)
    answering(visit.page, [an_item(lang, copies) for copies in COPIES[lang]], site.origin)
    visit.go(site)
    assert visit.part("copies").all_inner_texts() == list(COPIES[lang].values())


def test_a_source_counts_once_and_not_beside_itself(visit: Visit, service: str, site: Site) -> None:
    site.write(service, 'article-id="s-0"')
    copies = [{"id": f"c-{number}", "source": source} for number, source in enumerate(["A", "B", "B", None])]
    answering(visit.page, [an_item(copies=0) | {"copies": copies}, an_item()], site.origin)
    visit.go(site)
    assert visit.part("copies").all_inner_texts() == ["Also in 2 other sources"]


def test_in_a_language_without_texts_it_is_english_throughout(visit: Visit, service: str, site: Site) -> None:
    site.write(service, 'article-id="s-0"', lang="fi")
    answering(visit.page, [an_item("fi", published_at="2023-09-14T10:00:00Z")], site.origin)
    visit.go(site)
    expect(visit.part("panel")).to_have_attribute("lang", "en")
    expect(visit.part("time")).to_have_text("Sep 14, 2023")
    expect(visit.part("language")).to_have_text("Finnish")
    assert visit.problems == []


def test_what_an_item_lacks_is_left_out(visit: Visit, service: str, site: Site) -> None:
    bare = an_item("und", source=None, title=None, snippet="Only a text", url=None)
    bad = an_item(url="javascript:alert(1)", title="B")
    site.write(service, 'article-id="s-0" layout="cards"')
    answering(visit.page, [bare, bad], site.origin)
    visit.go(site)
    first = visit.part("item").first
    expect(first.locator("[part=title]")).to_have_text("Only a text")
    expect(first.locator("[part=title]")).to_have_attribute("dir", "auto")
    assert visit.page.locator("related-coverage a").count() == 0
    for part in ("source", "language", "time", "copies", "snippet"):
        assert first.locator(f"[part={part}]").count() == 0
    assert visit.problems == []
