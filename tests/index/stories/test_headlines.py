from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest

from index.store.stories import Report
from index.stories.headlines import COPY, PER_SIGN, STALE, UNKNOWN_SOURCE, best, signs_of_click_bait
from tests.index.fakes import NOON

PLAIN = "Two leaders met in the harbour"
BAIT = "Two leaders met in the harbour!"
LITTLE = 0.01


def report(title: str = PLAIN, source: str = "Harbor Tribune", hours: float = 0, is_copy: bool = False) -> Report:
    appeared_at = NOON + timedelta(hours=hours)
    return Report(1, "a", 1, title, None, source, None, "en", appeared_at, is_copy)


def chosen(*reports: Report, central: Sequence[float]) -> int:
    return best(reports, np.array(central, np.float64))


@pytest.mark.parametrize(
    "title",
    [
        PLAIN,
        "Kim und Putin treffen sich im fernen Osten",
        "北朝鮮の金総書記がロシアで会談",
        "북·러, 광범위한 군사협력 시사",
        "NATO chief meets US envoy in Paris",
        "12,000 people flee the flood",
        "2023 was the hottest year so far",
        "Leaders met ... and went home",
        "a" * 160,
        "会" * 80,
        "会談が始まる",
    ],
)
def test_a_plain_headline_has_no_signs_of_click_bait(title: str) -> None:
    assert signs_of_click_bait(title) == 0


@pytest.mark.parametrize(
    "title",
    [
        "Did the two leaders meet at all?",
        "金総書記はロシアに行くのか？",
        "هل التقى الزعيمان في الميناء؟",
        BAIT,
        "大変なことになった！どうする",
        "You will not believe whom he met…",
        "You will not believe whom he met... ",
        "LEADERS MEET IN HARBOUR TODAY",
        "ЛИДЕРЫ ВСТРЕТИЛИСЬ В ПОРТУ",
        "7 things that we know of the summit",
        " 10 moments of the summit to remember",
        "Leaders met",
        "a" * 161,
        "会談開始",
        "会" * 81,
    ],
)
def test_each_sign_of_click_bait_counts(title: str) -> None:
    assert signs_of_click_bait(title) == 1


def test_signs_of_click_bait_add_up() -> None:
    assert signs_of_click_bait("5 reasons WHY?!...") == 3
    assert signs_of_click_bait("WHAT?") == 2


def test_a_few_capitals_are_no_sign() -> None:
    assert signs_of_click_bait("US-EU-UN talks at G20") == 0


def test_the_headline_is_that_of_the_report_closest_to_the_middle() -> None:
    assert chosen(report(), report(), report(), central=[0.7, 0.9, 0.8]) == 1
    assert chosen(report(), central=[-1]) == 0


def test_of_equal_reports_it_is_the_first() -> None:
    assert chosen(report(), report(), central=[0.5, 0.5]) == 0


@pytest.mark.parametrize(
    ("worse", "better", "worth"),
    [
        (report(BAIT), report(), PER_SIGN),
        (report("WHAT!"), report(), 2 * PER_SIGN),
        (report(source=""), report(), UNKNOWN_SOURCE),
        (report(is_copy=True), report(), COPY),
        (report(hours=0), report(hours=1), STALE),
        (report(hours=0), report(hours=999), STALE),
    ],
)
def test_an_advantage_is_worth_so_much_of_the_cosine(worse: Report, better: Report, worth: float) -> None:
    assert worth > LITTLE
    assert chosen(worse, better, central=[0.5 + worth - LITTLE, 0.5]) == 1
    assert chosen(worse, better, central=[0.5 + worth + LITTLE, 0.5]) == 0


def test_a_report_is_stale_in_proportion_to_how_long_ago_it_appeared() -> None:
    reports = [report(hours=0), report(hours=9), report(hours=10)]
    assert chosen(*reports, central=[0.5, 0.5 + 0.1 * STALE + 0.001, 0.5]) == 1
    assert chosen(*reports, central=[0.5, 0.5 + 0.1 * STALE - 0.001, 0.5]) == 2


def test_reports_of_one_moment_are_none_of_them_stale() -> None:
    assert chosen(report(), report(hours=1e-6), central=[0.5 + LITTLE, 0.5]) == 0
