"""Settings come from the environment, and all are documented."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from service.settings import PREFIX, Settings

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_settings_come_from_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMILAR_NEWS_PORT", "9000")
    assert Settings().port == 9000


def test_a_bad_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMILAR_NEWS_PORT", "many")
    with pytest.raises(ValidationError, match="port"):
        Settings()


def test_a_secret_can_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("from a file\n")
    monkeypatch.setenv("SIMILAR_NEWS_HUB_TOKEN_FILE", str(secret))
    token = Settings().hub_token
    assert token is not None
    assert token.get_secret_value() == "from a file"
    monkeypatch.setenv("SIMILAR_NEWS_HUB_TOKEN", "from a variable")
    token = Settings().hub_token
    assert token is not None
    assert token.get_secret_value() == "from a variable"


def test_only_secrets_can_come_from_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SIMILAR_NEWS_HOST_FILE", str(tmp_path / "missing"))
    assert Settings().host == "127.0.0.1"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_readme(name: str) -> None:
    field = Settings.model_fields[name]
    row = next(line for line in README.splitlines() if line.startswith(f"| `{PREFIX}{name.upper()}` |"))
    assert field.description
    assert field.description in row
    if field.default is not None and field.default_factory is None:
        assert f"| `{field.default}` |" in row
