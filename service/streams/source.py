"""What a stream of messages has to give."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from index.errors import SimilarNewsError


class StreamUnavailableError(SimilarNewsError):
    """The stream cannot be read just now, or not as it is set up. Whoever asks again later may be lucky."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as the stream has it.

    Attributes:
        id: its name in the stream; the same every time that it is given.
        fields: what is in it; nothing if it was deleted from the stream after somebody had been given it.
    """

    id: str
    fields: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is still to be done.

    Attributes:
        pending: how many messages were given and not acknowledged.
        lag: how many were not given yet; None where the stream cannot tell.
    """

    pending: int
    lag: int | None


class StreamSource(Protocol):
    """A stream that gives every message at least once. For one caller at a time."""

    async def read(self) -> Sequence[Message]:
        """The next messages, in order; none after some seconds in which none came.

        What was given and not acknowledged, also to an earlier process, comes first, and in batches as before: so
        whoever acknowledges each batch before asking for the next gets after a crash that same batch, and no other,
        for a second time.

        Raises:
            StreamUnavailableError: there is no reading it now.
        """
        ...

    async def acknowledge(self, ids: Sequence[str], rejected: Mapping[str, str]) -> None:
        """Never give these messages again.

        Args:
            ids: of all the messages.
            rejected: why some of them were not taken, by id. They are put aside with it, in the same step.

        Raises:
            StreamUnavailableError: perhaps they are acknowledged, perhaps not.
        """
        ...

    async def backlog(self) -> Backlog:
        """How much is still to be done.

        Raises:
            StreamUnavailableError: there is no telling now.
        """
        ...

    async def close(self) -> None:
        """Let go of it. What was not acknowledged is given to the next one who reads."""
        ...
