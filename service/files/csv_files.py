"""CSV: a table of articles with the names of its columns in the first row."""

import codecs
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

from service.encodings import likely_encoding
from service.files.errors import UnreadableFileError
from service.files.records import BEGINNING, INVALID, MAX_RECORD, ReadOptions, Record, Skipped, Start, taken
from service.lines import FIELDS

_DELIMITERS = ",;\t|"
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def read(
    stream: BinaryIO,
    start: Start = BEGINNING,
    *,
    head: bytes,
    options: ReadOptions = ReadOptions(),  # noqa: B008 - frozen
) -> Iterator[Record]:
    """The articles in the rows after the first.

    Args:
        stream: the file.
        start: where to begin.
        head: the first bytes of the file, by which its encoding and delimiter are told where they are not given.
        options: those given, and the names of columns.

    Raises:
        UnreadableFileError: a column is not there, or the encoding is none.
    """
    csv.field_size_limit(MAX_RECORD)
    encoding = options.encoding or detected_encoding(head)
    try:
        first = codecs.getincrementaldecoder(encoding)("replace").decode(head)
        # What cannot be decoded spoils its own row only, which is refused for it.
        text = io.TextIOWrapper(stream, encoding, errors="surrogateescape", newline="")
    except LookupError as error:
        raise UnreadableFileError(f"there is no encoding {encoding!r}; give another one with --encoding") from error
    try:
        yield from _records(
            csv.reader(text, delimiter=options.delimiter or detected_delimiter(first), strict=True), start, options
        )
    finally:
        text.detach()  # the stream is for others to close


def _records(rows: Iterator[list[str]], start: Start, options: ReadOptions) -> Iterator[Record]:
    names = next(rows, [])
    columns = fields_of(names, options.columns)
    ignored = tuple(name for place, name in enumerate(names) if name and place not in columns)
    number = 0
    while True:
        number += 1
        try:
            row = next(rows, None)
        except csv.Error as error:
            if number > start.number:
                yield Record(number, Skipped(f"the row is not CSV: {error}", INVALID))
            continue
        if row is None:
            return
        if any(row) and number > start.number:
            fields = {columns[place]: value.strip() for place, value in enumerate(row) if place in columns}
            yield Record(number, taken(fields, ignored))


def fields_of(names: Sequence[str], given: Mapping[str, str]) -> dict[int, str]:
    """The field of articles that each column has, by the column's place; without those that are no field.

    Args:
        names: of the columns.
        given: the column of each field that is not called like it.

    Raises:
        UnreadableFileError: a column is not there.
    """
    places = {name.strip().casefold(): place for place, name in reversed(list(enumerate(names)))}
    columns = {places[field]: field for field in FIELDS if field in places and field not in given}
    for field, name in given.items():
        place = places.get(name.strip().casefold())
        if place is None:
            there = ", ".join(repr(name) for name in names)
            raise UnreadableFileError(f"there is no column {name!r} for {field!r}; the columns are {there}")
        columns[place] = field
    return columns


def detected_encoding(head: bytes) -> str:
    """The encoding of a text by its first bytes: by its mark, UTF-8 where it can be that, or what looks best."""
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding
    return likely_encoding(head, is_whole=False)


def detected_delimiter(text: str) -> str:
    """What stands between the columns of a table that begins with a text."""
    header = text.partition("\n")[0]
    return max(_DELIMITERS, key=header.count)
