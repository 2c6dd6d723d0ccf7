"""Text in, vectors out."""

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Priority(IntEnum):
    """Who goes first when texts wait for the model."""

    INTERACTIVE = 0
    BULK = 1


@dataclass(frozen=True, slots=True)
class EncoderFigures:
    """What an encoder has done since it was loaded, and what it has to do.

    Attributes:
        batches: how many forward passes there were.
        texts: how many texts were embedded.
        seconds: how long the passes took together.
        refused: how often more was refused because too much was waiting.
        waiting_texts: how many texts wait or are being embedded.
        waiting_bytes: how much text that is, in bytes of UTF-8, with what room is kept for.
    """

    batches: int = 0
    texts: int = 0
    seconds: float = 0.0
    refused: int = 0
    waiting_texts: int = 0
    waiting_bytes: int = 0


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
        """Embed texts, waiting for them as bulk; shape (len(texts), dimensions), float32, rows of unit length."""
        ...

    async def encode_async(
        self, texts: Sequence[str], priority: Priority = Priority.INTERACTIVE, *, admitted: bool = False
    ) -> NDArray[np.float32]:
        """The same without blocking the event loop; what a caller that is cancelled asked for is dropped.

        Args:
            texts: the texts.
            priority: who goes first.
            admitted: `refuse_overload` was asked before, and the call is not to be refused now.

        Raises:
            EncoderOverloadedError: more text is waiting than the encoder takes; nothing was begun.
        """
        ...

    def refuse_overload(self) -> None:
        """Let a caller ask before it begins what it would have to break off.

        Raises:
            EncoderOverloadedError: more text is waiting than the encoder takes.
        """
        ...

    def reserve(self, texts: Sequence[str]) -> AbstractContextManager[None]:
        """A context that keeps room for texts, for a caller that has something to do before it hands them in.

        Raises:
            EncoderOverloadedError: on entering; more text is waiting than the encoder takes.
        """
        ...

    def figures(self) -> EncoderFigures:
        """What it has done, and has to do."""
        ...


class EmbeddingModel(Protocol):
    """A model in memory. Called from as many threads at a time as it makes passes."""

    @property
    def name(self) -> str:
        """The model as the user named it, for messages."""
        ...

    @property
    def fingerprint(self) -> str:
        """As `Encoder.fingerprint`, of the model alone."""
        ...

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        ...

    @property
    def passes(self) -> int:
        """How many forward passes it makes beside each other."""
        ...

    @property
    def max_tokens(self) -> int:
        """The most tokens that the model reads at once, those that it adds itself among them."""
        ...

    @property
    def added_tokens(self) -> int:
        """The tokens that the model adds to a text: the prompt and the special ones."""
        ...

    @property
    def lengths(self) -> Sequence[int]:
        """The lengths in tokens that a batch may be padded to, rising; a longer text is padded to its own."""
        ...

    def token_ends(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        """For every text, where in it each of its tokens ends, in characters."""
        ...

    def embed(self, texts: Sequence[str], tokens: int) -> NDArray[np.float32]:
        """Embed texts in one pass; shape (len(texts), dimensions), float32, rows of unit length.

        Args:
            texts: texts of at most `tokens` tokens, those that the model adds among them.
            tokens: the length to pad to.
        """
        ...


def model_fingerprint(key: str, prompt: str | None, max_tokens: int) -> str:
    """What identifies what a model makes of texts; an int8 copy has its original's.

    Args:
        key: identifies the model's weights and tokenizer.
        prompt: put before every text; None for the model's own default.
        max_tokens: the most that it reads at once.
    """
    return hashlib.sha256(f"{key}|{prompt}|{max_tokens}".encode()).hexdigest()[:32]


def ends_behind(prompt: str, offsets: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """Where in a text each of its tokens ends, in characters, of one that was read with a prompt before it.

    Args:
        prompt: what stood before the text.
        offsets: where in both of them each token begins and ends.
    """
    ends = np.array(offsets, np.int64).reshape(-1, 2)[:, 1] - len(prompt)
    return ends[ends > 0]
