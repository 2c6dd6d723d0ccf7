"""Which format a file has, and how each is read."""

import json
import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import partial
from typing import BinaryIO

from service.files import csv_files, json_feed, json_lines, newsml, ninjs, pages, warc
from service.files.errors import UnreadableFileError
from service.files.records import ReadOptions, Record, Start
from service.lines import FIELDS

HEAD = 2**16
"""So many bytes of a file tell its format."""


class Format(StrEnum):
    """What a file of articles may be."""

    JSONL = "jsonl"
    CSV = "csv"
    JSON_FEED = "json-feed"
    NINJS = "ninjs"
    NEWSML = "newsml-g2"
    HTML = "html"
    WARC = "warc"


_HTML = re.compile(rb"<(!doctype\s+html|html|head|body|article|div|p)\b", re.IGNORECASE)
_NEWSML = re.compile(rb"<(?:[\w.-]+:)?(newsItem|newsMessage|packageItem|conceptItem)\b")
_FEED = re.compile(rb'"version"\s*:\s*"https?:(\\?/){2}(www\.)?jsonfeed\.org')
_NINJS = re.compile(rb'"(pub[sS]tatus|version[cC]reated|body_(text|x?html)|headlines|bodies)"\s*:')
_OBJECT_ON_A_LINE = re.compile(rb"^\s*\{.*\}\s*$", re.MULTILINE)
_URI = re.compile(rb'"uri"\s*:')


def recognised(head: bytes, options: ReadOptions) -> Format:
    """The format of a file by its first bytes, `HEAD` of them.

    Raises:
        UnreadableFileError: it cannot be told.
    """
    begin = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if begin.startswith(b"WARC/"):
        return Format.WARC
    if begin.startswith((b"{", b"[")):
        return _of_json(begin)
    if begin.startswith(b"<"):
        return _of_markup(begin)
    if _is_table(head, options):
        return Format.CSV
    if _OBJECT_ON_A_LINE.search(head):  # and others on the lines before, which are reported
        return Format.JSONL
    raise UnreadableFileError(f"its format cannot be told; say it with --format, one of {', '.join(Format)}")


def _of_markup(begin: bytes) -> Format:
    if _NEWSML.search(begin):
        return Format.NEWSML
    if _HTML.search(begin):
        return Format.HTML
    raise UnreadableFileError("it is neither NewsML-G2 nor HTML; say what it is with --format")


def _of_json(begin: bytes) -> Format:
    try:
        row = json.loads(begin.partition(b"\n")[0])
    except (ValueError, RecursionError):
        row = None
    if isinstance(row, dict) and not _FEED.search(begin.partition(b"\n")[0]):
        return Format.NINJS if ninjs.is_item(row) else Format.JSONL
    if _FEED.search(begin):
        return Format.JSON_FEED
    is_ninjs = _URI.search(begin) and _NINJS.search(begin)
    return Format.NINJS if is_ninjs else Format.JSONL


def _is_table(head: bytes, options: ReadOptions) -> bool:
    if options.columns:
        return True
    try:
        first = head.decode(options.encoding or csv_files.detected_encoding(head), errors="replace").partition("\n")[0]
    except LookupError:
        return True  # which reading it refuses, with a hint
    cells = first.split(options.delimiter or csv_files.detected_delimiter(first))
    return bool({cell.strip().strip('"').casefold() for cell in cells} & set(FIELDS))


def reader(kind: Format, head: bytes, options: ReadOptions) -> Callable[[BinaryIO, Start], Iterator[Record]]:
    """What reads a file of a format, from a place on.

    Args:
        kind: the format.
        head: the first bytes of the file.
        options: how to read it.
    """
    if kind is Format.CSV:
        return partial(csv_files.read, head=head, options=options)
    return {
        Format.JSONL: json_lines.read,
        Format.JSON_FEED: json_feed.read,
        Format.NINJS: ninjs.read,
        Format.NEWSML: newsml.read,
        Format.HTML: pages.read,
        Format.WARC: warc.read,
    }[kind]
