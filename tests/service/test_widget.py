"""The widget as readers see it, in pages of another site."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import pytest
from playwright.sync_api import Browser, expect

from index import CoverageIndex
from service.app import create_app
from service.settings import Settings
from tests.index.fakes import NOON, an_article
from tests.service.conftest import SCREENSHOTS, serving
from tests.service.widget_pages import BELOW, SUMMIT, Site, Visit, a_site, visiting


class Look(NamedTuple):
    """A layout in a page; `height` in rem is what the README says to keep free for five items."""

    layout: str
    width: int
    scheme: Literal["light", "dark"]
    lang: str
    height: int

    def __str__(self) -> str:
        return f"{self.layout}-{self.width}-{self.scheme}-{self.lang}"


LOOKS = [
    Look("list", 320, "light", "ko", 47),
    Look("list", 768, "dark", "ar", 40),
    Look("list", 1440, "light", "en", 40),
    Look("cards", 320, "dark", "en", 73),
    Look("cards", 768, "light", "ko", 46),
    Look("cards", 1440, "light", "ar", 18),
    Look("compact", 320, "light", "ar", 32),
    Look("compact", 768, "light", "en", 26),
    Look("compact", 1440, "dark", "ko", 26),
]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with a_site() as site:
        yield site


@pytest.fixture(scope="module")
def service(sample_index: CoverageIndex, site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service with the sample stories that pages of the site may read."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("widget"), cors_origins=(site.origin,))
    with serving(create_app(settings, sample_index)) as address:
        yield address


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    with visiting(browser) as visit:
        yield visit


# What it looks like


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_every_layout_is_accessible_and_moves_nothing_on_a_slow_reply(
    browser: Browser, service: str, site: Site, look: Look
) -> None:
    site.write(service, f'{SUMMIT} layout="{look.layout}"', lang=look.lang)
    site.style += f"related-coverage:not(:defined) {{ display: block; min-height: {look.height}rem }}"
    with visiting(browser, look.width, color_scheme=look.scheme) as visit:
        held = visit.hold("**/related?*")
        with visit.page.expect_request("**/related?*"):
            visit.go(site, "loading")
        assert visit.violations() == ""
        visit.page.screenshot(path=SCREENSHOTS / f"widget-loading-{look}.png")
        held[0].continue_()
        visit.settle("loaded")
        assert visit.shift() < 0.02
        assert visit.violations() == ""
        assert visit.part("item").count() == 5
        assert visit.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert visit.problems == []
        visit.page.evaluate("document.querySelector('h1').style.height = '300px'")
        assert visit.shift() > 0.02  # or it was not measured
        visit.page.evaluate("document.querySelector('h1').style.height = ''")
        visit.page.screenshot(path=SCREENSHOTS / f"widget-{look}.png", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_is_that_of_the_page_unless_it_is_said(
    browser: Browser, service: str, site: Site, scheme: Literal["light", "dark"]
) -> None:
    site.write(service, SUMMIT)
    with visiting(browser, color_scheme=scheme) as visit:
        visit.go(site)
        seen = {}
        for theme in ("auto", "light", "dark"):
            visit.widget.evaluate("(one, theme) => one.setAttribute('theme', theme)", theme)
            seen[theme] = visit.part("panel").evaluate("panel => getComputedStyle(panel).backgroundColor")
            if theme != scheme:
                assert visit.violations() == ""
        assert seen == {"auto": seen[scheme], "light": "rgb(255, 255, 255)", "dark": "rgb(22, 25, 29)"}


def test_a_site_can_style_it(visit: Visit, service: str, site: Site) -> None:
    site.write(service, SUMMIT)
    visit.page.route(
        "**/site.css",
        lambda route: route.fulfill(
            content_type="text/css",
            body="related-coverage { --related-coverage-accent: rgb(0, 0, 200); }"
            "related-coverage::part(title) { font-style: italic; }",
        ),
    )
    visit.go(site)
    expect(visit.part("title").first).to_have_css("font-style", "italic")
    expect(visit.part("relation").first).to_have_css("color", "rgb(0, 0, 200)")


# What it says


def test_items_say_where_they_come_from_in_the_language_of_the_page(visit: Visit, service: str, site: Site) -> None:
    site.write(service, SUMMIT, lang="ja")
    visit.go(site)
    expect(visit.part("heading")).to_have_text("関連ニュース")
    items = visit.part("item")
    korean, japanese = items.first, items.filter(has=visit.page.locator("a[lang=ja]"))
    expect(korean.locator("[part=source]")).to_have_text("한빛일보")
    expect(korean.locator("[part=language]")).to_have_text("韓国語")
    expect(korean.locator("[part=relation]")).to_have_text("同じニュース")
    expect(korean.locator("[part=time]")).to_have_text("2023/09/13")
    expect(korean.locator("a")).to_have_attribute("lang", "ko")
    expect(japanese.locator("[part=language]")).to_have_count(0)
    assert visit.told() == [("load", {"items": 5})]


def test_a_page_from_right_to_left_has_titles_from_left_to_right(visit: Visit, service: str, site: Site) -> None:
    site.write(service, SUMMIT, lang="he")
    visit.go(site)
    expect(visit.part("panel")).to_have_css("direction", "rtl")
    title = visit.part("title").first
    expect(title).to_have_css("direction", "ltr")
    expect(title).to_have_css("text-align", "right")


def test_markup_and_bidi_controls_in_an_article_are_text_of_that_article(
    visit: Visit, site: Site, topical_index: CoverageIndex
) -> None:
    title = "<img src=x onerror=alert(1)> &amp; \u202e\u2067 summit \u2069\u2069 <b>"
    topical_index.put(
        [
            an_article("a", "A summit", source="A", published_at=NOON),
            an_article("b", title, source="\u202eevil <i>\u2069", url="https://b.example/", published_at=NOON),
            an_article("c", "Summit over", source="C", url="https://c.example/", published_at=NOON),
        ]
    )
    with serving(create_app(Settings(cors_origins=(site.origin,)), topical_index)) as service:
        site.write(service, 'article-id="a" min-items="2"')
        visit.go(site)
        evil = visit.part("item").filter(has=visit.page.locator("[href*='b.example']"))
        assert evil.locator("a").evaluate("a => a.textContent") == title
        assert evil.locator("a *").count() == 0
        assert evil.locator("a").get_attribute("dir") == "ltr"
        # Each is a paragraph of its own for the bidi algorithm, out of which no control leads: not even one that
        # closes an isolate, which would close that of an inline element.
        for part in ("source", "title", "time"):
            display = visit.part(part).first.evaluate("one => getComputedStyle(one).display")
            assert display in {"block", "flow-root", "-webkit-box"}, part
            expect(visit.part(part).first).to_have_css("unicode-bidi", "isolate")
        plain = visit.part("item").filter(has=visit.page.locator("[href*='c.example']"))
        starts = [
            item.locator("[part=time]").evaluate(
                "one => one.getBoundingClientRect().left - one.parentElement.getBoundingClientRect().left"
            )
            for item in (evil, plain)
        ]
        assert starts[0] == starts[1]
        expect(visit.page.locator("#below")).to_have_text(BELOW)
        visit.page.screenshot(path=SCREENSHOTS / "widget-markup.png", full_page=True)
        assert visit.problems == []


# What it does


def test_it_can_be_used_with_the_keyboard(visit: Visit, service: str, site: Site) -> None:
    site.write(service, SUMMIT)
    visit.go(site)
    focused = "document.activeElement.shadowRoot?.activeElement?.href"
    order = []
    for _ in range(5):
        visit.page.keyboard.press("Tab")
        order.append(visit.page.evaluate(focused))
    links = visit.part("title")
    assert order == links.evaluate_all("links => links.map((link) => link.href)")
    assert len(set(order)) == 5
    expect(links.last).to_have_css("outline-style", "solid")
    expect(links.last).to_have_css("outline-width", "3px")
    expect(links.first).to_have_css("outline-style", "none")
    visit.page.screenshot(path=SCREENSHOTS / "widget-focus.png", full_page=True)
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.localName") == "body"  # and out of it again
    visit.page.keyboard.press("Shift+Tab")
    visit.page.route("**/*.example/**", lambda route: route.fulfill(body="The report"))
    with visit.page.expect_navigation(url=order[-1]):
        visit.page.keyboard.press("Enter")


def test_what_is_chosen_is_told_and_a_page_can_open_it_itself(visit: Visit, service: str, site: Site) -> None:
    site.write(service, SUMMIT)
    visit.go(site)
    address = visit.page.url
    visit.page.evaluate("document.addEventListener('select', (event) => event.preventDefault())")
    visit.part("title").first.click()
    assert visit.told()[-1] == (
        "select",
        {
            "id": "kp-ru-summit-statements-ko",
            "url": "https://hanbit-ilbo.example/2023/09/13/putin-kim-remarks-satellite-support",
            "relation": "same_story",
            "position": 1,
        },
    )
    assert visit.page.url == address


def test_events_do_not_come_to_the_window_which_has_load_and_error_of_its_own(
    visit: Visit, service: str, site: Site
) -> None:
    visit.page.add_init_script(
        "window.seen = []; for (const type of ['load', 'error']) addEventListener(type, (one) => seen.push(one.detail))"
    )
    site.write(service, SUMMIT)
    visit.go(site)
    assert visit.page.evaluate("seen") == [None]  # that of the page
    assert [kind for kind, _ in visit.told()] == ["load"]


def test_a_policy_that_lets_nothing_else_be_done_is_enough(visit: Visit, service: str, site: Site) -> None:
    site.write(service, SUMMIT)
    assert "trusted-types 'none'" in site.policy
    visit.go(site)
    assert visit.part("item").count() == 5
    assert visit.problems == []
    html = "() => { try { document.body.innerHTML = '<b>a</b>' } catch { return 'refused' } }"
    assert visit.page.evaluate(html) == "refused"  # or the policy was none


def test_it_asks_once_and_nobody_else_and_keeps_nothing(visit: Visit, service: str, site: Site) -> None:
    site.write(service, f'{SUMMIT} languages="ko, ja"')
    visit.go(site)
    (address,) = visit.asked
    assert address.startswith(f"{service}/v1/articles/kp-ru-summit-talks-ko/related?limit=5&")
    assert address.endswith("&lang=ko&lang=ja")
    assert {url.split("/")[2] for url in visit.loaded if not url.startswith("data:")} == {
        service.removeprefix("http://"),
        site.origin.removeprefix("http://"),
    }
    (request,) = [one for one in visit.requests if one.url == address]
    headers = request.all_headers()
    assert headers["referer"] == f"{site.origin}/"  # no more than `Origin` says
    assert "cookie" not in headers
    assert {one.method for one in visit.requests} == {"GET"}  # no preflight
    assert visit.page.context.cookies() == []
    assert visit.page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_it_asks_when_it_comes_near(visit: Visit, service: str, site: Site) -> None:
    site.write(service, SUMMIT)
    site.html = site.html.replace("<h1>", '<p><svg width="1" height="9000"></svg></p><h1>')
    visit.go(site, "loading")
    visit.shift()
    assert visit.asked == []
    visit.page.locator("h1").scroll_into_view_if_needed()
    visit.settle("loaded")
    assert len(visit.asked) == 1


@pytest.mark.parametrize(
    ("attributes", "more", "asked"),
    [
        ("", "", "{site}/story?a=1"),
        ("", '<link rel="canonical" href="/2023/summit">', "{site}/2023/summit"),
        ('url="https://other.example/a"', '<link rel="canonical" href="/b">', "https://other.example/a"),
    ],
)
def test_without_an_id_it_asks_by_address(
    visit: Visit, service: str, site: Site, attributes: str, more: str, asked: str
) -> None:
    site.write(service, attributes, more=more)
    with visit.page.expect_request("**/v1/related?*") as request:
        visit.go(site, "error")
    query = visit.page.evaluate("(url) => new URL(url).searchParams.get('url')", request.value.url)
    assert query == asked.format(site=site.origin)


def test_by_the_address_of_a_report_its_coverage_is_found(visit: Visit, service: str, site: Site) -> None:
    site.write(service, 'url="https://hanbit-ilbo.example/2023/09/13/putin-kim-remarks-satellite-support" limit="3"')
    visit.go(site)
    assert visit.part("item").count() == 3


def test_an_attribute_that_changes_is_followed(visit: Visit, service: str, site: Site) -> None:
    site.write(service, SUMMIT)
    visit.go(site)
    visit.widget.evaluate(
        "one => { one.lang = 'de'; one.setAttribute('heading-level', 4); one.setAttribute('theme', 'dark') }"
    )
    expect(visit.widget.locator("h4")).to_have_text("Mehr zum Thema")
    assert len(visit.asked) == 1
    with visit.page.expect_response("**/related?*"):
        visit.widget.evaluate("one => { one.setAttribute('limit', 2); one.setAttribute('relation', 'related') }")
    visit.settle("loaded")
    expect(visit.part("item")).to_have_count(2)
    assert len(visit.asked) == 2
    visit.widget.evaluate("one => document.querySelector('main').prepend(one)")
    visit.shift()
    assert len(visit.asked) == 2
    assert [kind for kind, _ in visit.told()] == ["load", "load"]
    assert visit.problems == []


WRONG = {
    'layout="grid"': "should be list, cards, compact; the default is used",
    'theme="black"': "should be auto, light, dark; the default is used",
    'relation="same"': "should be all, same_story, related; the default is used",
    'limit="0"': "should be 1 to 20; the default is used",
    'limit="5.5"': "should be 1 to 20; the default is used",
    'min-items="many"': "should be 1 to 20; the default is used",
    'heading-level="7"': "should be 1 to 6; the default is used",
    'lang="e n"': "should be a language tag; the default is used",
    'languages="_"': "should be a language tag; it is left out",
    'api="javascript:1"': "should be an address; the default is used",
    'min_items="3"': "should be min-items",
    'articleid="a"': "should be article-id",
}


def test_wrong_attributes_are_one_warning_each_and_the_default(visit: Visit, service: str, site: Site) -> None:
    site.write(service, f"{SUMMIT} {' '.join(WRONG)}".replace('limit="0"', ""))
    visit.go(site)
    visit.widget.evaluate("one => { one.setAttribute('limit', 0); one.setAttribute('key', ' ') }")
    visit.shift()
    for attribute, expected in WRONG.items():
        name = attribute.partition("=")[0]
        said = attribute if "default" in expected else "languages: _" if name == "languages" else name
        assert visit.problems.count(f"<related-coverage>: {said} {expected}") == 1, visit.problems
    assert len(visit.problems) == len(WRONG)
    assert len(visit.asked) == 1
    expect(visit.part("item")).to_have_count(5)
    expect(visit.widget.locator("h2")).to_have_text("Related coverage")
