"""Measure what it costs to assign an article to a story and to measure its quality, with few articles and with many.

The articles are made from real embeddings and have real texts. However many there are, they appeared within 90 days, so
that with more of them the window from which stories are candidates holds more too.
"""

import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from benchmark_index import CORPUS, Corpus, Times, merged, real_news
from news_like import NewsLike, RealNews
from prepared_index import Opened, Prepared, opened, work_as_the_service
from report import FiguresFile, show_figures

from index.progress import progress
from index.quality.measuring import Measurer
from index.related.remembering import RememberingReader
from index.related.scorer import load_scorer
from index.stories.keeping import StoryKeeper

MEASURED = 500
_BATCH = 500


def fill(parts: Opened, encoder: Prepared, news: NewsLike, count: int) -> None:
    """Keep the first articles, in the stories that they were made as reports of."""
    stories: dict[int, int] = {}
    with progress("ingesting", count) as advance:
        for start in range(0, count, _BATCH):
            numbers = range(start, min(start + _BATCH, count))
            keys = parts.keep([news.article(number) for number in numbers], encoder)
            with parts.follower.store.stories.changing() as transaction:
                for number, key in zip(numbers, keys, strict=True):
                    story = stories.get(int(news.stories[number]))
                    if story is None:
                        stories[int(news.stories[number])] = transaction.open(key)
                    else:
                        transaction.join(key, story, is_copy=False)
            advance(len(keys))


def measure(real: RealNews, count: int, folder: Path) -> dict[str, float]:
    """The times of assigning and measuring the last articles of so many, one by one."""
    news = NewsLike(real, count + MEASURED, folder / "vectors")
    encoder = Prepared(news, news.vectors.shape[1])
    with opened(folder, encoder) as parts:
        fill(parts, encoder, news, count)
        merged(parts.vectors)
        reader = RememberingReader.of(parts.follower)
        keeper, measurer = StoryKeeper(parts.follower, reader, load_scorer()), Measurer(parts.follower, reader)
        seconds: dict[str, list[float]] = {"": [], "quality/": []}
        for number in range(count, count + MEASURED):
            keys = parts.keep([news.article(number)], encoder)
            for name, derive in (("", keeper.assign), ("quality/", measurer.measure)):
                started = time.perf_counter()
                derive(keys)
                seconds[name].append(time.perf_counter() - started)
        figures = {
            f"{name}{key}_ms": value for name, own in seconds.items() for key, value in Times.of(own)._asdict().items()
        }
        figures["stories"] = float(parts.index.stories.count())
    return figures


def main(
    few: Annotated[int, typer.Option(help="The smaller number of articles.")] = 20_000,
    many: Annotated[int, typer.Option(help="The larger one.")] = 200_000,
    corpus: Corpus = CORPUS,
    figures_file: FiguresFile = None,
) -> None:
    """Measure the assignment of articles to stories, and that of their quality."""
    work_as_the_service()
    real = real_news(corpus)
    figures: dict[str, float] = {}
    for count in (few, many):
        with tempfile.TemporaryDirectory() as folder:
            figures |= {f"{count}/{name}": value for name, value in measure(real, count, Path(folder)).items()}
    for key in ("p50_ms", "p95_ms"):
        figures[f"{key.removesuffix('_ms')}_of_many_to_few"] = figures[f"{many}/{key}"] / figures[f"{few}/{key}"]
    show_figures("stories", figures, figures_file)


if __name__ == "__main__":
    typer.run(main)
