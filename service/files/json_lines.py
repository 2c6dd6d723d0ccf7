"""JSON Lines: an article on every line."""

import difflib
import json
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import BinaryIO

from service.files.records import BEGINNING, INVALID, MAX_RECORD, Record, Skipped, Start, Taken
from service.lines import FIELDS

MAX_LINE = MAX_RECORD

_PASSED_AT_ONCE = 2**20


def read(stream: BinaryIO, start: Start = BEGINNING) -> Iterator[Record]:
    """The articles on lines that are not blank; of one that is too long no more is read at once than the most."""
    number, offset = start.number, start.offset
    go_to(stream, offset)
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        offset += len(line)
        is_whole = len(line) <= MAX_LINE
        rest = line
        while not rest.endswith(b"\n") and (rest := stream.readline(MAX_LINE)):
            offset += len(rest)
        words = (line.removeprefix(BOM_UTF8) if number == 1 else line).strip()
        if not is_whole:
            yield Record(number, Skipped(f"the line is longer than {MAX_LINE} bytes", INVALID), offset)
        elif words:
            yield Record(number, known_fields(words), offset)


def go_to(stream: BinaryIO, offset: int) -> None:
    """Go on reading from an offset behind the beginning, where the stream is."""
    if not offset:
        return
    if stream.seekable():
        stream.seek(offset)
        return
    while offset and (passed := len(stream.read(min(offset, _PASSED_AT_ONCE)))):
        offset -= passed


def known_fields(line: bytes) -> Taken:
    """An article without fields that articles do not have: an archive often carries more."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return Taken(line)  # reported when it is checked
    if not isinstance(row, dict):
        return Taken(line)
    # A field whose name is nearly one of ours is most likely misspelt: it stays, and the line is refused with a hint.
    unknown = [name for name in row if name not in FIELDS and not difflib.get_close_matches(name, FIELDS, cutoff=0.8)]
    if not unknown:
        return Taken(line)
    return Taken(json.dumps({name: row[name] for name in row if name in FIELDS}).encode(), tuple(unknown))
