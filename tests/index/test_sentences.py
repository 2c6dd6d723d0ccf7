"""Sentences of many languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.samples import samples
from index.sentences import LEAST_CLAUSES, sentences, spans

WRITTEN = {
    "en": [
        "Mr. Harlow flew to Washington D.C. on Jan. 5.",
        'The mayor said: "The bridge stays closed. We will not hurry."',
        "The U.S. Senate voted 51-49; Dr. Lee of Acme Inc. disagreed.",
        "At 3.5 percent, growth slowed.",
        "Will it last?",
    ],
    "de": [
        "Am 13. September traf Dr. Müller den Präsidenten.",
        "„Wir reden weiter. Das ist wichtig“, sagte er.",
        "Das Wachstum betrug ca. 3,5 Prozent, z. B. in Bayern.",
        "Die Opposition widersprach.",
    ],
    "ru": [
        "В 2023 г. президент посетил г. Владивосток и др. города.",
        "«Мы продолжим. Это важно», — сказал он.",
        "Рост составил 3,5%.",
        "А. С. Иванов не согласен.",
        "Т. е. спор продолжается.",
    ],
    "fr": [
        "M. Dupont est arrivé le 5 janv. à Paris.",
        "« Nous continuons. C’est important. », a-t-il dit.",
        "La croissance est de 3,5 %.",
    ],
    "ar": [
        'قال الرئيس يوم الأربعاء: "سنواصل الحوار. لا بديل عنه."',
        "وبلغ النمو 3.5 في المئة.",
        "هل يكفي ذلك؟",
        "يشكك الخبراء في ذلك؛ لكن الحكومة متفائلة.",
    ],
    "hi": [
        'प्रधानमंत्री ने बुधवार को कहा, "बातचीत जारी रहेगी। कोई विकल्प नहीं है।"',
        "विकास दर 3.5 प्रतिशत रही।",
        "क्या यह काफी है?",
        "डॉ. शर्मा सहमत नहीं हैं।",
    ],
    "ko": [
        '김 위원장은 13일 "러시아와 함께하겠다. 관계는 최우선이다."라고 말했다.',
        "성장률은 3.5%였다.",
        "“우려가 깊다. 중단하라.”며 장관은 목소리를 높였다.",
        "왜 그랬을까?",
        "알 수 없다!",
    ],
}
WITHOUT_SPACES = {
    "ja": [
        "首相は13日、「対話を続ける。圧力も続ける。」と述べた。",
        "成長率は3.5%だった。",
        "野党は反発している！",
        "本当にそうか？",
        "専門家は疑問視する。",
    ],
    "zh": [
        "外交部发言人说：“这是两国之间的事情。我们没有补充。”",
        "会谈持续了两个小时。",
        "市场上涨3.5%！",
        "为什么？",
        "专家表示担忧。",
    ],
}


@pytest.mark.parametrize("lang", WRITTEN)
def test_sentences_are_told_apart(lang: str) -> None:
    assert sentences(" ".join(WRITTEN[lang]), lang) == WRITTEN[lang]


@pytest.mark.parametrize("lang", WITHOUT_SPACES)
def test_sentences_are_told_apart_where_no_spaces_are(lang: str) -> None:
    assert sentences("".join(WITHOUT_SPACES[lang]), lang) == WITHOUT_SPACES[lang]


def test_a_line_is_a_paragraph() -> None:
    assert sentences("Seoul, Thursday\nThe talks began.\nThey went on", "en") == [
        "Seoul, Thursday",
        "The talks began.",
        "They went on",
    ]


def test_thai_is_cut_between_clauses_and_not_beside_numbers() -> None:
    text = (
        "ฝนตกหนักในภาคเหนือของประเทศตั้งแต่คืนวันที่ 13 กันยายน ทำให้น้ำท่วมหลายจังหวัดและถนนหลายสายใช้การไม่ได้ "
        "เจ้าหน้าที่ช่วยประชาชนออกจากพื้นที่ได้แล้ว 1,200 คน นายกรัฐมนตรีกล่าวว่ารัฐบาลจะช่วยผู้ประสบภัยทุกครอบครัว "
        "และจะเดินทางไปตรวจพื้นที่ในวันพรุ่งนี้"
    )
    found = sentences(text, "th")
    assert len(found) == 2  # what is left at the end would be too short
    assert " ".join(found) == text
    assert all(len(one) >= LEAST_CLAUSES for one in found)
    assert not any(one[0].isdigit() or one[-1].isdigit() for one in found)


def test_a_short_line_of_thai_is_left_whole() -> None:
    assert sentences("ฝนตกหนัก น้ำท่วม", "th") == ["ฝนตกหนัก น้ำท่วม"]


def test_a_text_without_capitals_is_cut_all_the_same() -> None:
    assert sentences("it rained. it stopped.", "en") == ["it rained.", "it stopped."]


def test_the_samples_have_a_few_sentences_each() -> None:
    for sample in samples():
        assert 2 <= len(sentences(sample.article.text or "", sample.article.language)) <= 8


_TEXT = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(".!?。！？…؟।\n \"'«»“”„「」()[]1 aBбЖかกข김")),
    max_size=300,
)


@given(_TEXT, st.sampled_from(["ar", "de", "en", "fr", "hi", "ja", "ko", "ru", "th", "und", "zh-TW"]))
def test_nothing_of_a_text_is_lost_but_white_space(text: str, lang: str) -> None:
    end = 0
    for span in spans(text, lang):
        assert span.start >= end
        assert text[end : span.start].strip() == ""
        assert text[span.start : span.end] == text[span.start : span.end].strip() != ""
        end = span.end
    assert text[end:].strip() == ""
