import io

from hypothesis import given
from hypothesis import strategies as st

from service.files import json_lines
from service.files.records import Skipped, Start, Taken
from tests.service.files.reading import fields, found

_LINES = st.lists(st.sampled_from([b'{"id": "a"}', b"", b"  ", b"nonsense", b'{"id": "long"}'.ljust(90)]), max_size=12)


def test_every_line_that_is_not_blank_is_a_record_with_its_number() -> None:
    records = found('\ufeff{"id": "a", "tags": [1]}\n\n{"id": "b", "titel": "x"}\r\n')
    assert [record.number for record in records] == [1, 3]
    assert [fields(record) for record in records] == [{"id": "a"}, {"id": "b", "titel": "x"}]
    assert isinstance(records[0].what, Taken)
    assert records[0].what.ignored == ("tags",)


@given(_LINES, st.booleans())
def test_reading_goes_on_after_any_record(lines: list[bytes], ends: bool) -> None:
    data = b"\n".join(lines) + (b"\n" if ends else b"")
    records = list(json_lines.read(io.BytesIO(data)))
    for place, record in enumerate(records):
        rest = list(json_lines.read(io.BytesIO(data), Start(record.number, record.end)))
        assert rest == records[place + 1 :]


def test_a_line_without_an_end_is_not_read_into_memory_as_a_whole() -> None:
    data = b'{"id": "a"}\n' + b"x" * (2 * json_lines.MAX_LINE + 10) + b'\n{"id": "b"}\n'
    first, second, third = json_lines.read(io.BytesIO(data))
    assert isinstance(second.what, Skipped)
    assert "longer than" in second.what.reason
    assert (fields(first), fields(third), third.number) == ({"id": "a"}, {"id": "b"}, 3)
