"""JSON that is read whole."""

import json
from typing import Any, BinaryIO

from service.files.errors import UnreadableFileError

MAX_DOCUMENT = 2**28
"""Bytes: a document is in memory several times over while it is read."""


def document(stream: BinaryIO, begin: bytes = b"") -> Any:
    """The JSON in a file, of which the beginning was read already.

    Raises:
        UnreadableFileError: there is none, or too much.
    """
    data = begin + stream.read(MAX_DOCUMENT + 1)
    if len(data) > MAX_DOCUMENT:
        raise UnreadableFileError(f"it is longer than {MAX_DOCUMENT} bytes: put one item on a line")
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UnreadableFileError(f"it is not JSON: {error}") from error


def text(row: dict[str, Any], name: str) -> str:
    """A text of an object; empty if there is none."""
    value = row.get(name)
    return value if isinstance(value, str) else ""
