import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.related.mentions import MOST_NAMES, Number, countries, name_key, names, numbers, quotations


def plain(text: str) -> list[str]:
    return [number.plain for number in numbers(text)]


def test_names_are_words_with_capitals_within_sentences() -> None:
    text = "Talks opened on Monday. Vladimir Putin met Kim Jong Un at the Vostochny spaceport. Putin spoke first."
    assert names(text, "en") == ["Vladimir Putin", "Kim Jong Un", "Vostochny"]


@pytest.mark.parametrize(
    ("text", "lang", "found"),
    [
        ("It was said in Moscow’s papers", "en", ["Moscow"]),
        ("The Ministers of the North met ministers of the north", "en", []),
        ("Gestern traf der Kanzler in Berlin Emmanuel Macron", "de", ["Berlin Emmanuel Macron"]),
        ("Er sprach von der Regierung", "de", []),
        ("По словам дипломатов, Владимир Путин прибыл в Пекин", "ru", ["Владимир Путин", "Пекин"]),
        ("カマラ・ハリス氏とゼレンスキー氏が会談", "ja", ["カマラ・ハリス", "ゼレンスキー"]),
        ("사람들이 모였다", "ko", []),
    ],
)
def test_names_in_other_scripts_and_languages(text: str, lang: str, found: list[str]) -> None:
    assert names(text, lang) == found


@pytest.mark.parametrize(("one", "other"), [("Путин", "Putin"), ("Путина", "Putin"), ("Макрон", "Macron")])
def test_a_name_has_one_key_in_several_scripts(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), [("Macron", "Merkel"), ("Kim", "Kan"), ("Polen", "Polk")])
def test_other_names_have_other_keys(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize(
    ("text", "lang", "found"),
    [
        ("France and Germany", "en", ["DE", "FR"]),
        ("Президент России прибыл в Китай", "ru", ["CN", "RU"]),
        ("북한과 러시아가 정상회담", "ko", ["KP", "RU"]),
        ("中国回应朝俄会晤", "zh", ["CN"]),
        ("阪神タイガースが優勝", "ja", []),
        ("タイの首相が来日", "ja", ["TH"]),
        ("a turkey in the oven", "en", []),
        ("Australia and Nigeria", "en", ["AU", "NG"]),
        ("George met Children in Indiana", "en", []),
        ("印度尼西亚总统", "zh", ["ID"]),
        ("선수단이 경기를 했다", "ko", []),
        ("words of no language that is known", "und", []),
    ],
)
def test_countries_are_known_by_their_names(text: str, lang: str, found: list[str]) -> None:
    assert countries(text, lang) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2,900 dead, 5.25% and 1.250.000 euros", ["2900", "5.25", "1250000"]),
        ("3,5 und 12", ["3.5", "12"]),
        ("٢٬٩٠٠ قتيل و ৭৮", ["2900", "78"]),
        ("7 of 9", []),
        ("25\u00a0000 personnes, 1 250 000 euros, 1’000 Franken", ["25000", "1250000", "1000"]),
        ("in 2023 and again 2023", ["2023"]),
    ],
)
def test_numbers_are_the_same_however_they_are_written(text: str, found: list[str]) -> None:
    assert plain(text) == found


def test_a_number_is_telling_if_it_is_rare() -> None:
    assert [Number(plain).is_telling for plain in ("12", "113", "2023", "5.25", "3500")] == [
        False,
        True,
        False,
        True,
        True,
    ]


def test_quotations_are_longer_than_an_expression() -> None:
    text = 'He called it “a day that nobody will forget” and not "so bad". 「忘れられない一日になった」と述べた'
    assert quotations(text) == ["a day that nobody will forget", "忘れられない一日になった"]


@given(st.text(max_size=300), st.sampled_from(["en", "ko", "ja", "ar", "de", "und", "zh-TW"]))
def test_any_text_can_be_read(text: str, lang: str) -> None:
    assert len(names(text, lang)) <= MOST_NAMES
    assert countries(text, lang) == sorted(set(countries(text, lang)))
    assert len(plain(text)) == len(set(plain(text)))
    assert all(quoted in text for quoted in quotations(text))
