"""The head of an answer and its body go out together, and nothing waits for what does not come."""

import asyncio

import pytest

from service.joined_writes import JoinedWrites

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n"


class Wire(asyncio.Transport):
    """Keeps what is written, each time apart."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed


@pytest.fixture
def wire() -> Wire:
    return Wire()


def at_once(wire: Wire, *written: bytes, close: bool = False) -> list[bytes]:
    """What is on the wire before the loop has another turn, and after it."""

    async def write() -> list[bytes]:
        transport = JoinedWrites(wire, asyncio.get_running_loop())
        for data in written:
            transport.write(data)
        if close:
            transport.close()
        before = list(wire.written)
        await asyncio.sleep(0)
        return before

    return asyncio.run(write())


def test_a_head_and_its_body_are_written_at_once(wire: Wire) -> None:
    assert at_once(wire, HEAD, b"a") == wire.written == [HEAD + b"a"]


def test_a_head_without_a_body_is_written_in_the_next_turn(wire: Wire) -> None:
    assert at_once(wire, HEAD) == []
    assert wire.written == [HEAD]


def test_a_head_that_is_all_is_written_at_once(wire: Wire) -> None:
    head = b"HTTP/1.1 304 Not Modified\r\n\r\n"
    assert at_once(wire, head) == wire.written == [head]


def test_what_is_written_later_is_not_held(wire: Wire) -> None:
    assert at_once(wire, HEAD, b"a", b"b", b"c") == wire.written == [HEAD + b"a", b"b", b"c"]


def test_a_large_body_is_not_copied(wire: Wire) -> None:
    large = b"a" * 100_000
    assert at_once(wire, HEAD, large) == wire.written == [HEAD, large]


def test_an_answer_behind_another_one_keeps_its_place(wire: Wire) -> None:
    """As after 100 Continue, or where a client does not wait for the first answer."""
    at_once(wire, HEAD, HEAD, b"a", HEAD, b"b")
    assert b"".join(wire.written) == HEAD + HEAD + b"a" + HEAD + b"b"


def test_what_is_held_is_sent_before_the_connection_is_closed(wire: Wire) -> None:
    assert at_once(wire, HEAD, close=True) == wire.written == [HEAD]
    assert wire.is_closed


def test_nothing_is_sent_on_a_connection_that_was_closed_meanwhile(wire: Wire) -> None:
    async def write() -> None:
        transport = JoinedWrites(wire, asyncio.get_running_loop())
        transport.write(HEAD)
        wire.close()
        await asyncio.sleep(0)

    asyncio.run(write())
    assert wire.written == []
