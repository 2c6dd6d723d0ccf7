from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.article import Content
from index.related.remembering import Remembered
from index.related.reports import Numbers, Reports
from index.related.scorer import FEATURES, Floats, Scorer, load_scorer
from index.related.signals import signals_of
from index.store import ComparableArticle
from index.stories.grouping import (
    DEMAND,
    LATER,
    OF_PAUSE,
    OTHER_LANGUAGE,
    PAUSE,
    SAME_SOURCE,
    SAME_SOURCE_LATER,
    SAME_SOURCE_WEIGHT,
    Closeness,
    Demand,
    Links,
    grouped,
    is_copy,
    span,
)

DAY = 86_400
SCORER = Scorer(np.array([2.0, 1.0, -0.5, -4.0, -2.0]), 3, 1)
"""In units of similarity a telling number is worth half its logarithm, no common one -0.25, a week -2, a month -3."""
CLOSENESS = Closeness(SCORER, 1.0)
SIMPLE = Demand(least=3, of_density=0, of_size=0, stay=0, few=0)
"""Articles are one story if they are as close as 3 on average."""


@dataclass(frozen=True)
class Written:
    """What an article is but for its vector; its words are its own unless `text` says otherwise."""

    text: str = ""
    lang: str = "en"
    source: str = ""
    day: float | None = None


def reports_of(written: Sequence[Written], vectors: Floats) -> Reports:
    articles = [
        ComparableArticle(
            key=100 + place,
            id=f"a{place}",
            lang=one.lang,
            source=one.source,
            published=None if one.day is None else int(one.day * DAY),
            appeared=0,
            embedding=b"",
            signals=signals_of(
                Content(text=one.text or f"Words of {'abcdefghijklmnopqrstuvwxyz'[place % 26]}", lang="en")
            ),
        )
        for place, one in enumerate(written)
    ]
    return Reports.of_articles(articles, vectors.astype(np.float32))


def as_close_as(close: Floats, written: Sequence[Written] | None = None) -> Reports:
    """Articles whose similarities are these; what an article's is to itself does not matter."""
    similar = np.array(close, np.float64)
    np.fill_diagonal(similar, 0)
    raised = similar + np.eye(len(similar)) * (0.1 - np.linalg.eigvalsh(similar).min())
    return reports_of(written or [Written()] * len(similar), np.linalg.cholesky(raised))


def symmetric(count: int, pairs: dict[tuple[int, int], float], other: float = 0.0) -> Floats:
    close = np.full((count, count), other)
    for (one, another), value in pairs.items():
        close[one, another] = close[another, one] = value
    return close


def pair(one: Written, other: Written, similarity: float = 0.0) -> float:
    """How close two articles are."""
    reports = as_close_as(symmetric(2, {(0, 1): similarity}), [one, other])
    return CLOSENESS.of(reports, np.array([0]), np.array([1])).mean()


def parts(
    reports: Reports, demand: Demand = SIMPLE, together: Sequence[int] | None = None, closeness: Closeness = CLOSENESS
) -> list[list[int]]:
    """The groups, of places of articles."""
    # Where all are together, that makes no difference without hysteresis.
    groups = grouped(reports, np.array([0] * len(reports) if together is None else together), closeness, demand)
    assert groups.shape == (len(reports),)
    found: dict[int, list[int]] = {}
    for place, group in enumerate(groups.tolist()):
        found.setdefault(group, []).append(place)
    assert all(group == own[0] for group, own in found.items())
    return list(found.values())


# What is demanded

at_least_one = st.floats(1, 1_000)
densities = st.floats(-20, 20) | st.just(float("-inf"))


@given(densities, densities, at_least_one, at_least_one)
def test_what_is_denser_or_larger_demands_no_less(one: float, other: float, size: float, other_size: float) -> None:
    low, high = (
        DEMAND.of(np.array(density_), np.array(size_))
        for density_, size_ in ((min(one, other), min(size, other_size)), (max(one, other), max(size, other_size)))
    )
    assert DEMAND.least <= low <= high


@given(densities)
def test_a_single_article_demands_the_least(dense: float) -> None:
    assert DEMAND.of(np.array(float("-inf")), np.array(1.0)) == DEMAND.least
    if abs(dense - DEMAND.least) > 1e-3:
        assert (DEMAND.of(np.array(dense), np.array(1.0)) > DEMAND.least) == (dense > DEMAND.least)


def test_what_is_demanded_is_what_the_constants_say() -> None:
    demand = Demand(least=3, of_density=0.5, of_size=0.25, stay=9)
    assert demand.of(np.array([5.0, 1.0]), np.array([np.e, 1.0])).tolist() == pytest.approx([3 + 0.5 * 2**2 + 0.25, 3])


# How close two articles are


@settings(max_examples=30)
@given(st.data())
def test_closeness_is_symmetric_and_the_same_one_by_one_and_all_at_once(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 7))
    written = data.draw(
        st.lists(
            st.builds(
                Written,
                st.sampled_from(["", "111 dead", "222 dead", "111 and 222 dead"]),
                st.sampled_from(["en", "de", "zh", "zh-TW", "und"]),
                st.sampled_from(["", "Harbor Tribune", "Elbtaler Zeitung"]),
                st.sampled_from([None, 0.0, 1.0]),
            ),
            min_size=count,
            max_size=count,
        )
    )
    reports = reports_of(written, np.random.default_rng(data.draw(st.integers(0, 99))).normal(size=(count, 4)))
    closeness = Closeness(load_scorer(), 1.0)  # of whose weights sums are rounded
    found = closeness.matrix(reports)
    for of_all in (found.close, found.weights):
        assert of_all.shape == (count, count)
        assert (of_all == of_all.T).all()
        assert (of_all.diagonal() == 0).all()
    for one in range(count):
        others = np.delete(np.arange(count), one)
        own = closeness.of(reports, np.array([one]), others)
        assert own.close[0].tolist() == found.close[one, others].tolist()
        assert own.weights[0].tolist() == found.weights[one, others].tolist()


def test_closeness_is_told_of_many_articles_as_of_few() -> None:
    count = 120  # more pairs than are looked at in one go
    reports = reports_of([Written()] * count, np.random.default_rng(0).normal(size=(count, 4)))
    close = CLOSENESS.matrix(reports).close
    for one, other in ((0, 119), (118, 119), (37, 80)):
        assert close[one, other] == CLOSENESS.of(reports, np.array([one]), np.array([other])).close[0, 0]
    assert (close == close.T).all()


def test_similarity_counts_in_units_of_that_of_unrelated_articles() -> None:
    reports = as_close_as(symmetric(2, {(0, 1): 0.5}))
    assert Closeness(SCORER, 0.1).matrix(reports).close[0, 1] == pytest.approx(5)
    assert pair(Written(), Written(), 0.5) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("lang", "other", "bonus"),
    [
        ("en", "de", OTHER_LANGUAGE),
        ("zh-TW", "ja", OTHER_LANGUAGE),
        ("en", "en", 0),
        ("zh", "zh-TW", 0),
        ("zh-Hans", "zh-Hant", 0),
        ("en", "und", 0),
        ("und", "und", 0),
    ],
)
def test_articles_in_two_known_languages_are_closer(lang: str, other: str, bonus: float) -> None:
    assert pair(Written(lang=lang), Written(lang=other), 1.0) == pytest.approx(1 + bonus)


@pytest.mark.parametrize(
    ("source", "other", "malus"), [("A", "A", SAME_SOURCE), ("A", "B", 0), ("A", "", 0), ("", "", 0)]
)
def test_articles_of_one_known_publisher_are_less_close(source: str, other: str, malus: float) -> None:
    assert pair(Written(source=source), Written(source=other), 1.0) == pytest.approx(1 - malus)


@pytest.mark.parametrize(
    ("hours", "taken"), [(LATER - 1, SAME_SOURCE), (LATER, SAME_SOURCE_LATER), (-99, SAME_SOURCE_LATER)]
)
def test_the_next_report_of_a_publisher_is_less_close_than_an_update(hours: float, taken: float) -> None:
    written = Written(source="A", day=10), Written(source="A", day=10 + hours / 24)
    assert pair(*written, 1.0) == pytest.approx(1 - taken)
    assert pair(written[0], replace(written[1], source="B"), 1.0) == pytest.approx(1)


def test_two_articles_of_one_publisher_count_less() -> None:
    reports = reports_of([Written(source=source) for source in ("A", "A", "B", "")], np.zeros((4, 2)))
    assert CLOSENESS.of(reports, np.array([0]), np.array([1, 2, 3])).weights.tolist() == [[SAME_SOURCE_WEIGHT, 1, 1]]


def test_numbers_bring_articles_together_or_keep_them_apart() -> None:
    assert pair(Written("111 dead"), Written("111 people")) == pytest.approx(np.log(2) / 2)
    assert pair(Written("111 dead"), Written("222 dead")) == pytest.approx(-0.25)
    assert pair(Written("111 dead"), Written("many dead")) == 0


def test_when_articles_were_published_does_not_matter_for_how_close_their_words_are() -> None:
    assert pair(Written(day=0), Written(day=99), 1.0) == pytest.approx(1)


# Time


def between(first: float, last: float, others_first: float, others_last: float) -> float:
    days = [np.array([one]) * DAY for one in (first, last, others_first, others_last)]
    forth, back = CLOSENESS.between(*days), CLOSENESS.between(*days[2:], *days[:2])
    assert forth == back
    return float(forth[0])


@pytest.mark.parametrize(
    ("spans", "taken"),
    [
        ((0, 9, 5, 99), 0),
        ((0, 99, 5, 6), 0),
        ((0, 0, PAUSE, PAUSE), 0),
        ((0, 1, PAUSE + 3, 9), -OF_PAUSE * 2),
        ((0, 0, 7, 7), -OF_PAUSE * (7 - PAUSE)),
        ((0, 1, 8.5, 9), -2),
        ((0, 10, 40, 99), -2),
        ((0, 10, 40.5, 99), -3),
        ((0, 9, np.nan, np.nan), 0),
        ((np.nan, np.nan, np.nan, np.nan), 0),
    ],
)
def test_the_time_between_takes_away(spans: tuple[float, float, float, float], taken: float) -> None:
    assert between(*spans) == pytest.approx(taken)


def test_a_moment_is_apart_from_a_span_as_a_span_of_no_length_is() -> None:
    moments = np.array([0, 2, 11, 19, 20, 50, np.nan]) * DAY
    taken = CLOSENESS.apart(moments, np.array(10.0 * DAY), np.array(12.0 * DAY))
    assert taken.tolist() == pytest.approx([-2, -2, 0, -OF_PAUSE * (7 - PAUSE), -2, -3, 0])


def test_a_span_is_that_of_the_moments_that_are_known() -> None:
    assert [float(one) for one in span(np.array([3.0, np.nan, 1.0]))] == [1, 3]
    assert np.isnan(span(np.array([np.nan]))).all()
    assert np.isnan(span(np.array([]))).all()


# Groups of articles


def links(close: Floats, weights: Floats | None = None) -> Links:
    """Of articles to all of them."""
    weights = np.ones_like(close) if weights is None else weights
    return Links(close * (1 - np.eye(len(close))), weights * (1 - np.eye(len(close))))


def test_the_mean_is_one_of_pairs_by_their_weights() -> None:
    pairs = Links(np.array([[2.0, 4.0, 7.0]]), np.array([[1.0, 1.0, 0.5]]))
    assert pairs[0].mean() == pairs.mean() == pytest.approx((2 + 4 + 3.5) / 2.5)
    assert (pairs[:, :2].mean(), pairs[:, 2:].mean()) == (3, 7)
    assert links(np.zeros((1, 1))).mean() == links(np.zeros((0, 0))).mean() == float("-inf")


def test_density_is_the_mean_of_all_pairs() -> None:
    close = symmetric(3, {(0, 1): 1, (0, 2): 2, (1, 2): 6})
    assert SIMPLE.density_of(links(close)) == pytest.approx(3)
    weights = symmetric(3, {(1, 2): 0.2}, other=1.0)
    assert SIMPLE.density_of(links(close, weights)) == pytest.approx((1 + 2 + 0.2 * 6) / 2.2)
    assert DEMAND.density_of(links(np.zeros((1, 1)))) == DEMAND.density_of(links(np.zeros((0, 0)))) == float("-inf")


def test_the_fewer_articles_the_nearer_their_density_is_to_the_usual_one() -> None:
    demand = replace(SIMPLE, usual=5, few=2)
    assert demand.density_of(links(symmetric(2, {}, other=8))) == pytest.approx((8 + 2 * 5) / 3)
    assert demand.density_of(links(symmetric(4, {}, other=8))) == pytest.approx((6 * 8 + 2 * 5) / 8)


def test_a_copy_is_of_one_language() -> None:
    written = [Written("Same"), Written("same!", "en-GB"), Written("Same", "de"), Written("Other")]
    reports = reports_of(written, np.zeros((4, 2)))
    assert is_copy(reports, 0, np.array([1]))
    assert is_copy(reports, 0, np.array([3, 2, 1]))
    assert not is_copy(reports, 0, np.array([2]))
    assert not is_copy(reports, 0, np.array([3]))
    assert not is_copy(reports, 0, np.array([], np.intp))


def test_places_are_told_of_the_articles_that_are_there() -> None:
    reports = reports_of([Written()] * 3, np.arange(6.0).reshape(3, 2))
    assert Remembered(reports, reports.places).at([102, 7, 100]).tolist() == [2, 0]
    assert Remembered(reports, reports.places).at([]).tolist() == []
    some = reports.of(np.array([2, 0]))
    assert some.keys.tolist() == [102, 100]
    assert some.vectors.tolist() == [[4, 5], [0, 1]]


def test_articles_that_are_close_are_grouped_and_others_are_not() -> None:
    close = symmetric(4, {(0, 2): 5, (1, 3): 3.01})
    assert parts(as_close_as(close)) == [[0, 2], [1, 3]]
    assert parts(as_close_as(symmetric(4, {(0, 2): 5, (1, 3): 2.99}))) == [[0, 2], [1], [3]]


def test_a_single_article_is_a_group() -> None:
    assert parts(as_close_as(np.zeros((1, 1)))) == [[0]]


def test_one_article_does_not_bridge_two_stories() -> None:
    bridge = symmetric(5, {(0, 1): 9, (3, 4): 9, **{(one, 2): 4 for one in (0, 1, 3, 4)}})
    assert parts(as_close_as(bridge)) == [[0, 1, 2], [3, 4]]


def test_a_chain_of_articles_is_no_story() -> None:
    chain = symmetric(4, {(0, 1): 4, (1, 2): 3.5, (2, 3): 4})
    assert parts(as_close_as(chain)) == [[0, 1], [2, 3]]


def test_groups_are_joined_by_how_close_their_articles_are_on_average() -> None:
    across = {(0, 2): 6, (0, 3): 2, (1, 2): 2, (1, 3): 2.01}
    assert parts(as_close_as(symmetric(4, {(0, 1): 9, (2, 3): 9, **across}))) == [[0, 1, 2, 3]]
    across[1, 3] = 1.99
    assert parts(as_close_as(symmetric(4, {(0, 1): 9, (2, 3): 9, **across}))) == [[0, 1], [2, 3]]


def test_what_comes_to_articles_that_are_nearly_alike_has_to_be_like_them() -> None:
    close = symmetric(3, {(0, 1): 9, (0, 2): 4, (1, 2): 4})
    assert parts(as_close_as(close), replace(SIMPLE, of_density=0.027)) == [[0, 1, 2]]
    assert parts(as_close_as(close), replace(SIMPLE, of_density=0.028)) == [[0, 1], [2]]


def test_what_comes_to_a_few_articles_that_are_nearly_alike_has_to_be_less_like_them() -> None:
    close = symmetric(3, {(0, 1): 9, (0, 2): 4, (1, 2): 4})
    assert parts(as_close_as(close), replace(SIMPLE, of_density=0.1, usual=5, few=2)) == [[0, 1], [2]]
    assert parts(as_close_as(close), replace(SIMPLE, of_density=0.1, usual=5, few=6)) == [[0, 1, 2]]


def test_what_comes_to_many_articles_has_to_be_closer() -> None:
    close = symmetric(4, {(0, 1): 9, (0, 2): 9, (1, 2): 9, **{(one, 3): 4 for one in range(3)}})
    assert parts(as_close_as(close), replace(SIMPLE, of_size=0.9)) == [[0, 1, 2, 3]]
    assert parts(as_close_as(close), replace(SIMPLE, of_size=0.92)) == [[0, 1, 2], [3]]


def test_articles_far_apart_in_time_have_to_be_closer() -> None:
    def published(*days: float | None) -> list[list[int]]:
        close = symmetric(len(days), {}, other=4.5)
        return parts(as_close_as(close, [Written(day=day) for day in days]))

    assert published(0, 7) == [[0, 1]]
    assert published(0, 8) == [[0], [1]]
    assert published(0, None) == [[0, 1]]
    assert published(0, 6, 12, 18) == [[0, 1, 2, 3]]  # it never pauses for a week
    assert published(0, 6, 18, 24) == [[0, 1], [2, 3]]
    assert published(0, None, 18) == [[0, 1], [2]]


@pytest.mark.parametrize(("close", "together", "apart"), [(2.7, [[0, 1]], [[0], [1]]), (3.3, [[0, 1]], [[0], [1]])])
def test_articles_stay_where_they_are_for_a_while(
    close: float, together: list[list[int]], apart: list[list[int]]
) -> None:
    demand = replace(SIMPLE, stay=0.4)
    reports = as_close_as(symmetric(2, {(0, 1): close}))
    assert parts(reports, demand, [7, 7]) == together
    assert parts(reports, demand, [7, 8]) == apart


@pytest.mark.parametrize("close", [2.5, 3.5])
def test_articles_do_not_stay_where_they_are_whatever_happens(close: float) -> None:
    demand = replace(SIMPLE, stay=0.4)
    reports = as_close_as(symmetric(2, {(0, 1): close}))
    assert parts(reports, demand, [7, 7]) == parts(reports, demand, [7, 8]) == ([[0], [1]] if close < 3 else [[0, 1]])


def test_articles_that_are_in_no_group_are_not_together() -> None:
    demand = replace(SIMPLE, stay=0.4)
    reports = as_close_as(symmetric(2, {(0, 1): 2.8}))
    assert parts(reports, demand, [7, 7]) == [[0, 1]]
    assert parts(reports, demand, [-1, -1]) == [[0], [1]]


@settings(max_examples=40)
@given(st.integers(0, 2_999))
def test_what_was_grouped_stays_grouped(seed: int) -> None:
    demand = replace(DEMAND, of_density=0)  # being together makes groups denser, which once in a while is too much
    reports = at_random(np.random.default_rng(seed), 8)
    groups = grouped(reports, np.arange(8), CLOSENESS, demand)
    again = grouped(reports, groups, CLOSENESS, demand)
    as_sets = [{tuple(np.flatnonzero(of == group)) for group in of} for of in (groups, again)]
    assert all(any(set(part) <= set(whole) for whole in as_sets[1]) for part in as_sets[0])


def at_random(random: np.random.Generator, count: int) -> Reports:
    """Articles of a few events, some nearer to each other than others."""
    events = random.normal(size=(3, 6)) * 1.6
    vectors = events[random.integers(0, 3, count)] + random.normal(size=(count, 6)) * 0.6
    written = [
        Written(
            lang=str(random.choice(["en", "de", "und"])),
            source=str(random.choice(["", "A", "B"])),
            day=float(random.uniform(0, 30)) if random.random() < 0.8 else None,
        )
        for _ in range(count)
    ]
    return reports_of(written, vectors)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.data())
def test_groups_do_not_depend_on_the_order_of_the_articles(seed: int, data: st.DataObject) -> None:
    random = np.random.default_rng(seed)
    reports, together = at_random(random, 9), random.integers(0, 4, 9)
    order = np.array(data.draw(st.permutations(range(9))), np.intp)
    groups = grouped(reports, together, CLOSENESS, DEMAND)
    shuffled = grouped(reports.of(order), together[order], CLOSENESS, DEMAND)
    assert ((groups[order][:, None] == groups[order]) == (shuffled[:, None] == shuffled)).all()
    assert (grouped(reports, together, CLOSENESS, DEMAND) == groups).all()


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_groups_are_those_that_a_plain_search_for_the_closest_finds(seed: int) -> None:
    random = np.random.default_rng(seed)
    reports, together = at_random(random, 8), random.integers(0, 4, 8)
    assert parts(reports, DEMAND, together.tolist()) == plainly_grouped(reports, together)


def plainly_grouped(reports: Reports, together: Numbers) -> list[list[int]]:
    stay = np.where(together[:, None] == together, DEMAND.stay, -DEMAND.stay)
    found = CLOSENESS.matrix(reports)
    close, weights = found.close + stay, found.weights
    groups = [[place] for place in range(len(together))]

    def margin(one: list[int], other: list[int]) -> float:
        times = [np.array(moment)[None] for part in (one, other) for moment in span(reports.published[part])]
        across = np.ix_(one, other)
        link = np.average(close[across], weights=weights[across]) + CLOSENESS.between(*times)[0]
        within = [np.ix_(part, part) for part in (one, other)]
        dense = max(DEMAND.density_of(Links(close[part], weights[part])) for part in within)
        return float(link - DEMAND.of(np.array(dense), np.array(float(max(len(one), len(other))))))

    while len(groups) > 1:
        best, one, other = max((margin(*two), *two) for two in combinations(groups, 2))
        if best < 0:
            break
        groups = [group for group in groups if group not in (one, other)] + [sorted(one + other)]
    return sorted(groups)


def test_the_features_are_those_that_the_weights_here_are_of() -> None:
    assert FEATURES == ("similarity", "telling_numbers", "no_number_in_common", "beyond_a_week", "beyond_a_month")
