"""Export a model to OpenVINO and quantise it to int8. Runs as a program of its own: `python -m index.encoder.quantise`.

What is written is for `openvino_model`: the transformer in int8, what follows it as it is, and the tokenizer.

On its own, because export and calibration need gigabytes for a minute that a service should not keep. Every line
on standard output is a step done.
"""

import json
import sys
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.encoder.batches import LENGTHS
from index.encoder.openvino_int8 import AGREEMENT_FILE, Agreement, calibration_texts, has_bf16, without_telemetry
from index.encoder.openvino_model import (
    DESCRIPTION_FILE,
    INPUTS,
    POOLING_FILE,
    TOKENIZER_FILE,
    TRANSFORMER_FILE,
    Description,
    OpenVinoModel,
)
from index.encoder.sentence_transformer import SentenceTransformerModel, load_to_export
from index.progress import without_foreign_bars
from index.threads import ALL_PROCESSORS

_TEXTS_PER_LENGTH = 4
_KEPT = r".*layer\.\d+\.output\.dense/.*"
_ATTENTION = "ScaledDotProductAttention"
"""Left in bf16 where the processor computes in it: the operations with the most outliers, and those that gain nothing
from int8. Cosine of centred vectors to the original's over 1,600 short texts, mean and worst: 0.9990 and 0.995 so,
0.9976 and 0.989 without the first, 0.9989 and 0.995 without the second; the time was the same to a twentieth."""

_SMOOTHING = 0.8
"""How much of the outliers among the activations is moved into the weights. The same cosines, with all in int8: 0.9975
and 0.989 so; 0.9951 and 0.959 with NNCF's own 0.95; 0.9969 and 0.982 with 0.7."""

_MOST_WORSE = 10
"""A length is not used whose cosines are this many times further from 1 than the others'. Measured: at most 3 times
for the lengths that are right, and 80 times for the one that is wrong."""


def main(model_folder: str, target: str, prompt: str | None) -> None:
    """Write an int8 copy of a model, and how well it agrees with the original.

    Args:
        model_folder: the model, as a sentence-transformers folder or a name in the hub's cache.
        target: an empty folder.
        prompt: put before every text.

    Raises:
        ValueError: the model is of a kind that a copy cannot be made of.
    """
    without_telemetry()
    with without_foreign_bars():
        model = load_to_export(model_folder)
    description, pooling = _describe(model, prompt), _pooling(model)
    texts = list(calibration_texts())
    lengths = [length for length in LENGTHS if length <= description.max_tokens]
    _step()
    original = _vectors_by_length(lambda some, length: _exact(model, some, length, prompt), texts, lengths)
    _step()
    _quantise(model, texts, prompt)
    folder = Path(target)
    _write(model, pooling, description, folder)
    _step()
    # What is compiled here would be found no more: the folder gets another name.
    copy = OpenVinoModel(
        folder, name=model_folder, key="", prompt=prompt, processors=ALL_PROCESSORS, keep_compiled=False
    )
    agreement = _compare(original, _vectors_by_length(copy.embed, texts, lengths))
    (folder / AGREEMENT_FILE).write_text(json.dumps(agreement._asdict()) + "\n", encoding="utf-8")
    _step()


def _describe(model: Any, prompt: str | None) -> Description:
    tokenizer = model.tokenizer
    if not getattr(tokenizer, "is_fast", False):
        raise ValueError("its tokenizer is none of the fast ones, which the copy needs")
    if unknown := set(model.transformers_model.input_names) - set(INPUTS):
        raise ValueError(f"it asks for {', '.join(sorted(unknown))} beside the tokens")
    whole = SentenceTransformerModel(model, name="", key="", prompt=prompt)
    if whole.whole_prompt and not all(getattr(module, "include_prompt", True) for module in model):
        raise ValueError("it leaves the prompt out of what it makes of a text, which the copy would not")
    return Description(
        prompt=whole.whole_prompt,
        max_tokens=whole.max_tokens,
        dimensions=whole.dimensions,
        padding=tokenizer.pad_token_id,
        pads_left=tokenizer.padding_side == "left",
        cuts_left=tokenizer.truncation_side == "left",
    )


def _exact(model: Any, texts: Sequence[str], length: int, prompt: str | None) -> NDArray[np.float32]:
    how = {"text": {"padding": "max_length", "max_length": length}}
    vectors: NDArray[np.float32] = model.encode(
        texts, prompt=prompt, normalize_embeddings=True, processing_kwargs=how, show_progress_bar=False
    )
    return vectors


def _vectors_by_length(
    embed: Callable[[Sequence[str], int], NDArray[np.float32]], texts: Sequence[str], lengths: Sequence[int]
) -> dict[int, NDArray[np.float32]]:
    """Vectors of a few texts, other ones for each length that they are cut to and padded to."""
    longer = cycle("\n".join(three) for three in zip(texts, texts[1:], texts[2:], strict=False))
    return {length: embed(list(islice(longer, _TEXTS_PER_LENGTH)), length) for length in lengths}


def _compare(original: dict[int, NDArray[np.float32]], quantised: dict[int, NDArray[np.float32]]) -> Agreement:
    """Cosines over the lengths that do agree.

    Of OpenVINO 2026.4 the int8 attention with bf16 is wrong where a text has as many tokens as a head has
    dimensions, so every length is looked at, and none is used that is much worse than the others.
    """
    cosines = {length: (original[length] * quantised[length]).sum(axis=1) for length in original}
    usual = float(np.median([of_length.mean() for of_length in cosines.values()]))
    good = [length for length, of_length in cosines.items() if 1 - of_length.mean() <= _MOST_WORSE * (1 - usual)]
    all_good = np.concatenate([cosines[length] for length in good])
    return Agreement(mean=float(all_good.mean()), worst=float(all_good.min()), lengths=good)


def _quantise(model: Any, texts: Sequence[str], prompt: str | None) -> None:
    import nncf

    def inputs(text: str) -> dict[str, Any]:
        _step()
        features = model.preprocess([text], prompt=prompt)
        ids = features["input_ids"].numpy()
        known = {name: value.numpy() for name, value in features.items() if name in transformer.input_names}
        return {name: known.get(name, np.zeros_like(ids)) for name in transformer.input_names}

    nncf.set_log_level("ERROR")
    transformer: Any = model.transformers_model
    quantised = nncf.quantize(
        transformer.model,
        nncf.Dataset(texts, inputs),
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=len(texts),
        fast_bias_correction=True,
        ignored_scope=nncf.IgnoredScope(patterns=[_KEPT], types=[_ATTENTION], validate=False) if has_bf16() else None,
        advanced_parameters=nncf.AdvancedQuantizationParameters(
            smooth_quant_alphas=nncf.AdvancedSmoothQuantParameters(matmul=_SMOOTHING)
        ),
    )
    transformer.replace_ov_model(transformer.model, quantised)


def _write(model: Any, pooling: Any, description: Description, folder: Path) -> None:
    """Write all that `openvino_model` reads, of a model whose transformer is quantised."""
    import openvino

    openvino.save_model(model.transformers_model.model, str(folder / TRANSFORMER_FILE), compress_to_fp16=False)
    openvino.save_model(pooling, str(folder / POOLING_FILE), compress_to_fp16=False)
    tokenizer: Any = model.tokenizer.backend_tokenizer
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.save(str(folder / TOKENIZER_FILE))
    (folder / DESCRIPTION_FILE).write_text(json.dumps(description._asdict(), indent=2) + "\n", encoding="utf-8")


def _pooling(model: Any) -> Any:
    """What a model does after its transformer, and scaling to unit length.

    Raises:
        ValueError: that needs more than the transformer's answer and where there are tokens.
    """
    import openvino
    import torch

    class Pooling(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.modules_after = torch.nn.ModuleList(list(model)[1:])

        def forward(self, token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            features = {"token_embeddings": token_embeddings, "attention_mask": attention_mask}
            for module in self.modules_after:
                features = module(features)
            return torch.nn.functional.normalize(features["sentence_embedding"])

    example = torch.rand(2, 4, model.transformers_model.config.hidden_size), torch.ones(2, 4, dtype=torch.int64)
    try:
        return openvino.convert_model(Pooling().eval(), example_input=example)
    except Exception as error:  # whatever the modules raise
        kinds = ", ".join(type(module).__name__ for module in model)
        raise ValueError(
            f"what comes after its transformer needs more than the vectors of its tokens ({kinds})"
        ) from error


def _step() -> None:
    sys.stdout.write("\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
