"""The int8 copy of a model for OpenVINO: built once, found again, and whether it is any good here.

Static quantisation calibrated on the sample stories, which are news in many languages. The copy's vectors can be
compared with the original's, so both have one fingerprint, and articles embedded by one are found by the other.
"""

import hashlib
import json
import logging
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from index.cache_folder import ensure_folder
from index.errors import QuantisationError
from index.progress import progress
from index.samples import samples

BUILD_VERSION = 4
"""Raised when the same model would be quantised otherwise, so that an old copy is not taken for it."""

AGREEMENT_FILE = "agreement.json"
MIN_MEAN_COSINE = 0.99
"""A copy whose vectors agree less with the original's is not used: some models do not bear int8."""

_DOT_PRODUCTS = ("avx512_vnni", "avx_vnni", "amx_int8")
_CPUINFO = Path("/proc/cpuinfo")
_PACKAGES = ("openvino", "nncf", "optimum-intel")
_PASSES = 2
_STEPS_BESIDE_CALIBRATION = 8

_logger = logging.getLogger(__name__)


class Agreement(NamedTuple):
    """Cosines between the int8 vectors and the original's on some of the calibration texts.

    Attributes:
        mean: over the lengths that agree.
        worst: likewise.
        lengths: those lengths in tokens; with others the copy is not used.
    """

    mean: float
    worst: float
    lengths: list[int]


def why_not_usable() -> str | None:
    """Why OpenVINO's int8 cannot be used on this machine, or would gain nothing; None if it can."""
    try:
        import openvino  # noqa: F401 - is it there?
    except ImportError as error:
        return f"OpenVINO cannot be imported ({error})"
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        return f"its int8 is made for x86-64 processors, and this is {platform.machine()}"
    return None if "INT8" in _capabilities() and _has_dot_products() else "the processor has no instructions for int8"


def has_bf16() -> bool:
    """Whether the processor computes in bf16, which the copy then uses for what int8 would spoil."""
    return "BF16" in _capabilities()


def _has_dot_products() -> bool:
    """Whether the processor sums products of int8 in one step, in 32 bits.

    On one with AVX2 alone int8 was 0.98 to 1.1 times as fast as torch with fp32, and agreed less with it: a mean
    cosine of 0.995 on the sample stories instead of 0.9998; of 0.994 with 7-bit weights, so that no sum overflows.
    """
    return not _instructions().isdisjoint(_DOT_PRODUCTS)


def _instructions() -> set[str]:
    """The names of what the processor has: on Linux as the kernel tells them, elsewhere as torch does."""
    if _CPUINFO.exists():
        flags = _CPUINFO.read_text(encoding="utf-8", errors="replace").partition("flags")[2].partition("\n")[0]
        return set(flags.split())
    import torch

    return {name for name, has in torch.cpu.get_capabilities().items() if has}


def _capabilities() -> list[str]:
    import openvino

    capabilities: list[str] = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return capabilities


def calibration_texts() -> Iterator[str]:
    """News in many languages, as it is embedded."""
    return (sample.article.words for sample in samples())


def ensure_int8_folder(cache: Path, model: str, *, key: str, prompt: str | None) -> Path:
    """Return the folder with a model's int8 copy, building it below `cache` if it is not there.

    Args:
        cache: the directory for what can be built again.
        model: a sentence-transformers folder, or a name in the hub's cache.
        key: identifies the model's weights and tokenizer.
        prompt: put before every text.

    Raises:
        QuantisationError: it cannot be built.
        OSError: `cache` cannot be written to.
    """
    digest = hashlib.sha256(f"{BUILD_VERSION}|{key}|{prompt}|{has_bf16()}".encode())
    # The versions too: another one quantises otherwise.
    digest.update("|".join(version(package) for package in _PACKAGES).encode())
    for text in calibration_texts():
        digest.update(f"\0{text}".encode())
    folder = cache / f"{Path(model).name}-int8-{digest.hexdigest()[:16]}"
    return ensure_folder(folder, lambda empty: _build(model, empty, prompt))


def agreement(folder: Path) -> Agreement:
    """How well the int8 copy in a folder agrees with the original."""
    return Agreement(**json.loads((folder / AGREEMENT_FILE).read_text(encoding="utf-8")))


def without_telemetry() -> None:
    """Keep OpenVINO's tools from reporting to their maker what is done with them. Call before they are imported."""
    os.environ.setdefault("NNCF_CI", "1")
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # "not to be had", as import takes it


def _build(model: str, folder: Path, prompt: str | None) -> None:
    job = json.dumps({"model_folder": model, "target": str(folder), "prompt": prompt})
    # With -P and the package's own place first, whatever lies in the working directory is not taken for a module.
    command = [sys.executable, "-P", "-m", "index.encoder.quantise", job]
    places = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(places)}
    steps = _PASSES * sum(1 for _ in calibration_texts()) + _STEPS_BESIDE_CALIBRATION
    with (
        tempfile.TemporaryFile() as complaints,
        progress("quantising the model to int8", steps) as advance,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, env=environment) as process,  # noqa: S603 - our own module
    ):
        assert process.stdout is not None  # noqa: S101 - as asked for
        for _ in process.stdout:
            advance()
        if status := process.wait():
            complaints.seek(0)
            last = complaints.read().decode(errors="replace").strip().splitlines() or ["it ended without a word"]
            why = f"it was killed by signal {-status}, perhaps for its memory" if status < 0 else last[-1]
            raise QuantisationError(f"the model {model!r} cannot be quantised: {why}")
