"""What is learnt from a batch."""

import math

import numpy as np
import pytest
import torch
from tuning import WARM_UP_STEPS, Recipe, choices, rate_at


def unit(*degrees: float) -> torch.Tensor:
    """Vectors in a plane, at these angles."""
    angles = torch.deg2rad(torch.tensor(degrees))
    return torch.stack([angles.cos(), angles.sin()], dim=1)


def test_every_text_is_to_find_its_other_one() -> None:
    """Three pairs, of which the first two need not be told apart."""
    same = np.eye(3, dtype=np.bool_)
    same[0, 1] = same[1, 0] = True
    asked, other = choices(unit(0, 5, 90, 10, 20, 95), same, 0.5)
    assert other.tolist() == [3, 4, 5, 0, 1, 2]
    left_out = [[0, 1, 4], [0, 1, 3], [2], [1, 3, 4], [0, 3, 4], [5]]
    assert [row.isinf().nonzero().flatten().tolist() for row in asked] == left_out
    assert asked[0, 3].item() == pytest.approx(math.cos(math.radians(10)) / 0.5)


def test_the_rate_rises_and_falls_to_nothing() -> None:
    recipe = Recipe(steps=200, learning_rate=0.01)
    rates = [rate_at(step, recipe) for step in range(recipe.steps)]
    assert rates[: WARM_UP_STEPS - 1] == sorted(rates[: WARM_UP_STEPS - 1])
    assert rates[WARM_UP_STEPS:] == sorted(rates[WARM_UP_STEPS:], reverse=True)
    assert max(rates) == pytest.approx(0.01)
    assert rates[-1] < 1e-5
