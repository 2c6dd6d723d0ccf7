"""How the service listens."""

import asyncio
import socket
from pathlib import Path

import uvicorn

from index import open_index
from service.app import create_app
from service.server import Server, _bound_socket
from service.settings import Settings
from tests.index.fakes import FakeEncoder


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


def test_who_has_connected_before_the_end_is_answered_and_told_that_it_is_the_end(tmp_path: Path) -> None:
    async def answer(server: Server, bound: socket.socket) -> bytes:
        server.config.load()
        server.lifespan = server.config.lifespan_class(server.config)
        await server.startup([bound])
        with socket.create_connection(bound.getsockname()) as waiting:
            waiting.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
            await server.shutdown([bound])  # before which the loop had no time to accept
            waiting.settimeout(10)
            return waiting.makefile("rb").read()

    with open_index(tmp_path, FakeEncoder()) as index, _bound_socket(Settings(port=0)) as bound:
        config = uvicorn.Config(create_app(Settings(), index), log_config=None)
        head, _, body = asyncio.run(answer(Server(config, None), bound)).partition(b"\r\n\r\n")
    assert body == b'{"status":"live"}'
    assert b"connection: close" in head.lower().splitlines()
