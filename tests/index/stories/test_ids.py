import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.stories.ids import number_of, story_id, thread_id

numbers = st.integers(1, 10**18 - 1)


@given(numbers)
def test_the_number_in_an_id_is_the_one_that_it_was_made_of(number: int) -> None:
    assert number_of(story_id(number), "s") == number
    assert number_of(thread_id(number), "t") == number


@given(numbers)
def test_the_id_of_a_story_is_none_of_a_thread(number: int) -> None:
    assert number_of(story_id(number), "t") is None
    assert number_of(thread_id(number), "s") is None


@given(st.text(alphabet="st0123456789-+ \n٣²", max_size=6))
def test_a_number_has_one_id_only(given_id: str) -> None:
    number = number_of(given_id, "s")
    assert number is None or story_id(number) == given_id


@pytest.mark.parametrize(
    "given_id", ["", "s", "1", "s0", "s01", "s-1", "s1 ", " s1", "s1\n", "S1", "s1.0", "s٣", "s²", "st1", "s1s1"]
)
def test_what_is_no_id_has_no_number(given_id: str) -> None:
    assert number_of(given_id, "s") is None


def test_a_number_that_no_story_can_have_is_none() -> None:
    assert number_of("s" + "9" * 18, "s") == 10**18 - 1
    assert number_of("s" + "9" * 19, "s") is None
    assert number_of("s" + "9" * 5_000, "s") is None
