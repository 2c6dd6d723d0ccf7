from collections import Counter
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.stories.reconciling import regrouping

Before = Mapping[int, int]
Parts = Sequence[Sequence[int]]


@st.composite
def grouped_anew(draw: st.DrawFn) -> tuple[Before, Parts]:
    """Articles with the numbers of their stories, and the parts into which they fall, in any order."""
    keys = draw(st.lists(st.integers(1, 99), min_size=1, max_size=12, unique=True))
    before = {key: draw(st.integers(1, 4)) for key in keys}
    parts: dict[int, list[int]] = {}
    for key in keys:
        parts.setdefault(draw(st.integers(1, 4)), []).append(key)
    return before, draw(st.permutations(list(parts.values())))


def numbered(before: Before, parts: Parts) -> dict[int, list[int]]:
    """The keys of the articles of each story that there is then, by its number."""
    anew = regrouping(before, parts)
    if anew is None:
        return stories(before)
    return {number: list(keys) for number, keys in anew.parts.items()}


def stories(before: Before) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for key, number in sorted(before.items()):
        found.setdefault(number, []).append(key)
    return found


@given(grouped_anew())
def test_the_parts_are_all_articles_each_once(given_: tuple[Before, Parts]) -> None:
    before, parts = given_
    assert sorted(numbered(before, parts).values()) == sorted(sorted(keys) for keys in parts)


@given(grouped_anew())
def test_a_number_is_of_a_story_that_there_was_or_negative(given_: tuple[Before, Parts]) -> None:
    before, parts = given_
    assert all(number < 0 or number in before.values() for number in numbered(before, parts))


@given(grouped_anew())
def test_there_is_nothing_to_do_if_and_only_if_nothing_changed(given_: tuple[Before, Parts]) -> None:
    before, parts = given_
    is_as_before = sorted(stories(before).values()) == sorted(sorted(keys) for keys in parts)
    assert (regrouping(before, parts) is None) == is_as_before


@given(grouped_anew())
def test_a_story_that_keeps_its_number_has_more_of_its_articles_than_any_other_part(
    given_: tuple[Before, Parts],
) -> None:
    before, parts = given_
    after = numbered(before, parts)
    for number, keys in after.items():
        if number > 0:
            of_story = [[one for one in other if before[one] == number] for other in after.values()]
            assert sum(before[one] == number for one in keys) == max(map(len, of_story)) > 0


@given(grouped_anew())
def test_a_part_is_the_oldest_of_the_stories_at_home_there(given_: tuple[Before, Parts]) -> None:
    before, parts = given_
    after = numbered(before, parts)
    for keys in after.values():
        of_part = Counter(before[one] for one in keys)
        at_home = [one for one, count in of_part.items() if 2 * count > len(stories(before)[one])]
        if at_home:
            number = next(number for number, own in after.items() if own == keys)
            assert 0 < number <= min(at_home)


@given(grouped_anew())
def test_the_order_of_parts_and_of_their_articles_does_not_matter(given_: tuple[Before, Parts]) -> None:
    before, parts = given_
    backwards = {key: before[key] for key in sorted(before, reverse=True)}
    one, other = numbered(before, parts), numbered(backwards, [list(reversed(keys)) for keys in reversed(parts)])
    assert {number: keys for number, keys in one.items() if number > 0} == {
        number: keys for number, keys in other.items() if number > 0
    }


def test_a_split_leaves_the_id_with_the_larger_part() -> None:
    assert numbered({1: 7, 2: 7, 3: 7}, [[1], [2, 3]]) == {-1: [1], 7: [2, 3]}


def test_a_split_in_halves_leaves_the_id_with_the_oldest_article() -> None:
    assert numbered({1: 7, 2: 7, 3: 7, 4: 7}, [[3, 4], [2, 1]]) == {7: [1, 2], -1: [3, 4]}


def test_a_merge_keeps_the_older_id_even_of_a_smaller_story() -> None:
    assert numbered({1: 8, 2: 8, 3: 8, 4: 3}, [[1, 2, 3, 4]]) == {3: [1, 2, 3, 4]}


def test_a_story_that_goes_to_two_others_in_parts_is_at_home_in_one() -> None:
    assert numbered({1: 1, 2: 2, 3: 3, 4: 3, 5: 3}, [[1, 3], [2, 4, 5]]) == {1: [1, 3], 2: [2, 4, 5]}


def test_an_article_that_moves_changes_no_ids() -> None:
    assert numbered({1: 1, 2: 1, 3: 1, 4: 2, 5: 2}, [[1, 2], [3, 4, 5]]) == {1: [1, 2], 2: [3, 4, 5]}


@pytest.mark.parametrize("parts", [[[1], [2, 3]], [[3, 2], [1]]])
def test_nothing_is_to_be_done_where_parts_are_stories(parts: Parts) -> None:
    assert regrouping({1: 4, 2: 9, 3: 9}, parts) is None


def test_of_nothing_nothing_is_to_be_done() -> None:
    assert regrouping({}, []) is None
