"""The encoding of what does not say it."""

import codecs

from charset_normalizer import from_bytes

_LOOKED_AT = 2**16
"""Bytes; more would take longer, and hardly change what is found."""


def likely_encoding(data: bytes, *, is_whole: bool = True) -> str:
    """UTF-8 where it can be that, and otherwise what looks best.

    Args:
        data: a text; what may be its mark is for others to see.
        is_whole: whether it is all of it, and does not end within a character.
    """
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data, final=is_whole)
    except UnicodeDecodeError:
        best = from_bytes(data[:_LOOKED_AT]).best()
        return best.encoding if best else "utf-8"
    return "utf-8"
