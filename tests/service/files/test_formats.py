import json

import pytest

from service.files.errors import UnreadableFileError
from service.files.formats import Format, recognised
from service.files.records import ReadOptions
from tests.service.files.reading import PAGE

ITEM = {"uri": "urn:x:1", "versioncreated": "2023-09-13T10:00:00Z", "headline": "A summit"}
FEED = {"version": "https://jsonfeed.org/version/1.1", "title": "The Paper", "items": []}


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ('{"id": "a", "title": "A summit"}\n{"id": "b"}', Format.JSONL),
        ('\ufeff{"id": "a"}', Format.JSONL),
        ("{nonsense\n", Format.JSONL),
        ('nonsense\n{"id": "a"}\n', Format.JSONL),
        (json.dumps(ITEM), Format.NINJS),
        (json.dumps(ITEM, indent=2), Format.NINJS),
        (json.dumps([ITEM]), Format.NINJS),
        (json.dumps(ITEM) + "\n" + json.dumps(ITEM), Format.NINJS),
        ('{\n "uri": "x",\n "versionCreated": "2023-09-13"}', Format.NINJS),
        (json.dumps(FEED), Format.JSON_FEED),
        (json.dumps(FEED, indent=1), Format.JSON_FEED),
        ("id,title\na,A summit\n", Format.CSV),
        ('"Title";"Text"\n', Format.CSV),
        ('<?xml version="1.0"?>\n<newsMessage xmlns="http://iptc.org/std/nar/2006-10-01/">', Format.NEWSML),
        ('<nar:newsItem xmlns:nar="http://iptc.org/std/nar/2006-10-01/">', Format.NEWSML),
        (PAGE, Format.HTML),
        ("WARC/1.0\r\nWARC-Type: warcinfo\r\n", Format.WARC),
    ],
)
def test_a_format_is_told_by_what_is_in_a_file(head: str, kind: Format) -> None:
    assert recognised(head.encode(), ReadOptions()) is kind


@pytest.mark.parametrize("head", ["", "a summit", "<rss><channel/></rss>", "\x7fELF"])
def test_what_is_none_is_refused_with_what_to_do(head: str) -> None:
    with pytest.raises(UnreadableFileError, match="--format"):
        recognised(head.encode(), ReadOptions())


def test_a_table_whose_columns_are_named_on_the_command_line_is_one() -> None:
    assert recognised(b"headline|body\n", ReadOptions({"title": "headline"})) is Format.CSV
