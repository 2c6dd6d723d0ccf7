"""A typed client can be made from the description of the API; it can be built, a program with it checked, and run."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import service
from service.access.keys import Scope
from tests.service.conftest import add_key

DESCRIPTION = Path(service.__file__).with_name("openapi.json")
PROGRAM = Path(__file__).with_name("generated_client_program.py")
AS_IN_THE_README = "content_type_overrides: {application/x-ndjson: text/plain}\n"
README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
ROUTES = {
    operation["operationId"]: operation["tags"][0]
    for item in json.loads(DESCRIPTION.read_text(encoding="utf-8"))["paths"].values()
    for operation in item.values()
}


def done(*command: object, **environment: str) -> str:
    """What a command of this environment prints, all of it."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        [sys.executable, "-m", *map(str, command)],
        env={"HOME": os.environ.get("HOME", "/"), "PATH": path} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    return ran.stdout


def generated(folder: Path, *options: object) -> str:
    """What the generator says as it makes a client in a folder."""
    # "setup": to be built by setuptools, which torch brings along
    given = ("--path", DESCRIPTION, "--output-path", folder, "--meta", "setup", *options)
    return done("openapi_python_client", "generate", *given)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the built client is installed in."""
    place = tmp_path_factory.mktemp("client")
    (place / "client.yaml").write_text(AS_IN_THE_README)
    said = generated(place / "source", "--config", place / "client.yaml")
    # Lines cannot be sent as text by it, but as bytes; nothing else is left out.
    assert said.count("WARNING") == 1
    assert "Unsupported content type text/plain" in said
    done("pip", "wheel", place / "source", "-w", place, "--no-deps", "--no-index", "--no-build-isolation", "-q")
    (wheel,) = place.glob("*.whl")
    with zipfile.ZipFile(wheel) as built:
        built.extractall(place / "site")
    return place / "site"


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.title, others))


def test_no_route_is_left_out_whatever_is_set(client: Path, tmp_path: Path) -> None:
    assert "Endpoint will not be generated" not in generated(tmp_path / "plain")
    for package in (client, tmp_path / "plain"):
        files = (package / "similar_news_client" / "api").glob("*/*.py")
        here = {camel(file.stem): file.parent.name for file in files if file.stem != "__init__"}
        assert here == ROUTES


def test_the_readme_says_how_it_is_made() -> None:
    assert f"echo '{AS_IN_THE_README.strip()}' > client.yaml" in README


def checked(client: Path, program: Path) -> str:
    options = ("--strict", "--config-file=", "--cache-dir", client.parent / "types")
    return done("mypy", *options, program, MYPYPATH=str(client))


def test_a_program_with_it_has_the_right_types(client: Path) -> None:
    assert "no issues found in 1 source file" in checked(client, PROGRAM)


def test_a_wrong_program_has_not(client: Path, tmp_path: Path) -> None:
    """The types are those of the description, and not anything at all."""
    wrong = tmp_path / "wrong.py"
    wrong.write_text("from similar_news_client.models import Problem\n\nstatus: str = Problem('', 404, '').status\n")
    with pytest.raises(AssertionError, match='"int", variable has type "str"'):
        checked(client, wrong)


def test_a_program_with_it_runs(client: Path, topical_service: str, keys: Path) -> None:
    key = add_key(keys, Scope.INGEST)
    ran = done(PROGRAM.stem, topical_service, key, PYTHONPATH=f"{client}{os.pathsep}{PROGRAM.parent}")
    assert ran == "all is as it should be\n"
