"""What the pages say is there in every language, and the right language is found."""

import string

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from service.pages.wording import LANGUAGES, Wording, accepted_languages, best_language, wording

ENGLISH = wording("en")


def forms(t: Wording, name: str) -> dict[str, str]:
    """A text by plural category; one that goes by no number has one."""
    text = t._texts[name]
    return {"": text} if isinstance(text, str) else dict(text)


def parts(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_there_with_its_parts(language: str) -> None:
    t = wording(language)
    assert t._texts.keys() == ENGLISH._texts.keys()
    for name in t._texts:
        wanted = parts(next(iter(forms(ENGLISH, name).values())))
        for category, text in forms(t, name).items():
            assert text.strip() == text != ""
            # "One report" need not have the number in it.
            assert parts(text) == wanted or (category in {"zero", "one", "two"} and not parts(text)), (name, category)


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_a_form_for_every_number(language: str) -> None:
    t, locale = wording(language), Locale.parse(language)
    for name in t._texts:
        if (found := forms(t, name)).keys() != {""}:
            assert set(found) == {*locale.plural_form.tags, "other"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_left_in_english(language: str) -> None:
    same = [name for name in ENGLISH._texts if wording(language)._texts[name] == ENGLISH._texts[name]]
    assert language == "en" or set(same) <= {"api", "widget"}


def test_numbers_go_into_texts_as_the_language_writes_them() -> None:
    assert ENGLISH.count("reports", 1) == "1 report"
    assert ENGLISH.count("reports", 1_234) == "1,234 reports"
    assert wording("ru").count("reports", 3) == "3 публикации"
    assert wording("ru").count("reports", 11) == "11 публикаций"
    assert wording("ar").count("reports", 2) == "تقريران"
    assert wording("de").count("reports", 1_234) == "1.234 Berichte"


def test_what_is_filled_in_is_escaped() -> None:
    assert ENGLISH("both_mention", names="<b>&") == "Both mention &lt;b&gt;&amp;"


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["ko-KR"], "ko"),
        (["zh-Hant-TW"], "zh"),
        (["pt-BR"], "pt"),
        (["gl"], "es"),
        (["iw"], "he"),
        (["vi"], "en"),
        (["uk"], "en"),
        (["und"], "en"),
        (["vi", "fr"], "fr"),
        (["no such tag", "ja"], "ja"),
        ([], "en"),
    ],
)
def test_the_language_is_the_first_that_the_pages_have(tags: list[str], expected: str) -> None:
    assert best_language(*tags) == expected


def test_a_browser_says_which_languages_it_wants_most() -> None:
    assert accepted_languages("fr;q=0.3, ko-KR,ko;q=0.9, *;q=0.1, en;q=0, x;q=often") == ["ko-KR", "ko", "fr"]
    assert accepted_languages("") == []


@given(st.text())
def test_whatever_a_browser_sends_some_language_is_found(header: str) -> None:
    assert best_language(*accepted_languages(header)) in LANGUAGES
