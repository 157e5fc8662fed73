"""How does a Detoxify checkpoint become files that are served without torch, and do they answer the same?"""

import io
import pickle
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from commentsvc import __version__
from commentsvc.enums import TOXICITY_LABELS
from commentsvc.errors import ClassifierUnavailable, Misconfigured
from commentsvc.moderation.detoxify.about import FILES, About, sum_of, version_of, write_about
from commentsvc.moderation.detoxify.graphs import build
from commentsvc.moderation.detoxify.onnx_engine import pieces_of, run
from commentsvc.moderation.detoxify.sentences import SENTENCES
from commentsvc.moderation.detoxify.torch_engine import knows_english_only, load_detoxify, room
from commentsvc.moderation.graphs import save_int8
from commentsvc.moderation.sessions import open_session

STEPS = 5
"""How often export() says that a step is done."""
PARITY = 1e-5
"""How far a probability may be from Detoxify's own, with weights in 32 bits."""

_LANGUAGES = ("en", "es", "fr", "it", "pt", "ru", "tr")
"""What the multilingual checkpoint was taught on."""
_MADE_WITH = ("detoxify", "onnx", "onnxruntime", "tokenizers", "torch", "transformers")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A verified checkpoint: `digest` is its sha256, `config` the folder with its encoder's config and vocabulary.

    One that brings code besides weights is read only if it is `trusted`: pinned by its whole sum.
    """

    path: Path
    config: Path
    model: str
    digest: str
    trusted: bool


def export(checkpoint: Checkpoint, folder: Path, *, int8: bool, done: Callable[[], None]) -> About:
    """Write model.onnx, tokenizer.json and, last, about.json into an empty folder; `done` is called after each step.

    Raises Misconfigured when the exported model in 32 bits doesn't answer what Detoxify answers.
    """
    detoxify = _built(checkpoint)
    about = _describe(detoxify, checkpoint, "int8" if int8 else "fp32")
    _tokenizer_of(detoxify, checkpoint.config).save(str(folder / "tokenizer.json"))
    done()
    expected = _predicted(detoxify, about.labels)
    done()
    weights = _weights(detoxify)
    config = detoxify.model.config
    onnx.save(build(weights, config, int8=False), folder / "model.onnx")
    done()
    away = np.abs(_answered(folder, about) - expected)
    parity = float(away.max())
    if not parity <= PARITY:
        raise Misconfigured(
            f"The exported model answers up to {parity:.2g} away from Detoxify, over {PARITY:g}: refused."
        )
    done()
    if int8:
        save_int8(build(weights, config, int8=True), folder / "model.onnx")
        away = np.abs(_answered(folder, about) - expected)
    about = replace(
        about,
        parity=parity,
        drift=float(away.max()),
        drift_mean=float(away.mean()),
        files={name: sum_of(folder / name) for name in FILES},
    )
    write_about(about, folder)
    done()
    return about


def _built(checkpoint: Checkpoint) -> Any:
    loaded = _load(checkpoint)
    try:
        return load_detoxify(loaded, checkpoint.config)
    except ClassifierUnavailable as error:
        raise Misconfigured(f"{error.message}.") from None
    except Exception as error:
        # transformers raises whatever a file that is broken, or belongs to another encoder, leads it to.
        line = str(error).strip().partition("\n")[0]
        where = f"{checkpoint.path.name} and {checkpoint.config}"
        raise Misconfigured(f"Detoxify can't be built from {where} ({type(error).__name__}: {line}).") from None


def _load(checkpoint: Checkpoint) -> dict[str, Any]:
    content = checkpoint.path.read_bytes()
    try:
        # As weights alone, which can't run anything; a short pin is no reason to trust code.
        loaded = torch.load(io.BytesIO(content), map_location="cpu", weights_only=not checkpoint.trusted)
        loaded["state_dict"], loaded["config"]["arch"]["args"], loaded["config"]["dataset"]["args"]["classes"]
    except pickle.UnpicklingError as error:
        if checkpoint.trusted or "weights" not in str(error).lower():
            raise Misconfigured(f"{checkpoint.path.name} is no checkpoint.") from None
        raise Misconfigured(
            f"{checkpoint.path.name} brings code besides its weights. If you trust whoever made it, "
            f"run the command again with --sha256 {checkpoint.digest}."
        ) from None
    except (RuntimeError, EOFError, KeyError, TypeError):
        raise Misconfigured(f"{checkpoint.path.name} is no checkpoint of Detoxify.") from None
    return dict(loaded)


def _describe(detoxify: Any, checkpoint: Checkpoint, weights: str) -> About:
    tokenizer = detoxify.tokenizer
    if tokenizer.pad_token_id != detoxify.model.config.pad_token_id or tokenizer.num_special_tokens_to_add() != 2:
        raise Misconfigured(f"The vocabulary in {checkpoint.config} doesn't belong to the encoder.")
    return About(
        model=checkpoint.model,
        version=version_of(checkpoint.model, checkpoint.digest, weights),
        checkpoint=checkpoint.digest,
        kind=detoxify.model.config.model_type,
        weights=weights,
        labels=tuple(name for name in detoxify.class_names if name in TOXICITY_LABELS),
        languages=("en",) if knows_english_only(detoxify) else _LANGUAGES,
        room=room(detoxify),
        first=tokenizer.cls_token_id,
        last=tokenizer.sep_token_id,
        padding=tokenizer.pad_token_id,
        parity=0.0,
        drift=0.0,
        drift_mean=0.0,
        made_with={"commentsvc": __version__} | {name: version(name) for name in _MADE_WITH},
        files={},
    )


def _tokenizer_of(detoxify: Any, config: Path) -> Tokenizer:
    tokenizer = detoxify.tokenizer
    if not getattr(tokenizer, "is_fast", False):
        tokenizer = AutoTokenizer.from_pretrained(str(config), use_fast=True, local_files_only=True)
    fast: Tokenizer = tokenizer.backend_tokenizer
    return fast


def _weights(detoxify: Any) -> dict[str, NDArray[np.float32]]:
    """Return the encoder's weights, the last layer's for the labels alone that we have a name for."""
    weights = {name: value.detach().float().numpy() for name, value in detoxify.model.state_dict().items()}
    columns = [at for at, name in enumerate(detoxify.class_names) if name in TOXICITY_LABELS]
    last = "classifier.out_proj" if "classifier.out_proj.weight" in weights else "classifier"
    for side in ("weight", "bias"):
        weights[f"{last}.{side}"] = weights[f"{last}.{side}"][columns]
    return weights


def _predicted(detoxify: Any, labels: tuple[str, ...]) -> NDArray[np.float64]:
    """Ask Detoxify itself, one sentence at a time: in a batch, most of its time would go into padding."""
    answers = [detoxify.predict(text) for text in SENTENCES]
    return np.array([[answer[label] for label in labels] for answer in answers])


def _answered(folder: Path, about: About) -> NDArray[np.float64]:
    """Ask the exported model, all sentences at once; of a text too long for it the beginning, which Detoxify reads."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    rows = [pieces_of(0, text, tokenizer, about)[0].ids for text in SENTENCES]
    session = open_session(folder / "model.onnx", threads=0)
    short, long = rows[:-1], rows[-1:]
    found = [run(session, part, padding=about.padding) for part in (short, long)]
    return np.concatenate(found).astype(np.float64)
