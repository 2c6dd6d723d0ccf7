import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from index.related import ReasonKind
from index.stories import explaining
from index.stories.explaining import Explanation, Link, StoryExplainer
from index.stories.grouping import DEMAND, Demand
from tests.index.fakes import NOON, an_article
from tests.index.stories.newsroom import SCORER, Newsroom

CLOSE = 10.0
"""Of two articles of the same topics: their cosine in units of that of unrelated ones."""
NEAR = 10 / math.sqrt(10)
"""Of a summit, and of a summit and three floods."""


def explain(newsroom: Newsroom, article_id: str, demand: Demand = DEMAND) -> Explanation:
    """Why the articles of an article's story are together."""
    explainer = StoryExplainer(newsroom.store, newsroom.follower.background, SCORER, demand)
    return explainer.explain(newsroom.record(article_id))


def nearest(link: Link) -> str | None:
    return link.nearest.article.id if link.nearest else None


def test_the_article_that_hangs_on_by_the_least_comes_first(newsroom: Newsroom) -> None:
    newsroom.tell(
        an_article("a", "Summit one"), an_article("odd", "A summit: flood, flood, flood"), an_article("b", "Summit two")
    )
    found = explain(newsroom, "a")
    assert found.record == newsroom.record("a")
    assert [link.article.article.id for link in found.links] == ["odd", "a", "b"]
    assert [link.closeness for link in found.links] == pytest.approx(
        [NEAR, (CLOSE + NEAR) / 2, (CLOSE + NEAR) / 2], 1e-3
    )
    assert [nearest(link) for link in found.links] == ["a", "b", "a"]
    assert [link.nearest_closeness for link in found.links] == pytest.approx([NEAR, CLOSE, CLOSE], 1e-3)
    assert found.links[0].article == newsroom.store.get("odd")


def test_density_and_what_is_demanded_are_those_of_the_story(newsroom: Newsroom) -> None:
    newsroom.tell(*(an_article(f"a{n}", f"Summit {n}") for n in range(4)))
    demand = Demand(least=2, of_density=0.5, of_size=1, few=0)
    found = explain(newsroom, "a0", demand)
    assert found.density == pytest.approx(CLOSE, 1e-3)
    assert found.demanded == pytest.approx(2 + 0.5 * 8**2 + math.log(4), 1e-3)
    assert found.demanded == pytest.approx(float(demand.of(np.array(found.density), np.array(4.0))))


def test_an_article_alone_hangs_on_nothing(newsroom: Newsroom) -> None:
    newsroom.tell(an_article("a"))
    found = explain(newsroom, "a")
    stored = newsroom.store.get("a")
    assert stored is not None
    assert found.links == (Link(stored, float("-inf"), None, float("-inf"), ()),)
    assert (found.density, found.demanded) == (float("-inf"), DEMAND.least)


def test_reasons_are_what_an_article_has_in_common_with_the_nearest(newsroom: Newsroom) -> None:
    newsroom.tell(
        an_article("a", "The summit of Macron", text="It was in Vladivostok. 2,900 came.", published_at=NOON),
        an_article(
            "b",
            "A summit with Merkel",
            text="There was rain in Vladivostok, and 2900 guests.",
            published_at=NOON + timedelta(hours=3),
        ),
        an_article("c", "Volcano of Stromboli", published_at=NOON),
    )
    found = explain(newsroom, "a")
    reasons = {link.article.article.id: {one.kind: one.evidence for one in link.reasons} for link in found.links}
    assert reasons["a"] == {
        ReasonKind.MEANING: ("1.00",),
        ReasonKind.NAMES: ("Vladivostok",),
        ReasonKind.NUMBERS: ("2900",),
        ReasonKind.TIME: ("3",),
    }
    assert reasons["b"] == reasons["a"]
    assert reasons["c"] == {ReasonKind.MEANING: ("0.00",), ReasonKind.TIME: ("0",)}


def test_when_articles_appeared_is_no_reason_where_a_publisher_does_not_say(newsroom: Newsroom) -> None:
    newsroom.tell(an_article("a", "Summit one"), an_article("b", "Summit two", published_at=NOON))
    assert [[one.kind for one in link.reasons] for link in explain(newsroom, "a").links] == [[ReasonKind.MEANING]] * 2


def test_of_a_large_story_the_first_articles_are_explained(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explaining, "MOST_REVIEWED", 3)
    newsroom.tell(*(an_article(f"a{n}", f"Summit {n}") for n in range(5)))
    demand = replace(DEMAND, few=0)
    found = explain(newsroom, "a4", demand)
    assert [link.article.article.id for link in found.links] == ["a0", "a1", "a2"]
    assert found.record.articles == 5
    assert found.demanded == pytest.approx(float(demand.of(np.array(found.density), np.array(5.0))))


def test_what_is_not_embedded_now_is_left_out(newsroom: Newsroom) -> None:
    newsroom.tell(an_article("a", "Summit one"), an_article("b", "Summit two"), an_article("c", "Summit three"))
    newsroom.put(an_article("b", "Other words"))
    assert [link.article.article.id for link in explain(newsroom, "a").links] == ["a", "c"]


def test_of_a_story_that_is_gone_meanwhile_nothing_is_explained(newsroom: Newsroom) -> None:
    newsroom.tell(an_article("a"))
    record = newsroom.record("a")
    newsroom.store.take_down("a")
    found = StoryExplainer(newsroom.store, newsroom.follower.background, SCORER).explain(record)
    assert (found.record, found.links, found.density) == (record, (), float("-inf"))
