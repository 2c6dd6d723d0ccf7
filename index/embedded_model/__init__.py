"""The embedded model: weights from an installed package, and our adapter, to a sentence-transformers folder."""

from index.embedded_model.adapter import AdapterError, is_adapter
from index.embedded_model.folder import EMBEDDED, EMBEDDED_FOLDERS, STOCK, TUNED, ensure_model_folder
from index.embedded_model.packed_weights import PackedWeightsError

__all__ = [
    "EMBEDDED",
    "EMBEDDED_FOLDERS",
    "STOCK",
    "TUNED",
    "AdapterError",
    "PackedWeightsError",
    "ensure_model_folder",
    "is_adapter",
]
