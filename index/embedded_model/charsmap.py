"""SentencePiece's character map (`precompiled_charsmap`) from a table of replacements.

The `Precompiled` normaliser of `tokenizers` reads the map as SentencePiece stores it: a little-endian
uint32 with the size in bytes of a double-array trie over UTF-8 keys, the trie's uint32 units, then the
replacements, each ended by a NUL byte. A unit is laid out as in darts-clone, which SentencePiece uses:
bits 0..7 the label, bit 8 "a key ends here", bits 10..30 the XOR distance to the block of children;
the child of label 0 has bit 31 set and carries the position of the replacement.
"""

import struct
from collections import deque
from collections.abc import Mapping
from typing import Any

_KEY_ENDS = 1 << 8
_IS_VALUE = 1 << 31
_MAX_DISTANCE = 1 << 21
_BLOCK = 256
_END = 0  # the label under which a key's value stands; no UTF-8 key contains this byte


def compile_charsmap(replacements: Mapping[str, str]) -> bytes:
    """Compile `replacements` (single characters to strings) to the bytes of a `precompiled_charsmap`.

    Raises:
        ValueError: a key is empty or contains NUL, or the table is too large for the format.
    """
    trie: dict[int, Any] = {}
    blob = bytearray()
    for source, target in replacements.items():
        key = source.encode()
        if not key or 0 in key:
            raise ValueError(f"{source!r} cannot be a key of a character map")
        node = trie
        for byte in key:
            node = node.setdefault(byte, {})
        node[_END] = len(blob)
        blob += target.encode() + b"\0"
    units = _double_array(trie)
    return struct.pack(f"<I{len(units)}I", 4 * len(units), *units) + bytes(blob)


def _double_array(trie: dict[int, Any]) -> list[int]:
    """Lay a trie of nested dicts out as a double array: child = (node ^ distance) ^ label.

    A node with children gets a block of 256 units of its own, and the values of the other nodes follow
    the blocks. First-fit packing would make the array smaller, but took 7 s instead of 0.1 s, and the
    file is dwarfed by the vocabulary. What a lookup relies on is that no two nodes share a block's start.
    """
    units = [0] * _BLOCK
    waiting = deque([(0, trie)])
    values: list[tuple[int, int]] = []
    while waiting:
        position, children = waiting.popleft()
        if children.keys() == {_END}:
            values.append((position, children[_END]))
            continue
        block = _point(units, position)
        units += [0] * _BLOCK
        for label, child in children.items():
            if label == _END:
                units[position] |= _KEY_ENDS
                units[block] = _IS_VALUE | child
            else:
                units[block + label] = label
                waiting.append((block + label, child))
    for position, value in values:
        _point(units, position)
        units[position] |= _KEY_ENDS
        units.append(_IS_VALUE | value)
    return units + [0] * (-len(units) % _BLOCK)  # a lookup may step to any unit of a block


def _point(units: list[int], position: int) -> int:
    """Make the unit at `position` point to the end of the array, and return where that is."""
    distance = position ^ len(units)
    if distance >= _MAX_DISTANCE:
        raise ValueError("the character map is too large for its format")
    units[position] |= distance << 10
    return len(units)
