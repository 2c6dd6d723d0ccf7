import contextlib
import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from index.article import MAX_TEXT, MAX_TITLE, MAX_URL, Article, Content, canonical_url, clean_text, id_of_url
from tests.index.fakes import an_article

PLAIN = an_article("a", title="Two leaders meet", text="They met on Thursday.", url="https://a.example/x")

url_characters = st.characters(codec="utf-8", exclude_characters="\x00")
url_text = st.text(url_characters | st.sampled_from("&=?#%;/:@[]+. "), max_size=20)
queries = st.lists(
    st.tuples(st.sampled_from(["a", "b", "utm_source", "utm_x", "fbclid", "gclid", "q%26"]), st.text(max_size=5)),
    max_size=5,
).map(lambda pairs: "&".join(f"{name}={value}" for name, value in pairs))


@st.composite
def urls(draw: st.DrawFn) -> str:
    scheme = draw(st.sampled_from(["http", "https", "HTTP"]))
    host = draw(st.sampled_from(["a.example", "A.Example", "é.example", "[::1]", "u:p@a.example"]))
    port = draw(st.sampled_from(["", ":", ":80", ":443", ":8000"]))
    return f"{scheme}://{host}{port}/{draw(url_text)}?{draw(queries)}{draw(url_text)}"


# Text


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  a \t b\u00a0\u3000c  ", "a b c"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("a \n\n \n  b", "a\nb"),
        ("a\x00\x07b\ufeffc\x9f", "abc"),
        ("cafe\u0301", "café"),
        (unicodedata.normalize("NFD", "북·러 회담"), "북·러 회담"),
        ("\u202eא", "\u202eא"),
    ],
)
def test_text_is_composed_and_without_control_characters_and_superfluous_space(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean


@given(st.text())
@example("a\n \u0301")
@example("\u1100\x00\u1161")
def test_clean_text_is_clean_already(text: str) -> None:
    clean = clean_text(text)
    assert clean_text(clean) == clean
    assert unicodedata.is_normalized("NFC", clean)
    assert not re.search(r"\s\s|^\s|\s$|[\x00-\x09\x0b-\x1f\x7f-\x9f]", clean)


@pytest.mark.parametrize("field", ["title", "text", "source"])
@pytest.mark.parametrize("blank", ["", "   ", "\n\t", "\x00", "… – !"])
def test_a_field_without_letters_and_digits_is_refused(field: str, blank: str) -> None:
    with pytest.raises(ValidationError, match="at least one letter or digit"):
        Article.model_validate({"id": "a", "title": "A title", "text": "A text"} | {field: blank})


@pytest.mark.parametrize(("field", "longest"), [("title", MAX_TITLE), ("text", MAX_TEXT), ("source", 200)])
def test_a_field_may_be_long_but_not_longer(field: str, longest: int) -> None:
    an_article("a", **{field: "x" * longest})
    with pytest.raises(ValidationError, match="at most"):
        an_article("a", **{field: "x" * (longest + 1)})


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(ValidationError, match="half a character"):
        an_article("a", title="\ud800 broken")


def test_a_title_or_a_text_is_needed() -> None:
    with pytest.raises(ValidationError, match="needs a 'title' or a 'text'"):
        Article.model_validate({"id": "a", "source": "Harbor Tribune"})


@pytest.mark.parametrize("field", ["title", "text"])
def test_a_title_or_a_text_is_enough(field: str) -> None:
    assert Content.model_validate({field: "Two leaders meet"}).words == "Two leaders meet"


def test_words_are_title_and_text() -> None:
    assert PLAIN.words == "Two leaders meet\nThey met on Thursday."


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(ValidationError, match="titel"):
        an_article("a", titel="A summit")


# URL and id


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://a.example", "https://a.example/"),
        ("HTTPS://A.Example/Path", "https://a.example/Path"),
        (" https://a.example/x ", "https://a.example/x"),
        ("https://a.example/x#part", "https://a.example/x"),
        ("http://a.example:80/x", "http://a.example/x"),
        ("https://a.example:443/x", "https://a.example/x"),
        ("https://a.example:8443/x", "https://a.example:8443/x"),
        ("http://a.example:443/x", "http://a.example:443/x"),
        ("https://a.example/x?b=2&a=1", "https://a.example/x?a=1&b=2"),
        ("https://a.example/x?utm_source=rss&id=7&utm_medium=mail", "https://a.example/x?id=7"),
        ("https://a.example/x?fbclid=1&gclid=2&yclid=3", "https://a.example/x"),
        ("https://a.example/x?autm_source=1", "https://a.example/x?autm_source=1"),
        ("https://a.example/뉴스?q=북", "https://a.example/%EB%89%B4%EC%8A%A4?q=%EB%B6%81"),
        ("https://a.example/%eb%89%b4", "https://a.example/%EB%89%B4"),
    ],
)
def test_a_url_is_brought_into_canonical_form(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical


def test_a_repeated_parameter_keeps_all_its_values() -> None:
    assert canonical_url("https://a.example/x?id=1&id=2") == "https://a.example/x?id=1&id=2"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/x",
        "a.example/x",
        "//a.example/x",
        "http://",
        "http:///x",
        "ftp://a.example/x",
        "mailto:a@a.example",
        "javascript:alert(1)",
        "http://a.example:99999/",
        "http://a.example:port/",
        "http://[::1/",
        "http://a b.example/",
        "http://a.example/\ud800",
        "http://a.example/" + "x" * MAX_URL,
    ],
)
def test_what_is_no_absolute_http_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        canonical_url(url)
    with pytest.raises(ValidationError):
        an_article("a", url=url)


@given(urls())
def test_a_canonical_url_is_canonical_already(url: str) -> None:
    canonical = canonical_url(url)
    assert canonical_url(canonical) == canonical


def test_the_canonical_form_of_a_long_url_is_accepted_again() -> None:
    canonical = canonical_url("https://a.example/" + "뉴" * 440)
    assert canonical_url(canonical) == canonical


@given(st.text(max_size=40))
def test_any_string_is_a_url_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert canonical_url(text).startswith(("http://", "https://"))


def test_the_id_of_an_article_without_one_comes_from_its_canonical_url() -> None:
    first = Article.model_validate({"title": "A", "url": "https://a.example/x?utm_source=rss"})
    second = Article.model_validate({"title": "B", "url": "https://A.example:443/x#top"})
    assert first.id == second.id == id_of_url("https://a.example/x")
    assert re.fullmatch(r"url-[0-9a-f]{32}", first.id)


def test_other_urls_have_other_ids() -> None:
    assert id_of_url("https://a.example/x") != id_of_url("https://a.example/y")


def test_an_id_given_is_kept() -> None:
    assert an_article("mine", url="https://a.example/x").id == "mine"


@pytest.mark.parametrize("fields", [{}, {"id": None}, {"url": None}, {"url": 7}])
def test_an_article_without_id_and_url_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="needs an 'id', or a 'url'"):
        Article.model_validate({"title": "A summit"} | fields)


@pytest.mark.parametrize("article_id", ["a", "7", "kp-ru_summit.talks~1:ko@2", "x" * 200])
def test_ids_that_are_accepted(article_id: str) -> None:
    assert an_article(article_id).id == article_id


@pytest.mark.parametrize("article_id", ["", "-a", ".a", "a b", "a/b", "é", "a\n", "x" * 201])
def test_ids_that_are_refused(article_id: str) -> None:
    with pytest.raises(ValidationError, match=r"\bid\b"):
        an_article(article_id)


# Date


@pytest.mark.parametrize(
    ("given_date", "moment"),
    [
        ("2023-09-14T09:30:00+09:00", datetime(2023, 9, 14, 0, 30, tzinfo=UTC)),
        ("2023-09-14T09:30:00Z", datetime(2023, 9, 14, 9, 30, tzinfo=UTC)),
        ("2023-09-14T09:30:00", datetime(2023, 9, 14, 9, 30, tzinfo=UTC)),
        (" 2023-09-14 ", datetime(2023, 9, 14, tzinfo=UTC)),
        (datetime(2023, 9, 14, 9, 30), datetime(2023, 9, 14, 9, 30, tzinfo=UTC)),  # noqa: DTZ001 - what is tested
        (datetime(2023, 9, 14, 9, tzinfo=timezone(timedelta(hours=9))), datetime(2023, 9, 14, tzinfo=UTC)),
    ],
)
def test_a_date_is_turned_to_utc_and_is_utc_without_an_offset(given_date: object, moment: datetime) -> None:
    published_at = an_article("a", published_at=given_date).published_at
    assert published_at == moment
    assert published_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("given_date", [1694650000, 1694650000.5, True, ["2023-09-14"]])
def test_a_date_that_is_no_string_is_refused(given_date: object) -> None:
    with pytest.raises(ValidationError, match="a date is a string in ISO 8601"):
        an_article("a", published_at=given_date)


@pytest.mark.parametrize("given_date", ["", "yesterday", "1694650000", "14.09.2023", "2023-13-01"])
def test_a_string_that_is_no_date_is_refused(given_date: str) -> None:
    with pytest.raises(ValidationError, match="is not an ISO 8601 date"):
        an_article("a", published_at=given_date)


def test_a_date_before_the_year_one_is_refused() -> None:
    with pytest.raises(ValidationError, match="out of range"):
        an_article("a", published_at="0001-01-01T00:00:00+14:00")


# Language and country


@pytest.mark.parametrize("field", ["lang", "language"])
def test_the_language_may_be_called_lang_or_language(field: str) -> None:
    assert Content.model_validate({"title": "북러 정상회담", field: "KO_kr"}).lang == "ko-KR"


def test_a_language_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError, match="is not a language tag"):
        an_article("a", lang="english")


def test_the_language_given_goes_before_the_words() -> None:
    content = Content.model_validate({"title": "The summit of the two leaders has ended", "lang": "de"})
    assert content.language == "de"


def test_the_language_not_given_is_identified_from_the_words() -> None:
    content = Content.model_validate({"title": "The summit of the two leaders has ended without a statement"})
    assert (content.lang, content.language) == (None, "en")


@pytest.mark.parametrize("country", ["KR", "kr", "Kr"])
def test_a_country_code_is_in_capitals(country: str) -> None:
    assert an_article("a", country=country).country == "KR"


@pytest.mark.parametrize("country", ["", "K", "XX", "ZZ", "KOR", "82", "Korea", "001"])
def test_a_country_code_that_is_none_is_refused(country: str) -> None:
    with pytest.raises(ValidationError, match="is not a country code"):
        an_article("a", country=country)


@given(st.text(st.characters(min_codepoint=128), min_size=1, max_size=2))
@example("ß")
@example("ſe")
def test_a_country_code_has_no_letters_beyond_ascii(country: str) -> None:
    with pytest.raises(ValidationError, match="is not a country code"):
        an_article("a", country=country)


# Hashes


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Three leaders meet"},
        {"text": "They met on Friday."},
        {"lang": "de"},
        {"url": "https://a.example/y"},
        {"source": "Harbor Tribune"},
        {"country": "KR"},
        {"published_at": "2023-09-14"},
    ],
)
def test_every_field_changes_the_content_hash(change: dict[str, object]) -> None:
    changed = Article.model_validate(PLAIN.model_dump() | change)
    assert changed.content_hash != PLAIN.content_hash


@pytest.mark.parametrize(
    "change",
    [
        {"id": "b"},
        {"title": "  Two  leaders meet "},
        {"url": "https://a.example/x?utm_source=rss#top"},
        {"lang": "EN"},
    ],
)
def test_the_id_and_the_way_of_writing_do_not_change_the_content_hash(change: dict[str, object]) -> None:
    changed = Article.model_validate(PLAIN.model_dump() | change)
    assert changed.content_hash == PLAIN.content_hash


def test_the_same_moment_in_another_time_zone_does_not_change_the_content_hash() -> None:
    seoul = an_article("a", published_at="2023-09-14T09:30:00+09:00")
    utc = an_article("a", published_at="2023-09-14T00:30:00Z")
    assert seoul.content_hash == utc.content_hash


@pytest.mark.parametrize("change", [{"title": "Three leaders meet"}, {"text": "They met on Friday."}, {"title": None}])
def test_other_words_change_the_words_hash(change: dict[str, object]) -> None:
    changed = Article.model_validate(PLAIN.model_dump() | change)
    assert changed.words_hash != PLAIN.words_hash


@pytest.mark.parametrize(
    "change", [{"id": "b"}, {"lang": "de"}, {"source": "Harbor Tribune"}, {"country": "KR"}, {"url": None}]
)
def test_what_is_not_words_does_not_change_the_words_hash(change: dict[str, object]) -> None:
    changed = Article.model_validate(PLAIN.model_dump() | change)
    assert changed.words_hash == PLAIN.words_hash


def test_a_decomposed_title_has_the_same_hashes() -> None:
    title = "북·러, 광범위한 군사협력 시사"
    composed = an_article("a", title=title)
    decomposed = an_article("a", title=unicodedata.normalize("NFD", title))
    assert decomposed == composed
    assert decomposed.words_hash == composed.words_hash
    assert decomposed.content_hash == composed.content_hash
