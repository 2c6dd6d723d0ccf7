"""What is read to tune from, and the pairs that come of it."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tuning_data import Document, Event, Report, is_held_out, read_groups

SENTENCES = {
    "en": ["One.", "Two.", "Three.", "Four."],
    "ko": ["하나.", "둘.", "셋.", "넷."],
    "ru": ["Раз.", "Два.", "Три.", "Четыре."],
}
LANGUAGE = {sentence: language for language, sentences in SENTENCES.items() for sentence in sentences}
PLACE = {sentence: place for sentences in SENTENCES.values() for place, sentence in enumerate(sentences)}
DOCUMENT = Document("d", SENTENCES)


def write(file: Path, *rows: object) -> Path:
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return file


def places_in(words: str) -> list[int]:
    return [PLACE[f"{sentence}."] for sentence in words.rstrip(".").split(". ")]


def test_rows_of_one_event_or_document_belong_together_across_files(tmp_path: Path) -> None:
    first = write(
        tmp_path / "a.jsonl",
        {"event": "e", "lang": "en", "title": "A  summit\n", "text": "Two met."},
        {"doc": "d", "lang": "en", "sentences": ["One."]},
        {"event": "alone", "lang": "en", "title": "Nothing to pair it with"},
    )
    second = write(
        tmp_path / "b.jsonl",
        {"doc": "d", "lang": "ko", "sentences": ["하나."]},
        {"event": "e", "lang": "ko", "text": "정상회담"},
        {"event": "e", "lang": "ko", "title": None, "text": ""},
    )
    event, document = read_groups([first, second])
    assert event == Event("e", [Report("A summit", "Two met.", "en"), Report("", "정상회담", "ko")])
    assert document == Document("d", {"en": ["One."], "ko": ["하나."]})


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"lang": "en", "text": "of nothing"}, "neither an 'event' nor a 'doc'"),
        ({"doc": "d", "lang": "ko", "sentences": ["하나.", "둘."]}, "not as many sentences"),
        ({"doc": "d", "lang": "ko"}, "sentences"),
        ({"event": "e", "text": "in what language?"}, "lang"),
        ([], "line 2"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(tmp_path: Path, row: object, reason: str) -> None:
    file = write(tmp_path / "a.jsonl", {"doc": "d", "lang": "en", "sentences": ["One."]}, row)
    with pytest.raises(ValueError, match=rf"a.jsonl, line 2.*{reason}" if reason != "line 2" else "line 2"):
        read_groups([file])


def test_files_without_a_pair_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no two texts"):
        read_groups([write(tmp_path / "a.jsonl", {"event": "e", "lang": "en", "title": "Alone"})])


@given(st.integers(0, 10_000))
def test_passages_are_runs_of_sentences_and_in_one_language_do_not_overlap(seed: int) -> None:
    one, other = DOCUMENT.passages(np.random.default_rng(seed))
    for text in (one, other):
        places = places_in(text.words)
        assert places == list(range(places[0], places[0] + len(places)))
        assert all(LANGUAGE[f"{sentence}."] == text.language for sentence in text.words.rstrip(".").split(". "))
    if one.language == other.language:
        assert not set(places_in(one.words)) & set(places_in(other.words))


@given(st.integers(0, 10_000), st.integers(0, 3))
def test_a_translation_is_one_sentence_in_two_languages(seed: int, place: int) -> None:
    one, other = DOCUMENT.translation(np.random.default_rng(seed), place)
    assert one.language != other.language
    assert places_in(one.words) == places_in(other.words) == [place]


@given(st.integers(0, 10_000))
def test_the_texts_of_an_event_are_of_two_reports_or_title_and_text_of_one(seed: int) -> None:
    reports = [Report("title 0", "text 0", "en"), Report("title 1", "", "ko"), Report("", "text 2", "ru")]
    one, other = Event("e", reports).reported(np.random.default_rng(seed))
    of_one, of_other = ({word for word in text.words.split() if word.isdigit()} for text in (one, other))
    assert of_one != of_other or (one.words, other.words) == ("title 0", "text 0")


def test_a_tenth_is_held_out_whatever_else_there_is() -> None:
    held_out = [is_held_out(Event(str(number))) for number in range(2000)]
    assert 0.07 < np.mean(held_out) < 0.13
    assert held_out == [is_held_out(Document(str(number))) for number in range(2000)]
