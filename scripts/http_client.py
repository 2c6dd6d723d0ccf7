"""Ask a service at a given rate, whether it keeps up or not, and say how long answers took. A process of its own.

Usage: http_client.py HOST:PORT RATE SECONDS, with the paths to ask for on standard input; prints the milliseconds of
each answer, counted from when it was due, as JSON.
"""

import asyncio
import json
import sys
import time
from itertools import cycle

_CONNECTIONS = 32


async def ask(address: str, rate: float, seconds: float, paths: list[str]) -> list[float]:
    """The times of the answers; one that came with an error is infinitely late."""
    host, port = address.split(":")
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(_CONNECTIONS):
        free.put_nowait(await asyncio.open_connection(host, int(port)))
    times: list[float] = []

    async def one(path: str, due: float) -> None:
        reader, writer = await free.get()
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        (length,) = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        await reader.readexactly(int(length))
        is_good = head.split(b" ")[1] == b"200"
        times.append((time.perf_counter() - due) * 1e3 if is_good else float("inf"))
        free.put_nowait((reader, writer))

    begun = time.perf_counter()
    tasks = []
    for number, path in enumerate(cycle(paths)):
        due = begun + number / rate
        if due > begun + seconds:
            break
        await asyncio.sleep(max(0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(path, due)))
    await asyncio.gather(*tasks)
    return times


if __name__ == "__main__":
    given_address, given_rate, given_seconds = sys.argv[1:]
    asked = sys.stdin.read().split()
    print(json.dumps(asyncio.run(ask(given_address, float(given_rate), float(given_seconds), asked))))
