import pytest

from index.article import ArticleFields
from index.publishers import Publisher, publisher_of


@pytest.mark.parametrize(
    ("url", "source", "country"),
    [
        ("https://news.example.co.kr/2023/1", "example.co.kr", "KR"),
        ("https://www.example.de:8443/1", "example.de", "DE"),
        ("https://www.example.co.uk/1", "example.co.uk", "GB"),
        ("https://example.gov.br/", "example.gov.br", "BR"),
        ("https://edition.example.com/1", "example.com", None),
        ("https://example.eu/", "example.eu", None),
        ("https://example.news/", "example.news", None),
        *((f"https://example.{generic}/1", f"example.{generic}", None) for generic in ("tv", "io", "me", "co", "ai")),
        ("https://someone.blogspot.com/1", "someone.blogspot.com", None),
        ("https://user.github.io/1", "user.github.io", None),
        ("http://127.0.0.1:8000/1", None, None),
        ("http://[::1]/1", None, None),
        ("http://localhost/1", None, None),
        ("https://co.kr/", None, "KR"),
    ],
)
def test_what_a_url_tells_of_the_publisher(url: str, source: str | None, country: str | None) -> None:
    article = ArticleFields.model_validate({"title": "A summit", "url": url})
    assert publisher_of(article) == Publisher(source, country)


def test_what_an_article_says_counts_more() -> None:
    article = {"title": "A summit", "url": "https://news.example.kr/1"}
    named = ArticleFields.model_validate(article | {"source": "The Paper"})
    assert publisher_of(named) == Publisher("The Paper", "KR")
    placed = ArticleFields.model_validate(article | {"country": "JP"})
    assert publisher_of(placed) == Publisher("example.kr", "JP")


def test_without_a_url_nothing_is_told() -> None:
    assert publisher_of(ArticleFields(title="A summit")) == Publisher(None, None)
