"""Text in, vectors out."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Encoder(Protocol):
    """Turns texts into embeddings. Implementations may be called from several threads at once."""

    @property
    def name(self) -> str:
        """The model as the user named it, for messages."""
        ...

    @property
    def fingerprint(self) -> str:
        """Equal for two encoders if and only if their vectors can be compared with each other."""
        ...

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts; shape (len(texts), dimensions), float32, rows of unit length."""
        ...
