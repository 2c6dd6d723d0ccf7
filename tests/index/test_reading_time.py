"""How long texts take to read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.reading_time import MEAN_WORDS, Speed, Unit, seconds_to_read, speed_of
from index.samples import samples


@pytest.mark.parametrize(
    ("lang", "a_minute", "unit"),
    [
        ("en", 228, Unit.WORDS),
        ("en-GB", 228, Unit.WORDS),
        ("ar", 138, Unit.WORDS),
        ("nl", 202, Unit.WORDS),
        ("zh-Hant-TW", 255, Unit.CHARACTERS),
        ("ja", 357, Unit.CHARACTERS),
    ],
)
def test_published_speeds_are_those_of_irest(lang: str, a_minute: int, unit: Unit) -> None:
    assert speed_of(lang) == Speed(a_minute, unit, is_published=True)


@pytest.mark.parametrize(("lang", "unit"), [("ko", Unit.CHARACTERS), ("th", Unit.CHARACTERS), ("hi", Unit.WORDS)])
def test_a_language_without_a_published_speed_says_so(lang: str, unit: Unit) -> None:
    speed = speed_of(lang)
    assert (speed.unit, speed.is_published) == (unit, False)


def test_a_minute_of_words_is_sixty_seconds() -> None:
    assert seconds_to_read("word " * 228, "en") == 60
    assert seconds_to_read("字" * 255 + "。", "zh") == 60
    assert seconds_to_read("평화 " * 185, "ko") == 60
    assert seconds_to_read("शब्द " * MEAN_WORDS, "hi") == 60


def test_what_belongs_together_is_one_word() -> None:
    text = "don't well-known 3.5 12:30 U.S "
    assert seconds_to_read(text * 100, "en") == round(500 / 228 * 60)


def test_marks_are_no_characters_of_their_own() -> None:
    assert seconds_to_read("ก" * 863, "th") == seconds_to_read("กิ่" * 863, "th") == 60


def test_a_text_without_spaces_is_read_by_characters_though_its_language_is_not_known() -> None:
    assert seconds_to_read("漢字" * 400, "und") > 30


def test_nothing_takes_no_time_and_a_word_a_second() -> None:
    assert seconds_to_read("", "en") == seconds_to_read(" — …", "ko") == 0
    assert seconds_to_read("Yes", "en") == 1


def test_the_samples_take_half_a_minute_in_every_language() -> None:
    for sample in samples():
        assert 10 < seconds_to_read(sample.article.words, sample.article.language) < 60


@given(st.text(), st.text(), st.sampled_from(["en", "ko", "ja", "th", "und"]))
def test_more_text_takes_no_less_time(one: str, other: str, lang: str) -> None:
    assert 0 <= seconds_to_read(one, lang) <= seconds_to_read(f"{one}\n{other}", lang) + 1
