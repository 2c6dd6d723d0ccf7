"""Write the description of the API to service/openapi.json, where clients are made from, and changes are seen."""

import json
from pathlib import Path

from service.app import create_app
from service.settings import Settings

FILE = Path(__file__).parents[1] / "service" / "openapi.json"


def described() -> str:
    """The description, as it is in the file."""
    return json.dumps(create_app(Settings()).openapi(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(described(), encoding="utf-8")
