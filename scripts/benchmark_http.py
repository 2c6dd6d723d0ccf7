"""Measure what the service answers a second beside a bare FastAPI endpoint, and how late while it is at half of that.

The articles are made from real embeddings and have real texts. The bare endpoint answers with a constant of the size of
an answer; it runs in the same process, and is asked in the same run by the same client (wrk). "Hot" are a thousand
articles asked for again and again, as readers do; "cold" are articles of which each is asked for once. "A pair" is
what `SIMILAR_NEWS_ROLE=pair` makes: the process that is asked passes on the articles to another one, which takes them
in with what the first one leaves of the processors.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from queue import Queue
from statistics import median
from typing import Annotated

import httpx2
import numpy as np
import typer
import uvicorn
from benchmark_index import CORPUS, Corpus, ingest, merged, real_news
from fastapi import FastAPI, Response
from news_like import NewsLike, RealNews
from numpy.typing import NDArray
from prepared_index import Prepared, opened, work_as_the_service
from report import FiguresFile, show_figures

from index.encoder import Encoder, Priority
from service.app import create_app
from service.opening import load_configured_encoder
from service.server import Server
from service.settings import Settings, read_settings

HOT = 1_000
ROUNDS = 3
SECONDS = 8
TURNS = 3
RATED_SECONDS = 10
_CONNECTIONS = 16
_BATCH = 200

Vectors = NDArray[np.float32]


class HalfPrepared(Prepared):
    """An encoder that knows the vectors of the articles that were made, and embeds others as the service does."""

    def __init__(self, news: NewsLike | None, dimensions: int, real: Encoder) -> None:
        """Give the vectors of `news`; `real` embeds the rest."""
        super().__init__(news, dimensions)
        self._real = real

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `index.Encoder`."""
        return super().encode(texts) if _are_made(texts) else self._real.encode(texts)

    async def encode_async(
        self, texts: Sequence[str], priority: Priority = Priority.INTERACTIVE, *, admitted: bool = False
    ) -> Vectors:
        """See `index.Encoder`."""
        if _are_made(texts):
            return super().encode(texts)
        return await self._real.encode_async(texts, priority, admitted=admitted)


def _are_made(texts: Sequence[str]) -> bool:
    return bool(texts) and all(text.partition("\n")[0].isdecimal() for text in texts)


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve from a thread; gives host and port."""
    ports: Queue[int] = Queue()
    server = Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False), ports.put)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield f"127.0.0.1:{ports.get(timeout=60)}"
    finally:
        server.should_exit = True
        thread.join()


def bare_app(body: bytes) -> FastAPI:
    """An app with one endpoint, which answers a constant."""
    app = FastAPI()

    @app.get("/constant")
    async def constant() -> Response:
        return Response(body, media_type="application/json")

    return app


def requests_a_second(address: str, script: Path, seconds: int = SECONDS) -> float:
    """How many answers wrk gets.

    Raises:
        SystemExit: some were errors.
    """
    wrk = shutil.which("wrk") or sys.exit("this needs wrk (on Debian: apt install wrk)")
    command = [wrk, "-t1", f"-c{_CONNECTIONS}", f"-d{seconds}s", "-s", str(script), f"http://{address}/"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own words
    if "Non-2xx" in out:
        sys.exit(f"some answers were errors:\n{out}")
    (rate,) = [line.split(":")[1] for line in out.splitlines() if line.startswith("Requests/sec")]
    return float(rate)


def write_script(file: Path, paths: Sequence[str], tags: Sequence[str] = ()) -> Path:
    """A script for wrk that asks for one path after the other, with the tags of answers that are there, if any."""
    asked = ",".join(f'"{path}"' for path in paths)
    known = ",".join(f"[==[{tag}]==]" for tag in tags)
    file.write_text(
        f"local paths, tags, place = {{{asked}}}, {{{known}}}, 0\n"
        "request = function()\n  place = place % #paths + 1\n"
        '  return wrk.format("GET", paths[place], tags[place] and {["If-None-Match"] = tags[place]} or nil)\nend\n',
        encoding="utf-8",
    )
    return file


def times_at(address: str, rate: float, paths: Sequence[str], seconds: float = RATED_SECONDS) -> list[float]:
    """How many milliseconds answers take at a rate, in the order in which they came."""
    command = [sys.executable, str(Path(__file__).with_name("http_client.py")), address, str(rate), str(seconds)]
    out = subprocess.run(command, input="\n".join(paths), capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own words
    times: list[float] = json.loads(out)
    return times


@contextmanager
def ingesting(address: str, real: RealNews) -> Iterator[None]:
    """Send batches of articles until the end of the block, which the service embeds: it has seen none of them."""
    ended = threading.Event()

    def send() -> None:
        with httpx2.Client(base_url=f"http://{address}", timeout=600) as client:
            number = int(time.time() * 100)  # never one of an earlier call: a hundred a second is more than it can take
            while not ended.is_set():
                numbers = [place % len(real.texts) for place in range(number, number + _BATCH)]
                rows = [
                    {"id": f"sent-{number + at}", "title": f"Report {number + at}", "text": real.texts[place]}
                    for at, place in enumerate(numbers)
                ]
                lines = "".join(json.dumps(row | {"lang": "en"}) + "\n" for row in rows)
                client.post("/v1/articles:batch", content=lines).raise_for_status()
                number += _BATCH

    thread = threading.Thread(target=send)
    thread.start()
    try:
        time.sleep(2)
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def in_process(folder: Path, dimensions: int, *writer: str) -> Iterator[str]:
    """Serve a prepared index from a process of its own; gives host and port.

    Args:
        folder: where the index is.
        dimensions: the length of a vector.
        writer: host and port of the one that takes articles; none for that one.
    """
    script = str(Path(__file__).with_name("prepared_process.py"))
    command = [sys.executable, script, str(folder), str(dimensions), *writer]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:  # noqa: S603 - our own words
        assert process.stdin  # noqa: S101 - as asked for
        assert process.stdout  # noqa: S101
        try:
            yield process.stdout.readline().strip() or sys.exit("a process did not start")
        finally:
            process.stdin.close()


def ask(address: str, paths: Sequence[str]) -> list[httpx2.Response]:
    """The answers."""
    with httpx2.Client(base_url=f"http://{address}", timeout=60) as client:
        return [client.get(path).raise_for_status() for path in paths]


@dataclass(frozen=True, slots=True)
class Asked:
    """Paths to ask for: in each round, then in turns while nothing else is done, and while articles are taken in."""

    rounds: list[Sequence[str]]
    turns: list[tuple[Sequence[str], Sequence[str]]]


def again(paths: Sequence[str]) -> Asked:
    """The same ones all the time."""
    return Asked([paths] * ROUNDS, [(paths, paths)] * TURNS)


def once(paths: Sequence[str]) -> Asked:
    """Each one once."""
    parts = ROUNDS + 2 * TURNS
    bounds = [part * len(paths) // parts for part in range(parts + 1)]
    each = [paths[start:end] for start, end in pairwise(bounds)]
    turns = each[ROUNDS:]
    return Asked(each[:ROUNDS], list(zip(turns[::2], turns[1::2], strict=True)))


def late(name: str, address: str, real: RealNews, rate: float, asked: Asked) -> dict[str, float]:
    """How late answers are at a rate, while nothing else is done and while articles are taken in: medians of turns.

    Args:
        name: of what is asked for.
        address: who is asked, and sent the articles.
        real: these.
        rate: requests a second.
        asked: paths.
    """
    # First all that is quiet: when batches were taken in, what is asked for again has to be made anew for a while.
    times = {"quiet": [times_at(address, rate, unhindered) for unhindered, _ in asked.turns], "ingesting": []}
    for _, hindered in asked.turns:
        with ingesting(address, real):
            times["ingesting"].append(times_at(address, rate, hindered))
    figures = {
        f"{name}/{state}/p{percent}_ms": median(float(np.percentile(turn, percent)) for turn in turns)
        for state, turns in times.items()
        for percent in (50, 99)
    }
    ratio = figures[f"{name}/ingesting/p99_ms"] / figures[f"{name}/quiet/p99_ms"]
    return figures | {f"{name}/p99_ingesting_of_quiet": ratio}


def one_process(news: NewsLike, count: int, real: RealNews, folder: Path, paths: Sequence[str]) -> dict[str, float]:
    """The figures of a service that takes articles and answers in one process, beside a bare endpoint."""
    encoder = HalfPrepared(news, news.vectors.shape[1], load_configured_encoder(read_settings()))
    hot, cold = paths[:HOT], once(paths[HOT:])
    figures: dict[str, float] = {}
    with opened(folder, encoder) as parts:
        ingest(parts, encoder, news, count)
        merged(parts.vectors)
        with served(create_app(Settings(), parts.index)) as address:
            answers = ask(address, hot)
            sizes = [len(answer.content) for answer in answers]
            scripts = {
                "related, hot": write_script(folder / "hot.lua", hot),
                "not modified": write_script(folder / "304.lua", hot, [answer.headers["ETag"] for answer in answers]),
                "bare": write_script(folder / "bare.lua", ["/constant"]),
            }
            rates: dict[str, list[float]] = defaultdict(list)
            with served(bare_app(b" " * int(median(sizes)))) as bare:
                for unasked in cold.rounds:
                    scripts["related, cold"] = write_script(folder / "cold.lua", unasked)
                    for name, script in scripts.items():
                        rates[name].append(requests_a_second(bare if name == "bare" else address, script))
            for name, values in rates.items():
                figures[f"{name}/a_second"] = median(values)
                figures[f"{name}/of_bare"] = median(
                    value / unit for value, unit in zip(values, rates["bare"], strict=True)
                )
            figures["answer_bytes"] = median(sizes)
            for name, asked in (("related, hot", again(hot)), ("related, cold", cold)):
                figures |= late(name, address, real, figures[f"{name}/a_second"] / 2, asked)
    return figures


def two_processes(dimensions: int, real: RealNews, folder: Path, paths: Sequence[str]) -> dict[str, float]:
    """The figures of a pair of processes."""
    figures: dict[str, float] = {}
    with in_process(folder, dimensions) as writer, in_process(folder, dimensions, writer) as reader:
        ask(reader, paths[:HOT])
        for name, asked in (("a pair, hot", again(paths[:HOT])), ("a pair, cold", once(paths[HOT:]))):
            script = folder / "reader.lua"
            rate = median(requests_a_second(reader, write_script(script, part)) for part in asked.rounds)
            figures[f"{name}/a_second"] = rate
            figures |= late(name, reader, real, rate / 2, asked)
    return figures


def measure(news: NewsLike, real: RealNews, count: int, folder: Path) -> dict[str, float]:
    """The figures with so many articles."""
    numbers = np.random.default_rng(1).permutation(count)
    paths = [f"/v1/articles/news-{number}/related?limit=5" for number in numbers.tolist()]
    figures = one_process(news, count, real, folder, paths)
    return figures | two_processes(news.vectors.shape[1], real, folder, paths)


def main(
    articles: Annotated[int, typer.Option(help="How many.")] = 100_000,
    corpus: Corpus = CORPUS,
    figures_file: FiguresFile = None,
) -> None:
    """Measure the HTTP service beside a bare endpoint."""
    work_as_the_service("warning")
    real = real_news(corpus)
    with tempfile.TemporaryDirectory() as temporary:
        news = NewsLike(real, articles, Path(temporary, "vectors"))
        figures = measure(news, real, articles, Path(temporary))
    show_figures(f"{articles:,} articles", figures, figures_file)


if __name__ == "__main__":
    typer.run(main)
