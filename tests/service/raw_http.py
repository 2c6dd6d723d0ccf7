"""HTTP by hand, for what no client library would send."""

import http.client
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

TIMEOUT_SECONDS = 20
"""Who is neither answered nor hung up on within that, on a busy machine, never is."""

_PATIENCE_SECONDS = 0.1
"""So long an answer to what is no whole request is waited for, before the client says that nothing more comes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, and to what."""

    request: bytes
    status: int
    headers: http.client.HTTPMessage
    body: bytes


class UnansweredError(AssertionError):
    """There was no answer to a whole request, or not even the end of the connection to another."""


def send_whole(port: int, requests: Sequence[bytes]) -> list[Answer]:
    """Send whole requests, one behind the other without waiting, and read the answers to all.

    What stands behind one that ends its connection is sent again on another.

    Raises:
        UnansweredError: there is none to one of them.
    """
    answers: list[Answer] = []
    while len(answers) < len(requests):
        left = requests[len(answers) :]
        found = _answers_on_one_connection(port, left) or _answers_on_one_connection(port, left[:1])
        if not found:
            raise UnansweredError(left[0][:500])
        answers += found
    return answers


def send_raw(port: int, requests: Sequence[bytes]) -> list[Answer]:
    """Send anything, each on a connection of its own, and read what is answered until the service hangs up."""
    connections = [_connect(port) for _ in requests]
    answers: list[Answer] = []
    try:
        for connection, request in zip(connections, requests, strict=True):
            _send(connection, request)
        patient_until = time.monotonic() + _PATIENCE_SECONDS
        for connection, request in zip(connections, requests, strict=True):
            answers += _read_to_the_end(connection, request, patient_until)
    finally:
        for connection in connections:
            connection.close()
    return answers


def _connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS)


def _send(connection: socket.socket, data: bytes) -> None:
    # It may have hung up already; what it said before that can be read.
    with suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(data)


def _answers_on_one_connection(port: int, requests: Sequence[bytes]) -> list[Answer]:
    answers: list[Answer] = []
    with _connect(port) as connection, connection.makefile("rb") as reader:
        _send(connection, b"".join(requests))
        for request in requests:
            answer = _read(reader, request)
            if answer is None:
                break
            answers.append(answer)
    return answers


def _read_to_the_end(connection: socket.socket, request: bytes, patient_until: float) -> list[Answer]:
    data = bytearray()
    is_patient = True
    until = time.monotonic() + TIMEOUT_SECONDS
    while True:
        connection.settimeout(max(0.001, (patient_until if is_patient else until) - time.monotonic()))
        try:
            received = connection.recv(2**16)
        except TimeoutError as error:
            if not is_patient:
                raise UnansweredError(request[:500]) from error
            is_patient = False
            try:
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                return _parsed(bytes(data), request)
            continue
        except ConnectionResetError:
            received = b""
        if not received:
            return _parsed(bytes(data), request)
        data += received


def _parsed(data: bytes, request: bytes) -> list[Answer]:
    reader = BytesIO(data)
    answers = []
    while (answer := _read(reader, request)) is not None:
        answers.append(answer)
    return answers


def _read(reader: BinaryIO, request: bytes) -> Answer | None:
    """The next answer, None if the connection ends before or within it."""
    try:
        line = reader.readline()
        if not line.endswith(b"\n"):
            return None
        status = int(line.split()[1])
        headers = _read_headers(reader)
        if status < 200:
            return _read(reader, request)
        body = b"" if _has_no_body(request, status, headers) else _read_body(reader, headers)
    except TimeoutError as error:
        raise UnansweredError(request[:500]) from error
    except (ConnectionResetError, EOFError):
        return None
    return Answer(request, status, headers, body)


def _read_headers(reader: BinaryIO) -> http.client.HTTPMessage:
    lines = [_exactly_line(reader)]
    while lines[-1] != b"\r\n":
        lines.append(_exactly_line(reader))
    return http.client.parse_headers(BytesIO(b"".join(lines)))


def _has_no_body(request: bytes, status: int, headers: http.client.HTTPMessage) -> bool:
    # Of what is no HTTP the server does not know that it began with HEAD.
    is_head = request.startswith(b"HEAD ") and not (status == 400 and headers["Content-Type"].startswith("text/plain"))
    return is_head or status in {204, 304}


def _read_body(reader: BinaryIO, headers: http.client.HTTPMessage) -> bytes:
    if headers["Content-Length"] is not None:
        return _exactly(reader, int(headers["Content-Length"]))
    if headers["Transfer-Encoding"] != "chunked":
        return reader.read()  # to one who speaks HTTP/1.0
    body = bytearray()
    while size := int(_exactly_line(reader), 16):
        body += _exactly(reader, size)
        _exactly(reader, 2)
    _exactly(reader, 2)
    return bytes(body)


def _exactly(reader: BinaryIO, size: int) -> bytes:
    data = reader.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _exactly_line(reader: BinaryIO) -> bytes:
    line = reader.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return line
