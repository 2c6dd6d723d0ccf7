"""What every measuring script prints and writes."""

import json
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

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
