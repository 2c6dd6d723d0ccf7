"""Embed many texts, and show how far it is."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.encoder import Encoder
from index.progress import progress

_BATCH = 256


def encoded(encoder: Encoder, texts: Sequence[str], what: str) -> NDArray[np.float32]:
    """Embed texts with a bar; shape (texts, dimensions), rows of unit length."""
    vectors = np.empty((len(texts), encoder.dimensions), np.float32)
    with progress(what, len(texts)) as advance:
        for start in range(0, len(texts), _BATCH):
            batch = texts[start : start + _BATCH]
            vectors[start : start + _BATCH] = encoder.encode(batch)
            advance(len(batch))
    return vectors
