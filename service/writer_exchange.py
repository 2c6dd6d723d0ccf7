"""One request to the writer, and its answer, which may come before all of the request is sent."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from urllib.parse import SplitResult

import h11

Header = tuple[bytes, bytes]

_CONNECT_SECONDS = 5
_PART = 2**16


class WriterAwayError(Exception):
    """The writer does not answer; says what became of the request."""


async def exchange(
    writer: SplitResult, method: str, target: bytes, headers: Sequence[Header], body: AsyncIterator[bytes] | None
) -> AsyncGenerator[h11.Response | h11.Data, None]:
    """Ask the writer.

    On a connection of its own, as it is on the same machine. Clients of the stack send all of a request before they
    read of its answer: whoever is refused would have to send all of it first, and none would be refused before that.

    Args:
        writer: where it is.
        method: of the request.
        target: of the request.
        headers: of the request, which say how long the body is, or that it comes in chunks.
        body: its parts; None if there is none. It is asked for no more once the answer is whole, and not at all before
            the writer wants it where the headers say that the client waits for that (`Expect`).

    Yields:
        The head of the answer, and then the parts of its body.

    Raises:
        WriterAwayError: it does not answer, or not to the end.
        h11.LocalProtocolError: this is no request.
        Exception: what `body` raises.
    """
    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_PART)
    # It is not told to close the connection: an answer from before the end of the body would be lost in the reset.
    head = http.send(h11.Request(method=method, target=target, headers=list(headers)))
    incoming, outgoing = await _connected(writer)
    outgoing.write(head or b"")
    is_wanted = asyncio.Event()
    if not any(name == b"expect" for name, _ in headers):
        is_wanted.set()
    sending = asyncio.create_task(_send(http, body or _nothing(), is_wanted, outgoing, incoming))
    try:
        async for event in _received(http, incoming, is_wanted):
            yield event
    except (ConnectionError, h11.RemoteProtocolError) as error:
        raise _went_away() from error
    finally:
        sending.cancel()
        outgoing.transport.abort()  # what is not sent by now is not wanted any more
        await asyncio.gather(sending, outgoing.wait_closed(), return_exceptions=True)


async def _connected(writer: SplitResult) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            return await asyncio.open_connection(writer.hostname, writer.port)
    except (OSError, TimeoutError) as error:
        raise WriterAwayError("does not answer, and nothing was kept") from error


async def _send(
    http: h11.Connection,
    body: AsyncIterator[bytes],
    is_wanted: asyncio.Event,
    outgoing: asyncio.StreamWriter,
    incoming: asyncio.StreamReader,
) -> None:
    """Send a body; what goes wrong with it is for who reads what comes in."""
    try:
        await is_wanted.wait()
        async for part in body:
            outgoing.write(http.send(h11.Data(part)) or b"")
            await outgoing.drain()
        outgoing.write(http.send(h11.EndOfMessage()) or b"")
        await outgoing.drain()
    except ConnectionError:  # who reads sees why: an answer, or nothing any more
        pass
    except Exception as error:  # noqa: BLE001 - as said
        incoming.set_exception(error)


async def _received(
    http: h11.Connection, incoming: asyncio.StreamReader, is_wanted: asyncio.Event
) -> AsyncIterator[h11.Response | h11.Data]:
    """The answer to its end; on the way, whether the body is wanted."""
    while not isinstance(event := http.next_event(), h11.EndOfMessage):
        if event is h11.NEED_DATA:
            http.receive_data(await incoming.read(_PART))
        elif isinstance(event, h11.InformationalResponse):
            is_wanted.set()
        elif isinstance(event, h11.Response | h11.Data):
            yield event
        else:
            raise _went_away()


def _went_away() -> WriterAwayError:
    return WriterAwayError("went away, and what was sent may be kept or not")


async def _nothing() -> AsyncIterator[bytes]:
    for part in tuple[bytes, ...]():
        yield part
