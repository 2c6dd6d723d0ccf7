import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from index.article import Content
from index.related.signals import (
    MOST_NUMBERS,
    RECORD,
    VERSION,
    common,
    count,
    has_any,
    is_current,
    names_and_countries,
    records,
    signals_of,
)

QUAKE = Content(title="2,900 dead in Morocco", text="The quake of 6.8 near Marrakesh killed 2,900 in 2023.", lang="en")


def test_signals_tell_numbers_names_and_countries() -> None:
    signals = signals_of(QUAKE)
    (record,) = records([signals])
    assert count(record["numbers"]) == 3
    assert count(record["telling"]) == 1  # 6.8 has two digits, 2023 is a year
    assert names_and_countries(signals) == (["Morocco", "Marrakesh"], ["MA"])


def test_those_of_many_articles_are_one_array() -> None:
    both = records([signals_of(QUAKE), signals_of(Content(text="No number here", lang="en"))])
    assert (both.shape, both.dtype) == ((2,), RECORD)
    assert common(both[0]["numbers"], both["numbers"]).tolist() == [3, 0]
    assert records([]).shape == (0,)


def test_more_numbers_than_there_is_room_for_are_left_out() -> None:
    (record,) = records([signals_of(Content(text=", ".join(map(str, range(100, 200))), lang="en"))])
    assert count(record["numbers"]) == MOST_NUMBERS


def test_the_same_words_give_the_same_signals_however_they_are_set() -> None:
    one, other = records(
        [signals_of(QUAKE), signals_of(QUAKE.model_copy(update={"title": "2,900 DEAD — in Morocco!"}))]
    )
    assert one["words"] == other["words"]
    assert np.array_equal(one["minhash"], other["minhash"])


def test_signals_of_another_version_are_not_current() -> None:
    signals = signals_of(QUAKE)
    assert is_current(signals)
    assert not is_current(bytes([VERSION + 1]) + signals[1:])
    assert not is_current(None)
    assert not is_current(b"")


@given(st.lists(st.lists(st.integers(1, 9), max_size=4, unique=True), min_size=1, max_size=6), st.data())
def test_hashes_in_common_are_counted_pair_by_pair(hashes: list[list[int]], data: st.DataObject) -> None:
    others = [data.draw(st.lists(st.integers(1, 9), max_size=4, unique=True)) for _ in hashes]
    filled, other = (np.array([one + [0] * (6 - len(one)) for one in some], np.uint32) for some in (hashes, others))
    wanted = [len(set(one) & set(another)) for one, another in zip(hashes, others, strict=True)]
    assert common(filled, other).tolist() == wanted
    assert common(filled[0], other).tolist() == [len({*hashes[0]} & {*another}) for another in others]
    assert has_any(filled).tolist() == [bool(one) for one in hashes]
    assert count(filled).tolist() == [len(one) for one in hashes]
