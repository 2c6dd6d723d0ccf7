"""Items become articles, as those that are sent."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from index import Article, CoverageIndex
from index.article import id_of_url
from index.errors import EncoderOverloadedError, StoreError
from service.feeds.articles import Origin, article_of
from service.feeds.feed import KnownFeed, SeenItems
from service.feeds.items import Item, ParsedFeed
from service.feeds.keeping import ArticleKeeper, ItemOutcome, Kept
from service.fetching.errors import Failure, FetchError
from tests.index.fakes import FakeEncoder, an_article

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SITE = "https://harbor-tribune.example"
ITEM = Item("tag:1", f"{SITE}/1", "A summit", "They met in the east.", NOW - timedelta(hours=1), lang="en")
ID = id_of_url(f"{SITE}/1")


def origin(url: str = f"{SITE}/feed", **fields: Any) -> Origin:
    return Origin(KnownFeed.model_validate({"url": url, "added_at": NOW} | fields), "Harbor Tribune")


class FakePages:
    """Pages with the same text, or none."""

    def __init__(self, text: str | None = None, url: str | None = None) -> None:
        self.asked: list[str] = []
        self._text = text
        self._url = url

    async def article(self, url: str, given: Article) -> Article:
        self.asked.append(url)
        if self._text is None:
            raise FetchError(Failure.EMPTY, "there is nothing")
        fields = given.model_dump(include={"lang", "source", "country", "published_at"}, exclude_none=True)
        return Article.model_validate({"url": self._url or url, "title": "On the page", "text": self._text} | fields)


class Feeding:
    """One feed that is kept again and again."""

    def __init__(self, index: CoverageIndex, given: Origin | None = None, pages: FakePages | None = None) -> None:
        self.seen = SeenItems()
        self.pauses = 0
        self._origin = given or origin()
        self._keeper = ArticleKeeper(index, pages or FakePages(), self._pause)  # type: ignore[arg-type]  # as `Pages`

    async def _pause(self) -> None:
        self.pauses += 1

    async def keep(self, *items: Item, deleted: dict[str, datetime | None] | None = None) -> Counter[ItemOutcome]:
        return (await self.kept(*items, deleted=deleted)).outcomes

    async def kept(self, *items: Item, deleted: dict[str, datetime | None] | None = None) -> Kept:
        # As a new process would have it.
        self.seen = SeenItems.model_validate_json(self.seen.model_dump_json(exclude_defaults=True))
        parsed = ParsedFeed("atom10", "Harbor Tribune", items=items, deleted=deleted or {})
        return await self._keeper.keep(parsed, self._origin, self.seen, NOW)


@pytest.fixture
def index(topical_index: CoverageIndex) -> CoverageIndex:
    return topical_index


def edited(**fields: object) -> Item:
    return Item(**{name: getattr(ITEM, name) for name in Item.__slots__} | fields)


# Articles


def test_an_article_of_an_item() -> None:
    article = article_of(ITEM, ID, origin(country="kr"), NOW)
    assert article == Article.model_validate({
        "id": ID, "url": ITEM.link, "title": "A summit", "text": "They met in the east.", "lang": "en",
        "published_at": ITEM.published_at, "source": "Harbor Tribune", "country": "KR",
    })  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "of_feed", "expected"),
    [
        ({"source": "Morning Post"}, {}, {"source": "Morning Post"}),
        ({"source": "Morning Post"}, {"source": "Ours"}, {"source": "Ours"}),
        ({"published_at": NOW + timedelta(days=3)}, {}, {"published_at": NOW}),
        ({"published_at": None}, {}, {"published_at": None}),
        ({"title": "x" * 2000}, {}, {"title": "x" * 1000}),
        ({"text": "A summit"}, {}, {"text": None}),
        ({"title": "\ud800 A"}, {}, {"title": "? A"}),
        ({"title": "...", "text": "Words"}, {}, {"title": None, "text": "Words"}),
        ({"lang": "ko"}, {"lang": "fr"}, {"lang": "fr"}),
        ({"lang": "nonsense"}, {}, {"lang": None}),
        ({"lang": "en-us", "title": "두 정상이 만나 협력을 논의했다고 관계자들이 말했다"}, {}, {"lang": None}),
    ],
)
def test_what_counts(fields: dict[str, object], of_feed: dict[str, Any], expected: dict[str, object]) -> None:
    article = article_of(edited(**fields), ID, origin(**of_feed), NOW)
    assert article is not None
    assert {name: getattr(article, name) for name in expected} == expected


def test_without_a_word_it_is_no_article() -> None:
    assert article_of(edited(title="...", text=None), ID, origin(), NOW) is None


# Once, and again


async def test_an_item_is_kept_once_and_an_edit_is_an_update(index: CoverageIndex) -> None:
    feeding = Feeding(index)
    assert await feeding.keep(ITEM) == {ItemOutcome.CREATED: 1}
    assert await feeding.keep(ITEM) == {ItemOutcome.UNCHANGED: 1}
    assert await feeding.keep(edited(title="A flood")) == {ItemOutcome.UPDATED: 1}
    assert await feeding.keep(edited(title="A flood", published_at=NOW)) == {ItemOutcome.UNCHANGED: 1}
    assert index.article(ID).article.title == "A flood"
    assert index.count() == 1


async def test_an_item_keeps_its_article_when_its_link_changes(index: CoverageIndex) -> None:
    feeding = Feeding(index)
    await feeding.keep(ITEM)
    assert await feeding.keep(edited(link=f"{SITE}/moved")) == {ItemOutcome.UPDATED: 1}
    assert index.article(ID).article.url == f"{SITE}/moved"
    assert index.count() == 1


async def test_what_the_feed_has_no_more_stays(index: CoverageIndex) -> None:
    feeding = Feeding(index)
    await feeding.keep(ITEM)
    assert await feeding.keep() == {}
    assert index.count() == 1


async def test_what_expired_does_not_come_back_while_the_feed_still_has_it(index: CoverageIndex) -> None:
    feeding = Feeding(index)
    await feeding.keep(ITEM)
    index.expire(datetime.now(UTC) + timedelta(days=1))
    assert await feeding.keep(ITEM) == {ItemOutcome.UNCHANGED: 1}
    assert index.count() == 0


async def test_what_has_no_words_is_said_once(index: CoverageIndex) -> None:
    feeding = Feeding(index)
    assert await feeding.keep(edited(title=None, text="...")) == {ItemOutcome.INVALID: 1}
    assert await feeding.keep(edited(title=None, text="...")) == {ItemOutcome.UNCHANGED: 1}


async def test_what_was_taken_down_stays_away(index: CoverageIndex) -> None:
    feeding = Feeding(index)
    await feeding.keep(ITEM)
    index.take_down(ID)
    assert await feeding.keep(edited(title="A flood")) == {ItemOutcome.TAKEN_DOWN: 1}
    assert await Feeding(index).keep(ITEM) == {ItemOutcome.TAKEN_DOWN: 1}
    assert index.count() == 0


# Others


async def test_one_report_in_two_feeds_is_one_article(index: CoverageIndex) -> None:
    first, second = Feeding(index), Feeding(index, origin(f"{SITE}/world"))
    again = edited(guid="other", link=f"{SITE}/1?utm_source=world")
    assert await first.keep(ITEM) == {ItemOutcome.CREATED: 1}
    for feeding, item in ((second, again), (first, ITEM), (second, again)):
        assert await feeding.keep(item) == {ItemOutcome.UNCHANGED: 1}
    assert index.count() == 1


async def test_a_shorter_version_does_not_replace_a_fuller_one(index: CoverageIndex) -> None:
    first, second = Feeding(index), Feeding(index, origin(f"{SITE}/titles"))
    await first.keep(ITEM)
    assert await second.keep(edited(text=None)) == {ItemOutcome.UNCHANGED: 1}
    assert await second.keep(edited(text=None, title="A flood")) == {ItemOutcome.UNCHANGED: 1}
    assert index.article(ID).article.text == ITEM.text


async def test_a_fuller_one_of_the_publishers_own_does(index: CoverageIndex) -> None:
    first, second = Feeding(index, origin(f"{SITE}/titles")), Feeding(index)
    await first.keep(edited(text=None))
    assert await second.keep(ITEM) == {ItemOutcome.UPDATED: 1}
    assert index.article(ID).article.text == ITEM.text
    assert await first.keep(edited(text=None)) == {ItemOutcome.UNCHANGED: 1}


async def test_another_site_replaces_nothing(index: CoverageIndex) -> None:
    await Feeding(index).keep(ITEM)
    stranger = Feeding(index, origin("https://elsewhere.example/feed"))
    assert await stranger.keep(edited(text="Our own words of all this, many more of them.")) == {
        ItemOutcome.UNCHANGED: 1
    }
    assert index.article(ID).article.text == ITEM.text


async def test_what_was_sent_by_the_api_is_not_replaced_by_less(index: CoverageIndex) -> None:
    index.put([an_article(ID, url=ITEM.link, text="All of it, as the publisher has sent it to us by the API.")])
    assert await Feeding(index).keep(ITEM) == {ItemOutcome.UNCHANGED: 1}


# Deletions


async def test_what_the_feed_has_deleted_is_taken_down(index: CoverageIndex) -> None:
    feeding = Feeding(index)
    await feeding.keep(ITEM, edited(guid="tag:2", link=f"{SITE}/2"))
    assert await feeding.keep(deleted={"tag:1": NOW, "tag:9": None}) == {ItemOutcome.DELETED: 1}
    assert await feeding.keep(deleted={"tag:1": NOW}) == {}
    assert await feeding.keep(ITEM) == {ItemOutcome.UNCHANGED: 1}
    assert await Feeding(index).keep(ITEM) == {ItemOutcome.TAKEN_DOWN: 1}
    assert index.count() == 1


async def test_what_was_deleted_and_changed_since_stays(index: CoverageIndex) -> None:
    feeding = Feeding(index)
    back = edited(updated_at=NOW)
    assert await feeding.keep(back, deleted={"tag:1": NOW - timedelta(hours=1)}) == {ItemOutcome.CREATED: 1}
    assert await feeding.keep(back, deleted={"tag:1": NOW}) == {ItemOutcome.UNCHANGED: 1, ItemOutcome.DELETED: 1}


async def test_a_feed_deletes_nothing_that_is_not_its_own(index: CoverageIndex) -> None:
    owner, stranger = Feeding(index), Feeding(index, origin("https://elsewhere.example/feed"))
    await owner.keep(ITEM)
    await stranger.keep(ITEM, edited(guid="tag:2", link=f"{SITE}/2"))
    assert await stranger.keep(deleted={"tag:1": NOW, "tag:2": NOW}) == {}
    assert index.count() == 2


# Pages


async def test_pages_are_fetched_for_feeds_that_want_it(index: CoverageIndex) -> None:
    pages = FakePages("The whole of it, with all that the feed leaves out.")
    feeding = Feeding(index, origin(full_text=True), pages)
    bare = Item("tag:2", f"{SITE}/2")
    assert await feeding.keep(ITEM, bare) == {ItemOutcome.CREATED: 2}
    assert index.article(ID).article.text == "The whole of it, with all that the feed leaves out."
    assert await feeding.keep(ITEM, bare) == {ItemOutcome.UNCHANGED: 2}
    assert (pages.asked, feeding.pauses) == ([f"{SITE}/1", f"{SITE}/2"], 1)


async def test_a_page_that_calls_itself_otherwise_is_the_article_of_that_url(index: CoverageIndex) -> None:
    feeding = Feeding(index, origin(full_text=True), FakePages("The whole of it.", f"{SITE}/canonical"))
    await feeding.keep(ITEM)
    assert index.article(id_of_url(f"{SITE}/canonical")).article.text == "The whole of it."
    assert await feeding.keep(edited(title="A flood")) == {ItemOutcome.UNCHANGED: 1}  # the page is as it was
    assert index.count() == 1


async def test_without_a_page_the_words_of_the_feed_count(index: CoverageIndex) -> None:
    feeding = Feeding(index, origin(full_text=True))
    outcomes = await feeding.keep(ITEM, Item("tag:2", f"{SITE}/2"))
    assert outcomes == {ItemOutcome.CREATED: 1, ItemOutcome.INVALID: 1}
    assert index.article(ID).article.text == ITEM.text


async def test_what_is_too_much_for_one_poll_waits_for_the_next(index: CoverageIndex) -> None:
    items = [edited(guid=f"tag:{number}", link=f"{SITE}/{number}") for number in range(50)]
    feeding = Feeding(index, origin(full_text=True), FakePages("The whole of it."))
    polls = [await feeding.kept(*items) for _ in range(4)]
    assert [one.outcomes[ItemOutcome.CREATED] for one in polls] == [20, 20, 10, 0]
    assert [one.is_all for one in polls] == [False, False, True, True]


# When it cannot be kept


async def test_when_too_much_waits_nothing_is_kept_and_all_comes_again(
    index: CoverageIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: FakeEncoder) -> None:
        raise EncoderOverloadedError("too much waits", 7)

    feeding = Feeding(index)
    with monkeypatch.context() as patched:
        patched.setattr(FakeEncoder, "refuse_overload", refuse)
        with pytest.raises(EncoderOverloadedError):
            await feeding.keep(ITEM)
    assert await feeding.keep(ITEM) == {ItemOutcome.CREATED: 1}


async def test_when_the_store_fails_what_was_kept_before_is_noted(
    index: CoverageIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [edited(guid=f"tag:{number}", link=f"{SITE}/{number}") for number in range(50)]
    put, calls = index._store.put, Counter[str]()

    def fail_once(*arguments: object, **named: object) -> object:
        calls["put"] += 1
        if calls["put"] == 2:
            raise StoreError("the disk is away")
        return put(*arguments, **named)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(index._store, "put", fail_once)
    feeding = Feeding(index)
    with pytest.raises(StoreError):
        await feeding.keep(*items)
    assert await feeding.keep(*items) == {ItemOutcome.UNCHANGED: 32, ItemOutcome.CREATED: 18}


async def test_few_more_items_are_remembered_than_a_feed_has(
    index: CoverageIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.feeds.keeping.MOST_ITEMS", 5)
    feeding = Feeding(index)
    for day in range(6):
        await feeding.keep(*(edited(guid=f"tag:{day}-{n}", link=f"{SITE}/{day}-{n}") for n in range(7)))
    assert len(feeding.seen.items) == 10
    assert index.count() == 6 * 5
