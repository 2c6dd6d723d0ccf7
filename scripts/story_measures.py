"""What the grouping into stories is worth on labelled sets: how right it is, and how still it holds."""

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from evaluation_files import Row, article_of

from index import Article, CoverageIndex, open_index
from index.encoder import Encoder
from index.progress import progress
from index.related.scorer import Scorer, load_scorer
from index.stories.grouping import DEMAND, Demand

LEFT_OUT = 0.1
_HOUR = 3_600
_BATCH = 64
_LATER = "9"  # than any date

Parts = Sequence[Sequence[str]]


def in_order(rows: Sequence[Row]) -> list[Row]:
    """The rows as a service would get them: by publication, those without a date behind the others."""
    return sorted(rows, key=lambda row: row.get("published_at") or _LATER)


def figures_of(index: CoverageIndex, rows: Sequence[Row], parts: Parts | None = None) -> dict[str, float]:
    """How right stories are, for the rows of one set, whatever else is in the index.

    Args:
        index: with the articles of the rows.
        rows: labelled with their `story`, perhaps with a `topic`.
        parts: the ids of the articles of each story; None for those in the index.
    """
    story = {row["id"]: row["story"] for row in rows}
    found = _found(index, list(story), parts)
    precision, recall, f1 = bcubed(found, story)
    return {
        "bcubed_precision": precision,
        "bcubed_recall": recall,
        "bcubed_f1": f1,
        "pairwise_f1": pairwise_f1(found, story),
        "stories_found": float(len(set(found.values()))),
        "stories_labelled": float(len(set(story.values()))),
    }


def stability_of(index: CoverageIndex, rows: Sequence[Row], seed: int = 0) -> dict[str, float]:
    """The share of companions that articles keep: BCubed F1 of two groupings of them.

    Articles come in another order within every hour, all of those without a date in any order; or a tenth of them does
    not come at all.
    """
    generator = np.random.default_rng(seed)
    articles = [article_of(row) for row in rows]
    hours = np.array([one.published_at.timestamp() // _HOUR if one.published_at else np.inf for one in articles])
    shuffled = [articles[place].id for place in np.lexsort((generator.random(len(articles)), hours))]
    kept = [one.id for one in articles if generator.random() >= LEFT_OUT]
    before = _numbered(index.replay_stories([one.id for one in articles]))
    figures = {}
    for name, order in (("stability_shuffled", shuffled), ("stability_left_out", kept)):
        after = _numbered(index.replay_stories(order))
        figures[name] = bcubed(after, {one: str(before[one]) for one in after})[2]
    return figures


def among_distractors(
    sets: Mapping[str, Sequence[Row]], distractors: Sequence[Row], encoder: Encoder, demand: Demand = DEMAND
) -> dict[str, dict[str, float]]:
    """How right the stories of sets are that share one index with each other and with other articles.

    Each is measured with a scorer that was trained without it; see `with_strangers` for what a distractor costs.
    """
    with tempfile.TemporaryDirectory() as data, open_index(Path(data), encoder) as index:
        labelled = [row for rows in sets.values() for row in rows]
        everything = in_order([*labelled, *distractors])
        # Each undated row stands at random among the others, as the sets of a day's news would.
        dated = [row for row in everything if row.get("published_at")]
        undated = [row for row in everything if not row.get("published_at")]
        np.random.default_rng(0).shuffle(undated)
        put(index, [*dated, *undated], "all sets and distractors")
        figures = {}
        for name, rows in sets.items():
            parts = index.replay_stories(scorer=load_scorer(name), demand=demand)
            figures[name] = figures_of(index, rows, parts) | with_strangers(parts, rows)
    return figures


def with_strangers(parts: Parts, rows: Sequence[Row]) -> dict[str, float]:
    """BCubed F1 where an article of no or another set counts against the precision of the story that it came into."""
    story = {row["id"]: row["story"] for row in rows}
    found = _numbered(parts)
    everyone = {one: story.get(one, f"stranger {one}") for one in found}
    shares = _shares({one: str(number) for one, number in found.items()}, everyone)
    precision = float(np.mean([shares[one][0] for one in story]))
    recall = float(np.mean([shares[one][1] for one in story]))
    return {"bcubed_f1_strict": 2 * precision * recall / (precision + recall)}


def measure_stories(
    rows: Sequence[Row], encoder: Encoder, scorer: Scorer, demand: Demand | None = None
) -> dict[str, float]:
    """How right the stories of a set are that is in an index of its own.

    Args:
        rows: of the set.
        encoder: what to embed with.
        scorer: one that was trained without the set.
        demand: another one than the shipped one.
    """
    with tempfile.TemporaryDirectory() as data, open_index(Path(data), encoder, scorer=scorer) as index:
        put(index, in_order(rows), "a set")
        return figures_of(index, rows, index.replay_stories(demand=demand) if demand else None)


def put(index: CoverageIndex, rows: Sequence[Row], name: str) -> None:
    """Put rows into an index, in order."""
    put_articles(index, [article_of(row) for row in rows], name)


def put_articles(index: CoverageIndex, articles: Sequence[Article], name: str, batch: int = _BATCH) -> None:
    """Put articles into an index, in order, so many at once."""
    with progress(f"ingesting {name}", len(articles)) as advance:
        for start in range(0, len(articles), batch):
            advance(len(index.put(articles[start : start + batch])))


def bcubed(found: Mapping[str, int], true: Mapping[str, str]) -> tuple[float, float, float]:
    """BCubed precision, recall and F1 (Bagga and Baldwin 1998); see `embedding_measures.bcubed_f1`."""
    shares = _shares({one: str(number) for one, number in found.items()}, true)
    precision = float(np.mean([share[0] for share in shares.values()]))
    recall = float(np.mean([share[1] for share in shares.values()]))
    return precision, recall, 2 * precision * recall / (precision + recall)


def pairwise_f1(found: Mapping[str, int], true: Mapping[str, str]) -> float:
    """F1 of the pairs of articles that are in one story."""
    pairs = Counter((found[one] == found[other], true[one] == true[other]) for one, other in combinations(found, 2))
    right = pairs[True, True]
    return 2 * right / max(1, 2 * right + pairs[True, False] + pairs[False, True])


def _shares(found: Mapping[str, str], true: Mapping[str, str]) -> dict[str, tuple[float, float]]:
    """For each article the share of its true story in the one found, and of the one found in the true one."""
    together = Counter((found[one], true[one]) for one in found)
    of_found, of_true = Counter(found.values()), Counter(true[one] for one in found)
    return {
        one: (
            together[found[one], true[one]] / of_found[found[one]],
            together[found[one], true[one]] / of_true[true[one]],
        )
        for one in found
    }


def _found(index: CoverageIndex, ids: Sequence[str], parts: Parts | None) -> dict[str, int]:
    if parts is None:
        keys = {one: index.article(one).key for one in ids}
        of_key = index.stories.ids_of(list(keys.values()))
        return {one: int(of_key[key].removeprefix("s")) for one, key in keys.items()}
    found = _numbered(parts)
    return {one: found[one] for one in ids}


def _numbered(parts: Parts) -> dict[str, int]:
    return {one: number for number, part in enumerate(parts) for one in part}
