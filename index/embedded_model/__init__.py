"""The embedded model: weights from an installed package to a sentence-transformers folder."""

from index.embedded_model.folder import ensure_model_folder
from index.embedded_model.packed_weights import PackedWeightsError

__all__ = ["PackedWeightsError", "ensure_model_folder"]
