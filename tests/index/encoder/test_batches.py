"""Batches: about one length, within the budget, in a few shapes, and nobody is passed over."""

from hypothesis import given
from hypothesis import strategies as st

from index.encoder.batches import LENGTHS, SIZES, TOKEN_BUDGET, choose_batch, padded_length

waiting_windows = st.lists(st.integers(0, 600).map(padded_length), min_size=1, max_size=200)


@given(waiting_windows)
def test_a_batch_is_within_the_budget_and_of_about_one_length(waiting: list[int]) -> None:
    batch = choose_batch(waiting)
    length = waiting[0]
    assert batch[0] == 0
    assert len(set(batch)) == len(batch)
    assert len(batch) * length <= TOKEN_BUDGET
    assert all(0.75 * length <= waiting[position] <= length for position in batch)


@given(waiting_windows)
def test_all_get_their_turn(waiting: list[int]) -> None:
    left = list(enumerate(waiting))
    seen: list[int] = []
    while left:
        batch = choose_batch([tokens for _, tokens in left])
        seen += [left[position][0] for position in batch]
        left = [window for position, window in enumerate(left) if position not in batch]
    assert sorted(seen) == list(range(len(waiting)))


@given(waiting_windows)
def test_there_are_few_shapes(waiting: list[int]) -> None:
    assert len(choose_batch(waiting)) in SIZES
    assert waiting[0] in LENGTHS or waiting[0] > LENGTHS[-1]


@given(st.integers(0, 512))
def test_padding_is_never_too_short_and_never_much_too_long(tokens: int) -> None:
    assert tokens <= padded_length(tokens) <= max(8, tokens + 31, 1.25 * tokens)


def test_windows_of_one_length_are_taken_before_shorter_ones() -> None:
    waiting = [512, 416, 512, 416, 512, 512]
    assert choose_batch(waiting) == [0, 2, 4, 5]


def test_a_length_that_the_model_does_not_take_is_passed_over() -> None:
    assert padded_length(30, [16, 24, 40]) == 40
    assert padded_length(41, [16, 24, 40]) == 41


def test_a_window_longer_than_the_budget_goes_alone() -> None:
    assert choose_batch([TOKEN_BUDGET + 1, 10]) == [0]
