"""How does a trained encoder become a graph that onnxruntime runs fast?

Written out by hand in onnxruntime's fused operations, because what torch exports isn't fused by its optimiser.
Needs the package onnx, which only those who make a model have.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

Weights = Mapping[str, NDArray[np.float32]]

_OPSETS = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]


class Graph:
    """A graph under construction; each method adds nodes and returns the name of what they answer.

    Texts are padded on the right; `lengths` (texts, int32) says how many tokens of each are its own.
    `activation` is Gelu (exact) or FastGelu (the tanh formula).
    """

    def __init__(self, heads: int, *, epsilon: float = 1e-12, activation: str = "Gelu") -> None:
        self._heads = heads
        self._epsilon = epsilon
        self._activation = activation
        self._nodes: list[onnx.NodeProto] = []
        self._kept: list[onnx.TensorProto] = []
        self._inputs = [helper.make_tensor_value_info("lengths", TensorProto.INT32, ["texts"])]
        self._outputs: list[onnx.ValueInfoProto] = []
        self._count = 0

    def input(self, name: str, kind: int, shape: list[str | int]) -> str:
        """Declare something that the caller hands in."""
        self._inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, name: str, source: str, shape: list[str | int]) -> None:
        """Declare an answer, float32."""
        self._nodes.append(helper.make_node("Identity", [source], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def keep(self, value: NDArray[Any] | np.generic) -> str:
        """Store a constant."""
        name = self._name("constant")
        self._kept.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def add(self, kind: str, inputs: list[str], domain: str = "", **attributes: Any) -> str:
        """Add one operation."""
        name = self._name(kind)
        self._nodes.append(helper.make_node(kind, inputs, [name], name=name, domain=domain, **attributes))
        return name

    def embed(self, ids: str, weights: Weights) -> str:
        """Look up tokens and positions: texts × tokens (int32) to texts × tokens × width."""
        part = "embeddings."
        positions = weights[part + "position_embeddings.weight"] + weights[part + "token_type_embeddings.weight"][0]
        name = self._name("embedded")
        inputs = [ids, "", self.keep(weights[part + "word_embeddings.weight"]), self.keep(positions), ""]
        inputs += [self.keep(weights[part + f"LayerNorm.{side}"]) for side in ("weight", "bias")]
        self._nodes.append(
            helper.make_node(
                "EmbedLayerNormalization", inputs, [name, name + "_index"], name=name, domain="com.microsoft",
                epsilon=self._epsilon,
            )
        )  # fmt: skip
        return name

    def rows(self, table: NDArray[np.float32], numbers: str, *, int8: bool) -> str:
        """Look up rows of a table, which is kept in 8 bits with one scale a row, or as it is."""
        if not int8:
            return self.add("Gather", [self.keep(table), numbers])
        scale = np.maximum(np.abs(table).max(axis=1, keepdims=True), np.finfo(np.float32).tiny) / 127
        rounded = self.keep(np.rint(table / scale).astype(np.int8))
        found = self.add("Cast", [self.add("Gather", [rounded, numbers])], to=TensorProto.FLOAT)
        return self.add("Mul", [found, self.add("Gather", [self.keep(scale.astype(np.float32)), numbers])])

    def normalised(self, source: str, own: Mapping[str, str], name: str) -> str:
        """Normalise each token by the constants `NAME.weight` and `NAME.bias`."""
        inputs = [source, own[f"{name}.weight"], own[f"{name}.bias"]]
        return self.add("LayerNormalization", inputs, axis=-1, epsilon=self._epsilon)

    def layer(self, hidden: str, weights: Weights, prefix: str) -> str:
        """Add one transformer layer, whose weights' names begin with `prefix`."""
        own = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
        return self.shared_layer(hidden, self.layer_constants(own))

    def layer_constants(self, own: Weights) -> dict[str, str]:
        """Store one transformer layer's weights, by BERT's names, for one or several uses."""
        parts = [f"attention.self.{part}." for part in ("query", "key", "value")]
        kept = {
            "attention.weight": self.keep(np.concatenate([own[part + "weight"].T for part in parts], axis=1)),
            "attention.bias": self.keep(np.concatenate([own[part + "bias"] for part in parts])),
        }
        for name in ("attention.output.dense", "intermediate.dense", "output.dense"):
            kept[f"{name}.weight"] = self.keep(own[f"{name}.weight"].T)
            kept[f"{name}.bias"] = self.keep(own[f"{name}.bias"])
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            for side in ("weight", "bias"):
                kept[f"{name}.{side}"] = self.keep(own[f"{name}.{side}"])
        return kept

    def shared_layer(self, hidden: str, own: Mapping[str, str], *, first_only: bool = False) -> str:
        """Add one transformer layer by its stored weights; `first_only` answers each text's first token alone."""
        inputs = [hidden, own["attention.weight"], own["attention.bias"], "lengths"]
        seen = self.add("Attention", inputs, "com.microsoft", num_heads=self._heads)
        if first_only:
            first = self.keep(np.array([0]))
            hidden, seen = (self.add("Gather", [part, first], axis=1) for part in (hidden, seen))
        seen = self._skipped(self.dense(seen, own, "attention.output.dense"), hidden, own, "attention.output.LayerNorm")
        # Not BiasGelu, which takes nearly twice as long: the bias costs nothing where the product is made.
        wide = self.add(self._activation, [self.dense(seen, own, "intermediate.dense")], "com.microsoft")
        return self._skipped(self.dense(wide, own, "output.dense"), seen, own, "output.LayerNorm")

    def dense(self, source: str, own: Mapping[str, str], name: str) -> str:
        """Multiply by the constant `NAME.weight` (as stored: inputs × outputs) and add `NAME.bias`."""
        return self.add("Add", [self.add("MatMul", [source, own[f"{name}.weight"]]), own[f"{name}.bias"]])

    def mask(self, hidden: str) -> str:
        """Return texts × tokens: 1 for a text's own tokens, 0 for padding."""
        width = self.add("Gather", [self.add("Shape", [hidden]), self.keep(np.array(1))])
        places = self.add("Range", [self.keep(np.array(0)), width, self.keep(np.array(1))])
        ends = self.add("Cast", [self.add("Unsqueeze", ["lengths", self.keep(np.array([1]))])], to=TensorProto.INT64)
        return self.add("Cast", [self.add("Less", [places, ends])], to=TensorProto.FLOAT)

    def model(self) -> onnx.ModelProto:
        """Return the checked model."""
        graph = helper.make_graph(self._nodes, "encoder", self._inputs, self._outputs, self._kept)
        return helper.make_model(graph, opset_imports=_OPSETS, ir_version=9)

    def _skipped(self, source: str, skip: str, own: Mapping[str, str], name: str) -> str:
        # Not SkipLayerNormalization, which takes five times as long.
        return self.normalised(self.add("Add", [source, skip]), own, name)

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"{kind}_{self._count}"


def save_int8(model: onnx.ModelProto, path: Path) -> None:
    """Write the model with weights in 8 bits, one scale a column; activations are rounded as they come.

    Seven bits are used: without VNNI, sums of two products of eight would overflow.
    """
    # There is nothing left to fuse; without this mark the quantiser asks for it in a line of its own.
    helper.set_model_props(model, {"onnx.quant.pre_process": "onnxruntime.quant"})
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        whole = Path(folder) / "whole.onnx"
        onnx.save(model, whole)
        quantize_dynamic(
            whole, path, op_types_to_quantize=["MatMul", "Attention", "EmbedLayerNormalization"], per_channel=True,
            reduce_range=True, weight_type=QuantType.QInt8,
            extra_options={"DefaultTensorType": TensorProto.FLOAT},
        )  # fmt: skip
