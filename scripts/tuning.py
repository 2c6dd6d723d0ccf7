"""Tune an embedding: a low-rank adapter beside a model's weights learns which texts belong together.

Two texts of a pair are to be more similar to each other than to the other texts of a batch (in-batch contrastive
learning, van den Oord et al. 2018, https://arxiv.org/abs/1807.03748). The model's own weights stay as they are.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from tuning_batches import KINDS, Batch, Batches, Flags, Vectors
from tuning_data import Text

from index.background import Background, compute_background
from index.embedded_model.adapter import WEIGHTS_FILE
from index.encoder.loading import EMBEDDED_PROMPT
from index.progress import progress, without_foreign_bars

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Parameter

BASE_MODEL = "intfloat/multilingual-e5-small"

LAYERS = r".*encoder\.layer\.\d+\.(attention\.self\.(query|key|value)|(attention\.output|intermediate|output)\.dense)"
"""All matrices within the layers. The embeddings, four fifths of the model, would learn only of the words they see."""

WARM_UP_STEPS = 20
CLIP = 1.0

_CHUNK = 24
_BLOCK = 192


class Recipe(BaseModel):
    """What can be varied. The defaults are those of the shipped adapter; its card has what else was tried."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(0, ge=0, description="Another one gives another adapter.")
    steps: int = Field(480, ge=1, description="Batches to learn from.")
    pairs: int = Field(48, ge=2, description="Of a batch: each text is to find its other one among twice as many.")
    tokens: int = Field(96, ge=8, le=512, description="Where texts are cut; a title and a lead fit.")
    rank: int = Field(16, ge=1, description="Of the adapter's matrices.")
    alpha: int = Field(32, ge=1, description="The product of the adapter's matrices is multiplied by alpha / rank.")
    merged_alpha: int = Field(
        22,
        ge=1,
        description="The same when all is learnt. A smaller one keeps more of what the model knew "
        "(Wortsman et al. 2021, https://arxiv.org/abs/2109.01903).",
    )
    learning_rate: float = Field(3e-4, gt=0, description="At its highest; it falls to nothing along a cosine.")
    temperature: float = Field(
        0.03,
        gt=0,
        description="Similarities are divided by it. The lower, the more the most similar count alone.",
    )
    events: float = Field(0.2, ge=0, description="Share of the batches of this kind.")
    look_alikes: float = Field(0.15, ge=0, description="Likewise.")
    passages: float = Field(0.4, ge=0, description="Likewise.")
    translations: float = Field(0.25, ge=0, description="Likewise.")

    @property
    def shares(self) -> dict[str, float]:
        """By kind of batches."""
        return {name: getattr(self, name) for name in KINDS}


class Learner:
    """The model with the adapter beside it."""

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        """Load a sentence-transformers folder, and give it an adapter that changes nothing yet."""
        import torch
        from peft import LoraConfig, get_peft_model
        from sentence_transformers import SentenceTransformer

        torch.manual_seed(recipe.seed)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self._tokens = recipe.tokens
        with without_foreign_bars():
            # PyTorch's fused attention takes three times as long backwards on a processor as plain products do.
            how = {"attn_implementation": "eager"}
            model = SentenceTransformer(str(folder), device=self.device, local_files_only=True, model_kwargs=how)
        self._tokenizer: Any = model.tokenizer
        adapter = LoraConfig(r=recipe.rank, lora_alpha=recipe.alpha, target_modules=LAYERS)
        self._model: Any = get_peft_model(model.transformers_model, adapter)  # type: ignore[arg-type]
        self._model.eval()
        self.is_bf16 = _has_bf16(self.device)
        self._configuration: Any = self._model.peft_config["default"]
        self._adapted: list[Any] = [module for module in self._model.modules() if hasattr(module, "lora_A")]
        for adapted in self._adapted if self.is_bf16 else ():
            adapted.base_layer.to(torch.bfloat16)  # or they are converted again for every batch,
            adapted.cast_input_dtype_enabled = False  # and so is what goes in

    def set_alpha(self, alpha: int) -> None:
        """Let the adapter count more or less."""
        self._configuration.lora_alpha = alpha
        for adapted in self._adapted:
            adapted.scaling["default"] = alpha / self._configuration.r

    @property
    def parameters(self) -> "list[Parameter]":
        """What is trained."""
        return [parameter for parameter in self._model.parameters() if parameter.requires_grad]

    def vectors(self, texts: Sequence[Text]) -> "Tensor":
        """Vectors of unit length, fp32. Texts of about one length are read together, so that little is padded."""
        import torch

        words = [EMBEDDED_PROMPT + text.words for text in texts]
        ids = self._tokenizer(words, truncation=True, max_length=self._tokens)["input_ids"]
        order = sorted(range(len(ids)), key=lambda place: len(ids[place]))
        chunks = [order[start : start + _CHUNK] for start in range(0, len(order), _CHUNK)]
        read = torch.cat([self._read([ids[place] for place in chunk]) for chunk in chunks])
        return read[torch.tensor(np.argsort(order), device=self.device)]

    def embed(self, texts: Sequence[Text], what: str) -> Vectors:
        """The same of many texts, not to learn from, with a bar."""
        import torch

        blocks = []
        with torch.no_grad(), progress(what, len(texts)) as advance:
            for start in range(0, len(texts), _BLOCK):
                blocks.append(self.vectors(texts[start : start + _BLOCK]).cpu().numpy())
                advance(len(blocks[-1]))
        return np.concatenate(blocks)

    def save(self, folder: Path) -> None:
        """Write the adapter as PEFT does, its weights as fp16."""
        from peft import get_peft_model_state_dict
        from safetensors.torch import save_file

        self._configuration.base_model_name_or_path = BASE_MODEL
        self._configuration.inference_mode = True
        folder.mkdir(parents=True, exist_ok=True)
        self._configuration.save_pretrained(folder)
        tensors = get_peft_model_state_dict(self._model, save_embedding_layers=False)  # "auto" asks the hub
        save_file({name: tensor.cpu().half().contiguous() for name, tensor in tensors.items()}, folder / WEIGHTS_FILE)

    def _read(self, ids: Sequence[Sequence[int]]) -> "Tensor":
        import torch
        from torch.nn.functional import normalize
        from torch.nn.utils.rnn import pad_sequence

        pad = self._tokenizer.pad_token_id
        padded = pad_sequence([torch.tensor(one) for one in ids], batch_first=True, padding_value=pad).to(self.device)
        mask = padded != pad
        with torch.autocast(self.device, torch.bfloat16, enabled=self.is_bf16):
            hidden = self._model(input_ids=padded, attention_mask=mask.long()).last_hidden_state
        return normalize((hidden.float() * mask[:, :, None]).sum(dim=1))


def _has_bf16(device: str) -> bool:
    import torch

    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu.get_capabilities().get("amx_bf16"))


def means_of(learner: Learner, texts: Sequence[Text]) -> Background:
    """Means of languages, as the model is now."""
    return compute_background("", learner.embed(texts, "means of languages"), [text.language for text in texts])


def choices(vectors: "Tensor", same: Flags, temperature: float) -> "tuple[Tensor, Tensor]":
    """What a batch asks: which of the others is each text's other one.

    Args:
        vectors: of the first texts of all pairs, then of the second ones; rows of unit length.
        same: which pairs need not be told apart, shape (pairs, pairs).
        temperature: what similarities are divided by.

    Returns:
        How likely each is, before the softmax; minus infinity for itself, and for what it need not be told apart from.
        And the places of the right ones.
    """
    import torch

    count = len(same)
    other = torch.arange(2 * count, device=vectors.device).roll(count)
    left_out = torch.from_numpy(np.tile(same, (2, 2))).to(vectors.device)
    left_out[torch.arange(2 * count, device=vectors.device), other] = False
    return (vectors @ vectors.T / temperature).masked_fill(left_out, -math.inf), other


def train(learner: Learner, batches: Batches, recipe: Recipe) -> Iterator[float]:
    """Train the adapter; yields the loss of every step.

    Args:
        learner: what is trained.
        batches: what it learns from.
        recipe: how.
    """
    import torch
    from torch.nn.functional import cross_entropy

    optimiser = torch.optim.AdamW(learner.parameters)
    for step in range(recipe.steps):
        for group in optimiser.param_groups:
            group["lr"] = rate_at(step, recipe)
        batch = batches.draw(recipe.shares)
        vectors = learner.vectors(batch.texts)
        loss = cross_entropy(*choices(vectors, batch.same, recipe.temperature))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learner.parameters, CLIP)
        optimiser.step()
        optimiser.zero_grad()
        yield loss.item()


def rate_at(step: int, recipe: Recipe) -> float:
    """The learning rate of a step, counted from 0: rising at first, then falling to nothing along a cosine."""
    warm = min(1.0, (step + 1) / WARM_UP_STEPS)
    done = max(0, step - WARM_UP_STEPS) / max(1, recipe.steps - WARM_UP_STEPS)
    return recipe.learning_rate * warm * (1 + math.cos(math.pi * done)) / 2


def validate(learner: Learner, batches: Sequence[Batch], recipe: Recipe) -> dict[str, float]:
    """By kind of batches the loss without that for drifting, and the share of texts whose other one is found."""
    import torch
    from torch.nn.functional import cross_entropy

    found: dict[str, list[tuple[float, float]]] = {}
    with torch.no_grad(), progress("measuring on what is held out", len(batches)) as advance:
        for batch in batches:
            asked, other = choices(learner.vectors(batch.texts), batch.same, recipe.temperature)
            right = (asked.argmax(dim=1) == other).float().mean()
            found.setdefault(batch.kind, []).append((cross_entropy(asked, other).item(), right.item()))
            advance()
    figures = {kind: np.mean(values, axis=0) for kind, values in found.items()}
    return {
        f"{kind}/{name}": float(mean[place])
        for kind, mean in figures.items()
        for place, name in enumerate(("loss", "precision_at_1"))
    }
