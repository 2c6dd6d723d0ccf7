"""`similar-news feeds`."""

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
from tests.service.feeds import written_feeds as written
from tests.service.feeds.time_machine import START
from tests.service.feeds.written_feeds import RSS, Report
from tests.service.fetching.sites import Answer, Sites, served

runner = CliRunner()


@pytest.fixture
def sites(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sites]:
    monkeypatch.setattr("service.opening.load_configured_encoder", lambda _, *, bulk: FakeEncoder())
    with served() as sites:
        monkeypatch.setenv("SIMILAR_NEWS_FETCH_PORTS", str(sites.port))
        monkeypatch.setenv("SIMILAR_NEWS_FETCH_PRIVATE_NETWORKS", "127.0.0.0/8")
        host = f"127.0.0.1:{sites.port}"
        report = Report("1", f"http://{host}/1", "A summit", "They met.", START)
        sites.put(f"{host}/feed", Answer(written.rss([report]).encode(), headers={"Content-Type": RSS}))
        yield sites


@pytest.fixture
def url(sites: Sites) -> str:
    return f"http://127.0.0.1:{sites.port}"


def run(*arguments: str, exit_code: int = 0) -> str:
    result = runner.invoke(cli.app, ["feeds", *arguments])
    assert result.exit_code == exit_code, result.output
    return result.stdout if exit_code == 0 else result.output


def test_feeds_are_added_listed_polled_and_removed(url: str) -> None:
    assert "there are no feeds" in run("list")
    added = run("add", f"{url}/feed", f"{url}/nothing", "--source", "Our Paper", "--country", "kr", "--lang", "en")
    good, bad = (line.split()[0] for line in added.splitlines())
    assert f"{good}  new      {url}/feed  Our Paper" in run("list")
    polled = run("poll", exit_code=1)
    assert f"{good}  news: 1 created" in polled
    assert f"{bad}: 127.0.0.1 answered 404" in polled
    assert f"{good}  unmodified" in run("poll", good)
    assert "no feed with the id 'feed-none'" in run("poll", "feed-none", exit_code=1)
    listed = {feed["id"]: feed for feed in json.loads(run("list", "--json"))["items"]}
    assert [listed[one]["state"] for one in (good, bad)] == ["well", "failing"]
    assert listed[good]["country"] == "KR"
    assert "(127.0.0.1 answered 404)" in run("list")
    assert f"{good} is removed" in run("remove", good)
    assert "no feed with the id" in run("remove", good, exit_code=1)


def test_feeds_of_opml_are_added(tmp_path: Path) -> None:
    file = tmp_path / "feeds.opml"
    file.write_text(written.opml(["https://a.example/feed", "https://b.example/feed"]))
    assert len(run("add", str(file), "https://c.example/feed", "--full-text").splitlines()) == 3
    feeds = json.loads(run("list", "--json"))["items"]
    assert [feed["url"] for feed in feeds] == [f"https://{one}.example/feed" for one in "abc"]
    assert all(feed["full_text"] for feed in feeds)


def test_what_cannot_be_added_is_said_before_anything_is(tmp_path: Path) -> None:
    file = tmp_path / "feeds.opml"
    file.write_text("<rss/>")
    assert "not OPML" in run("add", "https://a.example/feed", str(file), exit_code=2)
    assert "neither a URL" in run("add", str(tmp_path / "missing"), exit_code=2)
    assert "ISO 3166" in run("add", "https://a.example/feed", "--country", "Korea", exit_code=2)
    assert "there are no feeds" in run("list")


def test_a_running_service_can_be_told(
    url: str, keys: Path, topical_index: CoverageIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMILAR_NEWS_API_KEY", add_key(keys, Scope.INGEST))
    with serving(create_app(Settings(), topical_index)) as address:
        feed_id = run("add", f"{url}/feed", "--country", "KR", "--api", address).split()[0]
        assert feed_id in run("list", "--api", address)
        assert json.loads(run("list", "--json", "--api", address))["items"][0]["country"] == "KR"
        assert "port" in run("add", "https://a.example:25/feed", "--api", address, exit_code=1)
        assert "is removed" in run("remove", feed_id, "--api", address)
        assert "there is no feed" in run("remove", feed_id, "--api", address, exit_code=1)
