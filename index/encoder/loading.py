"""Load the model that the settings name, on the backend that suits the machine."""

import gc
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import NamedTuple

from index import threads
from index.embedded_model import EMBEDDED, EMBEDDED_FOLDERS, ensure_model_folder, is_adapter
from index.encoder import openvino_int8
from index.encoder.openvino_model import OpenVinoModel
from index.encoder.queue import QueuedEncoder, QueueLimits, encoder_threads
from index.encoder.sentence_transformer import (
    SentenceTransformerModel,
    assemble_folder,
    folder_checksum,
    is_folder,
    load_model,
    sees_gpu,
)
from index.errors import BackendError, SimilarNewsError
from index.threads import ALL_PROCESSORS, Processors

EMBEDDED_PROMPT = "query: "
"""multilingual-e5 wants a prefix; its authors say "query: " for comparing like with like, as we do."""

_logger = logging.getLogger(__name__)


class Backend(StrEnum):
    """What the model runs on."""

    AUTO = "auto"
    OPENVINO = "openvino"
    TORCH = "torch"


def load_encoder(
    model: str = EMBEDDED,
    *,
    cache: Path,
    prompt: str | None = None,
    hub_token: str | None = None,
    backend: Backend = Backend.AUTO,
    processors: Processors = ALL_PROCESSORS,
    limits: QueueLimits | None = None,
) -> QueuedEncoder:
    """Load a model and make an encoder of it: `load_embedding_model` with a queue before it.

    Args:
        model: as for `load_embedding_model`.
        cache: likewise.
        prompt: likewise.
        hub_token: likewise.
        backend: likewise.
        processors: likewise.
        limits: of the queue and the cache; None for the defaults.

    Raises:
        SimilarNewsError: as `load_embedding_model` does.
    """
    thread = encoder_threads()
    loaded = load_embedding_model(
        model, cache=cache, prompt=prompt, hub_token=hub_token, backend=backend, processors=processors, thread=thread
    )
    return QueuedEncoder(loaded, limits or QueueLimits(), pool=thread if loaded.passes == 1 else None)


def load_embedding_model(
    model: str = EMBEDDED,
    *,
    cache: Path,
    prompt: str | None = None,
    hub_token: str | None = None,
    backend: Backend = Backend.AUTO,
    processors: Processors = ALL_PROCESSORS,
    thread: Executor | None = None,
) -> SentenceTransformerModel | OpenVinoModel:
    """Load a model.

    Args:
        model: "embedded"; "embedded-stock", the same as its authors made it; a folder with an adapter that
            `scripts/tune` made, for the embedded model with that one; a sentence-transformers folder; or a name on the
            model hub.
        cache: where the embedded model's folder and int8 copies are built.
        prompt: put before every text; None for "query: " with the embedded model, otherwise the model's own default.
        hub_token: for a private model on the hub.
        backend: `openvino` runs an int8 copy of the model on the processor, `torch` the model itself, on a GPU when
            torch sees one; `auto` takes OpenVINO for the embedded model on a processor that gains from it.
        processors: what to compute with.
        thread: the one that is to use the model, whose priority OpenVINO's own threads get; None for no particular one.

    Raises:
        ModelNotFoundError: no such folder, and the hub has no such model or cannot be reached.
        PackedWeightsError: the embedded model's weights are missing or damaged.
        AdapterError: an adapter is damaged, or not one for the embedded model.
        BackendError: OpenVINO was asked for, and cannot be used.
    """
    openvino_int8.without_telemetry()
    with _without_garbage_collection():
        on_torch = partial(_load_on_torch, hub_token=hub_token, processors=processors)
        source, loaded = _find(model, cache, prompt, on_torch)
        if backend == Backend.OPENVINO or (backend == Backend.AUTO and _beside(model) and not sees_gpu()):
            try:
                return _load_int8(source, cache, processors, thread)
            except BackendError as error:
                if backend == Backend.OPENVINO:
                    raise BackendError(f"{error}. SIMILAR_NEWS_BACKEND=auto or torch would do without") from error
                # As text: the error leads to the frames of who asked, and so whoever keeps the record keeps a model.
                _logger.warning("the model runs on torch: %s", str(error))
        return loaded or on_torch(*source)


class _Source(NamedTuple):
    """A model that is here: where it is, what the user calls it, what identifies it, and its prompt."""

    location: str
    name: str
    key: str
    prompt: str | None


def _load_on_torch(
    location: str, name: str, key: str | None, prompt: str | None, *, hub_token: str | None, processors: Processors
) -> SentenceTransformerModel:
    passes = 1 if sees_gpu() else processors.passes
    threads.limit_torch(processors.threads // passes)
    return load_model(location, name=name, key=key, prompt=prompt, hub_token=hub_token, passes=passes)


def _find(
    model: str, cache: Path, prompt: str | None, on_torch: Callable[..., SentenceTransformerModel]
) -> tuple[_Source, SentenceTransformerModel | None]:
    """Make sure that the model is on this machine; one from the hub is loaded already, which tells its revision."""
    if beside := _beside(model):
        folder = ensure_model_folder(cache, assemble_folder, beside)
        return _Source(str(folder), model, folder.name, EMBEDDED_PROMPT if prompt is None else prompt), None
    if is_folder(model):
        return _Source(model, model, folder_checksum(Path(model)), prompt), None
    loaded = on_torch(model, model, None, prompt)
    return _Source(model, model, loaded.key, prompt), loaded


def _beside(model: str) -> Path | None:
    """The folder with what a variant of the embedded model has beside its weights; None of another model."""
    return EMBEDDED_FOLDERS.get(model) or (Path(model) if is_adapter(Path(model)) else None)


def _load_int8(source: _Source, cache: Path, processors: Processors, thread: Executor | None) -> OpenVinoModel:
    """Load the int8 copy of a model, building it if it is not there.

    Raises:
        BackendError: OpenVINO cannot be used here, or the model does not bear int8.
    """
    location, name, key, prompt = source
    try:
        if reason := openvino_int8.why_not_usable():
            raise BackendError(reason)
        folder = openvino_int8.ensure_int8_folder(cache, location, key=key, prompt=prompt)
        mean, _, lengths = openvino_int8.agreement(folder)
        if mean < openvino_int8.MIN_MEAN_COSINE:
            raise BackendError(
                f"the int8 copy of {name!r} in {folder} agrees too little with the model itself: mean cosine "
                f"{mean:.3f}, wanted at least {openvino_int8.MIN_MEAN_COSINE}"
            )
        load = partial(OpenVinoModel, folder, name=name, key=key, prompt=prompt, processors=processors, lengths=lengths)
        return thread.submit(load).result() if thread else load()
    except SimilarNewsError as error:
        raise BackendError(str(error)) from error
    except Exception as error:
        raise BackendError(f"the int8 copy of {name!r} cannot be built or read: {error}") from error


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """For imports and vocabularies: they make millions of objects to stay, and looking through them took a second."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
