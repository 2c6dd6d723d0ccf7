import contextlib
import struct

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.embedded_model.packed_weights import PackedWeightsError, find_packed_weights, read_packed_weights

PIECES = ["<s>", "▁북", "é"]
BIAS = [0.5, -2.0, 3.0]
SCALES = [0.5, 2.0]
NIBBLES = [list(range(16)), [0x80] * 16]


def packed() -> bytes:
    """A whole file of three pieces, one replacement, a plain tensor and a quantised one."""
    blob = "".join(PIECES).encode()
    starts = np.cumsum([0, *(len(piece.encode()) for piece in PIECES)])
    header = b"E5S1" + struct.pack("<I7ifi", 1, 8, 2, 4, 16, 3, 512, 1, 1e-12, 32)
    header += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 2, len(blob))
    header += starts.astype("<u4").tobytes() + np.array([0, -1.5, -2], "<f4").tobytes() + blob
    header += struct.pack("<iI", 1, 0) + struct.pack("<IB2I", ord("ﬁ"), 2, ord("f"), ord("i"))
    plain = np.array(BIAS, "<f4").tobytes()
    quantised = b"".join(
        np.float16(scale).tobytes() + bytes(nibbles) for scale, nibbles in zip(SCALES, NIBBLES, strict=True)
    )
    names = [b"emb.ln.b", b"emb.word"]
    start = len(header) + 4 + sum(2 + len(name) + struct.calcsize("<BIQQ") for name in names)
    directory = struct.pack("<i", 2)
    directory += struct.pack("<H", len(names[0])) + names[0] + struct.pack("<BIQQ", 0, 3, start, len(plain))
    directory += struct.pack("<H", len(names[1])) + names[1]
    directory += struct.pack("<BIQQ", 1, 64, start + len(plain), len(quantised))
    return header + directory + plain + quantised


WHOLE = packed()


@pytest.fixture(scope="module")
def beginning() -> bytes:
    """The first part of the real file: its header, and some of its weights."""
    with find_packed_weights().open("rb") as file:
        return file.read(5_000_000)


def test_a_whole_file_is_read() -> None:
    weights = read_packed_weights(WHOLE)
    assert (weights.hidden_size, weights.layers, weights.heads, weights.intermediate_size) == (8, 2, 4, 16)
    assert (weights.vocabulary_size, weights.max_positions, weights.type_vocabulary_size) == (3, 512, 1)
    assert (weights.bos, weights.eos, weights.pad, weights.unk) == (0, 2, 1, 2)
    assert weights.pieces == [("<s>", 0.0), ("▁북", -1.5), ("é", -2.0)]
    assert weights.replacements == {"ﬁ": "fi"}


def test_tensors_are_read_and_quantised_ones_multiplied_out() -> None:
    tensors = dict(read_packed_weights(WHOLE).tensors())
    assert tensors["emb.ln.b"].tolist() == BIAS
    low_and_high = [*range(-8, 8), *[-8] * 16], [*[-8] * 16, *[0] * 16]
    expected = [scale * number for scale, row in zip(SCALES, low_and_high, strict=True) for number in row]
    assert tensors["emb.word"].tolist() == expected


@pytest.mark.parametrize("data", [b"", b"E5", b"E5S2" + WHOLE[4:], b"GGUF" + WHOLE[4:], b"<html>"])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(PackedWeightsError, match="not packed e5 weights"):
        read_packed_weights(data)


@pytest.mark.parametrize("length", range(4, len(WHOLE)))
def test_a_file_cut_short_anywhere_is_refused(length: int) -> None:
    with pytest.raises(PackedWeightsError, match="damaged"):
        read_packed_weights(WHOLE[:length])


@given(length=st.integers(4, 5_000_000))
@example(length=4)
@example(length=5_000_000)
@settings(max_examples=25, deadline=None)
def test_the_real_file_cut_short_in_its_header_is_refused(beginning: bytes, length: int) -> None:
    with pytest.raises(PackedWeightsError, match="damaged"):
        read_packed_weights(beginning[:length])


def test_blocks_of_another_size_are_refused() -> None:
    position = 4 + struct.calcsize("<I7if")
    with pytest.raises(PackedWeightsError, match="blocks of 64 weights"):
        read_packed_weights(WHOLE[:position] + struct.pack("<i", 64) + WHOLE[position + 4 :])


@given(position=st.integers(4, len(WHOLE) - 1), damage=st.binary(min_size=1, max_size=8))
@settings(max_examples=1_000)
@example(position=WHOLE.index(struct.pack("<IB", ord("ﬁ"), 2)), damage=b"\xff\xff\xff\xff")
@example(position=WHOLE.index(b"emb.word") + 9, damage=b"\xff\xff")
def test_a_damaged_file_is_read_or_refused_but_fails_in_no_other_way(position: int, damage: bytes) -> None:
    damaged = WHOLE[:position] + damage + WHOLE[position + len(damage) :]
    with contextlib.suppress(PackedWeightsError):
        dict(read_packed_weights(damaged).tensors())
