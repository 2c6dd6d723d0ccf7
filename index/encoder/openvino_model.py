"""A model on OpenVINO, from a folder that `quantise` wrote.

Its tokenizer, its transformer and what follows that are files which their own libraries read. sentence-transformers,
which wrote them, is not loaded, nor are transformers and torch: a start would take three times as long, and the process
twice the memory.
"""

import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.encoder import ends_behind, model_fingerprint
from index.encoder.batches import LENGTHS
from index.errors import ModelNotFoundError
from index.threads import Processors, openvino_options

DESCRIPTION_FILE = "model.json"
TOKENIZER_FILE = "tokenizer.json"
TRANSFORMER_FILE = "transformer.xml"
POOLING_FILE = "pooling.xml"

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
"""What a transformer may ask for. The last are the places of two texts in one, so with one they are all 0."""

_EXACTLY = {"INFERENCE_PRECISION_HINT": "f32"}
"""Lengths that are told in bf16 are a hundredth off."""


class Description(NamedTuple):
    """What is to be known of a model beside its files.

    Attributes:
        prompt: put before every text.
        max_tokens: the most that it reads at once, the prompt and the special ones among them.
        dimensions: the length of a vector.
        padding: the token that shorter texts of a batch are filled up with.
        pads_left: whether it is put before a text rather than behind it.
        cuts_left: whether of a text that is too long the end is read rather than the beginning.
    """

    prompt: str
    max_tokens: int
    dimensions: int
    padding: int
    pads_left: bool
    cuts_left: bool


class OpenVinoModel:
    """An int8 copy of a model in memory. Called from as many threads at a time as it makes passes."""

    backend = "openvino"

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        key: str,
        prompt: str | None,
        processors: Processors,
        lengths: Sequence[int] = LENGTHS,
        keep_compiled: bool = True,
    ) -> None:
        """Load a copy.

        Args:
            folder: where it is.
            name: as the user named the original.
            key: the original's.
            prompt: as the user set it; None for the model's own default.
            processors: what to compute with.
            lengths: the lengths in tokens that texts are padded to; those with which it agrees with the original.
            keep_compiled: write beside the copy, where that may be, what the next start can do without compiling.

        Raises:
            ModelNotFoundError: the folder is damaged.
            MemoryError: there is too little.
            PermissionError: the folder cannot be read.
        """
        import openvino
        from tokenizers import Tokenizer

        try:
            described = json.loads((folder / DESCRIPTION_FILE).read_text(encoding="utf-8"))
            self._description = Description(**described)
            self._tokenizer: Any = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
            options = openvino_options(processors) | (_compiled_in(folder) if keep_compiled else {})
            core = openvino.Core()
            self._transformer = core.compile_model(str(folder / TRANSFORMER_FILE), "CPU", options)
            self._pooling = core.compile_model(str(folder / POOLING_FILE), "CPU", options | _EXACTLY)
        except (MemoryError, PermissionError):
            raise
        except Exception as error:  # tokenizers raises no narrower one
            # OpenVINO says in the last line what is wrong, and before it where in its source.
            why = (str(error).strip() or repr(error)).splitlines()[-1]
            raise ModelNotFoundError(
                f"the int8 copy in {folder} cannot be loaded ({why}): it is damaged. Delete the folder, and it is "
                "built again"
            ) from error
        self._inputs = [one.get_any_name() for one in self._transformer.inputs]
        self._own = threading.local()
        self._name = name
        self._lengths = lengths
        self._passes = processors.passes
        self._added_tokens = len(self._tokenizer.encode(self._description.prompt).ids)
        self._fingerprint = model_fingerprint(key, prompt, self.max_tokens)

    @property
    def name(self) -> str:
        """The original as the user named it."""
        return self._name

    @property
    def fingerprint(self) -> str:
        """The original's: their vectors can be compared."""
        return self._fingerprint

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return self._description.dimensions

    @property
    def passes(self) -> int:
        """How many forward passes it makes beside each other."""
        return self._passes

    @property
    def max_tokens(self) -> int:
        """The most tokens that the model reads at once, the prompt and the special ones among them."""
        return self._description.max_tokens

    @property
    def added_tokens(self) -> int:
        """The tokens of the prompt and the special ones."""
        return self._added_tokens

    @property
    def lengths(self) -> Sequence[int]:
        """The lengths in tokens that a batch may be padded to."""
        return self._lengths

    def token_ends(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        """For every text, where in it each of its tokens ends, in characters."""
        prompt = self._description.prompt  # read with the text, as it will be: a tokenizer may join the two
        read = self._tokenizer.encode_batch([prompt + text for text in texts], add_special_tokens=False)
        return [ends_behind(prompt, one.offsets) for one in read]

    def embed(self, texts: Sequence[str], tokens: int) -> NDArray[np.float32]:
        """Embed texts in one pass; see `EmbeddingModel.embed`."""
        ids = np.full((len(texts), tokens), self._description.padding, np.int64)
        mask = np.zeros_like(ids)
        for row, read in enumerate(self._read(texts, tokens)):
            place = slice(tokens - len(read), None) if self._description.pads_left else slice(len(read))
            ids[row, place] = read
            mask[row, place] = 1
        transformer, pooling = self._requests()
        given = dict(zip(INPUTS, (ids, mask, np.zeros_like(ids)), strict=True))
        (hidden,) = transformer.infer({name: given[name] for name in self._inputs}, share_inputs=True).values()
        (vectors,) = pooling.infer([hidden, mask], share_inputs=True).values()
        return np.array(vectors, np.float32)

    def _read(self, texts: Sequence[str], tokens: int) -> list[list[int]]:
        """The tokens of texts with the prompt; of a longer text as many of them as there is room for."""
        words = [self._description.prompt + text for text in texts]
        read = self._tokenizer.encode_batch_fast(words)
        return [
            one.ids if len(one.ids) <= tokens else self._cut(text, tokens)
            for one, text in zip(read, words, strict=True)
        ]

    def _cut(self, text: str, tokens: int) -> list[int]:
        read = self._tokenizer.encode(text, add_special_tokens=False)
        room = max(0, tokens - self._tokenizer.num_special_tokens_to_add(is_pair=False))
        read.truncate(room, direction="left" if self._description.cuts_left else "right")
        ids: list[int] = self._tokenizer.post_process(read).ids
        return ids

    def _requests(self) -> tuple[Any, Any]:
        """The calling thread's own: a request is for one thread at a time."""
        if not hasattr(self._own, "requests"):
            self._own.requests = self._transformer.create_infer_request(), self._pooling.create_infer_request()
        requests: tuple[Any, Any] = self._own.requests
        return requests


def _compiled_in(folder: Path) -> dict[str, str]:
    """Let OpenVINO keep the compiled model beside the model, which is a second and 300 MB less at the next start.

    Not where it could not be written: in an image that was built by another user, say.
    """
    compiled = folder / "compiled"
    return {"CACHE_DIR": str(compiled)} if os.access(compiled if compiled.exists() else folder, os.W_OK) else {}
