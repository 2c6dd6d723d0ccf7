import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from index.language import UNDETERMINED, identify, primary, standard_tag


@pytest.mark.parametrize(
    ("tag", "standard"),
    [
        ("ko", "ko"),
        (" KO ", "ko"),
        ("zh_tw", "zh-TW"),
        ("zh-hant", "zh-Hant"),
        ("ZH-HANT-TW", "zh-Hant-TW"),
        ("iw", "he"),
        ("tl", "fil"),
        ("kor", "ko"),
        ("und", "und"),
    ],
)
def test_a_tag_is_brought_into_standard_form(tag: str, standard: str) -> None:
    assert standard_tag(tag) == standard


@pytest.mark.parametrize("tag", ["", "  ", "xx", "english", "en-a", "*", "en_US.UTF-8", "한국어"])
def test_what_is_no_tag_is_refused(tag: str) -> None:
    with pytest.raises(ValueError, match="is not a language tag"):
        standard_tag(tag)


@given(st.text(max_size=10) | st.from_regex(r"[a-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,3}", fullmatch=True))
@example("zh-cmn-Hans")
def test_any_string_has_a_standard_form_that_stays_or_is_refused(text: str) -> None:
    tag = UNDETERMINED
    with contextlib.suppress(ValueError):
        tag = standard_tag(text)
    assert standard_tag(tag) == tag


@pytest.mark.parametrize(("tag", "language"), [("zh-TW", "zh"), ("zh-Hant-TW", "zh"), ("ko", "ko"), ("und", "und")])
def test_the_primary_language_is_without_script_and_region(tag: str, language: str) -> None:
    assert primary(tag) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("김정은 국무위원장과 푸틴 대통령이 우주기지에서 정상회담을 열었다.", "ko"),
        ("The two leaders met at the spaceport and promised to work more closely together.", "en"),
        ("両首脳は宇宙基地で会談し、軍事協力を深めることで一致した。", "ja"),
        ("两国领导人在航天发射场举行会谈，双方同意加强军事合作。", "zh"),
        ("Президенты двух стран встретились на космодроме и договорились о сотрудничестве.", "ru"),
        ("Die beiden Staatschefs trafen sich am Weltraumbahnhof und vereinbarten eine engere Zusammenarbeit.", "de"),
        ("Les deux dirigeants se sont rencontrés au cosmodrome et ont promis de coopérer davantage.", "fr"),
        ("Los dos dirigentes se reunieron en el cosmódromo y prometieron cooperar más estrechamente.", "es"),
        ("Os dois líderes encontraram-se no cosmódromo e não assinaram nenhum acordo de cooperação.", "pt"),
        ("I due leader si sono incontrati al cosmodromo e hanno promesso una maggiore collaborazione.", "it"),
        ("التقى الزعيمان في قاعدة الفضاء واتفقا على تعزيز التعاون العسكري بين البلدين.", "ar"),
        ("दोनों नेताओं ने अंतरिक्ष केंद्र में मुलाकात की और सैन्य सहयोग बढ़ाने पर सहमति जताई।", "hi"),
        ("İki lider uzay üssünde bir araya geldi ve askeri iş birliğini artırma kararı aldı.", "tr"),
        ("Hai nhà lãnh đạo đã gặp nhau tại sân bay vũ trụ và cam kết tăng cường hợp tác quân sự.", "vi"),
        ("ผู้นำทั้งสองประเทศพบกันที่ฐานปล่อยจรวดและตกลงที่จะร่วมมือกันมากขึ้น", "th"),
        ("Obaj przywódcy spotkali się na kosmodromie i obiecali ściślejszą współpracę wojskową.", "pl"),
        ("Обидва лідери зустрілися на космодромі й домовилися про тіснішу співпрацю у військовій сфері.", "uk"),
        ("Οι δύο ηγέτες συναντήθηκαν στο κοσμοδρόμιο και συμφώνησαν σε στενότερη συνεργασία.", "el"),
    ],
)
def test_the_language_of_a_sentence_is_identified(text: str, language: str) -> None:
    assert identify(text) == language


@pytest.mark.parametrize("text", ["", "123 456", "…!?", "12:30 – 13:45", "🙂🙃"])
def test_text_without_words_has_no_language(text: str) -> None:
    assert identify(text) == UNDETERMINED


def test_an_identified_language_has_the_tag_that_is_standard_for_it() -> None:
    tagalog = "Nagpulong ang dalawang pinuno at nangako silang magtutulungan nang mas malapit ang kanilang mga bansa."
    assert identify(tagalog) == standard_tag("tl")


@given(st.text(max_size=60))
def test_any_text_has_a_standard_tag_or_none(text: str) -> None:
    language = identify(text)
    assert standard_tag(language) == language
