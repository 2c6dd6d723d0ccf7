"""How much of a text others have."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.article import Content
from index.quality.originality import shares
from index.related.signals import Records, records, signals_of

FIRST = "The bridge over the river was closed on Monday after an engineer had found cracks in two of its pillars."
SECOND = "Ferries carry commuters for free until the repair is done, which may take until spring, the council said."


def of(*texts: str) -> Records:
    return records([signals_of(Content(text=text, lang="en")) for text in texts])


def test_the_same_text_is_shared_whole() -> None:
    ours, theirs = shares(of(FIRST)[0], of(FIRST, FIRST.upper()))
    assert ours.tolist() == theirs.tolist() == [1, 1]


def test_half_a_text_is_half_of_the_longer_and_all_of_the_shorter() -> None:
    ours, theirs = shares(of(f"{FIRST} {SECOND}")[0], of(FIRST))
    assert ours[0] == pytest.approx(0.5, abs=0.12)
    assert theirs[0] == pytest.approx(1, abs=0.12)


def test_other_words_share_nothing() -> None:
    ours, theirs = shares(of(FIRST)[0], of(SECOND))
    assert (ours[0], theirs[0]) == (0, 0)


def test_headlines_are_the_same_or_not() -> None:
    ours, _ = shares(of("Bridge closed on Monday")[0], of("Bridge closed on Monday", "Bridge closed on Monday again"))
    assert ours.tolist() == [1, 0]


def test_there_may_be_no_others() -> None:
    ours, theirs = shares(of(FIRST)[0], of(FIRST)[:0])
    assert len(ours) == len(theirs) == 0


@given(
    st.lists(st.sampled_from([FIRST, SECOND, "A word.", "Another one about something else"]), min_size=1, max_size=4)
)
def test_shares_are_shares(texts: list[str]) -> None:
    ours, theirs = shares(of(" ".join(texts))[0], of(FIRST, SECOND, *texts))
    for found in (ours, theirs):
        assert np.all((found >= 0) & (found <= 1))
