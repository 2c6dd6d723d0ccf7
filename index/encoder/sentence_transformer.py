"""The encoder on sentence-transformers. The only module that imports it."""

import difflib
import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from index.embedded_model import ensure_model_folder
from index.errors import ModelNotFoundError
from index.progress import without_foreign_bars

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

EMBEDDED = "embedded"
EMBEDDED_PROMPT = "query: "
"""multilingual-e5 wants a prefix; its authors say "query: " for comparing like with like, as we do."""

_RECIPE = "title, line feed, text"
"""What is embedded of an article. Part of the fingerprint: vectors of another recipe are not comparable."""

_BATCH = 32
_HUB_SECONDS = 10


class SentenceTransformerEncoder:
    """Embeds with a sentence-transformers model, one batch at a time."""

    def __init__(self, model: "SentenceTransformer", *, name: str, key: str, prompt: str | None) -> None:
        """Wrap a loaded model.

        Args:
            model: the model.
            name: as the user named it.
            key: identifies the model's weights and tokenizer.
            prompt: put before every text; None for the model's own default.
        """
        self._model = model
        self._name = name
        self._prompt = prompt
        self._lock = threading.Lock()
        recipe = f"{key}|{prompt}|{_RECIPE}|{model.max_seq_length}"
        self._fingerprint = hashlib.sha256(recipe.encode()).hexdigest()[:32]

    @property
    def name(self) -> str:
        """The model as the user named it."""
        return self._name

    @property
    def fingerprint(self) -> str:
        """Changes with the model's weights and tokenizer, the prompt, and what of an article is embedded."""
        return self._fingerprint

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return cast("int", self._model.get_embedding_dimension())

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts; shape (len(texts), dimensions), float32, rows of unit length."""
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        by_length = sorted(range(len(texts)), key=lambda position: len(texts[position]))
        for start in range(0, len(texts), _BATCH):
            batch = by_length[start : start + _BATCH]
            with self._lock:  # for a batch only, so that a query does not wait for all of a long call
                vectors[batch] = self._model.encode(
                    [texts[position] for position in batch],
                    prompt=self._prompt,
                    batch_size=_BATCH,
                    normalize_embeddings=True,
                    show_progress_bar=False,
                    convert_to_numpy=True,
                )
        return vectors


def load_encoder(
    model: str = EMBEDDED, *, cache: Path, prompt: str | None = None, hub_token: str | None = None
) -> SentenceTransformerEncoder:
    """Load a model.

    Args:
        model: "embedded", a sentence-transformers folder, or a name on the model hub.
        cache: where the embedded model's folder is built.
        prompt: put before every text; None for "query: " with the embedded model, otherwise the model's own default.
        hub_token: for a private model on the hub.

    Raises:
        ModelNotFoundError: no such folder, and the hub has no such model or cannot be reached.
        PackedWeightsError: the embedded model's weights are missing or damaged.
    """
    folder = Path(model)
    if model == EMBEDDED:
        folder = ensure_model_folder(cache, assemble_folder)
        loaded, key = _load_folder(folder), folder.name
        return SentenceTransformerEncoder(
            loaded, name=model, key=key, prompt=EMBEDDED_PROMPT if prompt is None else prompt
        )
    if (folder / "config.json").is_file() or (folder / "modules.json").is_file():
        return SentenceTransformerEncoder(_load_folder(folder), name=model, key=_folder_checksum(folder), prompt=prompt)
    loaded = _load_from_hub(model, hub_token)
    transformer: Any = loaded[0]
    revision = getattr(transformer.auto_model.config, "_commit_hash", None)
    return SentenceTransformerEncoder(loaded, name=model, key=f"{model}@{revision}", prompt=prompt)


def assemble_folder(plain: Path, folder: Path, *, max_tokens: int, prompts: dict[str, str]) -> None:
    """Turn a folder of transformers into one of sentence-transformers: mean pooling, unit length."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer

    with without_foreign_bars():
        transformer = Transformer(str(plain), max_seq_length=max_tokens)
        pooling = Pooling(transformer.get_embedding_dimension(), pooling_mode="mean")
        model = SentenceTransformer(modules=[transformer, pooling, Normalize()], prompts=prompts, device="cpu")
        model.save(str(folder), create_model_card=False)


def _load_from_hub(model: str, token: str | None) -> "SentenceTransformer":
    """Load from the hub's cache on this machine, or else from the hub, after one quick question whether it is there."""
    from huggingface_hub import HfApi, constants

    try:
        return _load(model, local=True, token=token)
    except (OSError, ValueError):
        try:
            if not constants.HF_HUB_OFFLINE:
                HfApi().model_info(model, timeout=_HUB_SECONDS, token=token)
            return _load(model, local=False, token=token)
        except Exception as error:
            meant = f" (did you mean '{EMBEDDED}'?)" if difflib.get_close_matches(model, [EMBEDDED]) else ""
            raise ModelNotFoundError(
                f"the model {model!r} is not to be had{meant}. It is neither '{EMBEDDED}', nor a folder with a model "
                f"in it, nor on the hub or in its cache here ({str(error).splitlines()[0]}). Set SIMILAR_NEWS_MODEL to "
                "one of these; where the hub cannot be reached, download the model elsewhere and give its folder"
            ) from error


def _load_folder(folder: Path) -> "SentenceTransformer":
    from safetensors import SafetensorError

    try:
        return _load(str(folder), local=True)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelNotFoundError(
            f"the model in {folder} cannot be loaded ({str(error).splitlines()[0]}): it is damaged, or no "
            "sentence-transformers model. If it was built by similar-news, delete the folder, and it is built again"
        ) from error


def _load(model: str, *, local: bool, token: str | None = None) -> "SentenceTransformer":
    # Imported here: it takes seconds, which 'similar-news version' and the like should not.
    from sentence_transformers import SentenceTransformer

    with without_foreign_bars():
        return SentenceTransformer(model, local_files_only=local, token=token)


def _folder_checksum(folder: Path) -> str:
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
