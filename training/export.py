"""How do the encoder's shared lower half and its trained upper half become the files that are served?"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto
from transformers import BertModel

from commentsvc.moderation.graphs import Graph, save_int8
from training.encoder import LOWER_LAYERS, Head

_HEADS = 12
_HIDDEN: list[str | int] = ["texts", "tokens", "width"]


def trunk(encoder: BertModel) -> ModelProto:
    """Return embeddings and lower layers: `ids` (texts × tokens, int32) to `hidden`."""
    weights = _weights(encoder)
    graph = Graph(_HEADS)
    hidden = graph.embed(graph.input("ids", TensorProto.INT32, ["texts", "tokens"]), weights)
    for number in range(LOWER_LAYERS):
        hidden = graph.layer(hidden, weights, f"encoder.layer.{number}.")
    graph.output("hidden", hidden, _HIDDEN)
    return graph.model()


def toxicity(head: Head) -> ModelProto:
    """Return the trained half: `hidden` to `logits` (texts × labels) and `marks` (texts × tokens, logits)."""
    weights = {name: value.detach().float().numpy() for name, value in head.state_dict().items()}
    graph = Graph(_HEADS)
    hidden = graph.input("hidden", TensorProto.FLOAT, _HIDDEN)
    for number in range(len(head.layers)):
        hidden = graph.layer(hidden, weights, f"layers.{number}.")
    mask = graph.mask(hidden)
    # As a product and a sum rather than MatMul, so that these few weights stay in 32 bits.
    products = graph.add("Mul", [hidden, graph.keep(weights["mark.weight"][0])])
    bias = graph.keep(weights["mark.bias"])
    marks = graph.add("Add", [graph.add("ReduceSum", [products, graph.keep(np.array([2]))], keepdims=0), bias])
    one = graph.keep(np.array([1]))
    share = graph.add("Div", [mask, graph.add("ReduceSum", [mask, one], keepdims=1)])
    outside = graph.add("Mul", [graph.add("Sub", [mask, graph.keep(np.float32(1.0))]), graph.keep(np.float32(1e4))])
    telling = graph.add("Softmax", [graph.add("Add", [marks, outside])], axis=1)
    rows = [graph.add("Unsqueeze", [part, one]) for part in (share, telling)]
    pooled = graph.add("Flatten", [graph.add("MatMul", [graph.add("Concat", rows, axis=1), hidden])], axis=1)
    label = [graph.keep(weights["label.weight"].T), graph.keep(weights["label.bias"])]
    logits = graph.add("Gemm", [pooled, *label])
    graph.output("logits", logits, ["texts", "labels"])
    graph.output("marks", marks, ["texts", "tokens"])
    return graph.model()


def save(encoder: BertModel, head: Head, folder: Path) -> None:
    """Write trunk.onnx and toxicity.onnx."""
    save_int8(trunk(encoder), folder / "trunk.onnx")
    save_int8(toxicity(head), folder / "toxicity.onnx")


def _weights(encoder: BertModel) -> dict[str, NDArray[np.float32]]:
    return {name: value.detach().float().numpy() for name, value in encoder.state_dict().items()}
