import numpy as np

from index.article import Content
from index.related.signals import (
    MOST_NUMBERS,
    RECORD,
    VERSION,
    common,
    count,
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
