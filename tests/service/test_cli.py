"""The command line, as a person would type it."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from index import CoverageIndex, load_encoder
from index.embedded_model import EMBEDDED
from index.encoder import Encoder
from service.app import create_app
from service.cli import app
from service.settings import Settings
from tests.service.conftest import serving

KIM = {"id": "kim", "title": "Kim and Putin meet at the Vostochny cosmodrome", "lang": "en", "source": "News"}
PUTIN = {"id": "putin", "title": "Путин и Ким встретились на космодроме Восточный", "lang": "ru"}


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoder: Encoder) -> Path:
    """A data directory of its own. The model is the real one, loaded once and not by every command."""

    def load(model: str, **how: Any) -> Encoder:
        return encoder if model == EMBEDDED else load_encoder(model, **how)

    monkeypatch.setattr("service.opening.load_encoder", load)
    monkeypatch.setenv("SIMILAR_NEWS_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    file = tmp_path / "articles.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in (KIM, PUTIN)) + "\n")
    return file


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


def test_version() -> None:
    result = run("version")
    assert result.exit_code == 0
    assert result.output.strip() == version("similar-news")


def test_the_command_is_quick_where_it_needs_no_model() -> None:
    code = "import sys, service.cli; print({'torch', 'faiss', 'transformers'} & set(sys.modules))"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "set()"


def test_the_health_of_a_service_is_told(sample_service: str) -> None:
    result = run("healthcheck", "--url", sample_service)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["status"] == "ready"


def test_a_service_that_is_not_ready_is_told_with_the_reason(index: CoverageIndex) -> None:
    app_of_service = create_app(Settings(), index)
    with serving(app_of_service) as address:
        app_of_service.state.is_stopping = True
        result = run("healthcheck", "--url", address)
    assert result.exit_code == 1
    assert "similar-news: the service is ending: ask again when it is back" in result.output.splitlines()


def test_the_health_is_asked_without_loading_anything_large() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "service", "healthcheck", "--url", "http://127.0.0.1:9"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert any(line.startswith("similar-news: no answer from http://127.0.0.1:9") for line in lines)
    loaded = {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")}
    assert "service.cli" in loaded
    assert not loaded & {"torch", "transformers", "sentence_transformers", "faiss", "openvino", "uvicorn"}


def test_ingested_articles_are_found_by_id_url_and_text(data: Path, articles: Path) -> None:
    assert run("ingest", articles).output.splitlines()[-1] == "2 created"
    assert run("ingest", articles).output.splitlines()[-1] == "2 unchanged"
    assert "putin" in run("related", "kim").output
    assert "kim" in run("related", "--text", "Kim Jong Un meets Putin at a cosmodrome").output
    answer = json.loads(run("related", "kim", "--json").stdout)
    assert [item["id"] for item in answer["items"]] == ["putin"]


def test_bad_lines_are_named_and_good_ones_kept(data: Path, articles: Path) -> None:
    with articles.open("a") as file:
        file.write('{"id": "bad", "title": ""}\n{nonsense\n' + json.dumps(KIM | {"id": "kim2", "tags": ["a"]}) + "\n")
    result = run("ingest", articles)
    assert result.exit_code == 1
    assert "3 created, 2 invalid; ignored the fields 'tags'" in result.output
    assert f"{articles}:3: title" in result.output
    assert f"{articles}:4: " in result.output


def test_a_table_is_ingested_with_columns_by_name_and_a_report(data: Path, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("key;headline\na;A summit\nb;\n", encoding="utf-16")
    given = ["--column", "id=key", "--column", "title=headline", "--report", tmp_path / "report"]
    result = run("ingest", tmp_path / "table.csv", *given)
    assert (result.exit_code, "1 created, 1 invalid" in result.output) == (1, True)
    assert [json.loads(line)["record"] for line in (tmp_path / "report").read_text().splitlines()] == [2]
    assert run("ingest", tmp_path / "table.csv", "--column", "titel=headline").exit_code == 2
    assert run("ingest", tmp_path / "table.csv", "--delimiter", "::").exit_code == 2


def test_a_field_that_is_misspelt_is_not_dropped(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "misspelt.jsonl"
    file.write_text(json.dumps(KIM | {"publishd_at": "2023-09-13"}))
    result = run("ingest", file)
    assert result.exit_code == 1
    assert "did you mean 'published_at'?" in result.output


def test_a_service_can_be_used_instead_of_the_data_directory(sample_service: str, articles: Path) -> None:
    assert "kp-ru-summit" in run("related", "kp-ru-summit-talks-ko", "--api", sample_service).output
    assert "kp-ru-summit" in run("related", "--text", KIM["title"], "--api", sample_service).output
    url = "https://hanbit-ilbo.example/2023/09/14/nk-russia-summit-wrapup"
    assert "kp-ru-summit" in run("related", "--url", url, "--api", sample_service).output
    assert run("healthcheck", "--api", sample_service).exit_code == 0


def test_files_can_be_sent_to_a_service(empty_service: str, articles: Path) -> None:
    with articles.open("a") as file:
        file.write('{"id": "bad", "title": ""}\n')
    result = run("ingest", articles, "--api", empty_service)
    assert result.exit_code == 1
    assert "2 created, 1 invalid" in result.output
    assert f"{articles}:3: title" in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["related", "nope"], "no article with the id 'nope'"),
        (["related", "--url", "nonsense"], "'nonsense' is not"),
        (["related", "--text", "…"], "is empty"),
        (["related", "kim", "--api", "http://127.0.0.1:9"], "no answer from http://127.0.0.1:9"),
        (["healthcheck", "--api", "http://127.0.0.1:9"], "no answer from http://127.0.0.1:9"),
    ],
)
def test_errors_are_messages(data: Path, articles: Path, arguments: list[str], words: str) -> None:
    assert run("ingest", articles).exit_code == 0
    result = run(*arguments)
    assert result.exit_code == 1
    assert words in result.output
    assert isinstance(result.exception, SystemExit)


def test_nothing_ingested_yet_is_said(data: Path) -> None:
    result = run("related", "kim")
    assert result.exit_code == 1
    assert f"nothing in {data}" in result.output


def test_long_lines_are_not_broken(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "long.jsonl"
    rows = [{"id": f"a{number}", "title": f"{KIM['title']} {number}" + " again" * 100} for number in range(2)]
    file.write_text("\n".join(map(json.dumps, rows)))
    run("ingest", file)
    assert json.loads(run("related", "a0", "--json").stdout)["items"][0]["title"] == rows[1]["title"]
    assert len(run("related", "a0").stdout.splitlines()) == 1


def test_a_pipe_can_be_ingested(data: Path, articles: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(b"\xef\xbb\xbf" + articles.read_bytes()))
    writer.start()
    result = run("ingest", pipe)
    writer.join()
    assert result.output.splitlines()[-1] == "2 created"


def test_lines_that_no_one_can_read_are_named(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "odd.jsonl"
    file.write_text("[" * 100_000 + "\n" + json.dumps({"id": "a", "title": "One", "[/b]": 1}) + "\n")
    result = run("ingest", file)
    assert "1 created, 1 invalid; ignored the fields '[/b]'" in result.output


def test_a_port_in_use_is_said_before_the_model_is_loaded(
    data: Path, sample_service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = sample_service.rpartition(":")[2]
    monkeypatch.setattr("service.server.open_configured_index", None)
    result = run("serve", "--port", port)
    assert result.exit_code == 1
    assert f"cannot listen on 127.0.0.1:{port}" in result.output


def test_a_secret_file_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMILAR_NEWS_HUB_TOKEN_FILE", "/nowhere/token")
    result = run("healthcheck")
    assert result.exit_code == 1
    assert "/nowhere/token" in result.output


def test_a_bad_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMILAR_NEWS_PORT", "many")
    result = run("healthcheck")
    assert result.exit_code == 1
    assert "SIMILAR_NEWS_PORT" in result.output


def test_a_data_directory_in_use_is_refused(index: CoverageIndex, tmp_path: Path, articles: Path, data: Path) -> None:
    result = run("ingest", articles)  # the fixture `index` is open on the same directory
    assert result.exit_code == 1
    assert "--api" in result.output


def test_related_needs_one_of_its_arguments() -> None:
    assert run("related").exit_code == 2
    assert run("related", "kim", "--text", "a").exit_code == 2


def test_a_backup_brings_back_what_was_taken_away(data: Path, articles: Path, tmp_path: Path) -> None:
    run("ingest", articles)
    backup = tmp_path / "backup.sqlite"
    assert run("backup", backup).output.strip() == f"2 articles are in {backup}"
    for file in sorted(data.glob("similar-news.sqlite*")):
        file.unlink()
    assert run("restore", backup).output.strip() == f"2 articles are restored from {backup}"
    assert "putin" in run("related", "kim").output
    assert run("check").stdout.strip() == "all is well"


def test_what_is_no_backup_is_refused(data: Path, articles: Path) -> None:
    result = run("restore", articles)
    assert result.exit_code == 1
    assert "it cannot be read (file is not a database)" in result.output


def test_a_fault_is_named_mended_and_told_by_the_exit_status(data: Path, articles: Path) -> None:
    assert run("check").exit_code == 1
    run("ingest", articles)
    with closing(sqlite3.connect(data / "similar-news.sqlite")) as store, store:
        store.execute("DELETE FROM vectors WHERE key = 1")
    result = run("check")
    assert result.exit_code == 1
    assert "had neither a vector nor a place among those that wait for one" in result.output
    assert run("check").exit_code == 0
