import json

import pytest

from service.files.errors import UnreadableFileError
from service.files.formats import Format
from service.files.records import INVALID, Skipped
from tests.service.files.reading import fields, found

FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "The Paper",
    "home_page_url": "https://paper.example/",
    "language": "en",
    "items": [
        {
            "id": "1",
            "url": "https://paper.example/kim",
            "title": "Kim meets Putin",
            "content_html": "<p>The leaders <b>met</b>.</p><p>They<br>spoke.</p><script>alert(1)</script>",
            "date_published": "2023-09-13T10:00:00Z",
        },
        {"id": 2, "content_text": "A flood.", "language": "ko", "tags": ["x"]},
        {"title": "without anything to know it by"},
        "nonsense",
    ],
}


def test_items_are_articles_of_the_feed() -> None:
    first, second, third, fourth = found(json.dumps(FEED))
    assert fields(first) == {
        "url": "https://paper.example/kim",
        "title": "Kim meets Putin",
        "text": "The leaders met.\nThey\nspoke.",
        "lang": "en",
        "published_at": "2023-09-13T10:00:00Z",
        "source": "The Paper",
    }
    assert fields(second)["lang"] == "ko"
    for bad in (third, fourth):
        assert isinstance(bad.what, Skipped)
        assert bad.what.outcome == INVALID


def test_an_id_without_a_url_is_of_its_feed() -> None:
    (one,) = found(json.dumps(FEED | {"items": [{"id": "7", "title": "A summit"}]}))
    (other,) = found(
        json.dumps(FEED | {"items": [{"id": "7", "title": "A flood"}], "home_page_url": "https://b.example"})
    )
    assert fields(one)["id"] != fields(other)["id"]


@pytest.mark.parametrize("data", ['{"version": "https://jsonfeed.org/version/1"}', "{", "[" * 100_000])
def test_what_is_no_feed_is_refused(data: str) -> None:
    with pytest.raises(UnreadableFileError):
        found(data, Format.JSON_FEED)
