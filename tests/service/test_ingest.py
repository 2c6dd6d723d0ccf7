"""From files into an index: what is kept, reported, and gone on with after an interruption."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from index import CoverageIndex
from index.opening import STORE_FILE
from index.store.sql_store import open_sqlite
from service.api_client import ApiClient
from service.app import create_app
from service.files.checkpoint import FOLDER
from service.ingest import Reading, Report, ingest
from service.ingest_targets import IndexTarget, Outcome, ServiceTarget
from service.settings import Settings
from tests.service.conftest import serving
from tests.service.killed_ingest import BATCH

KILLS = 4
ARTICLES = 400


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.ingest.AT_ONCE", BATCH)


def item(number: int, **fields: Any) -> str:
    return json.dumps(
        {"uri": f"urn:x:{number}", "headline": f"A summit {number}", "versioncreated": "2023-09-13"} | fields
    )


def lines(count: int, first: int = 0) -> str:
    return "".join(
        f'{{"id": "a{number}", "title": "Report {number}", "lang": "en"}}\n' for number in range(first, count)
    )


def rows(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


class InterruptedHereError(Exception):
    """As good as a kill."""


class Interrupting(IndexTarget):
    """Stops after so many batches."""

    def __init__(self, index: CoverageIndex, batches: int) -> None:
        super().__init__(index)
        self._left = batches
        self.sent = 0

    def put(self, batches: Iterable[Sequence[bytes]]) -> Iterator[list[Outcome]]:
        for outcomes in super().put(batches):
            if not self._left:
                raise InterruptedHereError
            self._left -= 1
            self.sent += len(outcomes)
            yield outcomes


def test_what_was_not_taken_is_reported_with_its_place_and_reason(topical_index: CoverageIndex, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        '{"id": "a", "title": "A summit", "tags": 1}\n{"id": "b", "title": ""}\n\n{nonsense\n'
    )
    (tmp_path / "b.json").write_text(item(1) + "\n" + item(2, embargoed=(datetime.now(UTC) + timedelta(1)).isoformat()))
    (tmp_path / "c.txt").write_text("what is this?")
    files = sorted(tmp_path.glob("?.*"))
    report = ingest(Reading(files, report=tmp_path / "report"), IndexTarget(topical_index))
    assert report.summary() == "2 created, 1 skipped, 2 invalid, 1 unreadable; ignored the fields 'tags'"
    assert report.faults == 3
    told = [(Path(row["file"]).name, row["record"], row["outcome"]) for row in rows(tmp_path / "report")]
    assert told == [
        ("a.jsonl", 2, "invalid"),
        ("a.jsonl", 4, "invalid"),
        ("b.json", 2, "skipped"),
        ("c.txt", 1, "unreadable"),
    ]
    reasons = [row["reason"] for row in rows(tmp_path / "report")]
    assert "embargoed until" in reasons[2]
    assert "--format" in reasons[3]
    assert len(report.problems) == 3


def test_what_is_taken_back_is_out_of_the_index(topical_index: CoverageIndex, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(
        "\n".join([item(1), item(2), item(1, pubstatus="canceled"), item(3), item(9, pubstatus="canceled")])
    )
    report = ingest(Reading([path]), IndexTarget(topical_index))
    assert report.summary() == "3 created, 1 took down, 1 not there to take down"
    assert topical_index.count() == 2
    assert not report.faults


def test_an_embargo_that_has_ended_is_none(topical_index: CoverageIndex, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(item(1, embargoed=(datetime.now(UTC) + timedelta(hours=1)).isoformat()))
    assert ingest(Reading([path]), IndexTarget(topical_index), state=tmp_path).summary() == "1 skipped"
    path.write_text(item(1, embargoed=(datetime.now(UTC) - timedelta(hours=1)).isoformat()))
    assert ingest(Reading([path]), IndexTarget(topical_index), state=tmp_path).summary() == "1 created"


@pytest.mark.parametrize("batches", [0, 1, 2])
def test_an_interrupted_ingest_goes_on_where_it_stopped(
    topical_index: CoverageIndex, tmp_path: Path, batches: int
) -> None:
    (tmp_path / "a").write_text(lines(30) + "nonsense\n")
    (tmp_path / "b").write_text(lines(70, 30))
    reading = Reading([tmp_path / "a", tmp_path / "b"], report=tmp_path / "report")
    target = Interrupting(topical_index, batches)
    with pytest.raises(InterruptedHereError):
        ingest(reading, target, state=tmp_path)
    assert len(list((tmp_path / FOLDER).glob("*.json"))) == (1 if batches else 0)

    again = Interrupting(topical_index, -1)
    report = ingest(reading, again, state=tmp_path)
    assert report.outcomes.total() == 71
    assert report.outcomes["invalid"] == 1
    assert report.resumed == target.sent
    assert again.sent == 71 - target.sent
    assert topical_index.count() == 70
    assert [row["record"] for row in rows(tmp_path / "report")] == [31]
    assert not list((tmp_path / FOLDER).glob("*"))
    assert ingest(reading, IndexTarget(topical_index), state=tmp_path).outcomes["unchanged"] == 70


def interrupted(index: CoverageIndex, reading: Reading, state: Path) -> None:
    with pytest.raises(InterruptedHereError):
        ingest(reading, Interrupting(index, 1), state=state)


def resumed(index: CoverageIndex, reading: Reading, state: Path) -> Report:
    return ingest(reading, IndexTarget(index), state=state)


def test_all_is_read_again_where_files_are_not_as_they_were(topical_index: CoverageIndex, tmp_path: Path) -> None:
    (tmp_path / "b").write_text(lines(40))
    reading = Reading([tmp_path / "b"])
    interrupted(topical_index, reading, tmp_path)
    (tmp_path / "b").write_text("nonsense\n" + lines(40))
    report = resumed(topical_index, reading, tmp_path)
    assert (report.resumed, report.outcomes["invalid"], report.outcomes.total()) == (0, 1, 41)


def test_all_is_read_again_where_what_was_kept_is_not_there(topical_index: CoverageIndex, tmp_path: Path) -> None:
    (tmp_path / "b").write_text(lines(40))
    reading = Reading([tmp_path / "b"])
    interrupted(topical_index, reading, tmp_path)
    topical_index.expire(datetime.now(UTC) + timedelta(days=1))
    report = resumed(topical_index, reading, tmp_path)
    assert (report.resumed, report.outcomes["created"], topical_index.count()) == (0, 40, 40)


def test_other_files_or_another_way_to_read_them_is_another_ingest(
    topical_index: CoverageIndex, tmp_path: Path
) -> None:
    (tmp_path / "b").write_text(lines(40))
    interrupted(topical_index, Reading([tmp_path / "b"]), tmp_path)
    assert not ingest(Reading([tmp_path / "b"]), IndexTarget(topical_index), state=tmp_path, told="elsewhere").resumed


def test_a_service_takes_the_same(topical_index: CoverageIndex, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("\n".join([item(1), item(2), item(1, pubstatus="canceled"), '{"uri": "urn:x:5"}']))
    reading = Reading([tmp_path / "a.json"], report=tmp_path / "report")
    with serving(create_app(Settings(), topical_index)) as address:
        target = ServiceTarget(ApiClient(address))
        report = ingest(reading, target, state=tmp_path, told=address)
        assert target.has("urn:x:2")
        assert not target.has("urn:x:1")
    assert report.summary() == "2 created, 1 took down, 1 invalid"
    assert rows(tmp_path / "report")[0]["record"] == 4


def test_nothing_is_lost_and_nothing_there_twice_whenever_an_ingest_is_killed(tmp_path: Path) -> None:
    data, report = tmp_path / "data", tmp_path / "report"
    files = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    files[0].write_text(lines(ARTICLES // 2) + "nonsense\n")
    files[1].write_text("nonsense\n" + lines(ARTICLES, ARTICLES // 2))
    command = [sys.executable, "-m", "tests.service.killed_ingest", str(data), str(report), *map(str, files)]
    moments = random.Random(7)
    positions = []
    for _ in range(KILLS):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "open\n"
            time.sleep(moments.uniform(0.05, 1))
            os.kill(process.pid, signal.SIGKILL)
        positions += [json.loads(state.read_text())["number"] for state in (data / FOLDER).glob("*.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]

    with open_sqlite(data / STORE_FILE, writer=False) as store:
        ids = [stored.article.id for stored in store.latest(10 * ARTICLES)]
        waiting = store.count_without_vector(), store.stories.waiting()
    assert sorted(ids) == sorted(f"a{number}" for number in range(ARTICLES))
    assert waiting == (0, 0)
    assert [(Path(row["file"]).name, row["record"]) for row in rows(report)] == [
        ("a.jsonl", ARTICLES // 2 + 1),
        ("b.jsonl", 1),
    ]
    assert "2 invalid" in done
    assert not list((data / FOLDER).glob("*.json"))
    assert positions, "it was never killed with something to go on with"
