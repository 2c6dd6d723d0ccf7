"""Keys on the command line, as a person would type it."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from click.testing import Result

from index import CoverageIndex
from service.access import key_file
from service.access.keys import Scope
from service.api_client import ApiClient, ApiError
from service.app import create_app
from service.settings import Settings
from tests.service.conftest import add_key, serving
from tests.service.test_cli import run

PAGE = "https://example.org"
ARTICLE = {"id": "a", "title": "A summit in the east", "lang": "en"}


@pytest.fixture
def address(topical_index: CoverageIndex, keys: Path) -> Iterator[str]:
    with serving(create_app(Settings(), topical_index)) as address:
        yield address


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    file = tmp_path / "articles.jsonl"
    file.write_text(json.dumps(ARTICLE))
    return file


def create(*options: str) -> str:
    result = run("keys", "create", *options)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def status(address: str, key: str, **headers: str) -> int:
    return httpx2.get(f"{address}/v1/stories", headers={"X-API-Key": key, **headers}).status_code


def test_a_key_that_was_made_lets_in_and_is_printed_once(address: str, keys: Path) -> None:
    assert run("keys", "list").stdout.strip() == "there are no keys, and none is needed"
    key = create("--scope", "ingest", "--name", "the newsroom")
    assert status(address, key) == 200
    assert status(address, key[:-1]) == 401
    listed = run("keys", "list").stdout
    key_id = key.split("_")[1]
    assert listed.startswith(f"{key_id}  ingest  ")
    assert "the newsroom" in listed
    assert key.split("_")[2] not in listed
    assert json.loads(keys.read_text())["keys"][0]["sha256"] not in listed


def test_only_the_key_is_printed_to_standard_output(keys: Path) -> None:
    result = run("keys", "create")
    assert len(result.stdout.split()) == 1
    assert "not shown again" in result.stderr
    assert "requests need a key" in result.stderr
    assert "requests need a key" not in run("keys", "create").stderr


def test_a_key_only_reads_unless_more_is_asked_for(keys: Path) -> None:
    for options, scope in (((), Scope.READ), (("--scope", "admin"), Scope.ADMIN)):
        ring = key_file.read(keys)
        assert ring is None or len(ring.keys) == 1
        found = key_file.read(keys) if create(*options) else None
        assert found is not None
        assert found.keys[-1].scope is scope


def test_the_key_of_a_widget_is_for_its_pages(address: str, keys: Path) -> None:
    key = create("--widget", "--origin", PAGE, "--origin", "http://localhost:3000")
    assert status(address, key, Origin=PAGE) == 200
    assert status(address, key, Origin="http://localhost:3000") == 200
    assert status(address, key) == 403
    assert f"widget {PAGE} http://localhost:3000" in run("keys", "list").stdout


@pytest.mark.parametrize(
    "options",
    [
        ["--widget"],
        ["--origin", PAGE],
        ["--widget", "--origin", "*"],
        ["--widget", "--origin", f"{PAGE}/"],
        ["--widget", "--origin", PAGE, "--scope", "ingest"],
        ["--scope", "everything"],
        ["--name", "a\nb"],
        ["--name", "a" * 101],
    ],
)
def test_a_key_that_cannot_be_is_not_made(keys: Path, options: list[str]) -> None:
    result = run("keys", "create", *options)
    assert result.exit_code == 2
    assert not keys.exists()


def test_a_revoked_key_is_refused_by_the_running_service(address: str, keys: Path) -> None:
    first, second = create(), create()
    assert status(address, first) == 200
    assert run("keys", "revoke", first.split("_")[1]).exit_code == 0
    assert (status(address, first), status(address, second)) == (401, 200)
    assert first.split("_")[1] not in run("keys", "list").stdout
    result = run("keys", "revoke", second.split("_")[1])
    assert "nobody is let in" in result.stderr
    assert status(address, second) == 401
    assert run("keys", "list").stdout.strip() == "there are no keys, and nobody is let in"


def test_a_key_that_is_not_there_cannot_be_revoked(keys: Path) -> None:
    for _ in range(2):
        result = run("keys", "revoke", "0" * 12)
        assert result.exit_code == 1
        assert "no key with the id" in result.output
        add_key(keys)


@pytest.mark.parametrize("command", [["list"], ["create"], ["revoke", "0" * 12]])
def test_a_damaged_file_is_said_and_left_alone(keys: Path, command: list[str]) -> None:
    keys.parent.mkdir(exist_ok=True)
    keys.write_text("{")
    result = run("keys", *command)
    assert result.exit_code == 1
    assert f"{keys} is damaged" in result.output
    assert keys.read_text() == "{"


# Sent


def used(address: str, articles: Path, *options: str) -> list[Result]:
    return [
        run("ingest", articles, "--api", address, *options),
        run("related", "a", "--api", address, *options),
        run("related", "--text", "A summit", "--api", address, *options),
        run("stories", "list", "--api", address, *options),
        run("stories", "explain", "s1", "--api", address, *options),
    ]


def test_every_command_can_send_a_key(
    address: str, articles: Path, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = add_key(keys, Scope.INGEST)
    assert all(result.exit_code == 1 and "Authorization: Bearer" in result.output for result in used(address, articles))
    assert [result.exit_code for result in used(address, articles, "--key", key)] == [0] * 5
    monkeypatch.setenv("SIMILAR_NEWS_API_KEY", key)
    assert [result.exit_code for result in used(address, articles)] == [0] * 5
    assert [result.exit_code for result in used(address, articles, "--key", "wrong")] == [1] * 5
    monkeypatch.delenv("SIMILAR_NEWS_API_KEY")
    secret = tmp_path / "secret"
    secret.write_text(f"{key}\n")
    monkeypatch.setenv("SIMILAR_NEWS_API_KEY_FILE", str(secret))
    assert [result.exit_code for result in used(address, articles)] == [0] * 5


def test_a_key_that_may_not_is_told_what_is_needed(address: str, articles: Path, keys: Path) -> None:
    result = run("ingest", articles, "--api", address, "--key", add_key(keys))
    assert result.exit_code == 1
    assert "needs a key with the scope 'ingest'" in result.output


def test_the_service_is_seen_to_be_ready_without_a_key(address: str, keys: Path) -> None:
    add_key(keys)
    assert run("healthcheck", "--api", address).exit_code == 0


@pytest.mark.parametrize("ending", ["\r\nX-Evil: a", " a", "é", "\n"])
def test_no_message_has_a_key_in_it_that_cannot_be_sent(address: str, ending: str) -> None:
    secret = "sn_0123456789ab_" + "c" * 64
    result = run("stories", "list", "--api", address, "--key", secret + ending)
    assert result.exit_code == 1
    assert "characters that no key has" in result.output
    assert "cccc" not in result.output


def test_a_key_is_not_sent_on_to_another_service(topical_index: CoverageIndex, keys: Path) -> None:
    from fastapi import FastAPI, Request
    from fastapi.responses import RedirectResponse
    from pydantic import SecretStr

    seen: list[str | None] = []
    other, first = FastAPI(), FastAPI()

    @other.get("/v1/stories")
    def there(request: Request) -> dict[str, str]:
        seen.append(request.headers.get("authorization"))
        return {}

    with serving(other) as elsewhere:

        @first.get("/v1/stories")
        def here(request: Request) -> RedirectResponse:
            seen.append(request.headers.get("authorization"))
            return RedirectResponse(f"{elsewhere}/v1/stories")

        with serving(first) as address:
            ApiClient(address, SecretStr("secret")).get("/v1/stories")
    assert seen == ["Bearer secret", None]


def test_a_setting_with_a_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMILAR_NEWS_API_KEY", "hunter2")
    assert "hunter2" not in repr(Settings())
    with pytest.raises(ApiError) as caught:
        ApiClient("http://127.0.0.1:9", Settings().api_key).get("/v1/stories")
    assert "hunter2" not in str(caught.value)
