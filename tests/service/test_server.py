"""How the service listens."""

import asyncio
import socket

from service.server import _bound_socket
from service.settings import Settings


def test_answers_on_a_kept_connection_do_not_wait_for_acknowledgements() -> None:
    async def is_set_on_connections(bound: socket.socket) -> bool:
        seen: asyncio.Queue[int] = asyncio.Queue()

        async def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await seen.put(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(connected, sock=bound):
            host, port = bound.getsockname()
            _, writer = await asyncio.open_connection(host, port)
            is_set = await seen.get()
            writer.close()
            await writer.wait_closed()
            return bool(is_set)

    with _bound_socket(Settings(port=0)) as bound:
        assert asyncio.run(is_set_on_connections(bound))
