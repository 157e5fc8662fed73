"""How much faster than Detoxify itself is its exported form, and how far from it does it answer?

Speed doesn't depend on what the weights say, so they are random, in full size; nothing is fetched. With a folder that
holds ts_comments.csv (column comment_text) it reads real comments, which are never copied; otherwise made-up words.

    python benchmarks/detoxify_speed.py [--data DIR] [--rounds N]
"""

import argparse
import csv
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from transformers import BertConfig, BertForSequenceClassification

from commentsvc.moderation.detoxify.about import About
from commentsvc.moderation.detoxify.exporting import Checkpoint, export
from commentsvc.moderation.detoxify.onnx_engine import DetoxifyOnnxEngine
from commentsvc.moderation.detoxify.torch_engine import DetoxifyEngine

_TEXTS = 32
_EQUAL_TOKENS = 80
_LABELS = ("toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack", "sexual_explicit")
_TOKENIZER = Path(__file__).parent.parent / "commentsvc" / "moderation" / "model" / "tokenizer.json"


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the weights, export them, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, help="folder with ts_comments.csv")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args(arguments)
    with TemporaryDirectory() as name:
        folder = Path(name)
        checkpoint = write_checkpoint(folder / "detoxify")
        (folder / "int8").mkdir()
        print("Exporting BERT-base with random weights", file=sys.stderr)
        about = export(checkpoint, folder / "int8", int8=True, done=lambda: None)
        engines = DetoxifyEngine(folder / "detoxify"), DetoxifyOnnxEngine(folder / "int8")
        words = [word for word in _vocabulary() if word.isalpha() and word.isascii() and len(word) > 1]
        mixed = _comments(args.data) if args.data else _made_up(words)
        equal = [" ".join(random.Random(at).choices(words, k=_EQUAL_TOKENS - 2)) for at in range(_TEXTS)]
        rows = measure(*engines, {"mixed lengths": mixed, f"{_EQUAL_TOKENS} tokens each": equal}, rounds=args.rounds)
        size = {part: _megabytes(folder / place) for part, place in (("checkpoint", "detoxify"), ("exported", "int8"))}
        _print(rows, about, size, evidence=_evidence(engines[1], mixed))


def write_checkpoint(folder: Path) -> Checkpoint:
    """Write what MODEL_DIR/detoxify would hold: BERT-base of random weights, twice as spread as untaught ones."""
    torch.manual_seed(1)
    words = _vocabulary()
    config = BertConfig(vocab_size=len(words))
    config.num_labels = len(_LABELS)
    model = BertForSequenceClassification(config)
    for name, weight in model.named_parameters():
        if weight.dim() > 1 and "embeddings" not in name:
            weight.data.mul_(2)
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "config.json").write_text(json.dumps(config.to_dict()))
    (folder / "config" / "vocab.txt").write_text("\n".join(words))
    settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 512}
    (folder / "config" / "tokenizer_config.json").write_text(json.dumps(settings))
    arch = {"model_type": "", "model_name": "BertForSequenceClassification", "tokenizer_name": "BertTokenizer"}
    known = {"arch": {"args": arch | {"num_classes": len(_LABELS)}}, "dataset": {"args": {"classes": list(_LABELS)}}}
    path = folder / "random.ckpt"
    torch.save({"config": known, "state_dict": model.state_dict()}, path)
    digest = sha256(path.read_bytes()).hexdigest()
    path.with_name("random.ckpt.sha256").write_text(digest)
    return Checkpoint(path, folder / "config", "random", digest, trusted=False)


def measure(
    torch_engine: DetoxifyEngine, onnx_engine: DetoxifyOnnxEngine, kinds: dict[str, list[str]], *, rounds: int
) -> list[tuple[str, str, float, float]]:
    """Return kind of batch, who answered, comments a second (the median round), and how often Detoxify's own.

    Both use all cores: Detoxify by torch's threads, the exported model by as many calls at once, as it is served.
    """
    cores = len(os.sched_getaffinity(0))
    torch.set_num_threads(cores)
    rows = []
    with ThreadPoolExecutor(cores) as pool:
        for kind, texts in kinds.items():
            shares = _shares(texts, cores)
            ways: dict[str, Callable[[], Any]] = {
                "detoxify.predict": lambda texts=texts: torch_engine._detoxify.predict(texts),  # type: ignore[misc]
                "detoxify, sorted": lambda texts=texts: torch_engine.read(texts),  # type: ignore[misc]
                "detoxify-onnx, as given": lambda shares=shares: list(pool.map(onnx_engine.read, shares)),  # type: ignore[misc]
                "detoxify-onnx, as served": lambda shares=shares: list(pool.map(onnx_engine.score, shares)),  # type: ignore[misc]
            }
            speeds = {name: len(texts) / _seconds(way, rounds) for name, way in ways.items()}
            rows += [(kind, name, speed, speed / speeds["detoxify.predict"]) for name, speed in speeds.items()]
    return rows


def _shares(texts: Sequence[str], cores: int) -> list[list[str]]:
    """Deal texts out by length, so that each core has the same to do and neighbours in length stay together."""
    ranked = sorted(texts, key=len)
    return [ranked[core::cores] for core in range(cores)]


def _seconds(way: Callable[[], Any], rounds: int) -> float:
    way()
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        way()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def _evidence(engine: DetoxifyOnnxEngine, texts: Sequence[str]) -> list[float]:
    """Return the milliseconds that evidence took for each text, scored before as it is when judging."""
    taken = []
    for text in texts:
        engine.score([text])
        start = time.perf_counter()
        engine.evidence(text)
        taken.append((time.perf_counter() - start) * 1000)
    return taken


def _comments(folder: Path) -> list[str]:
    with (folder / "ts_comments.csv").open(encoding="utf-8", newline="") as file:
        texts = [row["comment_text"] for row in csv.DictReader(file)]
    return random.Random(5).sample(texts, _TEXTS)


def _made_up(words: Sequence[str]) -> list[str]:
    """Make comments up whose lengths are spread as those of a news page: half below 35 words, a few of hundreds."""
    draw = random.Random(5)
    return [" ".join(draw.choices(words, k=min(400, 3 + int(draw.lognormvariate(3.4, 1.0))))) for _ in range(_TEXTS)]


def _vocabulary() -> list[str]:
    known = json.loads(_TOKENIZER.read_text(encoding="utf-8"))["model"]["vocab"]
    return sorted(known, key=known.__getitem__)


def _megabytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def _print(
    rows: list[tuple[str, str, float, float]], about: About, size: dict[str, float], evidence: list[float]
) -> None:
    table = Table("batch of 32", "engine", "comments/s", "times detoxify.predict", title="Detoxify, BERT-base size")
    for kind, name, speed, times in rows:
        table.add_row(kind, name, f"{speed:.1f}", f"{times:.1f}")
    console = Console(width=100)
    console.print(table)
    console.print(
        f"fp32 parity {about.parity:.1e}; int8 drift {about.drift:.3f} at most, {about.drift_mean:.4f} on average\n"
        f"checkpoint {size['checkpoint']:.0f} MB, exported {size['exported']:.0f} MB\n"
        f"evidence {np.median(evidence):.0f} ms (median), {np.quantile(evidence, 0.9):.0f} ms (nine of ten)",
        highlight=False,
    )


if __name__ == "__main__":
    main()
