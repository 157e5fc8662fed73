"""How is each kind of encoder that Detoxify uses written out as a fused graph?"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto

from commentsvc.errors import Misconfigured
from commentsvc.moderation.graphs import Graph, Weights

KINDS = ("bert", "roberta", "xlm-roberta", "albert")

_ACTIVATIONS = {"gelu": "Gelu", "gelu_new": "FastGelu"}
_FROM_ALBERT = {
    "attention.dense.": "attention.output.dense.",
    "attention.LayerNorm.": "attention.output.LayerNorm.",
    "ffn.": "intermediate.dense.",
    "ffn_output.": "output.dense.",
    "full_layer_layer_norm.": "output.LayerNorm.",
}


def build(weights: Weights, config: Any, *, int8: bool) -> ModelProto:
    """Return the graph of a classifier: `ids` (texts × tokens, int32) and `lengths` to `scores`, one a label.

    `weights` and `config` are transformers' own. With `int8` the embeddings are rounded here; save_int8 rounds the
    layers. Raises Misconfigured for an encoder of another kind.
    """
    _check(config)
    kind = config.model_type
    graph = Graph(config.num_attention_heads, epsilon=config.layer_norm_eps, activation=_ACTIVATIONS[config.hidden_act])
    encoder = _below(weights, {"xlm-roberta": "roberta"}.get(kind, kind) + ".")
    ids = graph.input("ids", TensorProto.INT32, ["texts", "tokens"])
    hidden = _embed(graph, ids, _below(encoder, "embeddings."), config, int8=int8)
    if kind == "albert":
        hidden = _albert_layers(graph, hidden, _below(encoder, "encoder."), config)
    else:
        hidden = _layers(graph, hidden, encoder, config)
    first = graph.add("Squeeze", [hidden, graph.keep(np.array([1]))])
    graph.output("scores", graph.add("Sigmoid", [_head(graph, first, weights, encoder, kind)]), ["texts", "labels"])
    return graph.model()


def _check(config: Any) -> None:
    if config.model_type not in KINDS:
        raise Misconfigured(f"An encoder of the kind {config.model_type} can't be exported, only {', '.join(KINDS)}.")
    if config.hidden_act not in _ACTIVATIONS:
        raise Misconfigured(f"The encoder's activation {config.hidden_act} can't be exported.")
    groups = (getattr(config, "num_hidden_groups", 1), getattr(config, "inner_group_num", 1))
    if groups != (1, 1) or getattr(config, "position_embedding_type", "absolute") != "absolute":
        raise Misconfigured("The encoder's layers are arranged in a way that can't be exported.")


def _below(weights: Weights, prefix: str) -> Weights:
    return {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}


def _embed(graph: Graph, ids: str, own: Weights, config: Any, *, int8: bool) -> str:
    words = graph.rows(own["word_embeddings.weight"], ids, int8=int8)
    positions = own["position_embeddings.weight"] + own["token_type_embeddings.weight"][0]
    sides = {name: graph.keep(own[name]) for name in ("LayerNorm.weight", "LayerNorm.bias")}
    numbers = _positions(graph, ids, config)
    return graph.normalised(graph.add("Add", [words, graph.rows(positions, numbers, int8=False)]), sides, "LayerNorm")


def _positions(graph: Graph, ids: str, config: Any) -> str:
    """Number the tokens from 0; RoBERTa numbers those that aren't padding, from the padding's own number + 1."""
    if "roberta" not in config.model_type:
        width = graph.add("Gather", [graph.add("Shape", [ids]), graph.keep(np.array(1))])
        return graph.add("Range", [graph.keep(np.array(0)), width, graph.keep(np.array(1))])
    padding = graph.keep(np.array(config.pad_token_id, dtype=np.int32))
    own = graph.add("Cast", [graph.add("Not", [graph.add("Equal", [ids, padding])])], to=TensorProto.INT32)
    counted = graph.add("Mul", [graph.add("CumSum", [own, graph.keep(np.array(1))]), own])
    return graph.add("Add", [counted, padding])


def _layers(graph: Graph, hidden: str, encoder: Weights, config: Any) -> str:
    """Add all layers; of the last one, only the first token is ever looked at."""
    last = config.num_hidden_layers - 1
    for number in range(last + 1):
        own = graph.layer_constants(_below(encoder, f"encoder.layer.{number}."))
        hidden = graph.shared_layer(hidden, own, first_only=number == last)
    return hidden


def _albert_layers(graph: Graph, hidden: str, encoder: Weights, config: Any) -> str:
    """Widen the narrow embeddings and apply the one set of weights again and again."""
    wider = "embedding_hidden_mapping_in"
    hidden = graph.dense(
        hidden,
        {
            f"{wider}.weight": graph.keep(encoder[f"{wider}.weight"].T),
            f"{wider}.bias": graph.keep(encoder[f"{wider}.bias"]),
        },
        wider,
    )
    own = graph.layer_constants(_bert_names(_below(encoder, "albert_layer_groups.0.albert_layers.0.")))
    for number in range(config.num_hidden_layers):
        hidden = graph.shared_layer(hidden, own, first_only=number == config.num_hidden_layers - 1)
    return hidden


def _bert_names(own: Weights) -> Weights:
    renamed = {}
    for name, value in own.items():
        part = next((part for part in _FROM_ALBERT if name.startswith(part)), "")
        renamed[
            _FROM_ALBERT.get(part, "attention.self." * name.startswith("attention."))
            + name.removeprefix(part or "attention.")
        ] = value
    return renamed


def _head(graph: Graph, first: str, weights: Weights, encoder: Weights, kind: str) -> str:
    """Add the classifier, in 32 bits: it costs nothing, and every label hangs on it."""
    if "roberta" in kind:
        inner, outer = _below(weights, "classifier.dense."), _below(weights, "classifier.out_proj.")
    else:
        inner = _below(encoder, "pooler." if kind == "albert" else "pooler.dense.")
        outer = _below(weights, "classifier.")
    pooled = graph.add("Tanh", [_gemm(graph, first, inner)])
    return _gemm(graph, pooled, outer)


def _gemm(graph: Graph, source: str, own: Mapping[str, Any]) -> str:
    return graph.add("Gemm", [source, graph.keep(own["weight"]), graph.keep(own["bias"])], transB=1)
