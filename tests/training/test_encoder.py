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
from training.attacks import DISGUISES, disguise, is_kept_plain, join, noisy
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
        vocab_size=30522, hidden_size=48, num_hidden_layers=3, num_attention_heads=12, intermediate_size=96,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    return BertModel(config, add_pooling_layer=False).eval()


@pytest.fixture(scope="module")
def encoded(tiny: BertModel) -> list[Encoded]:
    tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    examples = [example(text) for text in TEXTS * 20]
    return encode(tokenizer, examples, [one.text for one in examples])


def test_training_learns_labels_and_telling_words(tiny: BertModel, encoded: list[Encoded]) -> None:
    before = {name: value.clone() for name, value in tiny.state_dict().items()}

    head = train(tiny, encoded, seed=1, passes=24)

    logits, marks = predict(tiny, head, encoded[: len(TEXTS)])
    rude = np.array([text.endswith(("fool", "moron")) for text in TEXTS])
    insult = logits[:, LABELS.index("insult")]
    assert insult[rude].min() > insult[~rude].max()
    last, other = (
        np.array([part(mark) for mark in marks])[rude] for part in (lambda m: m[-2], lambda m: m[1:-2].mean())
    )
    assert last.mean() > other.mean() + 1, "the rude word is marked, the others are not"
    assert all(torch.equal(value, before[name]) for name, value in tiny.state_dict().items()), (
        "the encoder itself stays"
    )


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
        expected, marks = head(tiny.embeddings(torch.tensor(ids)), mask)
        hidden = tiny(torch.tensor(ids), attention_mask=mask).last_hidden_state
        pooled = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)

    logits, marked = run(export.words(tiny), export.toxicity(head), ["logits", "marks"], ids, lengths)
    (meaning,) = run(export.words(tiny), export.meaning(tiny), ["meaning"], ids, lengths)
    export.save(tiny, head, tmp_path)
    (rounded,) = run(tmp_path / "words.onnx", tmp_path / "toxicity.onnx", ["logits"], ids, lengths)

    own = mask.numpy() > 0
    assert np.abs(logits - expected.numpy()).max() < 1e-5
    assert np.abs(marked - marks.numpy())[own].max() < 1e-5
    assert np.abs(meaning - pooled.numpy()).max() < 1e-5
    assert 0 < np.abs(rounded - expected.numpy()).max() < 0.2


def run(
    words: ModelProto | Path, half: ModelProto | Path, answers: list[str], ids: np.ndarray, lengths: np.ndarray
) -> list[np.ndarray]:
    first, second = (
        onnxruntime.InferenceSession(
            model if isinstance(model, Path) else model.SerializeToString(), providers=["CPUExecutionProvider"]
        )
        for model in (words, half)
    )
    (hidden,) = first.run(["hidden"], {"ids": ids, "lengths": lengths})
    found: list[np.ndarray] = second.run(answers, {"hidden": hidden, "lengths": lengths})
    return found


@pytest.mark.parametrize("name", DISGUISES)
def test_disguise_changes_only_the_words_it_is_for(name: str) -> None:
    changed = disguise("the mayor is a moronic person", DISGUISES[name], random.Random(3), {"moronic"})

    assert changed.startswith("the mayor is a ")
    assert changed.endswith(" person")
    assert "moronic" not in changed


def test_noise_hits_hostile_words_moves_their_marks_and_is_repeatable() -> None:
    text = "the mayor is a moronic fool and everybody in the town knows it"
    marks = ((text.index("moronic"), text.index("fool") + 4),)

    copies = [noisy(text, marks, {"fool"}, random.Random(seed), hot=1.0, cold=0.0) for seed in range(30)]

    assert copies[0] == noisy(text, marks, {"fool"}, random.Random(0), hot=1.0, cold=0.0)
    for changed, ((start, end),) in copies:
        assert changed[:start] == text[: marks[0][0]]
        assert changed[end:] == text[marks[0][1] :]
        assert changed[start:end] != text[slice(*marks[0])]
    assert len({changed for changed, _ in copies}) > 10


def test_noise_never_touches_the_hostile_words_that_are_kept_for_measuring() -> None:
    kept = next(word for word in ("idiot", "moron", "clown", "fool", "liar", "coward") if is_kept_plain(word))

    copies = [noisy(f"you {kept}", (), {kept}, random.Random(seed), hot=1.0, cold=0.0) for seed in range(20)]

    assert {changed for changed, _ in copies} == {f"you {kept}"}


def test_joining_puts_a_word_and_the_next_one_together() -> None:
    text = "the mayor is a fool and everybody in the town knows it"

    assert join(text, {"fool"}) == "the mayor is a fooland everybody in the town knows it"
