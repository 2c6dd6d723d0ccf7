"""The application as a whole."""

from pathlib import Path

from fastapi.testclient import TestClient

from index import CoverageIndex, open_index
from service.app import create_app
from service.settings import Settings
from tests.index.fakes import FakeEncoder


def test_while_it_serves_its_loop_has_turns_beside_a_batch(tmp_path: Path) -> None:
    def has_loop(index: CoverageIndex) -> bool:
        return index.turns._loop is not None

    with open_index(tmp_path, FakeEncoder()) as index:
        assert not has_loop(index)
        with TestClient(create_app(Settings(), index)):
            assert has_loop(index)
        assert not has_loop(index)
