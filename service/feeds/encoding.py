"""The encoding of what a site sends as a feed, where nothing says it that the readers go by."""

import codecs
import re

from service.encodings import likely_encoding

_MARKS = {  # those of UTF-32 first, as one of them begins like one of UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8-sig",
}
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*\sencoding\s*=\s*["'][^"']+["']""")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_UTF_8 = "application/xml; charset=utf-8"


def in_a_said_encoding(body: bytes, content_type: str | None) -> tuple[bytes, str | None]:
    """A body and its type, as they are if one of them says the encoding; else in UTF-8, as which the type says it is.

    Args:
        body: as it was sent.
        content_type: the header of that name.
    """
    mark = next((name for mark, name in _MARKS.items() if body.startswith(mark)), None)
    if mark is not None:
        return _as_utf_8(body, mark)
    if "charset" in (content_type or "").lower() or _DECLARED.match(body[:1024]):
        return body, content_type
    return _as_utf_8(body, likely_encoding(body))


def _as_utf_8(body: bytes, encoding: str) -> tuple[bytes, str]:
    return _DECLARATION.sub("", body.decode(encoding, "replace"), count=1).encode(), _UTF_8
