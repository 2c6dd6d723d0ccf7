"""The service does what its description says, as schemathesis finds out: it reads nothing else.

What it is told beside that, and what it is not to take for a fault, is in `contract`, with the reasons.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index import CoverageIndex
from service.access import wrong_keys
from service.access.keys import Scope
from service.app import create_app
from service.settings import Settings
from tests.index.fakes import TOPICS, an_article
from tests.service.conftest import add_key, serving
from tests.service.test_openapi import OPERATIONS

ROOT = Path(__file__).parents[2]
CONFIG = Path(__file__).with_name("contract") / "schemathesis.toml"
COMMAND = Path(sys.executable).with_name("schemathesis")
SECONDS = 300
"""So long it may take on a busy machine before something hangs."""

Report = dict[str, Any]


@pytest.fixture
def service(keys: Path, topical_index: CoverageIndex, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a service with stories, and with the article that the description has as an example."""
    # Three wrong ones are tried on each operation, and the answer is to be that they are wrong, not too many.
    monkeypatch.setattr(wrong_keys, "WRONG_KEYS_A_MINUTE", 1_000)
    articles = [an_article(f"{topic}-{number}", f"A {topic}") for topic in TOPICS for number in range(2)]
    example = an_article("by-url", "A summit", url="https://example.org/2023/09/14/a")
    topical_index.put([*articles, example])
    with serving(create_app(Settings(fetch_ports=(80, 443, 8080)), topical_index)) as address:
        yield address


def report_on(address: str, folder: Path, *options: str, key: str = "") -> tuple[Report, str]:
    """What schemathesis reports, and what it prints; fails with that if it finds anything."""
    report = folder / "report.json"
    command: list[str | Path] = [COMMAND, "--config-file", CONFIG, "run", f"{address}/openapi.json", "--no-color"]
    reporting: list[str | Path] = ["--report", "json", "--report-json-path", report]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "API_KEY": key}
    done = subprocess.run(
        [*command, *reporting, *options],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: Report = json.loads(report.read_text(encoding="utf-8"))
    return found, done.stdout


def accepted(report: Report) -> set[str]:
    """The operations of which requests were accepted, so that there was an answer to look at."""
    return {
        operation
        for operation, phases in report["valid_rates"].items()
        if any(phase["accepted"] for phase in phases.values())
    }


def test_whoever_has_a_key_is_answered_as_described(keys: Path, service: str, tmp_path: Path) -> None:
    key = add_key(keys, Scope.ADMIN)
    report, printed = report_on(service, tmp_path, "--checks", "all", "--max-examples", "5", key=key)
    assert report["complete"]
    assert report["operations"]["tested"] == report["operations"]["total"] == len(OPERATIONS)
    assert {phase["status"] for phase in report["phases"].values()} == {"success"}
    assert accepted(report) == set(OPERATIONS)
    links = re.search(r"API Links: +(\d+) covered", printed)
    assert links
    assert int(links[1]) >= len(TOPICS)


def test_while_there_are_no_keys_nobody_needs_one(service: str, tmp_path: Path) -> None:
    """The description says what is needed of those who need a key; so this checks all but that it is needed."""
    phases = ("--phases", "examples,stateful")
    report, _ = report_on(service, tmp_path, "--checks", "all", "--exclude-checks", "ignored_auth", *phases)
    assert report["complete"]
    assert not report["failures"]
