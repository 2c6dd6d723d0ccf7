from typing import Any

import pytest

from service.files.errors import UnreadableFileError
from service.files.formats import Format
from service.files.records import INVALID, Record, Skipped, Start, Taken
from tests.service.files.reading import fields, found

TABLE = 'Headline,ID,lang,other\n"Kim, Putin meet",a,en,1\n"A\nflood",b,,2\n'


def test_columns_are_fields_by_their_names_or_as_is_said() -> None:
    records = found(TABLE, columns={"title": "headline"})
    assert [fields(record) for record in records] == [
        {"title": "Kim, Putin meet", "id": "a", "lang": "en"},
        {"title": "A\nflood", "id": "b"},
    ]
    assert isinstance(records[0].what, Taken)
    assert records[0].what.ignored == ("other",)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949", "cp1251"])
def test_delimiter_and_encoding_are_found_out_or_given(delimiter: str, encoding: str) -> None:
    title = "북러 정상회담 열려" if encoding == "cp949" else "Путин и Ким встретились на космодроме"
    title = title if encoding in {"cp949", "cp1251"} else "Путин 북러 정상회담"
    data = f"id{delimiter}title\na{delimiter}{title}\n".encode(encoding)
    given: dict[str, Any] = {"encoding": encoding} if encoding.startswith("cp") else {}
    assert [fields(record) for record in found(data, **given)] == [{"id": "a", "title": title}]


def test_an_encoding_is_detected_in_a_text_of_some_length() -> None:
    rows = "\n".join(f"{number},Президент России встретился с лидером страны на космодроме" for number in range(20))
    records = found(f"id,title\n{rows}\n".encode("cp1251"))
    assert fields(records[0])["title"] == "Президент России встретился с лидером страны на космодроме"


def test_what_cannot_be_decoded_spoils_its_own_row_only() -> None:
    data = b"id,title\na,A summit\n" + b"b,A \xff flood\nc,Football\n"
    first, second, third = found(data, encoding="utf-8")
    assert (fields(first)["title"], fields(third)["title"]) == ("A summit", "Football")
    assert "\\udcff" in bytes(second.what.data).decode() if isinstance(second.what, Taken) else False


def test_a_row_that_is_not_csv_is_reported() -> None:
    records = found('id,title\na,"A "summit" here"\nb,A flood\n', Format.CSV)
    assert isinstance(records[0].what, Skipped)
    assert records[0].what.outcome == INVALID
    assert fields(records[-1])["id"] == "b"


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(UnreadableFileError, match="no column 'headlin' for 'title'; the columns are 'Headline'"):
        found(TABLE, columns={"title": "headlin"})


def test_an_encoding_that_is_none_is_named() -> None:
    with pytest.raises(UnreadableFileError, match="no encoding 'klingon'"):
        found(TABLE, encoding="klingon")


def test_reading_goes_on_after_a_row() -> None:
    assert [record.number for record in found(TABLE, start=Start(1))] == [2]
    assert found(TABLE, start=Start(2)) == list[Record]()
