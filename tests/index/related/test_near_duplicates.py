import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.related.near_duplicates import contained, minhash, normalised, normalised_hash, shingles

NEWS = (
    "The two leaders met on Wednesday at a spaceport in the far east and spoke for four hours about satellites, "
    "rockets and trade before they went to dinner."
)


def share(one: str, other: str) -> float:
    a, b = shingles(normalised(one)), shingles(normalised(other))
    return of_sets(a, b)


def of_sets(one: set[str], other: set[str]) -> float:
    jaccard = np.array([(minhash(one) == minhash(other)).mean()])
    return float(contained(jaccard, np.array([len(one)], np.uint32), np.array([len(other)], np.uint32))[0])


@pytest.mark.parametrize(
    "written",
    [
        "“It’s over” — he said",
        '"It\'s over" - he said',
        "<p>It&#39;s over&nbsp;<b>he</b> said</p>",
        "IT’S OVER, HE SAID!",
    ],
)
def test_marks_case_and_html_are_no_words(written: str) -> None:
    assert normalised(written).replace(" ", "") == "itsoverhesaid"


def test_brackets_round_words_are_no_html() -> None:
    assert normalised("영화 <기생충> 1위") != normalised("영화 <미나리> 1위")
    assert normalised("<a>") == "a"


def test_an_indic_word_stays_whole() -> None:
    assert normalised("सरकार की किताब") == "सरकार की किताब"


def test_the_hash_is_of_the_words() -> None:
    assert normalised_hash("a b") == normalised_hash("a b") != normalised_hash("a c")
    assert 0 <= normalised_hash("") < 2**64


def test_shingles_are_three_words_or_five_letters_of_a_script_without_spaces() -> None:
    assert shingles("one two three four") == {"one two three", "two three four"}
    assert shingles("中国回应朝俄") == {"中 国 回 应 朝", "国 回 应 朝 俄"}
    assert shingles("short text") == {"short text"}


def test_a_text_contains_itself_and_its_parts() -> None:
    assert share(NEWS, NEWS) == 1
    assert share(NEWS, NEWS[: len(NEWS) // 2]) > 0.7
    assert share(NEWS, NEWS.replace("four", "five")) > 0.7


def test_texts_with_other_words_have_nothing_in_common() -> None:
    assert share(NEWS, "A volcano erupted on an island in the south, and thousands of people left their homes.") == 0


@given(st.sets(st.text("abc", min_size=3, max_size=6), min_size=1, max_size=80), st.integers(0, 80))
def test_the_share_is_estimated(words: set[str], count: int) -> None:
    part = set(sorted(words)[: max(1, count)])
    found = of_sets(words, part)
    assert 0 <= found <= 1
    if part == words:
        assert found == 1
