from typing import Any

import numpy as np
import pytest

from index.article import Content
from index.related.copies import copies_of, groups
from index.related.signals import records, signals_of

REPORT = (
    "The central bank raised its rate by a quarter of a point to 4.5 percent on Thursday, the tenth time in a row. "
    "It said that inflation would come down only slowly, and that rates would stay high for as long as that took. "
    "Markets had expected the step, and hardly moved. Unions called it a mistake that would cost 30,000 jobs."
)
OTHER = (
    "Borrowing is to become dearer still after policy makers lifted the benchmark to 4.5 percent, although growth has "
    "stalled. Builders warned of 30,000 redundancies, while savers may at last see some interest on what they put by."
)
SCHOOL = (
    "Pupils of a school by the river have counted swifts for forty summers, and there were fewer than ever. "
    "Their teacher blames new roofs without gaps; the town wants to put up boxes, as a village upstream did."
)
WEATHER = (
    "Tomorrow the highs are {} in the north, {} in the south, {} on the coast and {} in the hills, with some wind."
)
TABLE = (
    "Results of the day: City beat United {}, Rovers drew with Albion {}, Town lost to Athletic {} and Rangers won {}."
)


def of(*texts: str) -> Any:
    return records([signals_of(Content(text=text, lang="en")) for text in texts])


def is_copy(one: str, other: str) -> bool:
    return bool(copies_of(of(one)[0], of(other))[0]) and bool(copies_of(of(other)[0], of(one))[0])


@pytest.mark.parametrize(
    "copy",
    [
        REPORT,
        f"By our own correspondent\nFRANKFURT (AP) — {REPORT}",
        REPORT.rpartition(" Unions")[0],
        REPORT.replace("30,000", "31,000"),
        f"<p>{REPORT.replace('Markets', '</p><p>Markets')}</p>&nbsp;",
        REPORT.upper(),
    ],
)
def test_a_wire_copy_is_a_copy(copy: str) -> None:
    assert is_copy(REPORT, copy)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (REPORT, OTHER),
        (WEATHER.format(21, 24, 19, 14), WEATHER.format(23, 27, 20, 15)),
        (TABLE.format("3-1", "2-2", "0-4", "5-0"), TABLE.format("1-0", "0-0", "2-3", "4-2")),
        ("Breaking: an earthquake is felt", "Breaking: an earthquake is felt in the capital"),
        (REPORT, " ".join([OTHER, WEATHER.format(1, 2, 3, 4), TABLE.format(*"1234"), SCHOOL, REPORT])),
    ],
    ids=["another report", "weather", "table", "short", "live blog"],
)
def test_what_is_only_alike_is_no_copy(one: str, other: str) -> None:
    assert not is_copy(one, other)


def test_a_short_text_is_a_copy_of_the_same_words() -> None:
    assert is_copy("Breaking: an earthquake is felt", "BREAKING — An earthquake is felt")


def test_copies_of_copies_are_one_group() -> None:
    cut = REPORT.rpartition(" Unions")[0]
    texts = of(REPORT, OTHER, cut, f"FRANKFURT (AP) — {cut}")
    numbers = groups(texts, ["en"] * 4, np.ones((4, 4), np.float32))
    assert numbers.tolist() == [0, 1, 0, 0]


def test_only_articles_of_one_language_and_near_to_each_other_are_compared() -> None:
    texts = of(REPORT, REPORT)
    assert groups(texts, ["en", "de"], np.ones((2, 2), np.float32)).tolist() == [0, 1]
    assert groups(texts, ["en", "en"], np.eye(2, dtype=np.float32)).tolist() == [0, 1]
    assert groups(texts, ["en", "en-GB"], np.ones((2, 2), np.float32)).tolist() == [0, 0]
    assert groups(texts[:0], [], np.ones((0, 0), np.float32)).tolist() == []
