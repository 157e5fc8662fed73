"""How do the encoder and what it was taught become the files that are served?"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto
from transformers import BertModel

from commentsvc.moderation.graphs import Graph, save_int8
from training.encoder import Head

_HEADS = 12
_HIDDEN: list[str | int] = ["texts", "tokens", "width"]


def words(encoder: BertModel) -> ModelProto:
    """Return the token embeddings that both halves share: `ids` (texts × tokens, int32) to `hidden`."""
    graph = Graph(_HEADS)
    hidden = graph.embed(graph.input("ids", TensorProto.INT32, ["texts", "tokens"]), _weights(encoder))
    graph.output("hidden", hidden, _HIDDEN)
    return graph.model()


def toxicity(head: Head) -> ModelProto:
    """Return what was taught: `hidden` to `logits` (texts × labels) and `marks` (texts × tokens, logits)."""
    weights = _weights(head)
    graph = Graph(_HEADS)
    hidden = graph.input("hidden", TensorProto.FLOAT, _HIDDEN)
    for number in range(len(head.layers)):
        hidden = graph.layer(hidden, weights, f"layers.{number}.")
    # As a product and a sum rather than MatMul, so that these few weights stay in 32 bits.
    products = graph.add("Mul", [hidden, graph.keep(weights["mark.weight"][0])])
    bias = graph.keep(weights["mark.bias"])
    marks = graph.add("Add", [graph.add("ReduceSum", [products, graph.keep(np.array([2]))], keepdims=0), bias])
    mask, share, one = _shares(graph, hidden)
    outside = graph.add("Mul", [graph.add("Sub", [mask, graph.keep(np.float32(1.0))]), graph.keep(np.float32(1e4))])
    telling = graph.add("Softmax", [graph.add("Add", [marks, outside])], axis=1)
    rows = [graph.add("Unsqueeze", [part, one]) for part in (share, telling)]
    pooled = graph.add("Flatten", [graph.add("MatMul", [graph.add("Concat", rows, axis=1), hidden])], axis=1)
    label = [graph.keep(weights["label.weight"].T), graph.keep(weights["label.bias"])]
    logits = graph.add("Gemm", [pooled, *label])
    graph.output("logits", logits, ["texts", "labels"])
    graph.output("marks", marks, ["texts", "tokens"])
    return graph.model()


def meaning(encoder: BertModel) -> ModelProto:
    """Return the layers as their makers trained them: `hidden` to `meaning` (texts × width), mean-pooled."""
    graph = Graph(_HEADS)
    hidden = graph.input("hidden", TensorProto.FLOAT, _HIDDEN)
    for number in range(len(encoder.encoder.layer)):
        hidden = graph.layer(hidden, _weights(encoder), f"encoder.layer.{number}.")
    _, share, one = _shares(graph, hidden)
    pooled = graph.add("MatMul", [graph.add("Unsqueeze", [share, one]), hidden])
    graph.output("meaning", graph.add("Flatten", [pooled], axis=1), ["texts", "width"])
    return graph.model()


def save(encoder: BertModel, head: Head, folder: Path) -> None:
    """Write words.onnx, toxicity.onnx and meaning.onnx."""
    save_int8(words(encoder), folder / "words.onnx")
    save_int8(toxicity(head), folder / "toxicity.onnx")
    save_int8(meaning(encoder), folder / "meaning.onnx")


def _shares(graph: Graph, hidden: str) -> tuple[str, str, str]:
    """Return the mask, each own token's equal share of its text, and the constant axis 1."""
    mask = graph.mask(hidden)
    one = graph.keep(np.array([1]))
    return mask, graph.add("Div", [mask, graph.add("ReduceSum", [mask, one], keepdims=1)]), one


def _weights(model: BertModel | Head) -> dict[str, NDArray[np.float32]]:
    return {name: value.detach().float().numpy() for name, value in model.state_dict().items()}
