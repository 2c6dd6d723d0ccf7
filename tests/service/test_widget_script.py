"""The script of the widget and the answers that it asks for: how they are sent, how large they are, what is written of
them.
"""

import gzip
import re
from pathlib import Path

import brotli
import httpx2
import pytest
from fastapi.testclient import TestClient

from index.samples import samples
from service.access.keys import Scope
from service.app import create_app
from service.settings import Settings
from service.widget import script
from service.widget.script import PATH, Script
from tests.service.conftest import add_key

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SOURCE = Path(script.__file__).with_name("related-coverage.js").read_text(encoding="utf-8")
MOST_BYTES = 6_000
WITHOUT = ["near_misses", "reasons", "snippet"]


@pytest.fixture
def client(topical_client: TestClient) -> TestClient:
    return topical_client


def get(client: TestClient, **headers: str) -> httpx2.Response:
    return client.get(
        PATH, headers={"Accept-Encoding": "identity"} | {k.replace("_", "-"): v for k, v in headers.items()}
    )


# How it is sent


def test_pages_of_any_site_may_load_it(client: TestClient, keys: Path) -> None:
    add_key(keys, Scope.READ, "https://known.example")
    for origin in ("https://known.example", "https://any.example"):
        response = get(client, Origin=origin)
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert response.headers.get_list("Access-Control-Allow-Origin") == ["*"]
        assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert response.headers["Vary"] == "Accept-Encoding"
        assert "Access-Control-Allow-Credentials" not in response.headers


def test_it_is_kept_for_an_hour_and_then_asked_for_by_its_tag(client: TestClient) -> None:
    first = get(client)
    assert first.headers["Cache-Control"].startswith("public, max-age=3600, ")
    again = get(client, If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Access-Control-Allow-Origin"] == "*"
    assert get(client, If_None_Match='"other"').status_code == 200


@pytest.mark.parametrize(
    ("accepted", "is_compressed"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, GZIP;q=0.5", True),
        ("gzip;q=0, br", False),
        ("gzip;q=0.0", False),
        ("br", False),
        ("", False),
        ("*", False),
    ],
)
def test_it_is_compressed_for_those_who_take_that(client: TestClient, accepted: str, *, is_compressed: bool) -> None:
    plain = get(client)
    response = get(client, Accept_Encoding=accepted)
    assert response.content == plain.content  # the client inflates it
    assert response.headers.get("Content-Encoding") == ("gzip" if is_compressed else None)
    assert (response.headers["ETag"] != plain.headers["ETag"]) is is_compressed
    assert get(client, Accept_Encoding=accepted, If_None_Match=plain.headers["ETag"]).status_code == (
        200 if is_compressed else 304
    )


def test_lines_that_are_comments_alone_are_left_out_and_no_others() -> None:
    assert Script.of("// a\na = 1; // b\n  // c\nb = 'http://';\n").plain == b"a = 1; // b\nb = 'http://';\n"
    assert gzip.decompress(script.load().compressed) == script.load().plain


# How large it is


def test_it_is_small() -> None:
    assert len(brotli.compress(script.load().plain)) <= MOST_BYTES


@pytest.mark.parametrize("without", [WITHOUT, WITHOUT[:2]], ids=["list", "cards"])
def test_an_answer_for_it_is_small(sample_client: httpx2.Client, without: list[str]) -> None:
    query = "&".join(["limit=5", *(f"without={part}" for part in without)])
    sizes = [
        len(sample_client.get(f"/v1/articles/{sample.article.id}/related?{query}").content) for sample in samples()
    ]
    assert max(sizes) <= MOST_BYTES


def test_it_asks_for_nothing_that_is_not_there() -> None:
    parameters = create_app(Settings()).openapi()["paths"]["/v1/related"]["get"]["parameters"]
    known = {one["name"] for one in parameters} | {"key"}
    asked = set(re.findall(r'query\.append\("(\w+)"', SOURCE)) | {"limit"}
    assert asked == {"limit", "without", "relation", "lang", "url", "key"}
    assert asked <= known


# What is written of it


def section(name: str) -> str:
    return README.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def attributes() -> set[str]:
    choices = SOURCE.partition("const CHOICES")[2].partition("class ")[0]
    listed = choices.partition("const ATTRIBUTES")[2].partition("];")[0]
    names = re.findall(r"^  (\w+): \[", choices, re.MULTILINE)
    names += re.findall(r'[{ ]"?([a-z-]+)"?: \[\d', choices)
    return {*names, *re.findall(r'"([a-z-]+)"', listed)}


@pytest.mark.parametrize(
    ("names", "least"),
    [
        (attributes(), 12),
        (set(re.findall(r"--related-coverage-[a-z]+", SOURCE)), 9),
        (set(re.findall(r'make\((?:"\w+"|`h\$\{level\}`|address \? "a" : "span"), "(\w+)"', SOURCE)), 11),
        (
            {
                "load",
                *re.findall(r'#emit\("(\w+)"', SOURCE),
                *re.findall(r'isFew \? "(\w+)"|problem \? "(\w+)"', SOURCE)[0],
            }
            - {""},
            3,
        ),
    ],
    ids=["attributes", "variables", "parts", "events"],
)
def test_all_that_a_site_can_set_or_hear_is_in_the_readme(names: set[str], least: int) -> None:
    assert len(names) >= least
    rows = set(re.findall(r"^\| ((?:`[^`]+`(?:, )?)+) \|", section("The widget"), re.MULTILINE))
    written = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert names - written == set()
