"""Tiny sets, whose measures are worked out by hand. Most vectors lie in a plane: a cosine is that of an angle."""

import io
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import evaluate_embedding
import numpy as np
import pytest
import typer
from click.testing import Result
from embedding_measures import EvaluationSets, Vectors, bcubed_f1, single_pass
from rich.console import Console
from typer.testing import CliRunner

from index.article import Content
from index.background import Background
from index.encoder import Encoder
from tests.index.fakes import FakeEncoder

Row = dict[str, Any]
Figures = dict[str, float]


def article(text: str, story: str, day: int | None = None, **fields: object) -> Row:
    date = {} if day is None else {"published_at": f"2023-{3 + day // 31:02}-{1 + day % 31:02}T12:00:00Z"}
    return {"id": text, "lang": "en", "text": text, "story": story} | date | fields


def part(text: str, lang: str, doc: str, number: int | None = None) -> Row:
    return {"id": f"{text}-{lang}", "lang": lang, "text": text, "doc": doc} | (
        {} if number is None else {"part": number}
    )


def pair(text: str, lang: str = "ru", **label: object) -> Row:
    return {"a": {"lang": lang, "text": f"{text}, one"}, "b": {"lang": lang, "text": f"{text}, two"}} | label


def write(folder: Path, name: str, *rows: Row) -> None:
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    (folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")


def measured(folder: Path, degrees: Mapping[str, float]) -> Figures:
    """The measures of vectors at these angles, by text."""
    sets = EvaluationSets(folder)
    angles = np.radians([degrees[content.words] for content in sets.contents])
    return sets.measure(np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32))


def in_a_plane(*degrees: float) -> Vectors:
    """The cosines of vectors at these angles."""
    angles = np.radians(degrees)
    cosines: Vectors = np.cos(angles[:, None] - angles).astype(np.float32)
    return cosines


def cosine(degrees: float) -> float:
    return math.cos(math.radians(degrees))


# The folder


def test_contents_are_all_that_is_measured_each_once(tmp_path: Path) -> None:
    write(tmp_path, "corpus-news", article("Left alone", "s"))
    write(tmp_path, "stories-any", article("A", "s", title="Title"), article("A", "s", id="again", title="Title"))
    write(tmp_path, "pairs-any", pair("Pair", similarity=0.5))
    write(tmp_path, "parallel-any", part("Pair, one", "ru", "d"), part("Pair, one", "uk", "d"))
    contents = EvaluationSets(tmp_path).contents
    assert sorted((content.language, content.words) for content in contents) == [
        ("en", "Title\nA"),
        ("ru", "Pair, one"),
        ("ru", "Pair, two"),
        ("uk", "Pair, one"),
    ]


def test_codes_that_are_no_language_tags_and_titles_without_a_word_are_understood(tmp_path: Path) -> None:
    write(tmp_path, "stories-any", article("A", "s", lang="zh-classical", title=""), article("B", "s", title="…"))
    contents = EvaluationSets(tmp_path).contents
    assert [(content.lang, content.title, content.text) for content in contents] == [
        ("zh", None, "A"),
        ("en", None, "B"),
    ]


def test_a_folder_without_sets_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "corpus-news", article("Left alone", "s"))
    with pytest.raises(FileNotFoundError, match="no evaluation set"):
        EvaluationSets(tmp_path)


def test_perfect_vectors_are_perfect_in_all(tmp_path: Path) -> None:
    write(
        tmp_path,
        "stories-any",
        article("A1", "a", 0, lang="ko", topic="t"),
        article("A2", "a", 2, topic="t"),
        article("B1", "b", 0, lang="ko", topic="t"),
        article("B2", "b", 2, topic="t"),
        article("C1", "c", 0, lang="ru", topic="u"),
        article("C2", "c", 2, topic="u"),
    )
    write(tmp_path, "pairs-graded", pair("A", similarity=1), pair("B", similarity=0.5), pair("C", similarity=0))
    write(tmp_path, "pairs-labelled", *(pair(f"{number}", same_story=number < 10) for number in range(20)))
    write(
        tmp_path,
        "parallel-any",
        *(part(f"{doc}{number}", lang, doc, number) for doc in "DE" for number in (0, 1) for lang in ("ko", "en")),
    )
    degrees = {"A1": 0, "A2": 0, "B1": 80, "B2": 80, "C1": 170, "C2": 170} | {"D0": 0, "D1": 0, "E0": 90, "E1": 90}
    degrees |= {"A, one": 0, "A, two": 0, "B, one": 0, "B, two": 60, "C, one": 0, "C, two": 90}
    degrees |= {
        f"{number}, {side}": 90 * (number >= 10 and side == "two") for number in range(20) for side in ("one", "two")
    }
    figures = measured(tmp_path, degrees)
    thresholds = [figures.pop(name) for name in ("stories-any/best_threshold", "all/common_threshold")]
    assert thresholds == [0.3, 0.3]
    assert figures == pytest.approx(
        dict.fromkeys(
            (
                "all/mean_f1_best",
                "all/mean_f1_common",
                "pairs-graded/pearson",
                "pairs-labelled/auc_ru",
                "pairs-labelled/average_precision_ru",
                "parallel-any/precision_at_1_mean",
                "parallel-any/precision_at_1_worst",
                "parallel-any/precision_at_1_ko_en",
                "parallel-any/precision_at_1_en_ko",
                "stories-any/bcubed_f1_best",
                "stories-any/precision_at_1",
                "stories-any/ndcg_at_10",
                "stories-any/same_against_related_auc",
                "stories-any/bcubed_f1_best_in_30_days",
                "stories-any/cross_lingual_precision_at_1",
                "stories-any/cross_lingual_precision_at_1_ko",
            ),
            1,
        )
    )


# Clustering


@pytest.mark.parametrize(
    ("found", "true", "f1"),
    [
        ([0, 0, 0, 1, 1], [0, 0, 1, 1, 1], 11 / 15),  # precision and recall (2 * 2/3 + 1/3 + 2) / 5
        ([0, 0, 0], [0, 0, 1], 5 / 7),  # precision (2 * 2/3 + 1/3) / 3, recall 1
        ([0, 1, 2], [0, 0, 1], 4 / 5),  # precision 1, recall (2 * 1/2 + 1) / 3
        ([1, 1, 0], [0, 0, 1], 1),
    ],
)
def test_bcubed(found: list[int], true: list[int], f1: float) -> None:
    assert bcubed_f1(np.array(found), np.array(true)) == pytest.approx(f1)


def test_an_article_joins_the_story_with_the_nearest_centroid() -> None:
    assert single_pass(in_a_plane(0, 80, 50), cosine(50)).tolist() == [0, 1, 1]


def test_the_nearest_article_of_a_story_does_not_count() -> None:
    # The third is 40 degrees from the second, but 60 from the centroid of the first two.
    assert single_pass(in_a_plane(0, 40, 80), cosine(50)).tolist() == [0, 0, 1]
    assert single_pass(in_a_plane(0, 40, 80), cosine(61)).tolist() == [0, 0, 0]


def test_the_centroid_is_that_of_all_articles_of_a_story() -> None:
    # The centroid of 0, 0 and 40 is at atan(sin 40 / (2 + cos 40)) = 13.1 degrees.
    assert single_pass(in_a_plane(0, 0, 40, 60), cosine(46.8)).tolist() == [0, 0, 0, 1]
    assert single_pass(in_a_plane(0, 0, 40, 60), cosine(47)).tolist() == [0, 0, 0, 0]


def test_with_days_an_article_joins_no_story_whose_last_article_is_older() -> None:
    similar, days = in_a_plane(0, 1, 2, 3), np.array([0.0, 30, 60, 91])
    assert single_pass(similar, 0.5, days).tolist() == [0, 0, 0, 1]
    assert single_pass(similar, 0.5).tolist() == [0, 0, 0, 0]


def test_dated_stories_are_measured_with_a_window_too(tmp_path: Path) -> None:
    write(tmp_path, "stories-any", article("A", "a", 0), article("A2", "a", 20), article("B", "b", 51))
    figures = measured(tmp_path, {"A": 0, "A2": 28, "B": 14})
    assert figures["stories-any/bcubed_f1_best_in_30_days"] == 1
    assert figures["stories-any/bcubed_f1_best"] < 1


@pytest.mark.parametrize(("days", "threshold"), [((0, 2, 1), 0.3), ((None, None, None), 0.72), ((0, 2, None), 0.72)])
def test_articles_come_in_order_of_date_or_of_the_file_if_not_all_are_dated(
    tmp_path: Path, days: tuple[int | None, ...], threshold: float
) -> None:
    # In order of the file the second joins the first (45 degrees) until the threshold is above 0.707.
    write(tmp_path, "stories-any", *map(article, ("A", "B1", "B2"), ("a", "b", "b"), days))
    figures = measured(tmp_path, {"A": 0, "B1": 45, "B2": 80})
    assert figures["stories-any/bcubed_f1_best"] == 1
    assert figures["stories-any/best_threshold"] == threshold


def test_one_threshold_for_all_sets_is_the_one_best_on_average(tmp_path: Path) -> None:
    write(tmp_path, "stories-loose", article("A1", "a"), article("A2", "a"))  # 1 up to cos 58 = 0.53, then 2/3
    write(
        tmp_path, "stories-tight", article("B1", "b"), article("B2", "b"), article("C", "c")
    )  # 5/7 up to 0.77, then 1
    figures = measured(tmp_path, {"A1": 0, "A2": 58, "B1": 0, "B2": 0, "C": 40})
    assert figures["stories-loose/best_threshold"] == 0.3
    assert figures["stories-tight/best_threshold"] == 0.78
    assert figures["all/mean_f1_best"] == 1
    assert figures["all/mean_f1_common"] == pytest.approx((1 + 5 / 7) / 2)
    assert figures["all/common_threshold"] == 0.3


# Stories


def test_precision_at_1_asks_for_articles_with_companions(tmp_path: Path) -> None:
    write(tmp_path, "stories-any", article("A1", "a"), article("A2", "a"), article("B", "b"))
    figures = measured(tmp_path, {"A1": 0, "A2": 10, "B": 16})
    assert figures["stories-any/precision_at_1"] == 0.5


def test_of_equally_similar_articles_the_share_of_right_ones_counts(tmp_path: Path) -> None:
    rows = [article("A1", "a"), article("A2", "a"), article("A2", "b", id="B"), article("A2", "c", id="C")]
    write(tmp_path, "stories-any", *rows)
    # A1 has A2 and its two copies before it; A2 has only the copies, which are of other stories.
    assert measured(tmp_path, {"A1": 0, "A2": 10})["stories-any/precision_at_1"] == pytest.approx((1 / 3 + 0) / 2)


def test_look_alikes_of_one_topic(tmp_path: Path) -> None:
    write(
        tmp_path,
        "stories-any",
        article("A1", "a", topic="t"),
        article("A2", "a", topic="t"),
        article("B", "b", topic="t"),
        article("C", "c", topic="u"),
    )
    figures = measured(tmp_path, {"A1": 0, "A2": 20, "B": -15, "C": 180})
    first = (1 + 2 / math.log2(3)) / (2 + 1 / math.log2(3))  # A1 finds B before A2
    assert figures["stories-any/ndcg_at_10"] == pytest.approx((first + 1) / 2)
    assert figures["stories-any/same_against_related_auc"] == 0.5  # A1 and A2 are between B and A1, and B and A2


def test_only_the_first_ten_count(tmp_path: Path) -> None:
    others = [article(f"B{number}", f"b{number}", topic="u") for number in range(10)]
    write(tmp_path, "stories-any", article("A1", "a", topic="t"), *others, article("A2", "a", topic="t"))
    degrees = {f"B{number}": 10.0 + number for number in range(10)} | {"A1": 0, "A2": 40}
    assert measured(tmp_path, degrees)["stories-any/ndcg_at_10"] == 0
    figures = measured(tmp_path, degrees | {"B9": 41})  # now A1 has A2 in the tenth place, A2 still has all before A1
    assert figures["stories-any/ndcg_at_10"] == pytest.approx((1 / math.log2(11) + 0) / 2)


def test_without_topics_there_are_no_measures_of_topics(tmp_path: Path) -> None:
    write(tmp_path, "stories-any", article("A1", "a"), article("A2", "a"), article("B", "b"))
    figures = measured(tmp_path, {"A1": 0, "A2": 10, "B": 90})
    assert {name.partition("/")[2] for name in figures if name.startswith("stories")} == {
        "bcubed_f1_best",
        "best_threshold",
        "precision_at_1",
    }


def test_in_other_languages_one_looks_thirty_days_far(tmp_path: Path) -> None:
    rows = [article("한1", "a", 0, lang="ko"), article("A", "a", 30), article("Я", "b", 31, lang="ru")]
    write(tmp_path, "stories-any", *rows, article("한2", "c", 0, lang="ko"))
    figures = measured(tmp_path, {"한1": 0, "A": 40, "Я": 10, "한2": 5})
    assert figures["stories-any/cross_lingual_precision_at_1_ko"] == 1  # Я is too late, 한2 is Korean
    assert figures["stories-any/cross_lingual_precision_at_1"] == 0.5  # Я is before 한1 for A


@pytest.mark.parametrize(("days", "lang"), [((0, 31), "ko"), ((None, None), "ko"), ((0, None), "ko"), ((0, 1), "en")])
def test_other_languages_are_asked_only_with_a_right_answer_a_date_and_another_language(
    tmp_path: Path, days: tuple[int | None, int | None], lang: str
) -> None:
    write(tmp_path, "stories-any", article("A", "a", days[0], lang=lang), article("B", "a", days[1]))
    assert not [name for name in measured(tmp_path, {"A": 0, "B": 10}) if "cross_lingual" in name]


# Pairs


def test_grades_are_correlated(tmp_path: Path) -> None:
    write(tmp_path, "pairs-any", pair("A", similarity=1), pair("B", similarity=0.5), pair("C", similarity=0))
    degrees = {f"{text}, one": 0.0 for text in "ABC"} | {"A, two": 0, "B, two": 90, "C, two": 60}
    assert measured(tmp_path, degrees) == pytest.approx({"pairs-any/pearson": 0.5})


def test_labels_are_told_apart_in_every_language_with_enough_of_both(tmp_path: Path) -> None:
    russian = [pair(f"Р{number}", same_story=number < 10) for number in range(20)]
    english = [pair(f"E{number}", "en", same_story=number < 9) for number in range(20)]
    ukrainian = [pair(f"У{number}", "uk", same_story=number < 10) for number in range(19)]
    write(tmp_path, "pairs-any", *russian, *english, *ukrainian)
    degrees = {row[side]["text"]: 0.0 for row in russian + english + ukrainian for side in "ab"}
    degrees |= {f"Р{number}, two": 45.0 for number in range(10, 20)} | {"Р0, two": 90.0}  # of ten the last comes last
    assert measured(tmp_path, degrees) == pytest.approx(
        {"pairs-any/auc_ru": 0.9, "pairs-any/average_precision_ru": 0.9 + 0.1 * 10 / 20}
    )


# Parallel texts


def test_both_directions_of_two_languages(tmp_path: Path) -> None:
    rows = [part("가", "ko", "a"), part("나", "ko", "b"), part("A", "en", "a"), part("B", "en", "b")]
    write(tmp_path, "parallel-any", *rows)
    assert measured(tmp_path, {"가": 0, "나": 60, "A": 25, "B": 100}) == {
        "parallel-any/precision_at_1_ko_en": 0.5,  # A is before B for 나
        "parallel-any/precision_at_1_en_ko": 1,
        "parallel-any/precision_at_1_mean": 0.75,
        "parallel-any/precision_at_1_worst": 0.5,
    }


def test_more_languages_have_mean_and_worst(tmp_path: Path) -> None:
    rows = [part(f"{lang} {doc}", lang, doc) for lang in ("ko", "en", "ru") for doc in ("a", "b")]
    write(tmp_path, "parallel-any", *rows)
    degrees = {"ko a": 0.0, "ko b": 60, "en a": 25, "en b": 100, "ru a": 0, "ru b": 60}
    figures = measured(tmp_path, degrees)  # as above for Korean, and for Russian, which lies where Korean does
    assert figures == pytest.approx(
        {"parallel-any/precision_at_1_mean": 5 / 6, "parallel-any/precision_at_1_worst": 0.5}
    )


@pytest.mark.parametrize(
    ("e0", "e1", "found"),
    [
        (10, 50, 0),  # after its own translation, every part has one of the other document next
        (25, 30, 0.5),  # E's parts find each other; D's, at 0 and 40 degrees, find those of E
    ],
)
def test_the_same_part_is_left_out(tmp_path: Path, e0: float, e1: float, found: float) -> None:
    parts = [(lang, doc, number) for lang in ("ko", "en") for doc in "DE" for number in (0, 1)]
    write(tmp_path, "parallel-any", *(part(f"{doc}{number}", lang, doc, number) for lang, doc, number in parts))
    figures = measured(tmp_path, {"D0": 0, "D1": 40, "E0": e0, "E1": e1})
    assert figures["parallel-any/precision_at_1_mean"] == found
    assert figures["parallel-any/precision_at_1_worst"] == found


def test_a_document_of_one_part_is_not_asked_for(tmp_path: Path) -> None:
    write(tmp_path, "parallel-any", part("가", "ko", "a", 0), part("A", "en", "a", 0))
    assert measured(tmp_path, {"가": 0, "A": 25}) == {}


# The command


@pytest.fixture
def stories(tmp_path: Path) -> Path:
    write(tmp_path, "stories-any", article("A summit", "a"), article("Of the summit", "a"), article("A flood", "b"))
    return tmp_path


def run(*arguments: object, **variables: str) -> Result:
    app = typer.Typer()
    app.command()(evaluate_embedding.main)
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"} | variables)


def test_without_a_folder_the_command_says_how_to_give_one() -> None:
    result = run()
    assert result.exit_code == 2
    assert "set SIMILAR_NEWS_EVAL" in result.stderr


def test_a_folder_without_sets_is_named(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.exit_code == 2
    assert "no evaluation set" in result.stderr


def test_the_command_measures_the_configured_model(stories: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate_embedding, "load_configured_encoder", lambda settings: FakeEncoder())
    monkeypatch.setattr("service.logs.configure", lambda settings: None)  # it would outlast the test
    result = run("--json", stories / "figures.json", SIMILAR_NEWS_EVAL=str(stories))
    assert result.exit_code == 0
    assert "stories-any/precision_at_1" in result.stdout
    figures = json.loads((stories / "figures.json").read_text())["figures"]
    assert figures["stories-any/precision_at_1"] == figures["stories-any/bcubed_f1_best"] == 1


def test_the_mean_of_the_language_is_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    summit = FakeEncoder().encode(["A summit"])[0]
    background = Background(FakeEncoder().fingerprint, np.zeros_like(summit), {"ko": summit / 2})
    monkeypatch.setattr(evaluate_embedding, "background_for", lambda model, fingerprint, dimensions: background)
    contents = [Content(title=title, lang=lang) for title in ("A summit", "A flood") for lang in ("ko", "en")]
    vectors = evaluate_embedding.centred_vectors(FakeEncoder(), contents, "fake")
    assert vectors @ summit == pytest.approx([1, 1, -1 / math.sqrt(5), 0])  # (-0.5, 1) scaled


class DeafEncoder(FakeEncoder):
    """Hears the same in every text."""

    def encode(self, texts: Any) -> Vectors:
        return np.tile(super().encode(["A volcano"]), (len(texts), 1))


def test_variants_are_compared(stories: Path) -> None:
    encoders: dict[str, Encoder] = {"deaf": DeafEncoder(), "fake": FakeEncoder()}
    both = evaluate_embedding.compare(EvaluationSets(stories), encoders)
    assert both["deaf"]["stories-any/bcubed_f1_best"] == pytest.approx(5 / 7)  # all in one story
    figures = evaluate_embedding.figures_of(both)
    assert figures["deaf/stories-any/precision_at_1"] == 0.5  # of two equally near one is right
    assert figures["fake/stories-any/precision_at_1"] == 1
    screen = io.StringIO()
    Console(file=screen, width=200).print(evaluate_embedding.table_of(both))
    line = next(line for line in screen.getvalue().splitlines() if "precision_at_1" in line)
    assert [cell.strip() for cell in line.strip("│").split("│")][1:] == ["0.500", "1.000", "+0.500"]


def test_one_variant_has_no_difference(stories: Path) -> None:
    one = evaluate_embedding.table_of(evaluate_embedding.compare(EvaluationSets(stories), {"fake": FakeEncoder()}))
    assert [column.header for column in one.columns] == ["measure", "fake"]
