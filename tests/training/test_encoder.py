"""A miniature of the encoder is taught, exported and read again: does the whole path learn and stay true?"""

import random
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import ModelProto
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from commentsvc.moderation.encoder import FOLDER
from training import export
from training.attacks import DISGUISES, disguise, join, noisy
from training.corpora import LABELS, Example, clean_targets
from training.encoder import Encoded, encode, predict, train

RUDE = {**clean_targets(1.0), "insult": 1.0}
TEXTS = [
    f"{who} is a {what}"
    for who in ("he", "she", "the mayor", "my boss")
    for what in ("fool", "friend", "moron", "poet")
]


def example(text: str) -> Example:
    rude = text.endswith(("fool", "moron"))
    start = text.rindex(" ") + 1
    return Example("test", text, RUDE if rude else clean_targets(), marks=((start, len(text)),) if rude else ())


@pytest.fixture(scope="module")
def tiny() -> BertModel:
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=30522, hidden_size=48, num_hidden_layers=6, num_attention_heads=12, intermediate_size=96
    )
    return BertModel(config, add_pooling_layer=False).eval()


@pytest.fixture(scope="module")
def encoded(tiny: BertModel) -> list[Encoded]:
    tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    examples = [example(text) for text in TEXTS * 20]
    return encode(tiny, tokenizer, examples, [one.text for one in examples])


def test_training_learns_labels_and_telling_words(tiny: BertModel, encoded: list[Encoded]) -> None:
    before = {name: value.clone() for name, value in tiny.state_dict().items()}

    head = train(tiny, encoded, seed=1, passes=30)

    logits, marks = predict(head, encoded[: len(TEXTS)])
    rude = np.array([text.endswith(("fool", "moron")) for text in TEXTS])
    insult = logits[:, LABELS.index("insult")]
    assert insult[rude].min() > insult[~rude].max()
    last, other = (
        np.array([part(mark) for mark in marks])[rude] for part in (lambda m: m[-2], lambda m: m[1:-2].mean())
    )
    assert last.mean() > other.mean() + 1, "the rude word is marked, the others are not"
    assert all(torch.equal(value, before[name]) for name, value in tiny.state_dict().items()), "shared layers stay"


def test_exported_graphs_answer_what_torch_answers(tiny: BertModel, encoded: list[Encoded], tmp_path: Path) -> None:
    head = train(tiny, encoded[:32], seed=1)
    tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    tokenizer.no_padding()
    read = [tokenizer.encode(text).ids for text in ("you fool", "a much longer sentence about the mayor and her plan")]
    lengths = np.array([len(ids) for ids in read], dtype=np.int32)
    ids = np.zeros((2, lengths.max()), dtype=np.int32)
    for at, row in enumerate(read):
        ids[at, : len(row)] = row
    mask = torch.tensor((ids > 0).astype(np.float32))
    with torch.no_grad():
        shared = tiny(torch.tensor(ids), attention_mask=mask, output_hidden_states=True).hidden_states[3]
        expected, marks = head(shared, mask)

    logits, marked = run(export.trunk(tiny), export.toxicity(head), ids, lengths)
    export.save(tiny, head, tmp_path)
    rounded, _ = run(tmp_path / "trunk.onnx", tmp_path / "toxicity.onnx", ids, lengths)

    own = mask.numpy() > 0
    assert np.abs(logits - expected.numpy()).max() < 1e-5
    assert np.abs(marked - marks.numpy())[own].max() < 1e-5
    assert 0 < np.abs(rounded - expected.numpy()).max() < 0.2


def run(
    trunk: ModelProto | Path, toxicity: ModelProto | Path, ids: np.ndarray, lengths: np.ndarray
) -> list[np.ndarray]:
    first, second = (
        onnxruntime.InferenceSession(
            model if isinstance(model, Path) else model.SerializeToString(), providers=["CPUExecutionProvider"]
        )
        for model in (trunk, toxicity)
    )
    (hidden,) = first.run(["hidden"], {"ids": ids, "lengths": lengths})
    answers: list[np.ndarray] = second.run(["logits", "marks"], {"hidden": hidden, "lengths": lengths})
    return answers


@pytest.mark.parametrize("name", DISGUISES)
def test_disguise_changes_only_the_words_it_is_for(name: str) -> None:
    changed = disguise("the mayor is a moronic person", DISGUISES[name], random.Random(3), {"moronic"})

    assert changed.startswith("the mayor is a ")
    assert changed.endswith(" person")
    assert "moronic" not in changed


def test_noise_and_joining_are_repeatable() -> None:
    text = "the mayor is a fool and everybody in the town knows it"

    assert noisy(text, random.Random(1)) == noisy(text, random.Random(1)) != text
    assert join(text, {"fool"}) == "the mayor is a fooland everybody in the town knows it"
