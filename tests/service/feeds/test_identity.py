"""Which items are the same, and which article each is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from index.article import id_of_url
from service.feeds.identity import identified
from service.feeds.items import Item

FEED = "https://harbor-tribune.example/feed"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ITEM = Item("1", "https://harbor-tribune.example/1?utm_source=feed", "A summit", "They met.", NOON)


def ids(*items: Item, feed: str = FEED) -> list[str]:
    return [one.article_id for one in identified(items, feed)]


def test_an_article_has_the_id_of_its_url_as_from_anyone_else() -> None:
    assert ids(ITEM) == [id_of_url("https://harbor-tribune.example/1")]
    assert ids(replace(ITEM, guid=None)) == ids(ITEM) == ids(ITEM, feed="https://other.example/feed")


def test_without_a_url_the_guid_counts_and_is_the_feeds_own_unless_it_is_nobody_elses() -> None:
    item, other = replace(ITEM, link=None), "https://other.example/feed"
    assert ids(item) == ids(replace(item, title="Another", text=None))
    assert ids(item) != ids(item, feed=other)
    tagged = replace(item, guid="tag:harbor-tribune.example,2026:1")
    assert ids(tagged) == ids(tagged, feed=other)


def test_without_both_the_title_counts_and_then_the_beginning_of_the_text() -> None:
    item = Item(title="A summit", text="They met.")
    assert ids(item) == ids(replace(item, text="They met again."))
    assert ids(item, replace(item, title="A flood")) != ids(item)
    assert len(ids(Item(text="They met."), Item(text="They met again."))) == 2


def test_an_item_is_given_once_as_it_was_changed_last() -> None:
    later = replace(ITEM, title="Corrected", updated_at=NOON + timedelta(hours=1))
    earlier = replace(ITEM, updated_at=NOON)
    assert [one.item.title for one in identified([earlier, later], FEED)] == ["Corrected"]
    assert [one.item.title for one in identified([later, earlier], FEED)] == ["Corrected"]
    assert [one.item.title for one in identified([ITEM, replace(ITEM, title="Older")], FEED)] == ["A summit"]


def test_a_guid_that_all_have_counts_for_nothing() -> None:
    others = [replace(ITEM, link=f"https://harbor-tribune.example/{number}") for number in range(3)]
    assert len(ids(*others)) == 3


def test_a_link_that_all_have_counts_for_nothing() -> None:
    front = "https://harbor-tribune.example/"
    others = [Item(str(number), front, f"Report {number}") for number in range(3)]
    assert len(ids(*others)) == 3
    assert len(ids(*(replace(one, guid=None) for one in others))) == 3
    assert len(ids(*(replace(one, guid="the same") for one in others))) == 1
    assert len(ids(*(replace(one, title="the same") for one in others))) == 1


def test_only_links_of_the_web_count() -> None:
    for link in ("javascript:alert(1)", "ftp://a.example/", "mailto:a@b.example", "nonsense", "http://"):
        (one,) = identified([replace(ITEM, link=link)], FEED)
        assert one.item.link is None
        assert one.article_id.startswith("feed-")


def test_a_time_alone_is_no_edit() -> None:
    def fingerprint(item: Item) -> str:
        return identified([item], FEED)[0].fingerprint

    same = replace(ITEM, published_at=None, updated_at=NOON, link="https://harbor-tribune.example/1?utm_source=other")
    assert fingerprint(ITEM) == fingerprint(same)
    for edited in (
        replace(ITEM, title="B"),
        replace(ITEM, text="B"),
        replace(ITEM, source="B"),
        replace(ITEM, lang="ko"),
    ):
        assert fingerprint(edited) != fingerprint(ITEM)


_maybe = st.one_of(st.none(), st.sampled_from(["a", "b", "c", "\ud800"]))
_links = st.one_of(st.none(), st.sampled_from(["https://a.example/1", "https://a.example/2", "https://a.example/"]))


@given(st.lists(st.builds(Item, guid=_maybe, link=_links, title=_maybe, text=_maybe), max_size=8))
def test_whatever_there_is_no_two_have_one_id_and_order_is_kept(items: list[Item]) -> None:
    found = identified(items, FEED)
    assert len({one.article_id for one in found}) == len(found)
    assert len({one.key for one in found}) == len(found)
    assert identified(items + items, FEED) == found
