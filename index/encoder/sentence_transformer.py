"""Models of sentence-transformers. The only module that imports it."""

import difflib
import hashlib
import json
import math
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from index.embedded_model import EMBEDDED_FOLDERS
from index.encoder import ends_behind, model_fingerprint
from index.encoder.batches import LENGTHS
from index.errors import ModelNotFoundError
from index.progress import without_foreign_bars

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Result = TypeVar("Result")

_HUB_SECONDS = 10
_TOKENS_WITHOUT_LIMIT = 512
_BYTES_PER_TOKEN = 4

_DEVICES = ("nvidia*", "nvhost*", "dxg", "kfd", "dri/renderD*", "davinci*", "accel*", "hl[0-9]*")
"""Below /dev on Linux, those that torch can compute on: of NVIDIA, of its Jetson, in WSL, of AMD, Intel, Huawei, and
Habana, newer and older."""


class SentenceTransformerModel:
    """A sentence-transformers model in memory, on torch."""

    backend = "torch"

    def __init__(
        self,
        model: "SentenceTransformer",
        *,
        name: str,
        key: str,
        prompt: str | None,
        passes: int = 1,
    ) -> None:
        """Wrap a loaded model.

        Args:
            model: the model.
            name: as the user named it.
            key: identifies the model's weights and tokenizer.
            prompt: put before every text; None for the model's own default.
            passes: how many forward passes the model makes beside each other.
        """
        self._passes = passes
        self._reading = threading.Lock()  # a tokenizer is for one thread at a time
        if passes > 1:
            model.preprocess = _one_at_a_time(model.preprocess, self._reading)  # type: ignore[method-assign]  # of this one model
        self._model = model
        self._name = name
        self._key = key
        self._prompt = prompt
        tokenizer = model.tokenizer
        self._tokenizer: Any = tokenizer if getattr(tokenizer, "is_fast", False) else None
        limit = model.max_seq_length  # infinite where words are looked up one by one
        self._max_tokens = int(limit) if limit and math.isfinite(limit) else _TOKENS_WITHOUT_LIMIT
        self._added_tokens = len(self._tokenizer(self.whole_prompt)["input_ids"]) if self._tokenizer else 0
        self._fingerprint = model_fingerprint(key, prompt, self._max_tokens)

    @property
    def name(self) -> str:
        """The model as the user named it."""
        return self._name

    @property
    def key(self) -> str:
        """What identifies the model's weights and tokenizer."""
        return self._key

    @property
    def fingerprint(self) -> str:
        """Changes with the model's weights and tokenizer and the prompt."""
        return self._fingerprint

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return cast("int", self._model.get_embedding_dimension())

    @property
    def passes(self) -> int:
        """How many forward passes it makes beside each other."""
        return self._passes

    @property
    def max_tokens(self) -> int:
        """The most tokens that the model reads at once, the prompt and the special ones among them."""
        return self._max_tokens

    @property
    def added_tokens(self) -> int:
        """The tokens of the prompt and the special ones."""
        return self._added_tokens

    @property
    def lengths(self) -> Sequence[int]:
        """The lengths in tokens that a batch may be padded to."""
        return LENGTHS

    @property
    def whole_prompt(self) -> str:
        """What is put before every text."""
        name = self._model.default_prompt_name
        default = self._model.prompts.get(name) if name else None
        return (default or "") if self._prompt is None else self._prompt

    def token_ends(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        """For every text, where in it each of its tokens ends, in characters.

        Of a model whose tokenizer does not tell, every fourth byte is taken for the end of one.
        """
        if self._tokenizer is None:
            return [_every_fourth_byte(text) for text in texts]
        prompt = self.whole_prompt  # read with the text, as it will be: a tokenizer may join the two
        with self._reading:
            encoded = self._tokenizer(
                [prompt + text for text in texts],
                add_special_tokens=False,
                truncation=False,
                return_offsets_mapping=True,
                return_attention_mask=False,
                verbose=False,  # it would warn of texts that are longer than the model reads
            )
        return [ends_behind(prompt, offsets) for offsets in encoded["offset_mapping"]]

    def embed(self, texts: Sequence[str], tokens: int) -> NDArray[np.float32]:  # noqa: ARG002 - the longest tells
        """Embed texts in one pass; see `EmbeddingModel.embed`."""
        vectors = self._model.encode(
            list(texts),
            prompt=self._prompt,
            batch_size=len(texts),
            normalize_embeddings=True,
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        return cast("NDArray[np.float32]", vectors.astype(np.float32, copy=False))


def _one_at_a_time(function: Callable[..., Result], lock: threading.Lock) -> Callable[..., Result]:
    """The function, which one thread calls at a time."""

    def locked(*args: Any, **kwargs: Any) -> Result:
        with lock:
            return function(*args, **kwargs)

    return locked


def _every_fourth_byte(text: str) -> NDArray[np.int64]:
    """The positions, in characters, behind those with which another four bytes of UTF-8 are full."""
    full = np.cumsum([len(character.encode(errors="surrogatepass")) for character in text]) // _BYTES_PER_TOKEN
    return np.flatnonzero(np.diff(full, prepend=0)).astype(np.int64) + 1


def load_model(
    model: str, *, name: str, key: str | None, prompt: str | None, hub_token: str | None = None, passes: int = 1
) -> SentenceTransformerModel:
    """Load a model on torch: on a GPU when torch sees one, otherwise on the processor.

    Args:
        model: a sentence-transformers folder, or a name on the model hub.
        name: as the user named it.
        key: identifies the model's weights and tokenizer; None to work it out.
        prompt: put before every text; None for the model's own default.
        hub_token: for a private model on the hub.
        passes: how many forward passes to make beside each other.

    Raises:
        ModelNotFoundError: no such folder, and the hub has no such model or cannot be reached.
    """
    folder = Path(model)
    if is_folder(model):
        loaded = _load_folder(folder)
        key = key or folder_checksum(folder)
    else:
        loaded = _load_from_hub(model, hub_token)
        key = key or _hub_key(model, loaded)
    return SentenceTransformerModel(loaded, name=name, key=key, prompt=prompt, passes=passes)


def load_to_export(model: str) -> "SentenceTransformer":
    """Convert a model to OpenVINO, in memory."""
    how: dict[str, Any] = {"local_files_only": True, "device": "cpu"}
    return _load(model, backend="openvino", model_kwargs={"export": True, "ov_config": {}}, **how)


def is_folder(model: str) -> bool:
    """Whether a model's name is that of a folder with a model in it."""
    return any((Path(model) / file).is_file() for file in ("config.json", "modules.json"))


def sees_gpu() -> bool:
    """Whether sentence-transformers would compute on something else than the processor."""
    if sys.platform == "linux" and not any(any(Path("/dev").glob(name)) for name in _DEVICES):
        return False  # and nothing is loaded, for seconds, only to be told so

    from sentence_transformers.util import get_device_name

    return bool(get_device_name() != "cpu")


def assemble_folder(plain: Path, folder: Path, *, max_tokens: int, prompts: dict[str, str]) -> None:
    """Turn a folder of transformers into one of sentence-transformers: mean pooling, unit length."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer

    with without_foreign_bars():
        transformer = Transformer(str(plain), max_seq_length=max_tokens)
        pooling = Pooling(transformer.get_embedding_dimension(), pooling_mode="mean")
        model = SentenceTransformer(modules=[transformer, pooling, Normalize()], prompts=prompts, device="cpu")
        _save(model, folder)


def _save(model: "SentenceTransformer", folder: Path) -> None:
    """Write a model to a folder, so that it loads quickly.

    transformers looks for the added tokens in tokenizer.json, all of it, unless the configuration names them; of a
    large vocabulary that takes a good part of a second.
    """
    model.save(str(folder), create_model_card=False)
    vocabulary, configuration = folder / "tokenizer.json", folder / "tokenizer_config.json"
    if vocabulary.is_file() and configuration.is_file():
        added = json.loads(vocabulary.read_text(encoding="utf-8"))["added_tokens"]
        named = {"added_tokens_decoder": {str(token.pop("id")): token for token in added}}
        whole = json.loads(configuration.read_text(encoding="utf-8")) | named
        configuration.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def folder_checksum(folder: Path) -> str:
    """SHA-256 over weights, tokenizer and configuration, by relative path; other backends' copies are left out."""
    digest = hashlib.sha256()
    files = sorted(
        path for path in folder.rglob("*") if path.suffix in {".json", ".safetensors", ".bin", ".txt", ".model"}
    )
    for path in files:
        relative = path.relative_to(folder)
        if relative.parts[0] in {"onnx", "openvino"}:
            continue
        digest.update(f"{relative.as_posix()}\0".encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _hub_key(model: str, loaded: "SentenceTransformer") -> str:
    transformer: Any = loaded[0]
    revision = getattr(transformer.auto_model.config, "_commit_hash", None)
    return f"{model}@{revision}"


def _load_from_hub(model: str, token: str | None) -> "SentenceTransformer":
    """Load from the hub's cache on this machine, or else from the hub, after one quick question whether it is there."""
    from huggingface_hub import HfApi, constants

    try:
        return _load(model, local_files_only=True, token=token)
    except (OSError, ValueError):
        try:
            if not constants.HF_HUB_OFFLINE:
                HfApi().model_info(model, timeout=_HUB_SECONDS, token=token)
            return _load(model, local_files_only=False, token=token)
        except Exception as error:
            close = difflib.get_close_matches(model, EMBEDDED_FOLDERS, n=1)
            meant = f" (did you mean '{close[0]}'?)" if close else ""
            raise ModelNotFoundError(
                f"the model {model!r} is not to be had{meant}. It is neither "
                f"{' nor '.join(map(repr, EMBEDDED_FOLDERS))}, nor a folder with a model or an adapter in it, nor on "
                "the hub or in its cache "
                f"here ({str(error).splitlines()[0]}). Set SIMILAR_NEWS_MODEL to one of these; where the hub "
                "cannot be reached, download the model elsewhere and give its folder"
            ) from error


def _load_folder(folder: Path) -> "SentenceTransformer":
    from safetensors import SafetensorError

    try:
        return _load(str(folder), local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelNotFoundError(
            f"the model in {folder} cannot be loaded ({str(error).splitlines()[0]}): it is damaged, or no "
            "sentence-transformers model. If it was built by similar-news, delete the folder, and it is built again"
        ) from error


def _load(model: str, **how: Any) -> "SentenceTransformer":
    # Imported here: it takes seconds, which 'similar-news version' and the like should not.
    from sentence_transformers import SentenceTransformer

    with without_foreign_bars():
        return SentenceTransformer(model, **how)
