"""The signs that an article has in itself."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.article import ArticleFields
from index.language import LANGUAGES
from index.quality import Signs, quality
from index.quality.attribution import LANGUAGES as KNOWN
from index.quality.attribution import attributed
from index.quality.signs import headline_fit, saturated, signs_of
from index.samples import samples
from index.sentences import sentences

SHARE = st.floats(0, 1)
SIGNS = st.builds(Signs, SHARE, SHARE, SHARE, SHARE, SHARE, SHARE)
WORDS = st.text(st.sampled_from('abcAB .,!?"“”0123456789가나다 りんご 你好'), min_size=1, max_size=200).filter(
    lambda text: any(map(str.isalnum, text))
)
SAID = {
    "ar": "وقال الوزير إن الجسر سيظل مغلقا.",
    "de": "Die Brücke bleibt geschlossen, sagte die Ministerin.",
    "en": "The bridge stays closed, the minister said.",
    "es": "El puente sigue cerrado, según el ministerio.",
    "fr": "Le pont reste fermé, a déclaré la ministre.",
    "hi": "मंत्री ने कहा कि पुल बंद रहेगा।",
    "ja": "国土交通省によると、橋は閉鎖されたままだ。",
    "ko": "장관은 다리를 계속 통제한다고 밝혔다.",
    "ru": "Мост останется закрытым, сообщили в министерстве.",
    "th": "รัฐมนตรีกล่าวว่าสะพานจะปิดต่อไป",
    "zh": "交通部表示，大桥将继续关闭。",
}
UNSAID = {
    "ar": "أغلق الجسر يوم الاثنين.",
    "de": "Die Brücke wurde am Montag geschlossen.",
    "en": "The bridge was closed on Monday. It is unsaid.",
    "es": "El puente se cerró el lunes.",
    "fr": "Le pont a fermé lundi.",
    "hi": "पुल सोमवार को बंद किया गया।",
    "ja": "橋は月曜日に閉鎖された。",
    "ko": "다리는 월요일에 통제됐다.",
    "ru": "Мост закрыли в понедельник.",
    "th": "สะพานปิดเมื่อวันจันทร์",
    "zh": "大桥周一关闭。",
}


def an_article(**fields: object) -> ArticleFields:
    return ArticleFields.model_validate(
        {"title": "Bridge closed", "text": "The bridge is closed.", "lang": "en"} | fields
    )


@pytest.mark.parametrize("lang", SAID)
def test_a_word_of_saying_is_an_attribution(lang: str) -> None:
    assert attributed(sentences(SAID[lang], lang), lang) == 1
    assert attributed(sentences(UNSAID[lang], lang), lang) == 0


def test_the_languages_whose_words_of_saying_are_known_are_languages() -> None:
    assert set(LANGUAGES.split()) >= KNOWN


def test_a_quotation_is_an_attribution_in_any_language() -> None:
    assert attributed(["Die meiers: „Daar kom geen brug nie, en klaar“."], "af") == 1


def test_completeness_counts_what_there_is() -> None:
    whole = an_article(source="Harbor Tribune", published_at="2023-09-14T10:00:00Z", url="https://example.org/a")
    assert signs_of(whole, 1).completeness == 1
    assert signs_of(an_article(), 1).completeness == 0.4


def test_a_text_of_a_minute_is_halfway() -> None:
    assert signs_of(an_article(text="word " * 228), 1).length == 0.5


def test_different_numbers_months_and_days_are_figures() -> None:
    assert signs_of(an_article(text="The bridge is closed."), 1).figures == 0
    assert signs_of(an_article(text="On Monday in September 1,200 cars; Monday again, 1200 again."), 1).figures == 0.5
    korean = an_article(title="다리 통제", text="9월 13일 월요일 1,200대가 다리를 건넜다.", lang="ko")
    assert signs_of(korean, 1).figures > 0.5


@pytest.mark.parametrize(
    ("title", "text", "share"),
    [
        ("Bridge closed after flood", "After the floods a bridge had to be closed.", 1.0),
        ("You will not believe this", "After the floods a bridge had to be closed.", 0.0),
        ("푸틴 위성 지원 시사", "푸틴은 위성을 지원할 뜻을 시사했다.", 1.0),
        ("露朝首脳会談", "露朝の首脳が会談した。", 3 / 5),
        ("", "A text", 0.0),
        ("A title", "", 0.0),
        ("G7", "The G7 met.", 1.0),
        ("G7", "The others met.", 0.0),
    ],
)
def test_a_headline_fits_as_far_as_the_text_has_its_words(title: str, text: str, share: float) -> None:
    assert headline_fit(title, text) == pytest.approx(share)


@given(SIGNS)
def test_quality_is_a_share(signs: Signs) -> None:
    assert 0 <= quality(signs) <= 1 + 1e-9


@given(SIGNS, st.sampled_from(list(Signs.__slots__)), SHARE)
def test_more_of_a_sign_is_no_worse(signs: Signs, name: str, more: float) -> None:
    other = replace(signs, **{name: max(getattr(signs, name), more)})
    assert quality(other) >= quality(signs) - 1e-12


@given(WORDS, WORDS, st.sampled_from(["en", "ko", "ja", "und"]), SHARE)
def test_every_sign_of_every_article_is_a_share(title: str, text: str, lang: str, originality: float) -> None:
    signs = signs_of(an_article(title=title, text=text, lang=lang), originality)
    assert all(0 <= value <= 1 for value in signs.as_dict().values())


@given(st.lists(st.sampled_from(["The mayor said so.", "It rained on 14 May.", "“We will not hurry,” she said."])))
def test_more_sentences_are_no_less_long_attributed_or_full_of_figures(more: list[str]) -> None:
    text = "The bridge is closed."
    before = signs_of(an_article(text=text), 1)
    after = signs_of(an_article(text=" ".join([text, *more])), 1)
    assert after.length >= before.length
    assert after.attribution >= before.attribution
    assert after.figures >= before.figures


@given(st.floats(0, 1e6), st.floats(0.1, 10))
def test_saturation_begins_at_nothing_and_never_ends(count: float, half: float) -> None:
    assert saturated(0, half) == 0
    assert saturated(half, half) == 0.5
    assert saturated(count, half) <= saturated(count + 1, half) < 1


def test_the_samples_are_told_apart() -> None:
    found = [quality(signs_of(sample.article, 1)) for sample in samples()]
    assert max(found) - min(found) > 0.2
    assert 0.3 < min(found) < max(found) < 0.9
