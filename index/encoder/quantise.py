"""Export a model to OpenVINO and quantise it to int8. Runs as a program of its own: `python -m index.encoder.quantise`.

On its own, because export and calibration need gigabytes for a minute that a service should not keep. Every line
on standard output is a step done.
"""

import json
import sys
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.encoder.batches import LENGTHS
from index.encoder.openvino_int8 import AGREEMENT_FILE, Agreement, calibration_texts, has_bf16, without_telemetry
from index.encoder.sentence_transformer import load_to_export, save_model
from index.progress import without_foreign_bars

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
    """Write a sentence-transformers folder with an int8 OpenVINO model in it, and how well it agrees with the original.

    Args:
        model_folder: the model, as a sentence-transformers folder or a name in the hub's cache.
        target: an empty folder.
        prompt: put before every text.
    """
    without_telemetry()
    with without_foreign_bars():
        model = load_to_export(model_folder)
    texts = list(calibration_texts())
    _step()
    original = _vectors_by_length(model, texts, prompt)
    _step()
    _quantise(model, texts, prompt)
    save_model(model, Path(target))
    _step()
    agreement = _compare(original, _vectors_by_length(model, texts, prompt))
    Path(target, AGREEMENT_FILE).write_text(json.dumps(agreement._asdict()) + "\n", encoding="utf-8")
    _step()


def _vectors_by_length(model: Any, texts: Sequence[str], prompt: str | None) -> dict[int, NDArray[np.float32]]:
    """Vectors of a few texts, other ones for each length that they are cut to and padded to."""
    vectors = {}
    longer = cycle("\n".join(three) for three in zip(texts, texts[1:], texts[2:], strict=False))
    for length in (length for length in LENGTHS if length <= model.max_seq_length):
        how = {"text": {"padding": "max_length", "max_length": length}}
        some = list(islice(longer, _TEXTS_PER_LENGTH))
        vectors[length] = model.encode(some, prompt=prompt, normalize_embeddings=True, processing_kwargs=how)
    return vectors


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


def _step() -> None:
    sys.stdout.write("\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
