"""Low-rank adapters as PEFT writes them: what `scripts/tune` makes, and what the embedded model is tuned by.

An adapter has two small matrices A and B for some of a model's matrices W. Merged, W becomes W + alpha / r * B A
(Hu et al. 2021, https://arxiv.org/abs/2106.09685), so that a tuned model is as large and as fast as an untuned one.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import SimilarNewsError

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

CONFIGURATION_FILE = "adapter_config.json"
WEIGHTS_FILE = "adapter_model.safetensors"

_VARIANTS = (
    "use_rslora",
    "use_dora",
    "rank_pattern",
    "alpha_pattern",
    "fan_in_fan_out",
    "modules_to_save",
    "lora_bias",
)
"""What would change the formula, where it is set."""

_NAME = re.compile(r"base_model\.model\.(?P<matrix>.+)\.lora_(?P<side>[AB])\.weight")


class AdapterError(SimilarNewsError):
    """An adapter is damaged, or is not one for the embedded model."""


def is_adapter(folder: Path) -> bool:
    """Whether a folder has an adapter in it."""
    return (folder / CONFIGURATION_FILE).is_file()


def adapter_checksum(folder: Path) -> str:
    """SHA-256 over what decides about the merged model.

    Raises:
        AdapterError: a file is missing.
    """
    try:
        parts = [(folder / name).read_bytes() for name in (CONFIGURATION_FILE, WEIGHTS_FILE)]
    except OSError as error:
        raise AdapterError(f"the adapter in {folder} cannot be read: {error}") from error
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def merge_adapter(model: "Module", folder: Path) -> None:
    """Add an adapter to a model's own weights.

    Args:
        model: as the adapter's names have it.
        folder: with the adapter, as PEFT writes it; LoRA, none of its variants.

    Raises:
        AdapterError: it is damaged, of another kind, or not made for this model.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        scale = _scale(json.loads((folder / CONFIGURATION_FILE).read_text(encoding="utf-8")))
        _add(model, load_file(folder / WEIGHTS_FILE), scale)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise AdapterError(f"the adapter in {folder} does not go with the embedded model: {error}") from error


def _scale(configuration: Mapping[str, object]) -> float:
    if configuration["peft_type"] != "LORA":
        raise ValueError(f"it is of type {configuration['peft_type']}, not LORA")
    if found := [name for name in _VARIANTS if configuration.get(name)]:
        raise ValueError(f"it is a variant of LoRA, by {', '.join(found)}")
    return float(str(configuration["lora_alpha"])) / int(str(configuration["r"]))


def _add(model: "Module", tensors: "Mapping[str, Tensor]", scale: float) -> None:
    import torch

    sides: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if not (found := _NAME.fullmatch(name)):
            raise ValueError(f"it has a tensor {name!r}, which belongs to no matrix")
        if not tensor.isfinite().all():
            raise ValueError(f"its tensor {name!r} has values that are no numbers")
        sides.setdefault(found["matrix"], {})[found["side"]] = tensor.float()
    matrices = dict(model.named_parameters())
    with torch.no_grad():
        for name, pair in sides.items():
            matrices[f"{name}.weight"].add_(pair["B"] @ pair["A"], alpha=scale)
