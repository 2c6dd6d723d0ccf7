"""Stories on the command line, as a person would type it."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from index import CoverageIndex, open_index
from index.store.stories import Regrouping
from service.app import create_app
from service.settings import Settings
from service.story_schemas import ExplanationOut, StoriesOut
from tests.index.fakes import FakeEncoder, an_article
from tests.service.conftest import serving
from tests.service.test_cli import run

SUMMIT = "kp-ru-summit-talks-ko"
ARTICLES = [
    an_article("f-1", "A flood takes a bridge away", source="Harbor", published_at="2023-09-14T00:00:00Z"),
    an_article("f-2", "The flood goes on", source="Harbor", published_at="2023-09-14T01:00:00Z"),
    an_article("s-1", "A summit in the east", source="Harbor", published_at="2023-09-13T23:00:00Z"),
    an_article("s-2", "The summit in the east", source="Northgate", published_at="2023-09-13T23:30:00Z"),
    an_article("s-3", "Un summit à l'est", lang="fr", source="Quai", published_at="2023-09-13T23:45:00Z"),
]
LATEST = """\
s1  2 articles, 1 sources, 1 languages, 2023-09-14 00:00 to 2023-09-14 01:00, thread t1
    en    The flood goes on
s2  3 articles, 3 sources, 2 languages, 2023-09-13 23:00 to 2023-09-13 23:45, thread t2
    en    The summit in the east
    fr    Un summit à l'est
"""


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory that is not there yet. No command on stories needs a model, so that there is none."""
    monkeypatch.setenv("SIMILAR_NEWS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("service.opening.load_encoder", None)
    return tmp_path / "data"


@pytest.fixture
def writing(data: Path) -> Iterator[CoverageIndex]:
    """The index of that directory with two stories, open for writing as by a service."""
    with open_index(data, FakeEncoder()) as index:
        index.put(ARTICLES)
        yield index


@pytest.fixture
def told(data: Path) -> None:
    """The same two stories, with no service at work."""
    with open_index(data, FakeEncoder()) as index:
        index.put(ARTICLES)


@pytest.fixture
def address(writing: CoverageIndex) -> Iterator[str]:
    with serving(create_app(Settings(), writing)) as address:
        yield address


def merge(index: CoverageIndex) -> None:
    """Make the second story a part of the first one."""
    with index._store.stories.changing() as stories:
        keys = sorted(key for of_one in stories.members([1, 2]).values() for key in of_one)
        stories.regroup([1, 2], Regrouping({1: keys}))


# List


def test_the_latest_stories_are_printed_with_their_headlines(told: None) -> None:
    result = run("stories", "list")
    assert result.exit_code == 0
    assert result.stdout == LATEST


def test_stories_can_be_printed_while_a_service_writes(writing: CoverageIndex) -> None:
    assert run("stories", "list").stdout == LATEST
    writing.put([an_article("v-1", "A volcano", published_at="2023-09-15T00:00:00Z")])
    assert run("stories", "list", "--limit", "1").stdout.splitlines()[0].startswith("s3  1 articles, ")


def test_what_is_trending_can_be_printed(told: None) -> None:
    result = run("stories", "list", "--trending")
    assert [line[:2] for line in result.stdout.splitlines() if not line.startswith(" ")] == ["s2", "s1"]
    assert json.loads(run("stories", "list", "--trending", "--limit", "1", "--json").stdout)["stories"][0]["id"] == "s2"


def test_a_story_is_printed_with_three_headlines_at_most(data: Path) -> None:
    langs = ("en", "fr", "de", "es", "it")
    with open_index(data, FakeEncoder()) as index:
        index.put([an_article(lang, f"Summit in {lang}", lang=lang) for lang in langs])
    lines = run("stories", "list").stdout.splitlines()
    assert lines[0].startswith("s1  5 articles, 1 sources, 5 languages, ")
    assert len(lines) == 4


@pytest.mark.parametrize("options", [[], ["--trending"], ["--limit", "1"]])
def test_the_list_as_json_is_what_the_api_answers(address: str, options: list[str]) -> None:
    by_data = run("stories", "list", "--json", *options)
    by_service = run("stories", "list", "--json", "--api", address, *options)
    assert (by_data.exit_code, by_service.exit_code) == (0, 0)
    parameters: dict[str, str | int] = {"order": "trending" if "--trending" in options else "latest"}
    parameters |= {"limit": 1} if "--limit" in options else {}
    answer = httpx2.get(f"{address}/v1/stories", params=parameters).json()
    assert json.loads(by_service.stdout) == answer
    assert json.loads(by_data.stdout) == answer | {"next": None}
    assert StoriesOut.model_validate_json(by_data.stdout).stories


@pytest.mark.parametrize("options", [[], ["--trending"], ["--limit", "1"]])
def test_a_service_lists_what_its_data_directory_does(address: str, options: list[str]) -> None:
    by_service = run("stories", "list", "--api", address, *options)
    assert by_service.exit_code == 0
    assert by_service.stdout == run("stories", "list", *options).stdout != ""


def test_the_samples_of_a_service_are_listed(sample_service: str) -> None:
    lines = run("stories", "list", "--api", sample_service, "--limit", "100").stdout.splitlines()
    assert sum(line.startswith("s") for line in lines) > 50
    assert any("ko    " in line for line in lines)


@pytest.mark.parametrize("limit", [0, 101])
def test_a_bad_limit_is_refused(told: None, limit: int) -> None:
    assert run("stories", "list", "--limit", limit).exit_code == 2


def test_no_stories_yet_is_said(data: Path) -> None:
    with open_index(data, FakeEncoder()):
        pass
    result = run("stories", "list")
    assert (result.exit_code, result.stdout.strip()) == (0, "there are no stories yet")
    assert json.loads(run("stories", "list", "--json").stdout) == {"stories": [], "next": None}


# Explain


def test_why_articles_are_together_is_printed_the_weakest_first(told: None) -> None:
    answer = ExplanationOut.model_validate_json(run("stories", "explain", "s2", "--json").stdout)
    assert (answer.story, answer.articles, len(answer.links)) == ("s2", 3, 3)
    head, *lines = run("stories", "explain", "s2").stdout.splitlines()
    assert head == (
        f"s2: 3 articles, closeness {answer.density:.2f} on average; to come to it, an article needs "
        f"{answer.demanded:.2f}"
    )
    assert lines[::2] == [
        f"{link.closeness:.2f}  {link.lang:<5} {link.title}  ({link.article_id})" for link in answer.links
    ]
    for link, line in zip(answer.links, lines[1::2], strict=True):
        assert link.nearest in {"s-1", "s-2", "s-3"} - {link.article_id}
        assert line.startswith(
            f"        closest to {link.nearest}: {link.nearest_closeness:.2f} (meaning: 1.00; time: "
        )
    closeness = [link.closeness for link in answer.links if link.closeness is not None]
    assert closeness == sorted(closeness)


def test_a_single_article_is_explained_by_itself(data: Path) -> None:
    with open_index(data, FakeEncoder()) as index:
        index.put([an_article("a", "A summit")])
    head, line = run("stories", "explain", "s1").stdout.splitlines()
    assert head.startswith("s1: 1 articles, a single article; ")
    assert line.split() == ["en", "A", "summit", "(a)"]
    answer = json.loads(run("stories", "explain", "s1", "--json").stdout)
    assert answer["density"] is answer["links"][0]["closeness"] is None


def test_a_service_explains_as_its_data_directory_does(address: str) -> None:
    by_service, by_data = run("stories", "explain", "s2", "--api", address), run("stories", "explain", "s2")
    assert (by_service.exit_code, by_data.exit_code) == (0, 0)
    assert by_service.stdout == by_data.stdout != ""
    as_json = json.loads(run("stories", "explain", "s2", "--json", "--api", address).stdout)
    assert as_json == json.loads(run("stories", "explain", "s2", "--json").stdout)
    assert as_json == httpx2.get(f"{address}/v1/stories/s2/explanation").json()


def test_a_story_of_the_samples_is_explained(sample_service: str) -> None:
    story = httpx2.get(f"{sample_service}/v1/articles/{SUMMIT}").json()["story"]
    result = run("stories", "explain", story, "--api", sample_service)
    assert result.exit_code == 0
    assert f"({SUMMIT})" in result.stdout
    assert "countries: " in result.stdout


@pytest.mark.parametrize("by_service", [False, True], ids=["data", "service"])
@pytest.mark.parametrize("story", ["s99", "t1", "nonsense", "a b", "é"])
def test_an_unknown_story_is_said(address: str, story: str, by_service: bool) -> None:
    result = run("stories", "explain", story, *(["--api", address] if by_service else []))
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    assert f"no story with the id {story!r}" in result.stderr


@pytest.mark.parametrize("by_service", [False, True], ids=["data", "service"])
def test_a_story_without_articles_is_said(writing: CoverageIndex, address: str, by_service: bool) -> None:
    for article_id in ("f-1", "f-2"):
        writing.take_down(article_id)
    result = run("stories", "explain", "s1", *(["--api", address] if by_service else []))
    assert result.exit_code == 1
    assert "the story s1 has no articles any more" in result.stderr


@pytest.mark.parametrize("by_service", [False, True], ids=["data", "service"])
def test_a_merged_story_names_the_other_one(writing: CoverageIndex, address: str, by_service: bool) -> None:
    merge(writing)
    result = run("stories", "explain", "s2", *(["--api", address] if by_service else []))
    assert isinstance(result.exception, SystemExit | None)
    if result.exit_code == 0:  # the other one may be explained in its place
        assert result.stdout.startswith("s1: 5 articles, ")
    else:
        assert "the story s2 is a part of s1 now" in result.stderr


# Rebuild


def test_a_rebuild_of_what_is_right_changes_nothing(told: None) -> None:
    result = run("stories", "rebuild")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "5 articles are in 2 stories; 0 of them in another one than before"
    assert run("stories", "list").stdout == LATEST


def test_a_rebuild_puts_right_what_is_wrong(data: Path) -> None:
    with open_index(data, FakeEncoder()) as index:
        index.put(ARTICLES)
        merge(index)
    assert run("stories", "list").stdout.startswith("s1  5 articles, ")
    result = run("stories", "rebuild")
    # The larger part keeps the id.
    assert result.stdout.splitlines()[-1] == "5 articles are in 2 stories; 2 of them in another one than before"
    stories = json.loads(run("stories", "list", "--json").stdout)["stories"]
    assert [(story["id"], story["articles"]) for story in stories] == [("s3", 2), ("s1", 3)]
    again = run("stories", "rebuild").stdout.splitlines()[-1]
    assert again == "5 articles are in 2 stories; 0 of them in another one than before"
    assert not list(data.glob(".replay-*"))


def test_a_rebuild_is_refused_while_a_service_writes(address: str, data: Path) -> None:
    result = run("stories", "rebuild")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert f"is writing to {data}" in result.stderr
    assert run("stories", "list").stdout == LATEST


def test_a_rebuild_of_no_articles_is_refused(data: Path) -> None:
    with open_index(data, FakeEncoder()):
        pass
    result = run("stories", "rebuild")
    assert result.exit_code == 1
    assert f"there are no embedded articles in {data}" in result.stderr


# What may go wrong with all of them


@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"], ["explain", "s1"], ["rebuild"]])
@pytest.mark.parametrize("is_there", [False, True], ids=["missing", "empty"])
def test_an_empty_data_directory_is_said(data: Path, arguments: list[str], is_there: bool) -> None:
    if is_there:
        data.mkdir()
    result = run("stories", *arguments)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    assert f"there is nothing in {data}" in result.stderr
    assert not data.exists() or list(data.iterdir()) == []


@pytest.mark.parametrize("arguments", [["list"], ["explain", "s1"]])
def test_a_service_that_does_not_answer_is_said(arguments: list[str]) -> None:
    result = run("stories", *arguments, "--api", "http://127.0.0.1:9")
    assert result.exit_code == 1
    assert "no answer from http://127.0.0.1:9" in result.stderr


def test_without_a_command_there_is_help() -> None:
    result = run("stories")
    assert result.exit_code == 2
    assert all(command in result.output for command in ("list", "explain", "rebuild"))
