"""Publishers: shrunk means, and ranks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.quality.sources import PRIOR_WEIGHT, Source, ranked, shrunk
from index.store.measures import QUALITY_UNIT, SourceSums

SUMS = st.builds(
    lambda source, country, measured, unmeasured, share: SourceSums(
        source, country, measured + unmeasured, measured, round(share * measured * QUALITY_UNIT)
    ),
    st.sampled_from("abcdefg"),
    st.sampled_from(["", "KR", "US"]),
    st.integers(0, 50),
    st.integers(1, 3),
    st.floats(0, 1),
)


def of(source: str, country: str, measured: int, mean: float) -> SourceSums:
    return SourceSums(source, country, measured, measured, round(measured * mean * QUALITY_UNIT))


def test_a_publisher_of_many_articles_is_what_they_are_and_one_of_few_like_the_rest() -> None:
    found = {one.name: one.quality for one in ranked([of("many", "KR", 1_000, 0.4), of("few", "KR", 1, 0.9)])}
    prior = (400 + 0.9) / 1_001
    assert found["many"] == pytest.approx(0.4, abs=0.001)
    assert found["few"] == pytest.approx((0.9 + PRIOR_WEIGHT * prior) / (1 + PRIOR_WEIGHT), abs=0.0001)


def test_ranks_are_within_a_country_and_equals_share_one() -> None:
    sums = [
        of("a", "KR", 9, 0.5),
        of("b", "KR", 9, 0.7),
        of("c", "KR", 9, 0.5),
        of("d", "KR", 9, 0.3),
        of("e", "US", 9, 0.1),
    ]
    found = {one.name: (one.rank, one.ranked) for one in ranked(sums)}
    assert found == {"b": (1, 4), "a": (2, 4), "c": (2, 4), "d": (4, 4), "e": (1, 1)}


def test_the_country_is_that_of_most_articles_that_say_one() -> None:
    (one,) = ranked([of("a", "", 9, 0.5), of("a", "KR", 3, 0.6), of("a", "US", 2, 0.7)])
    assert (one.country, one.articles, one.measured) == ("KR", 14, 14)


def test_without_a_country_or_a_measured_article_there_is_no_rank() -> None:
    found = {one.name: one for one in ranked([of("a", "", 9, 0.5), SourceSums("b", "KR", 2, 0, 0)])}
    assert found["a"].rank is None
    assert found["b"] == Source("b", "KR", 2, 0, 0.5)


def test_before_anything_is_measured_nothing_is_known() -> None:
    (one,) = ranked([SourceSums("b", "KR", 2, 0, 0)])
    assert (one.quality, one.rank) == (None, None)
    assert ranked([]) == []


@given(st.floats(0, 1), st.integers(0, 1_000), st.floats(0, 1))
def test_a_shrunk_mean_lies_between_the_mean_and_the_prior(mean: float, count: int, prior: float) -> None:
    assert min(mean, prior) - 1e-9 <= shrunk(mean * count, count, prior) <= max(mean, prior) + 1e-9


@given(st.lists(SUMS, unique_by=lambda one: (one.source, one.country)))
def test_the_better_come_first_with_lower_ranks(sums: list[SourceSums]) -> None:
    found = ranked(sums)
    assert [one.position for one in found] == sorted(one.position for one in found)
    assert sorted(one.name for one in found) == sorted({one.source for one in sums})
    assert sum(one.articles for one in found) == sum(one.articles for one in sums)
    for country in ("KR", "US"):
        ranks = [one.rank for one in found if one.country == country and one.rank is not None]
        assert ranks == sorted(ranks)
        assert not ranks or ranks[0] == 1
    assert all(one.quality is None or 0 <= one.quality <= 1 for one in found)
