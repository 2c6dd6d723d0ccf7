"""The head of an answer and its body, handed to the system at once."""

import asyncio
from typing import Any

_TOLD_BY = len(b"HTTP/1.1 200")
_WITHOUT_BODY = b"304"

_MOST_COPIED = 64 * 1024
"""Bytes of what is joined with a head. Of more a copy would cost as much as handing it over for itself."""


class JoinedWrites(asyncio.Transport):
    """A transport through which uvicorn writes, which it does twice for an answer.

    Each time is a call of the system, a packet, and a moment in which another thread may take the interpreter. What is
    held is sent within the same turn of the loop or at the beginning of the next one.
    """

    def __init__(self, inner: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        """Write to another transport.

        Args:
            inner: where to.
            loop: that it is of.
        """
        super().__init__()
        self._inner = inner
        self._loop = loop
        self._held = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send it, with the head before it; a head waits for what follows it."""
        if self._held and len(data) <= _MOST_COPIED:
            self._inner.write(self._held + data)
            self._held = b""
        elif not self._held and _has_body(bytes(data[:_TOLD_BY])):
            self._held = bytes(data)
            self._loop.call_soon(self._send_held)
        else:
            self._send_held()
            self._inner.write(data)

    def close(self) -> None:
        """Close it once all is sent."""
        self._send_held()
        self._inner.close()

    def abort(self) -> None:
        """Close it at once."""
        self._inner.abort()

    def is_closing(self) -> bool:
        """Whether it is closed, or will be."""
        return self._inner.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What is known of the connection."""
        return self._inner.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Read nothing for now."""
        self._inner.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        self._inner.resume_reading()

    def get_write_buffer_size(self) -> int:
        """The bytes that could not be sent yet."""
        return self._inner.get_write_buffer_size()

    def _send_held(self) -> None:
        if self._held and not self._inner.is_closing():
            self._inner.write(self._held)
        self._held = b""


def _has_body(beginning: bytes) -> bool:
    """Whether it is a head, behind which a body is to come."""
    return beginning.startswith(b"HTTP/1.") and not beginning.endswith(_WITHOUT_BODY)
