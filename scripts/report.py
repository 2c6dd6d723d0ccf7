"""What every measuring script prints and writes."""

import json
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

FiguresFile = Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")]
"""Where to write them; see `write_figures`."""

PACKAGES = (
    "faiss-cpu",
    "nncf",
    "numpy",
    "openvino",
    "optimum-intel",
    "sentence-transformers",
    "similar-news",
    "torch",
    "transformers",
)


def show_figures(title: str, figures: dict[str, float], file: Path | None) -> None:
    """Print figures as a table, a line each, and write them to a file if one is given; see `write_figures`."""
    table = Table(title, "value")
    for name, value in figures.items():
        table.add_row(name, f"{value:,.2f}")
    Console().print(table)
    if file:
        write_figures(file, figures)


def write_figures(path: Path, figures: dict[str, float]) -> None:
    """Write figures with the machine, the versions and the commit beside them, as one JSON object."""
    report = {
        "figures": figures,
        "machine": {"processor": _processor(), "cores": os.cpu_count(), "system": platform.platform()},
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
        "commit": _commit(),
    }
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _commit() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=12"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 - our own words
