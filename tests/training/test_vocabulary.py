"""The words that mending goes by: counted, without misspellings, and harsh where the model itself finds them so."""

from collections import Counter
from pathlib import Path
from shutil import copy

import numpy as np

from commentsvc.moderation.embedded import MODEL_FILE, load_model
from commentsvc.moderation.encoder import FOLDER, load_encoder
from training.attacks import is_kept_plain
from training.corpora import Example, clean_targets
from training.vocabulary import add_words, count_words, harsh_words, ordinary


def test_words_are_counted_once_a_text_and_folded() -> None:
    assert count_words(["The cat, the CAT", "a cat's tail", "№ 4 ünd"]) == Counter(
        {"cat": 2, "the": 1, "a": 1, "s": 1, "tail": 1, "no": 1, "und": 1}
    )


def test_common_misspellings_and_rare_words_are_no_words() -> None:
    counts = Counter({"because": 900, "becuase": 9, "council": 80, "counsel": 40, "zyzzyva": 4, "of": 500})

    assert ordinary(counts, ["harbour", "council"]) == ["because", "council", "counsel", "harbour"]


def test_harsh_is_what_the_model_nearly_holds_alone() -> None:
    assert harsh_words(load_model(), load_encoder(), ["council", "imbecile", "harbour", "idiot", "thanks"]) == [
        "imbecile",
        "idiot",
    ]


def test_words_are_added_to_the_file_and_the_rest_of_it_stays(tmp_path: Path) -> None:
    for name in ("embedded.npz", "tokenizer.json", "words.onnx", "toxicity.onnx", "meaning.onnx"):
        copy(FOLDER / name, tmp_path)

    add_words(tmp_path, [Example("news", "Quixotry, you imbecile!", clean_targets())] * 5)

    made, shipped = load_model(tmp_path / "embedded.npz"), load_model(MODEL_FILE)
    assert made.vocabulary[:3] == ("imbecile", "quixotry", "you")
    assert "imbecile" in made.harsh
    assert (made.version, made.hostile) == (shipped.version, shipped.hostile)
    assert np.array_equal(made.weights, shipped.weights)


def test_the_model_that_comes_with_the_package_finds_words_that_no_rater_listed() -> None:
    shipped = load_model()

    unlisted = set(shipped.harsh) - set(shipped.hostile)
    assert len(unlisted) > 200
    assert any(is_kept_plain(word) for word in unlisted)
    assert len(shipped.vocabulary) > 20_000
