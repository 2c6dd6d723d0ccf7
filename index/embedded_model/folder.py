"""Build the embedded model's folder once, and find it again."""

import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from numpy import float32
from numpy.typing import NDArray

from index.cache_folder import ensure_folder
from index.embedded_model.adapter import adapter_checksum, is_adapter, merge_adapter
from index.embedded_model.packed_weights import PackedWeights, find_packed_weights, read_packed_weights
from index.embedded_model.tokenizer import BOS, EOS, MASK, PAD, UNK, build_tokenizer
from index.progress import Advance, progress, without_foreign_bars

if TYPE_CHECKING:
    from transformers import BertModel

BUILD_VERSION = 2
"""Raised when the same weights would be built to another folder, so that an old folder is not taken for it."""

TUNED = Path(__file__).with_name("tuned")
"""What the embedded model has beside its weights: the adapter, its card, and the background of the tuned model."""

STOCK = Path(__file__).with_name("stock")
"""The same of the model as its authors made it: without an adapter."""

EMBEDDED = "embedded"
EMBEDDED_FOLDERS = {EMBEDDED: TUNED, "embedded-stock": STOCK}
"""By the name that a user has for it, what each variant of the embedded model has beside its weights."""

_STEPS_BESIDE_TENSORS = 3


class Assemble(Protocol):
    """Make a sentence-transformers folder of a plain transformers one, with mean pooling."""

    def __call__(self, plain: Path, folder: Path, *, max_tokens: int, prompts: dict[str, str]) -> None:
        """Read `plain`, write into `folder`."""


def ensure_model_folder(cache: Path, assemble: Assemble, beside: Path = TUNED) -> Path:
    """Return the embedded model's sentence-transformers folder, building it below `cache` if it is not there.

    The folder's name carries a checksum of the packed weights, the adapter and `BUILD_VERSION`; see `ensure_folder`.

    Args:
        cache: the directory for what can be built again.
        assemble: makes the folder of a plain one.
        beside: a folder whose adapter, if there is one in it, is merged into the weights.

    Raises:
        PackedWeightsError: the weights are missing or damaged.
        AdapterError: the adapter is damaged, or not one for this model.
        OSError: `cache` cannot be written to.
    """
    data = find_packed_weights().read_bytes()
    digest = hashlib.sha256(data + str(BUILD_VERSION).encode())
    adapter = beside if is_adapter(beside) else None
    if adapter:
        digest.update(adapter_checksum(adapter).encode())
    folder = cache / f"multilingual-e5-small-{'tuned-' if adapter else ''}{digest.hexdigest()[:16]}"
    return ensure_folder(folder, lambda empty: _build(read_packed_weights(data), adapter, empty, assemble))


def _build(weights: PackedWeights, adapter: Path | None, folder: Path, assemble: Assemble) -> None:
    from transformers import PreTrainedTokenizerFast

    steps = len(weights.directory) + _STEPS_BESIDE_TENSORS
    with without_foreign_bars(), progress("building the embedded model", steps) as advance:
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_object=build_tokenizer(weights),
            model_max_length=weights.max_positions,
            model_input_names=["input_ids", "attention_mask"],
            bos_token=BOS,
            eos_token=EOS,
            sep_token=EOS,
            cls_token=BOS,
            unk_token=UNK,
            pad_token=PAD,
            mask_token=MASK,
        )
        advance()
        bert = _bert(weights, advance)
        if adapter:
            merge_adapter(bert, adapter)
        with tempfile.TemporaryDirectory(dir=folder) as plain:
            bert.save_pretrained(plain)
            tokenizer.save_pretrained(plain)
            advance()
            prompts = {"query": "query: ", "passage": "passage: "}
            assemble(Path(plain), folder, max_tokens=weights.max_positions, prompts=prompts)
        advance()


def _bert(weights: PackedWeights, advance: Advance) -> "BertModel":
    import torch
    from transformers import BertConfig, BertModel
    from transformers.initialization import no_init_weights

    shape: dict[str, Any] = {
        "vocab_size": weights.vocabulary_size,
        "hidden_size": weights.hidden_size,
        "num_hidden_layers": weights.layers,
        "num_attention_heads": weights.heads,
        "intermediate_size": weights.intermediate_size,
        "max_position_embeddings": weights.max_positions,
        "type_vocab_size": weights.type_vocabulary_size,
        "layer_norm_eps": weights.layer_norm_epsilon,
        "pad_token_id": weights.pad,
        "bos_token_id": weights.bos,
        "eos_token_id": weights.eos,
    }
    config = BertConfig(**shape)
    with no_init_weights():  # all of them are replaced
        bert: BertModel = BertModel(config).eval()
    parameters = dict(bert.named_parameters())
    with torch.no_grad():
        for name in ("pooler.dense.weight", "pooler.dense.bias"):
            parameters.pop(
                name
            ).zero_()  # not in the file and not used, but left random it would differ from build to build
        for name, tensor in weights.tensors():
            parameter = parameters.pop(_bert_name(name))
            parameter.copy_(torch.from_numpy(_shaped(tensor, tuple(parameter.shape))))
            advance()
    if parameters:
        raise ValueError(f"the packed weights lack {', '.join(parameters)}")
    return bert


def _shaped(tensor: NDArray[float32], shape: tuple[int, ...]) -> NDArray[float32]:
    return tensor.reshape(shape).copy()


_EMBEDDINGS = {"word": "word_embeddings", "pos": "position_embeddings", "type": "token_type_embeddings"}
_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_KIND = {"w": "weight", "b": "bias"}


def _bert_name(packed: str) -> str:
    """The parameter of `BertModel` that a packed tensor's name means: `l3.q.w`, `emb.word`, `emb.ln.b`."""
    match packed.split("."):
        case ["emb", "ln", kind]:
            return f"embeddings.LayerNorm.{_KIND[kind]}"
        case ["emb", table]:
            return f"embeddings.{_EMBEDDINGS[table]}.weight"
        case [layer, part, kind]:
            return f"encoder.layer.{int(layer[1:])}.{_LAYER[part]}.{_KIND[kind]}"
    raise ValueError(f"the packed weights have an unknown tensor {packed!r}")
