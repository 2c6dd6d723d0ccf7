import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.files.formats import Format
from service.files.records import INVALID, SKIPPED, Skipped, TakenDown
from tests.service.files.reading import fields, found

FIRST = {
    "uri": "urn:newsml:agency.example:20230913:1",
    "type": "text",
    "versioncreated": "2023-09-13T12:00:00Z",
    "language": "en-GB",
    "headline": "Kim meets Putin",
    "body_html": "<p>The leaders met.</p><p>They spoke.</p>",
    "copyrightholder": "The Agency",
}
SECOND = {
    "uri": "http://agency.example/items/1",
    "firstcreated": "2023-09-13T10:00:00Z",
    "versioncreated": "2023-09-13T12:00:00Z",
    "headlines": [{"role": "short", "value": "Kim"}, {"role": "main", "value": "Kim meets Putin"}],
    "bodies": [{"role": "main", "contenttype": "text/html", "value": "<p>The leaders met.</p>"}],
    "infosources": [{"name": "The Agency"}],
}
THIRD = {
    "uri": "urn:x:3",
    "pubStatus": "usable",
    "versionCreated": "2023-09-13T12:00:00Z",
    "headlines": [{"value": "Kim meets Putin"}],
    "descriptions": [{"contentType": "text/plain", "value": "The leaders met."}],
    "copyrightHolder": "The Agency",
}


def test_items_of_version_1() -> None:
    (record,) = found(json.dumps(FIRST))
    assert fields(record) == {
        "id": "urn:newsml:agency.example:20230913:1",
        "title": "Kim meets Putin",
        "text": "The leaders met.\nThey spoke.",
        "lang": "en-GB",
        "published_at": "2023-09-13T12:00:00Z",
        "source": "The Agency",
    }


@pytest.mark.parametrize("item", [SECOND, THIRD])
def test_items_of_versions_2_and_3(item: dict[str, Any]) -> None:
    (record,) = found(json.dumps(item, indent=2))
    read = fields(record)
    assert (read["title"], read["text"], read["source"]) == ("Kim meets Putin", "The leaders met.", "The Agency")
    assert read["published_at"] == item.get("firstcreated", "2023-09-13T12:00:00Z")


def test_an_id_has_only_characters_that_ids_have() -> None:
    (record,) = found(json.dumps(SECOND))
    assert fields(record)["id"].startswith("id-")


@pytest.mark.parametrize("name", ["pubstatus", "pubStatus"])
@pytest.mark.parametrize("status", ["canceled", "withheld"])
def test_what_is_canceled_is_a_takedown_of_the_same_article(name: str, status: str) -> None:
    kept, canceled = found(json.dumps([SECOND, SECOND | {name: status}]))
    assert canceled.what == TakenDown(fields(kept)["id"])


def test_what_is_embargoed_is_not_taken_before_its_time() -> None:
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    items = [FIRST | {"embargoed": until} for until in (soon, "2023-09-13T09:00:00Z", "noon")]
    held, free, unreadable = found(json.dumps(items))
    assert isinstance(held.what, Skipped)
    assert held.what.outcome == SKIPPED
    assert f"embargoed until {soon}" in held.what.reason
    assert fields(free)["title"] == "Kim meets Putin"
    assert isinstance(unreadable.what, Skipped)
    assert unreadable.what.outcome == INVALID  # what may not be shown yet is not shown for a mistake


def test_pictures_are_passed_over() -> None:
    (record,) = found(json.dumps(FIRST | {"type": "picture"}))
    assert isinstance(record.what, Skipped)
    assert record.what.outcome == SKIPPED


def test_bad_items_on_lines_are_reported_and_others_read() -> None:
    data = "\n".join([json.dumps(FIRST), "{nonsense", json.dumps({"headline": "no uri"}), "7", json.dumps(THIRD)])
    first, *bad, last = found(data, Format.NINJS)
    assert all(isinstance(record.what, Skipped) and record.what.outcome == INVALID for record in bad)
    assert len(bad) == 3
    assert (fields(first)["id"], fields(last)["id"]) == (FIRST["uri"], "urn:x:3")
