"""`similar-news ingest URL`."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from index import CoverageIndex
from service import cli
from service.access.keys import Scope
from service.app import create_app
from service.settings import Settings
from tests.index.fakes import FakeEncoder
from tests.service.conftest import add_key, serving
from tests.service.fetching.sites import Answer, Sites, served
from tests.service.fetching.written_pages import ENGLISH, KOREAN, page

runner = CliRunner()


@pytest.fixture
def sites(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sites]:
    with served() as sites:
        monkeypatch.setenv("SIMILAR_NEWS_FETCH_PORTS", str(sites.port))
        for path, story in (("a", ENGLISH), ("b", KOREAN)):
            sites.put(f"127.0.0.1:{sites.port}/{path}", Answer(page(story).encode()))
        yield sites


@pytest.fixture
def url(sites: Sites) -> str:
    return f"http://127.0.0.1:{sites.port}"


@pytest.fixture
def own_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMILAR_NEWS_FETCH_PRIVATE_NETWORKS", "127.0.0.0/8")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "articles.jsonl"
    file.write_text(json.dumps({"id": "one", "title": "A summit"}) + "\n", encoding="utf-8")
    return file


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """With no model to load."""
    monkeypatch.setattr("service.opening.load_configured_encoder", lambda _, *, bulk: FakeEncoder())


@pytest.mark.usefixtures("own_network", "quick")
def test_files_and_pages_are_read(sites: Sites, url: str, file: Path) -> None:
    result = runner.invoke(cli.app, ["ingest", f"{url}/a", str(file), f"{url}/b", f"{url}/missing", f"{url}/a"])
    assert result.exit_code == 1
    assert "3 created, 1 not fetched" in result.output
    assert f"{url}/missing: the page is not there: 127.0.0.1 answered 404" in result.stderr
    again = runner.invoke(cli.app, ["ingest", f"{url}/a"])
    assert (again.exit_code, again.stdout.splitlines()[-1]) == (0, "1 unchanged")


@pytest.mark.usefixtures("quick")
def test_private_addresses_are_refused_unless_a_setting_names_them(sites: Sites, url: str) -> None:
    result = runner.invoke(cli.app, ["ingest", f"{url}/a"])
    assert result.exit_code == 1
    assert "1 not fetched" in result.output
    assert "not public" in result.stderr
    assert not sites.asked


@pytest.mark.usefixtures("own_network")
def test_a_service_fetches_pages_for_a_key(
    sites: Sites, url: str, file: Path, keys: Path, topical_index: CoverageIndex
) -> None:
    with serving(create_app(Settings(), topical_index)) as address:
        refused = runner.invoke(cli.app, ["ingest", f"{url}/a", "--api", address])
        assert refused.exit_code == 1
        assert "SIMILAR_NEWS_ALLOW_ANONYMOUS_FETCH" in refused.stderr
        key = add_key(keys, Scope.INGEST)
        result = runner.invoke(cli.app, ["ingest", f"{url}/a", str(file), "--api", address, "--key", key])
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "2 created")


def test_what_is_neither_file_nor_url() -> None:
    result = runner.invoke(cli.app, ["ingest", "nothing.jsonl"])
    assert result.exit_code == 2
    assert "there is no file 'nothing.jsonl'" in " ".join(result.output.replace("│", " ").split())
