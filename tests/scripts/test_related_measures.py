"""Measures of small sets whose similarities can be worked out by hand."""

import json
from pathlib import Path
from typing import Any

import pytest
from evaluate import main, show_worst, texts_of
from related_measures import Judged, calibration, measure_set
from typer.testing import CliRunner

from tests.index.fakes import FakeEncoder


def story(article_id: str, text: str, of: str, lang: str = "en", **fields: object) -> dict[str, Any]:
    return {"id": article_id, "text": f"{text} {article_id}", "story": of, "lang": lang} | fields


def figures(name: str, rows: list[dict[str, Any]]) -> dict[str, float]:
    return measure_set(name, rows, FakeEncoder(), None).figures


def test_what_is_found_first_is_right_or_not() -> None:
    rows = [story("a", "Summit", "1"), story("b", "Summit", "1"), story("c", "Flood", "2"), story("d", "Flood", "3")]
    found = figures("stories-any", rows)
    assert (found["precision_at_1"], found["recall_at_10"], found["ndcg_at_10"]) == (1, 1, 1)
    assert found["shipped_recall"] == 1


def test_a_look_alike_before_the_companion_costs_precision_and_not_recall() -> None:
    rows = [story("a", "Summit flood", "1"), story("b", "Summit", "1"), story("c", "Summit flood", "2")]
    found = figures("stories-any", rows)
    assert found["precision_at_1"] == 0.5
    assert found["recall_at_10"] == 1
    assert found["shipped_precision"] < 1


def test_other_languages_are_measured_apart_and_korean_among_them() -> None:
    rows = [story("a", "Summit", "1", "ko"), story("b", "Summit", "1", "en"), story("c", "Flood", "2", "en")]
    found = figures("stories-any", rows)
    assert found["cross_lingual_precision_at_1"] == found["cross_lingual_precision_at_1_ko"] == 1


def test_a_topic_counts_half_and_is_told_from_the_story() -> None:
    rows = [story("a", "Summit", "1", topic="t"), story("b", "Summit", "1", topic="t")]
    rows += [story("c", "Summit flood", "2", topic="t"), story("d", "Summit flood", "2", topic="t")]
    found = figures("stories-any", rows)
    assert found["same_against_related_auc"] == 1
    assert found["ndcg_at_10"] == 1


def test_pairs_are_graded_or_labelled() -> None:
    def pair(one: str, other: str, **label: object) -> dict[str, Any]:
        return {"a": {"lang": "en", "text": one}, "b": {"lang": "en", "text": other}} | label

    graded = [pair("Summit", "Summit one", similarity=1), pair("Summit", "Flood", similarity=0)]
    assert figures("pairs-any", graded)["pearson"] == pytest.approx(1)
    labelled = [pair("Summit", f"Summit {n}", same_story=True) for n in range(10)]
    labelled += [pair("Summit", f"Flood {n}", same_story=False) for n in range(10)]
    assert figures("pairs-any", labelled) == {"auc_en": 1, "average_precision_en": 1}
    assert figures("pairs-any", labelled[5:15]) == {}  # too few of each label


def test_parallel_texts_are_looked_for_in_each_other_language_without_the_same_part() -> None:
    rows = [
        {"id": f"{doc}-{lang}-{part}", "doc": doc, "part": part, "lang": lang, "text": f"{topic} {part}"}
        for doc, topic in (("1", "Summit"), ("2", "Flood"))
        for lang in ("ko", "en")
        for part in (0, 1)
    ]
    assert figures("parallel-any", rows) == dict.fromkeys(
        ("precision_at_1_mean", "precision_at_1_worst", "precision_at_1_ko_en", "precision_at_1_en_ko"), 1
    )


def test_the_calibration_of_all_sets_weighs_them_equally_and_languages_apart() -> None:
    large = [Judged("large", "a", "b", "en", 0.9, same_story=True)] * 180
    large += [Judged("large", "a", "b", "en", 0.9, same_story=False)] * 20
    small = [Judged("small", "a", "b", "ko", 0.9, same_story=False)] * 10
    found = calibration([*large, *small])
    assert found["calibration_error"] == pytest.approx(0.45)
    assert found["calibration_error_en"] == pytest.approx(0)
    assert "calibration_error_ko" not in found


def test_the_worst_judgements_are_shown_with_their_texts(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [story("a", "Summit", "1"), story("b", "Flood", "1"), story("c", "Volcano", "2")]
    judged = [Judged("any", "a", "b", "en", 0.1, same_story=True), Judged("any", "a", "c", "en", 0.2, same_story=False)]
    show_worst(judged, texts_of("stories-any", rows), 1)
    printed = capsys.readouterr().out
    assert "Flood b" in printed
    assert "Volcano" not in printed


def test_the_command_measures_files_and_writes_the_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import typer

    monkeypatch.setattr("evaluate.load_configured_encoder", lambda settings: FakeEncoder())
    rows = [story("a", "Summit", "1"), story("b", "Summit", "1"), story("c", "Flood", "2")]
    (tmp_path / "stories-any.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    app = typer.Typer()
    app.command()(main)
    result = CliRunner().invoke(app, [str(tmp_path / "stories-any.jsonl"), "--json", str(tmp_path / "figures.json")])
    assert result.exit_code == 0, result.output
    written = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))["figures"]
    assert written["stories-any/precision_at_1"] == 1
