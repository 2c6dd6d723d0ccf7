"""Adapters as PEFT writes them are merged as PEFT merges them, and others are refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel

from index.embedded_model.adapter import (
    CONFIGURATION_FILE,
    WEIGHTS_FILE,
    AdapterError,
    adapter_checksum,
    is_adapter,
    merge_adapter,
)

TARGETS = ["query", "dense"]


def tiny_model() -> BertModel:
    torch.manual_seed(0)
    shape: dict[str, Any] = {"hidden_size": 8, "intermediate_size": 16, "num_attention_heads": 2}
    shape |= {"num_hidden_layers": 2, "vocab_size": 11, "max_position_embeddings": 16}
    return BertModel(BertConfig(**shape))


def tuned(**how: Any) -> Any:
    """A tiny model with an adapter that changes it."""
    model: Any = get_peft_model(tiny_model(), LoraConfig(r=3, lora_alpha=5, target_modules=TARGETS, **how))
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(parameter)
    return model


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    tuned().save_pretrained(tmp_path)
    return tmp_path


def test_is_merged_as_by_peft(tmp_path: Path) -> None:
    from_peft = tuned()
    from_peft.save_pretrained(tmp_path)
    ours = tiny_model()
    merge_adapter(ours, tmp_path)
    expected = from_peft.merge_and_unload().state_dict()
    assert ours.state_dict().keys() == expected.keys()
    for name, tensor in ours.state_dict().items():
        torch.testing.assert_close(tensor, expected[name])
    changed = [name for name, tensor in tiny_model().state_dict().items() if not torch.equal(tensor, expected[name])]
    assert len(changed) == 9  # four matrices of each of two layers, and the pooler's
    assert all(name.endswith("weight") for name in changed)


def test_half_precision_is_enough(adapter: Path) -> None:
    weights = load_file(adapter / WEIGHTS_FILE)
    exact, halved = tiny_model(), tiny_model()
    merge_adapter(exact, adapter)
    save_file({name: tensor.half() for name, tensor in weights.items()}, adapter / WEIGHTS_FILE)
    merge_adapter(halved, adapter)
    for one, other in zip(exact.parameters(), halved.parameters(), strict=True):
        assert other.dtype == torch.float32
        torch.testing.assert_close(other, one, atol=0.05, rtol=0.01)


def test_what_decides_about_the_model_is_in_the_checksum(adapter: Path) -> None:
    first = adapter_checksum(adapter)
    (adapter / "README.md").write_text("another card")
    assert adapter_checksum(adapter) == first
    configuration = adapter / CONFIGURATION_FILE
    configuration.write_text(configuration.read_text().replace('"lora_alpha": 5', '"lora_alpha": 6'))
    second = adapter_checksum(adapter)
    weights = load_file(adapter / WEIGHTS_FILE)
    save_file({name: 2 * tensor for name, tensor in weights.items()}, adapter / WEIGHTS_FILE)
    assert len({first, second, adapter_checksum(adapter)}) == 3


def test_a_folder_without_a_configuration_is_no_adapter(adapter: Path) -> None:
    assert is_adapter(adapter)
    (adapter / CONFIGURATION_FILE).unlink()
    assert not is_adapter(adapter)


def configured(**changes: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / CONFIGURATION_FILE
        file.write_text(json.dumps(json.loads(file.read_text()) | changes))

    return change


def weighted(change_tensors: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        tensors = load_file(folder / WEIGHTS_FILE)
        change_tensors(tensors)
        save_file(tensors, folder / WEIGHTS_FILE)

    return change


NAME = "base_model.model.encoder.layer.0.attention.self.query.lora_B.weight"


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: (folder / WEIGHTS_FILE).unlink(), "No such file"),
        (lambda folder: (folder / WEIGHTS_FILE).write_bytes(b"\x08"), "does not go with"),
        (lambda folder: (folder / CONFIGURATION_FILE).write_text("{"), "does not go with"),
        (configured(peft_type="IA3"), "type IA3"),
        (configured(use_rslora=True), "use_rslora"),
        (configured(r=None), "does not go with"),
        (weighted(lambda tensors: tensors.pop(NAME)), "does not go with"),
        (weighted(lambda tensors: tensors.update({"classifier.weight": torch.zeros(2)})), "'classifier.weight'"),
        (weighted(lambda tensors: tensors[NAME].fill_(torch.nan)), "no numbers"),
        (weighted(lambda tensors: tensors.update({NAME: torch.zeros(9, 3)})), "does not go with"),
    ],
)
def test_what_cannot_be_merged_is_refused(adapter: Path, spoil: Callable[[Path], object], reason: str) -> None:
    spoil(adapter)
    with pytest.raises(AdapterError, match=reason):
        merge_adapter(tiny_model(), adapter)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match=CONFIGURATION_FILE):
        adapter_checksum(tmp_path)
