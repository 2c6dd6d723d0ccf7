"""What related coverage is worth, measured on labelled sets through the service's own code path.

A set goes into an index of its own, whose scorer was trained without it; then every article that has companions is
asked about, every pair is compared, and every text is looked for among those of each other language.
"""

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, permutations
from pathlib import Path
from typing import NamedTuple

import numpy as np
from evaluation_files import SAME_GRADE, Row, article_of, content_of
from numpy.typing import NDArray
from scipy.special import logit
from scorer_measures import measure
from sklearn.metrics import average_precision_score, roc_auc_score
from story_measures import figures_of, in_order, put, put_articles, stability_of

from index import Article, CoverageIndex, Filters, Related, RelatedQuery, open_index
from index.encoder import Encoder
from index.language import primary
from index.progress import progress
from index.related.scorer import Scorer

FIRST = 10
SAME = 2
FEWEST_OF_A_LABEL = 10
"""A language has figures of its own from this many pairs of each label on."""

FEWEST_OF_LANGUAGES = 200
"""The calibration of two languages is measured from this many pairs on."""

_BATCH = 256
_BOTH_WAYS = 2
_EVERYTHING = RelatedQuery(limit=FIRST, max_per_source=100, min_score=0, diversity=0)
"""The nearest ten whatever their score, so that what is measured is their order."""

SHIPPED = RelatedQuery(max_per_source=100)
"""An answer as it is shown, but for the cap: sets do not name publishers, or only a few."""


class Judged(NamedTuple):
    """Two texts, how probable it is that they report the same story, and whether they do."""

    set: str
    one: str
    other: str
    langs: str
    probability: float
    same_story: bool


@dataclass(slots=True)
class Measured:
    """What was measured on a set.

    Attributes:
        figures: by name.
        judged: the pairs by which the calibration is measured.
    """

    figures: dict[str, float]
    judged: list[Judged] = field(default_factory=list)


def measure_set(
    name: str, rows: Sequence[Row], encoder: Encoder, scorer: Scorer | None, query: RelatedQuery = SHIPPED
) -> Measured:
    """Measure a set; its name tells what it is.

    Args:
        name: begins with `stories`, `pairs` or `parallel`.
        rows: of the set.
        encoder: what to embed with.
        scorer: one that was trained without the set; None for the one that is shipped.
        query: how stories are asked about for the measures of what is shown.
    """
    kind, _, _ = name.partition("-")
    with tempfile.TemporaryDirectory() as data, open_index(Path(data), encoder, scorer=scorer) as index:
        if kind == "stories":
            return _stories(name, rows, index, query)
        return _pairs(name, rows, index) if kind == "pairs" else _parallel(name, rows, index)


def calibration(judged: Sequence[Judged]) -> dict[str, float]:
    """How well probabilities are calibrated over all sets, every one of which counts the same, and by languages."""
    sizes = Counter(one.set for one in judged)
    figures = _calibration(judged, [1 / sizes[one.set] for one in judged])
    for langs, count in Counter(one.langs for one in judged).items():
        of_langs = [one for one in judged if one.langs == langs]
        if count >= FEWEST_OF_LANGUAGES and len({one.same_story for one in of_langs}) > 1:
            figures[f"calibration_error_{langs}"] = _calibration(of_langs)["calibration_error"]
    return figures


def _calibration(judged: Sequence[Judged], weights: Sequence[float] | None = None) -> dict[str, float]:
    probabilities = np.clip([one.probability for one in judged], 1e-9, 1 - 1e-9)
    labels = np.array([float(one.same_story) for one in judged])
    share = np.ones(len(judged)) if weights is None else np.array(weights)
    figures = measure(labels, logit(probabilities), share)
    return {name: figures[name] for name in ("calibration_error", "f1", "f1_lost") if name in figures}


# Stories


@dataclass(frozen=True, slots=True)
class _Stories:
    articles: dict[str, Article]
    story: dict[str, str]
    topic: dict[str, str | None]
    sizes: Counter[str]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> "_Stories":
        articles = [article_of(row) for row in rows]
        return cls(
            articles={article.id: article for article in articles},
            story={article.id: row["story"] for article, row in zip(articles, rows, strict=True)},
            topic={article.id: row.get("topic") for article, row in zip(articles, rows, strict=True)},
            sizes=Counter(row["story"] for row in rows),
        )

    def gain(self, asked: str, found: str) -> int:
        """2 for the same story, 1 for the same topic."""
        topic = self.topic[asked]
        return SAME if self.story[asked] == self.story[found] else int(topic is not None and topic == self.topic[found])


@dataclass(frozen=True, slots=True)
class _Answers:
    """Of one article: the gains of what was found in order, of what was found in other languages, and as shipped.

    Copies of the article itself are no companions.
    """

    companions: int
    lang: str
    gains: list[int]
    foreign: list[int] | None
    shipped: list[Related]


def _stories(name: str, rows: Sequence[Row], index: CoverageIndex, query: RelatedQuery) -> Measured:
    stories = _Stories.of(rows)
    put(index, in_order(rows), name)
    asked = [one for one in stories.articles if stories.sizes[stories.story[one]] > 1]
    with progress(f"asking about {name}", len(asked)) as advance:
        answers = {}
        for one in asked:
            answers[one] = _ask(index, stories, one, query)
            advance()
    # Whose only companions are copies of it has nothing to find: they are in no answer.
    answers = {one: answer for one, answer in answers.items() if answer.companions > 0}
    figures = _ranking(stories, answers)
    figures |= _cross_lingual(list(answers.values()))
    figures |= _as_shipped(stories, answers)
    figures |= figures_of(index, rows) | stability_of(index, rows)
    if any(stories.topic.values()):
        figures["same_against_related_auc"] = _within_topics(index, stories)
    judged = [
        Judged(
            name,
            one,
            item.stored.article.id,
            _langs(answer.lang, item.stored.article.language),
            item.same_story,
            stories.gain(one, item.stored.article.id) == SAME,
        )
        for one, answer in answers.items()
        for item in answer.shipped
    ]
    return Measured(figures, judged)


def _ask(index: CoverageIndex, stories: _Stories, one: str, shipped: RelatedQuery) -> _Answers:
    stored = index.article(one)
    lang, story = primary(stored.article.language), stories.story[one]

    def gains(query: RelatedQuery) -> list[int]:
        # A copy stands behind the item that it is folded into.
        items = index.related_to(stored, query).items
        found = [other.article.id for item in items for other in (item.stored, *item.copies)]
        return [stories.gain(one, other) for other in found][:FIRST]

    abroad = any(
        stories.story[other.id] == story and primary(other.language) != lang for other in stories.articles.values()
    )
    elsewhere = replace(_EVERYTHING, filters=Filters(exclude_langs=frozenset({lang})))
    answer = index.related_to(stored, shipped)
    return _Answers(
        companions=stories.sizes[story] - 1 - sum(stories.gain(one, other) == SAME for other in answer.copies),
        lang=stored.article.language,
        gains=gains(_EVERYTHING),
        foreign=gains(elsewhere) if abroad else None,
        shipped=answer.items,
    )


def _ranking(stories: _Stories, answers: Mapping[str, _Answers]) -> dict[str, float]:
    topics = Counter(stories.topic.values())
    ndcg = []
    for one, answer in answers.items():
        topic = stories.topic[one]
        fellows = topics[topic] - 1 - answer.companions if topic is not None else 0
        ideal = ([SAME] * answer.companions + [1] * fellows)[:FIRST]
        ndcg.append(_dcg(answer.gains) / _dcg(ideal))
    return {
        "precision_at_1": _precision_at_1([answer.gains for answer in answers.values()]),
        "recall_at_10": float(np.mean([_recall(answer.gains, answer) for answer in answers.values()])),
        "ndcg_at_10": float(np.mean(ndcg)),
    }


def _cross_lingual(answers: Sequence[_Answers]) -> dict[str, float]:
    found = {"": [one.foreign for one in answers if one.foreign is not None]}
    found["_ko"] = [one.foreign for one in answers if one.foreign is not None and primary(one.lang) == "ko"]
    return {f"cross_lingual_precision_at_1{name}": _precision_at_1(gains) for name, gains in found.items() if gains}


def _as_shipped(stories: _Stories, answers: Mapping[str, _Answers]) -> dict[str, float]:
    shown = {
        one: [stories.gain(one, item.stored.article.id) for item in answer.shipped] for one, answer in answers.items()
    }  # an item each: what a reader sees
    return {
        "shipped_precision": float(np.mean([gain == SAME for gains in shown.values() for gain in gains])),
        "shipped_recall": float(np.mean([_recall(gains, answers[one]) for one, gains in shown.items()])),
        "shipped_precision_at_5": float(np.mean([sum(g == SAME for g in gains[:5]) / 5 for gains in shown.values()])),
    }


def _recall(gains: Sequence[int], answer: _Answers) -> float:
    return sum(gain == SAME for gain in gains) / min(FIRST, answer.companions)


def _precision_at_1(found: Sequence[Sequence[int]]) -> float:
    return float(np.mean([gains[:1] == [SAME] for gains in found]))


def _dcg(gains: Sequence[int]) -> float:
    """Discounted cumulative gain (Järvelin and Kekäläinen 2002, https://doi.org/10.1145/582415.582418)."""
    return float(np.sum(np.array(gains) / np.log2(np.arange(len(gains)) + 2)))


def _within_topics(index: CoverageIndex, stories: _Stories) -> float:
    """ROC AUC of the same story against another one of the same topic."""
    pairs = [
        (one, other)
        for one, other in combinations(stories.articles, 2)
        if stories.topic[one] is not None and stories.topic[one] == stories.topic[other]
    ]
    with progress("comparing within topics", len(pairs)) as advance:
        scores = []
        for one, other in pairs:
            scores.append(index.compare(stories.articles[one], stories.articles[other]).score)
            advance()
    return float(roc_auc_score([stories.gain(*pair) == SAME for pair in pairs], scores))


# Pairs


def _pairs(name: str, rows: Sequence[Row], index: CoverageIndex) -> Measured:
    contents = [(content_of(row["a"]), content_of(row["b"])) for row in rows]
    compared = []
    with progress(f"comparing {name}", len(rows)) as advance:
        for one, other in contents:
            compared.append(index.compare(one, other))
            advance()
    langs = [_langs(one.language, other.language) for one, other in contents]
    graded = "similarity" in rows[0]
    labels = np.array([row["similarity" if graded else "same_story"] for row in rows], float)
    scores = np.array([one.score for one in compared])
    figures = {"pearson": float(np.corrcoef(scores, labels)[0, 1])} if graded else _told_apart(labels, scores, langs)
    same = labels >= (SAME_GRADE if graded else 1)
    judged = [
        Judged(name, f"{number}a", f"{number}b", langs[number], one.same_story, bool(same[number]))
        for number, one in enumerate(compared)
    ]
    return Measured(figures, judged)


def _told_apart(labels: NDArray[np.float64], scores: NDArray[np.float64], langs: Sequence[str]) -> dict[str, float]:
    figures = {}
    for lang in dict.fromkeys(langs):
        chosen = np.array([one == lang for one in langs])
        truth = labels[chosen]
        if min(truth.sum(), (1 - truth).sum()) >= FEWEST_OF_A_LABEL:
            name = "_".join(dict.fromkeys(lang.split("-")))
            figures[f"auc_{name}"] = float(roc_auc_score(truth, scores[chosen]))
            figures[f"average_precision_{name}"] = float(average_precision_score(truth, scores[chosen]))
    return figures


# Parallel texts


def _parallel(name: str, rows: Sequence[Row], index: CoverageIndex) -> Measured:
    articles = [article_of(row) for row in rows]
    put_articles(index, articles, name, _BATCH)
    doc = {article.id: row["doc"] for article, row in zip(articles, rows, strict=True)}
    # A row without a part is a part of its own: nothing is left out for it.
    part = {article.id: row.get("part", article.id) for article, row in zip(articles, rows, strict=True)}
    has_parts = any("part" in row for row in rows)
    langs = list(dict.fromkeys(article.language for article in articles))
    keys = {
        (doc[article.id], part[article.id], article.language): index.article(article.id).key for article in articles
    }
    counts = Counter((doc[article.id], article.language) for article in articles)
    found: dict[tuple[str, str], list[bool]] = {pair: [] for pair in permutations(langs, 2)}
    with progress(f"asking about {name}", len(articles)) as advance:
        for article in articles:
            stored = index.article(article.id)
            for lang in langs:
                itself = 1 if has_parts else 0  # the same part in that language is left out
                if lang != article.language and counts[doc[article.id], lang] > itself:
                    left_out = keys.get((doc[article.id], part[article.id], lang), stored.key)
                    filters = Filters(langs=frozenset({lang}), exclude=frozenset({left_out}))
                    items = index.related_to(stored, replace(_EVERYTHING, limit=1, filters=filters)).items
                    right = [doc[item.stored.article.id] == doc[article.id] for item in items]
                    found[article.language, lang].append(right == [True])
            advance()
    precision = {pair: float(np.mean(right)) for pair, right in found.items() if right}
    figures = {"precision_at_1_mean": float(np.mean(list(precision.values())))}
    figures["precision_at_1_worst"] = min(precision.values())
    if len(langs) == _BOTH_WAYS:
        figures |= {f"precision_at_1_{one}_{other}": value for (one, other), value in precision.items()}
    return Measured(figures)


def _langs(one: str, other: str) -> str:
    return "-".join(sorted({primary(one), primary(other)}))
