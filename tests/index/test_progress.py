"""Progress: a bar on a terminal, log lines elsewhere."""

import io
import logging

import pytest
from rich.console import Console

from index import progress as module
from index.progress import progress
from tests.clocks import set_clock


def test_elsewhere_than_on_a_terminal_the_start_and_the_end_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), progress("embedding", 3) as advance:
        for _ in range(3):
            advance()
    assert caplog.messages == ["embedding: 0 of 3", "embedding: 3 of 3"]


def test_long_work_is_logged_from_time_to_time(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 100, 3))
    set_clock(monkeypatch, "index.progress", monotonic=lambda: next(clock))
    with caplog.at_level(logging.INFO), progress("embedding", 10) as advance:
        for _ in range(4):
            advance(2)
    assert caplog.messages == ["embedding: 0 of 10", "embedding: 4 of 10", "embedding: 8 of 10"]


def test_work_of_unknown_length_is_counted(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOG_EVERY_SECONDS", 0)
    with caplog.at_level(logging.INFO), progress("ingesting", None) as advance:
        advance(5)
    assert caplog.messages == ["ingesting: 0", "ingesting: 5"]


def test_on_a_terminal_there_is_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=80)
    monkeypatch.setattr(module, "Console", lambda **_: terminal)
    with progress("embedding", 3) as advance:
        advance(3)
    assert "embedding" in screen.getvalue()
    assert "3/3" in screen.getvalue()
