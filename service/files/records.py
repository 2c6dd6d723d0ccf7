"""What is found in a file, one after the other."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from index.article import ID_PATTERN, MAX_ID

MAX_RECORD = 2**24
"""Bytes. The longest article that is taken has fewer than a tenth of them."""

CANCELED = frozenset({"canceled", "cancelled", "withheld"})
"""In the standards of the IPTC: what has it must not be shown, whatever was said before."""

SKIPPED = "skipped"
"""What became of a record that is no article, or none yet."""

INVALID = "invalid"
"""Of one that should have been an article, and is none."""

UNREADABLE = "unreadable"
"""Of a file, or of the rest of one."""

_DIGITS = 32


@dataclass(frozen=True, slots=True)
class Taken:
    """An article, as JSON, that is still to be checked; and the names of fields that articles do not have."""

    data: bytes
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TakenDown:
    """A publisher takes back the article with this id."""

    id: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that is not taken, and why."""

    reason: str
    outcome: str = SKIPPED


@dataclass(frozen=True, slots=True)
class Record:
    """What is found at a place.

    Attributes:
        number: of the line in a file that has lines, or of the record, from 1.
        what: it.
        end: the offset of the first byte after it in the file, inflated, where one can go on from there; or 0.
    """

    number: int
    what: Taken | TakenDown | Skipped
    end: int = 0


@dataclass(frozen=True, slots=True)
class Start:
    """Where to begin in a file: after how many lines or records, and at which offset where those of lines count."""

    number: int = 0
    offset: int = 0


BEGINNING = Start()


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read files.

    Attributes:
        columns: of CSV, the field of articles for each column that has not the name of one.
        delimiter: of CSV; None to find out.
        encoding: of CSV; None to find out.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    delimiter: str | None = None
    encoding: str | None = None


def taken(fields: Mapping[str, Any], ignored: tuple[str, ...] = ()) -> Taken:
    """An article of those fields that have something in them."""
    there = {name: value for name, value in fields.items() if value not in {None, ""}}
    return Taken(json.dumps(there).encode(), ignored)


def id_of(identifier: str, within: str = "") -> str:
    """An article's id from any identifier: itself where it can be one, or else the first 128 bits of its SHA-256.

    Args:
        identifier: such as a URI.
        within: what it is unique in, if not in the world.
    """
    if not within and len(identifier) <= MAX_ID and re.fullmatch(ID_PATTERN, identifier):
        return identifier
    digest = hashlib.sha256("\n".join((within, identifier)).encode(errors="surrogatepass"))
    return f"id-{digest.hexdigest()[:_DIGITS]}"
